package ollama

import (
	"errors"
	"strconv"
	"strings"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

var errFormat = errors.New("the answer is not of the chat format")

// answer reads one answer.
type answer struct {
	wire.Answer
	calls int
	fault *ai.Error
	// of a line, until it is known whole
	text, thinking string
	asked          []call
}

type call struct {
	name      string
	arguments []byte
}

func readStream(a wire.Answer) error {
	m := answer{Answer: a}
	if !a.Call.Is("application/x-ndjson") && !a.Call.Is("application/json") {
		return a.Call.Malformed(errFormat)
	}
	lines := a.Call.Lines()
	for !m.Finished {
		line, err := lines.Next()
		if err != nil {
			return m.Ended(err)
		}
		if err := m.line(line, false); err != nil {
			return err
		}
	}
	return m.Finish()
}

func readWhole(a wire.Answer) error {
	m := answer{Answer: a}
	return a.Call.Whole(func(body []byte) error {
		if err := m.line(body, true); err != nil {
			return err
		}
		return m.Whole()
	})
}

// line reads one object.
func (m *answer) line(data []byte, whole bool) error {
	if data[0] != '{' {
		return m.Call.Malformed(errFormat)
	}
	m.text, m.thinking, m.asked = "", "", m.asked[:0]
	done, reason := false, ai.ReasonStop
	s := jsonscan.Of(data)
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "model":
			if m.Started {
				s.Discard()
			} else {
				m.Start.Model = s.Text()
			}
		case "message":
			m.message(&s)
		case "done":
			done = s.Bool()
		case "done_reason":
			if string(s.Bytes()) == "length" {
				reason = ai.ReasonLength
			}
		case "prompt_eval_count":
			m.Usage.Input, m.Used = s.Int(), true
		case "eval_count":
			m.Usage.Output, m.Used = s.Int(), true
		case "error":
			m.failed(&s)
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
	m.tell()
	if done {
		if m.Finished, m.Reason = true, reason; m.calls > 0 {
			m.Reason = ai.ReasonToolCalls
		}
	}
	return m.Checked(nil, nil)
}

func (m *answer) failed(s *jsonscan.Scanner) {
	var f wire.Fault
	if f.Read(s) {
		m.fault = m.Call.Fault(f)
	}
}

func (m *answer) message(s *jsonscan.Scanner) {
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "content":
			m.text = s.Text()
		case "thinking":
			m.thinking = s.Text()
		case "tool_calls":
			for more := s.Enter('[') && s.More(']'); more; more = s.More(']') {
				m.asked = append(m.asked, readCall(s))
			}
		default:
			s.Discard()
		}
	}
}

func readCall(s *jsonscan.Scanner) (c call) {
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		if string(s.Key()) != "function" {
			s.Discard()
			continue
		}
		for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
			switch string(s.Key()) {
			case "name":
				c.name = s.Text()
			case "arguments":
				if c.arguments = s.Raw(); s.Err() == nil && c.arguments[0] == '"' { // some models' templates
					inner := jsonscan.Of(c.arguments)
					c.arguments = inner.Bytes()
				}
			default:
				s.Discard()
			}
		}
	}
	return c
}

// tell tells what a line held.
func (m *answer) tell() {
	m.Text(ai.EventReasoning, m.thinking)
	m.Text(ai.EventText, m.text)
	for _, c := range m.asked {
		at := m.calls
		m.calls++
		if !m.Begin() || !m.Emit(ai.Event{Kind: ai.EventToolCall, Index: at, ID: "call_" + strconv.Itoa(at), Name: c.name}) {
			return
		}
		arguments := strings.TrimSpace(string(c.arguments))
		if arguments == "" || arguments == "null" {
			arguments = "{}"
		}
		m.Emit(ai.Event{Kind: ai.EventToolArguments, Index: at, Text: arguments})
	}
}
