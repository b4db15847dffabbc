package gemini

import (
	"errors"
	"strconv"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

var errFormat = errors.New("the answer is not of the generateContent format")

func read(a wire.Answer) error {
	m := answer{Answer: a}
	switch {
	case a.Call.Is("text/event-stream"):
		return m.pieces(a.Call.SSE())
	case a.Call.Request.URL.RawQuery == "": // one piece was asked for
		return a.Call.Whole(m.whole)
	case a.Call.Is("application/json"): // some proxies know only the array
		return m.pieces(a.Call.Items())
	}
	return a.Call.Malformed(errFormat)
}

// answer reads one answer.
type answer struct {
	wire.Answer
	calls   int
	blocked string // why the request was refused
	broken  bool   // the model's call is none
	fault   *ai.Error
}

// pieces reads the objects of a stream, which has no terminator.
func (m *answer) pieces(from interface{ Next() ([]byte, error) }) error {
	for {
		data, err := from.Next()
		if err != nil {
			return m.Ended(err)
		}
		if len(data) == 0 {
			continue
		}
		if err := m.piece(data, false); err != nil {
			return err
		}
	}
}

func (m *answer) whole(body []byte) error {
	if err := m.piece(body, true); err != nil {
		return err
	}
	return m.Whole()
}

// piece reads one object: a piece of a stream or a whole answer.
func (m *answer) piece(data []byte, whole bool) error {
	if data[0] != '{' {
		return m.Call.Malformed(errFormat)
	}
	var candidates []byte
	known := false
	s := jsonscan.Of(data)
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "responseId":
			m.Start.ID = s.Text()
		case "modelVersion":
			m.Start.Model = s.Text()
		case "candidates":
			candidates = s.Raw()
		case "usageMetadata":
			known = true
			m.usage(&s)
		case "promptFeedback":
			m.feedback(&s)
		case "error":
			var f wire.Fault
			if f.Read(&s) {
				m.fault = m.Call.Fault(f)
			}
		default:
			s.Discard()
		}
	}
	if err := m.Checked(m.fault, s.End()); err != nil {
		if whole && s.Cut() && m.fault == nil {
			return m.Call.Cut()
		}
		return err
	}
	switch {
	case m.blocked != "":
		return m.Call.Error(ai.Filtered, "the request was blocked: "+m.blocked)
	case candidates == nil && !known && whole:
		return m.Call.Malformed(errFormat)
	case candidates == nil:
		return nil
	}
	return m.candidates(candidates)
}

func (m *answer) feedback(s *jsonscan.Scanner) {
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		if string(s.Key()) == "blockReason" {
			m.blocked = s.Text()
		} else {
			s.Discard()
		}
	}
}

func (m *answer) usage(s *jsonscan.Scanner) {
	u := ai.Usage{}
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "promptTokenCount", "toolUsePromptTokenCount":
			u.Input += s.Int()
		case "candidatesTokenCount":
			u.Output += s.Int()
		case "thoughtsTokenCount":
			u.Reasoning = s.Int()
		case "cachedContentTokenCount":
			u.CachedInput = s.Int()
		default:
			s.Discard()
		}
	}
	u.Output += u.Reasoning
	m.Usage, m.Used = u, true
}

// candidates reads the first: more are never asked for.
func (m *answer) candidates(data []byte) error {
	s := jsonscan.Of(data)
	for more := s.Enter('[') && s.More(']'); more && !m.Left; more = s.More(']') {
		for more := s.Enter('{') && s.More('}'); more && !m.Left; more = s.More('}') {
			switch string(s.Key()) {
			case "content":
				m.content(&s)
			case "finishReason":
				m.finishReason(&s)
			default:
				s.Discard()
			}
		}
		if m.Left {
			break
		}
	}
	if err := m.Checked(m.fault, s.Err()); err != nil {
		return err
	}
	if m.broken {
		return m.Call.Error(ai.Malformed, "the model called a tool in a way that cannot be read")
	}
	if m.Finished && m.Reason == ai.ReasonStop && m.calls > 0 {
		m.Reason = ai.ReasonToolCalls
	}
	return nil
}

func (m *answer) finishReason(s *jsonscan.Scanner) {
	if s.Peek() != '"' {
		s.Discard()
		return
	}
	m.Finished = true
	switch string(s.Bytes()) {
	case "STOP":
		m.Reason = ai.ReasonStop
	case "MAX_TOKENS":
		m.Reason = ai.ReasonLength
	case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "LANGUAGE":
		m.Reason = ai.ReasonFiltered
	case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL":
		m.broken = true
	}
}

func (m *answer) content(s *jsonscan.Scanner) {
	for more := s.Enter('{') && s.More('}'); more && !m.Left; more = s.More('}') {
		if string(s.Key()) != "parts" || s.Peek() != '[' {
			s.Discard()
			continue
		}
		for more := s.Enter('[') && s.More(']'); more && !m.Left; more = s.More(']') {
			m.part(s)
		}
	}
}

// part is one piece of content.
type part struct {
	text, signature, id, name string
	thought, call             bool
	arguments                 []byte
}

func (m *answer) part(s *jsonscan.Scanner) {
	var p part
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "text":
			p.text = s.Text()
		case "thought":
			p.thought = s.Bool()
		case "thoughtSignature":
			p.signature = s.Text()
		case "functionCall":
			p.function(s)
		case "inlineData", "executableCode", "codeExecutionResult":
			s.Discard()
			m.fault = m.Call.Error(ai.Unsupported, "the answer holds more than text, thoughts and calls")
		default:
			s.Discard()
		}
	}
	if s.Err() == nil {
		m.tell(&p)
	}
}

func (p *part) function(s *jsonscan.Scanner) {
	p.call = true
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "id":
			p.id = s.Text()
		case "name":
			p.name = s.Text()
		case "args":
			p.arguments = s.Raw()
		default:
			s.Discard()
		}
	}
}

func (m *answer) tell(p *part) {
	switch {
	case p.call:
		at := m.calls
		m.calls++
		if p.id == "" {
			p.id = ownID + strconv.Itoa(at)
		}
		if len(p.arguments) == 0 || p.arguments[0] == 'n' {
			p.arguments = []byte("{}")
		}
		if m.Begin() && m.Emit(ai.Event{Kind: ai.EventToolCall, Index: at, ID: p.id, Name: p.name, Signature: p.signature}) {
			m.Emit(ai.Event{Kind: ai.EventToolArguments, Index: at, Text: string(p.arguments)})
		}
	case p.thought || p.text == "" && p.signature != "":
		if p.text+p.signature != "" && m.Begin() {
			m.Emit(ai.Event{Kind: ai.EventReasoning, Text: p.text, Signature: p.signature})
		}
	default:
		m.Text(ai.EventText, p.text)
		if p.signature != "" {
			m.Emit(ai.Event{Kind: ai.EventReasoning, Signature: p.signature})
		}
	}
}
