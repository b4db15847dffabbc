package anthropic

import (
	"errors"
	"io"
	"strconv"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

var errFormat = errors.New("the answer is not of the messages format")

func read(a wire.Answer) error {
	m := answer{Answer: a}
	if a.Call.Is("text/event-stream") {
		return m.stream()
	}
	return a.Call.Whole(m.whole)
}

// answer reads one answer.
type answer struct {
	wire.Answer
	calls []int64 // indexes of the blocks that are tool calls
	fault *ai.Error
}

// blockID tells one block of reasoning from the next.
func blockID(index int64) string { return strconv.FormatInt(index, 10) }

func (m *answer) stream() error {
	events := m.Call.SSE()
	for {
		data, err := events.Next()
		if err != nil {
			return m.Ended(err)
		}
		if len(data) == 0 {
			continue
		}
		stop, err := m.event(data)
		if err != nil {
			return err
		}
		if stop {
			return m.Ended(io.EOF)
		}
	}
}

// block is a content block, or what a delta adds to one.
type block struct {
	kind, text, id, name, signature string
	input                           []byte
}

// event reads one object of a stream. It returns true for the last.
func (m *answer) event(data []byte) (stop bool, err error) {
	if data[0] != '{' {
		return false, m.Call.Malformed(errFormat)
	}
	var kind []byte
	var index int64
	var b block
	s := jsonscan.Of(data)
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "type":
			kind = s.Bytes()
		case "index":
			index = s.Int()
		case "message":
			m.message(&s)
		case "content_block":
			b.read(&s)
		case "delta":
			m.delta(&s, &b)
		case "usage":
			m.usage(&s)
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
		return false, err
	}
	switch string(kind) {
	case "content_block_start":
		m.begin(index, &b)
	case "content_block_delta":
		m.piece(index, &b)
	case "message_stop":
		return true, nil
	}
	return false, m.Checked(nil, nil)
}

func (b *block) read(s *jsonscan.Scanner) {
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		b.field(s.Key(), s)
	}
}

func (b *block) field(name []byte, s *jsonscan.Scanner) {
	switch string(name) {
	case "type":
		b.kind = s.Text()
	case "text", "thinking", "partial_json", "data":
		b.text = s.Text()
	case "id":
		b.id = s.Text()
	case "name":
		b.name = s.Text()
	case "signature":
		b.signature = s.Text()
	case "input":
		b.input = s.Raw()
	default:
		s.Discard()
	}
}

// delta reads what is added to a block, or to the message.
func (m *answer) delta(s *jsonscan.Scanner, b *block) {
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		key := s.Key()
		if string(key) == "stop_reason" {
			m.stopReason(s)
			continue
		}
		b.field(key, s)
	}
}

func (m *answer) stopReason(s *jsonscan.Scanner) {
	if s.Peek() != '"' {
		s.Discard()
		return
	}
	m.Finished = true
	switch string(s.Bytes()) {
	case "end_turn", "stop_sequence":
		m.Reason = ai.ReasonStop
	case "max_tokens", "model_context_window_exceeded":
		m.Reason = ai.ReasonLength
	case "tool_use":
		m.Reason = ai.ReasonToolCalls
	case "refusal":
		m.Reason = ai.ReasonFiltered
	}
}

// message reads the message that a stream begins with.
func (m *answer) message(s *jsonscan.Scanner) {
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "id":
			m.Start.ID = s.Text()
		case "model":
			m.Start.Model = s.Text()
		case "usage":
			m.usage(s)
		default:
			s.Discard()
		}
	}
}

// usage reads numbers that are totals so far. What is left out stays as it was.
func (m *answer) usage(s *jsonscan.Scanner) {
	if s.Peek() != '{' {
		s.Discard()
		return
	}
	plain := m.Usage.Input - m.Usage.CachedInput - m.Usage.CacheWrite
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "input_tokens":
			if n := s.Int(); n > 0 {
				plain = n
			}
		case "cache_read_input_tokens":
			m.Usage.CachedInput = max(m.Usage.CachedInput, s.Int())
		case "cache_creation_input_tokens":
			m.Usage.CacheWrite = max(m.Usage.CacheWrite, s.Int())
		case "output_tokens":
			m.Usage.Output = max(m.Usage.Output, s.Int())
		default:
			s.Discard()
		}
	}
	m.Usage.Input = plain + m.Usage.CachedInput + m.Usage.CacheWrite
	m.Used = true
}

// begin tells a block that starts.
func (m *answer) begin(index int64, b *block) {
	switch b.kind {
	case "text":
		m.Text(ai.EventText, b.text)
	case "thinking":
		m.reasoning(index, b)
	case "redacted_thinking":
		if m.Begin() {
			m.Emit(ai.Event{Kind: ai.EventReasoning, Opaque: b.text, ID: blockID(index)})
		}
	case "tool_use":
		m.calls = append(m.calls, index)
		at := len(m.calls) - 1
		if m.Begin() && m.Emit(ai.Event{Kind: ai.EventToolCall, Index: at, ID: b.id, Name: b.name}) && len(b.input) > len("{}") {
			m.Emit(ai.Event{Kind: ai.EventToolArguments, Index: at, Text: string(b.input)})
		}
	}
}

// piece tells what is added to a block.
func (m *answer) piece(index int64, b *block) {
	switch b.kind {
	case "text_delta":
		m.Text(ai.EventText, b.text)
	case "thinking_delta", "signature_delta":
		m.reasoning(index, b)
	case "input_json_delta":
		for at, one := range m.calls {
			if one == index && b.text != "" {
				m.Emit(ai.Event{Kind: ai.EventToolArguments, Index: at, Text: b.text})
			}
		}
	}
}

func (m *answer) reasoning(index int64, b *block) {
	if b.text+b.signature != "" && m.Begin() {
		m.Emit(ai.Event{Kind: ai.EventReasoning, Text: b.text, Signature: b.signature, ID: blockID(index)})
	}
}

// whole reads an answer in one piece.
func (m *answer) whole(body []byte) error {
	if body[0] != '{' {
		return m.Call.Malformed(errFormat)
	}
	var content []byte
	s := jsonscan.Of(body)
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "id":
			m.Start.ID = s.Text()
		case "model":
			m.Start.Model = s.Text()
		case "usage":
			m.usage(&s)
		case "stop_reason":
			m.stopReason(&s)
		case "content":
			content = s.Raw()
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
		if s.Cut() && m.fault == nil {
			return m.Call.Cut()
		}
		return err
	}
	if content == nil {
		return m.Call.Malformed(errFormat)
	}
	return m.blocks(content)
}

// blocks tells the blocks of an answer in one piece.
func (m *answer) blocks(content []byte) error {
	s := jsonscan.Of(content)
	index := int64(0)
	for more := s.Enter('[') && s.More(']'); more; more = s.More(']') {
		var b block
		if b.read(&s); s.Err() != nil {
			break
		}
		m.begin(index, &b)
		index++
	}
	if err := m.Checked(nil, s.Err()); err != nil {
		return err
	}
	return m.Whole()
}
