package openai

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strconv"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// Generate implements [ai.Model].
func (m *Chat) Generate(ctx context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
	accept := "text/event-stream"
	if req != nil && req.Whole {
		accept = "application/json"
	}
	return m.endpoint.Generate(ctx, req, accept, func() ([]byte, error) { return m.body(req) }, readChat)
}

func readChat(a wire.Answer) error {
	c := chatAnswer{Answer: a}
	if a.Call.Is("text/event-stream") {
		return c.stream()
	}
	return a.Call.Whole(c.whole) // some servers know no streams; others answer an error this way
}

// chatAnswer reads one answer.
type chatAnswer struct {
	wire.Answer
	calls []begun
	fault *ai.Error
}

// begun is a tool call, by what its pieces are known by.
type begun struct {
	index int64
	id    string
}

func (c *chatAnswer) stream() error {
	events := c.Call.SSE()
	for {
		data, err := events.Next()
		if err != nil {
			return c.Ended(err)
		}
		if len(data) == 0 {
			continue
		}
		if string(data) == "[DONE]" {
			return c.Ended(io.EOF)
		}
		if err := c.chunk(data, false); err != nil {
			return err
		}
	}
}

// whole reads an answer in one piece.
func (c *chatAnswer) whole(body []byte) error {
	if err := c.chunk(body, true); err != nil {
		return err
	}
	return c.Whole()
}

var errNoAnswer = errors.New("the answer is not of the chat completions format")

// chunk reads one JSON object: a piece of a stream or a whole answer.
func (c *chatAnswer) chunk(data []byte, whole bool) error {
	if data[0] != '{' {
		return c.Call.Malformed(errNoAnswer)
	}
	s := jsonscan.Of(data)
	known := false
	var later []byte // content, where more has to be known before
	for more := s.Enter('{') && s.More('}'); more && !c.Left; more = s.More('}') {
		switch string(s.Key()) {
		case "id":
			c.keep(&c.Start.ID, &s)
		case "model":
			c.keep(&c.Start.Model, &s)
		case "choices":
			if known = true; whole || !c.Started {
				later = s.Raw()
			} else {
				c.choices(&s)
			}
		case "usage":
			readUsage(&c.Answer, &s)
		case "error":
			var f wire.Fault
			if f.Read(&s) {
				c.fault = c.Call.Fault(f)
			}
		default:
			s.Discard()
		}
	}
	if err := c.Checked(c.fault, s.End()); err != nil {
		if whole && s.Cut() && c.fault == nil {
			return c.Call.Cut()
		}
		return err
	}
	switch {
	case whole && !known:
		return c.Call.Malformed(errNoAnswer)
	case later == nil:
		return nil
	}
	s = jsonscan.Of(later)
	c.choices(&s)
	return c.Checked(nil, s.Err())
}

// keep reads a string that is the same in every chunk, once.
func (c *chatAnswer) keep(to *string, s *jsonscan.Scanner) {
	if c.Started {
		s.Discard()
		return
	}
	*to = s.Text()
}

// choices reads the first choice: of more the caller would get a mixture.
func (c *chatAnswer) choices(s *jsonscan.Scanner) {
	if s.Peek() != '[' {
		s.Discard()
		return
	}
	n := int64(0) // where the choice does not say, or says so later, its place
	for more := s.Enter('[') && s.More(']'); more; more = s.More(']') {
		at := n
		for more := s.Enter('{') && s.More('}'); more && !c.Left; more = s.More('}') {
			switch key := string(s.Key()); {
			case key == "index":
				at = s.Int()
			case at != 0:
				s.Discard()
			case key == "delta", key == "message":
				c.delta(s)
			case key == "finish_reason":
				c.finishReason(s)
			default:
				s.Discard()
			}
		}
		if n++; c.Left {
			return
		}
	}
}

func (c *chatAnswer) finishReason(s *jsonscan.Scanner) {
	if s.Peek() != '"' {
		s.Discard()
		return
	}
	c.Finished = true
	switch string(s.Bytes()) {
	case "stop":
		c.Reason = ai.ReasonStop
	case "length":
		c.Reason = ai.ReasonLength
	case "tool_calls", "function_call":
		c.Reason = ai.ReasonToolCalls
	case "content_filter":
		c.Reason = ai.ReasonFiltered
	}
}

func (c *chatAnswer) delta(s *jsonscan.Scanner) {
	for more := s.Enter('{') && s.More('}'); more && !c.Left; more = s.More('}') {
		switch string(s.Key()) {
		case "content":
			c.piece(ai.EventText, s)
		case "reasoning_content", "reasoning":
			c.piece(ai.EventReasoning, s)
		case "refusal":
			c.piece(ai.EventRefusal, s)
		case "tool_calls":
			c.toolCalls(s)
		default:
			s.Discard()
		}
	}
}

// piece tells a piece of text.
func (c *chatAnswer) piece(kind ai.EventKind, s *jsonscan.Scanner) {
	if s.Peek() == '[' {
		c.pieces(kind, s)
		return
	}
	if s.Peek() != '"' {
		s.Discard() // null, or what some servers put beside the text
		return
	}
	if text := s.String(); s.Err() == nil {
		c.Text(kind, text)
	}
}

// pieces tells the text of parts, as servers send it whose models think aloud:
// [{"type":"thinking","thinking":[…]},{"type":"text","text":"…"}].
func (c *chatAnswer) pieces(kind ai.EventKind, s *jsonscan.Scanner) {
	for more := s.Enter('[') && s.More(']'); more && !c.Left; more = s.More(']') {
		if s.Peek() != '{' {
			s.Discard()
			continue
		}
		for more := s.Enter('{') && s.More('}'); more && !c.Left; more = s.More('}') {
			switch string(s.Key()) {
			case "text":
				c.piece(kind, s)
			case "thinking":
				c.piece(ai.EventReasoning, s)
			default:
				s.Discard()
			}
		}
	}
}

func (c *chatAnswer) toolCalls(s *jsonscan.Scanner) {
	for more := s.Enter('[') && s.More(']'); more && !c.Left; more = s.More(']') {
		call, name, arguments := begun{index: -1}, "", ""
		for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
			switch string(s.Key()) {
			case "index":
				call.index = s.Int()
			case "id":
				call.id = s.Text()
			case "function":
				for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
					switch string(s.Key()) {
					case "name":
						name = s.Text()
					case "arguments":
						arguments = s.Text()
					default:
						s.Discard()
					}
				}
			default:
				s.Discard()
			}
		}
		if s.Err() != nil {
			return
		}
		c.toolCall(call, name, arguments)
	}
}

// toolCall tells the beginning of a call, which has the name, and pieces of its
// arguments.
func (c *chatAnswer) toolCall(call begun, name, arguments string) {
	at := c.find(call)
	if at < 0 {
		if name == "" {
			return // of a call that never began
		}
		at = len(c.calls)
		if call.id == "" { // the result has to name something
			call.id = "call_" + strconv.Itoa(at)
		}
		c.calls = append(c.calls, call)
		if !c.Begin() || !c.Emit(ai.Event{Kind: ai.EventToolCall, Index: at, ID: call.id, Name: name}) {
			return
		}
	}
	if arguments != "" {
		c.Emit(ai.Event{Kind: ai.EventToolArguments, Index: at, Text: arguments})
	}
}

// find returns the place of the call that a piece belongs to: that of its index
// or, as some servers send none or always the same, of its id, else the last.
func (c *chatAnswer) find(call begun) int {
	for i, one := range slices.Backward(c.calls) {
		switch {
		case call.id != "" && call.id == one.id,
			call.id == "" && (call.index < 0 || call.index == one.index):
			return i
		}
	}
	return -1
}

// readUsage reads what an answer used, under the names of either format.
func readUsage(to *wire.Answer, s *jsonscan.Scanner) {
	if s.Peek() != '{' {
		s.Discard()
		return
	}
	u := ai.Usage{}
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "prompt_tokens", "input_tokens":
			u.Input = s.Int()
		case "completion_tokens", "output_tokens":
			u.Output = s.Int()
		case "prompt_tokens_details", "input_tokens_details":
			u.CachedInput = detail(s, "cached_tokens")
		case "completion_tokens_details", "output_tokens_details":
			u.Reasoning = detail(s, "reasoning_tokens")
		default:
			s.Discard()
		}
	}
	to.Usage, to.Used = u, true
}

// detail reads one number of an object.
func detail(s *jsonscan.Scanner, name string) (n int64) {
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		if string(s.Key()) == name {
			n = s.Int()
		} else {
			s.Discard()
		}
	}
	return n
}
