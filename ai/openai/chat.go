package openai

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"strconv"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/frame"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// Generate implements [ai.Model].
func (m *Chat) Generate(ctx context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
	return wire.Once(func(yield func(ai.Event, error) bool) {
		if err := m.generate(ctx, req, yield); err != nil {
			yield(ai.Event{}, err)
		}
	})
}

// errLeft says that nobody listens any more.
var errLeft = errors.New("left")

func (m *Chat) generate(ctx context.Context, req *ai.Request, yield func(ai.Event, error) bool) error {
	if err := req.Validate(); err != nil {
		return err
	}
	body, err := m.body(req)
	if err != nil {
		return err
	}
	accept := "text/event-stream"
	if req.Whole {
		accept = "application/json"
	}
	call, err := m.endpoint.Post(ctx, req.Model, body, accept)
	if err != nil {
		return err
	}
	c := chatStream{call: call, yield: yield}
	if call.Is("text/event-stream") {
		err = c.stream(m.endpoint.Limits)
	} else { // some servers know no streams; others answer an error this way
		err = call.Whole(c.whole)
	}
	if errors.Is(err, errLeft) {
		call.Abandon()
		return nil
	}
	if err != nil {
		call.Abandon()
		return err
	}
	call.Close()
	return nil
}

// chatStream reads one answer.
type chatStream struct {
	call     *wire.Call
	yield    func(ai.Event, error) bool
	started  bool
	finished bool // a finish reason came
	reason   ai.Reason
	used     bool // usage came
	usage    ai.Usage
	calls    []begun
	left     bool
	fault    *ai.Error
	// of the chunk, until it is known whole
	id, model string
}

// begun is a tool call, by what its pieces are known by.
type begun struct {
	index int64
	id    string
}

func (c *chatStream) emit(e ai.Event) bool {
	if !c.left && !c.yield(e, nil) {
		c.left = true
	}
	return !c.left
}

func (c *chatStream) stream(limits frame.Limits) error {
	events := frame.NewSSE(c.call.Body, limits)
	for {
		data, err := events.Next()
		if err != nil {
			return c.ended(err)
		}
		if len(data) == 0 {
			continue
		}
		if string(data) == "[DONE]" {
			return c.ended(io.EOF)
		}
		if err := c.chunk(data, false); err != nil {
			return err
		}
	}
}

// ended is called at the end of a stream. What came after the finish reason was
// only to come: with it the answer is whole.
func (c *chatStream) ended(err error) error {
	switch {
	case c.finished:
		return c.finish()
	case err == io.EOF: //nolint:errorlint // as io.Reader returns it
		return c.call.Cut()
	default:
		return c.call.Broken(err)
	}
}

func (c *chatStream) finish() error {
	c.start()
	if c.used {
		c.emit(ai.Event{Kind: ai.EventUsage, Usage: &c.usage})
	}
	if !c.emit(ai.Event{Kind: ai.EventEnd, Reason: c.reason}) {
		return errLeft
	}
	return nil
}

// whole reads an answer in one piece.
func (c *chatStream) whole(body []byte) error {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return c.call.Cut()
	}
	if err := c.chunk(body, true); err != nil {
		return err
	}
	if !c.finished {
		return c.call.Cut()
	}
	return c.finish()
}

var errNoAnswer = errors.New("the answer is not of the chat completions format")

// chunk reads one JSON object: a piece of a stream or a whole answer.
func (c *chatStream) chunk(data []byte, whole bool) error {
	if data[0] != '{' {
		return c.call.Malformed(errNoAnswer)
	}
	s := jsonscan.Of(data)
	known := false
	var later []byte // content, where more has to be known before
	for more := s.Enter('{') && s.More('}'); more && !c.left; more = s.More('}') {
		switch string(s.Key()) {
		case "id":
			c.keep(&c.id, &s)
		case "model":
			c.keep(&c.model, &s)
		case "choices":
			if known = true; whole || !c.started {
				later = s.Raw()
			} else {
				c.choices(&s)
			}
		case "usage":
			c.readUsage(&s)
		case "error":
			var f wire.Fault
			if f.Read(&s) {
				c.fault = c.call.Fault(f)
			}
		default:
			s.Skip()
		}
	}
	switch {
	case c.left:
		return errLeft
	case c.fault != nil:
		return c.fault
	case s.End() != nil && whole && s.Cut():
		return c.call.Cut()
	case s.Err() != nil:
		return c.call.Malformed(s.Err())
	case whole && !known:
		return c.call.Malformed(errNoAnswer)
	case later == nil:
		return nil
	}
	s = jsonscan.Of(later)
	c.choices(&s)
	switch {
	case c.left:
		return errLeft
	case s.Err() != nil:
		return c.call.Malformed(s.Err())
	}
	return nil
}

// keep reads a string that is the same in every chunk, once.
func (c *chatStream) keep(to *string, s *jsonscan.Scanner) {
	if c.started {
		s.Skip()
		return
	}
	*to = s.Text()
}

// start tells who answers, before the first piece.
func (c *chatStream) start() bool {
	if c.started {
		return !c.left
	}
	c.started = true
	return c.emit(ai.Event{Kind: ai.EventStart, Start: &ai.Start{ID: c.id, Provider: c.call.Provider(), Model: c.model}})
}

// choices reads the first choice: more are never asked for.
func (c *chatStream) choices(s *jsonscan.Scanner) {
	if s.Peek() != '[' {
		s.Skip()
		return
	}
	for more := s.Enter('[') && s.More(']'); more; more = s.More(']') {
		for more := s.Enter('{') && s.More('}'); more && !c.left; more = s.More('}') {
			switch string(s.Key()) {
			case "delta", "message":
				c.delta(s)
			case "finish_reason":
				c.finishReason(s)
			default:
				s.Skip()
			}
		}
		if c.left {
			return
		}
	}
}

func (c *chatStream) finishReason(s *jsonscan.Scanner) {
	if s.Peek() != '"' {
		s.Skip()
		return
	}
	c.finished = true
	switch string(s.Bytes()) {
	case "stop":
		c.reason = ai.ReasonStop
	case "length":
		c.reason = ai.ReasonLength
	case "tool_calls", "function_call":
		c.reason = ai.ReasonToolCalls
	case "content_filter":
		c.reason = ai.ReasonFiltered
	}
}

func (c *chatStream) delta(s *jsonscan.Scanner) {
	for more := s.Enter('{') && s.More('}'); more && !c.left; more = s.More('}') {
		switch string(s.Key()) {
		case "content":
			c.text(ai.EventText, s)
		case "reasoning_content", "reasoning":
			c.text(ai.EventReasoning, s)
		case "refusal":
			c.text(ai.EventRefusal, s)
		case "tool_calls":
			c.toolCalls(s)
		default:
			s.Skip()
		}
	}
}

// text tells a piece of text.
func (c *chatStream) text(kind ai.EventKind, s *jsonscan.Scanner) {
	if s.Peek() != '"' {
		s.Skip() // null, or what some servers put beside the text
		return
	}
	if text := s.String(); text != "" && s.Err() == nil && c.start() {
		c.emit(ai.Event{Kind: kind, Text: text})
	}
}

func (c *chatStream) toolCalls(s *jsonscan.Scanner) {
	for more := s.Enter('[') && s.More(']'); more && !c.left; more = s.More(']') {
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
						s.Skip()
					}
				}
			default:
				s.Skip()
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
func (c *chatStream) toolCall(call begun, name, arguments string) {
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
		if !c.start() || !c.emit(ai.Event{Kind: ai.EventToolCall, Index: at, ID: call.id, Name: name}) {
			return
		}
	}
	if arguments != "" {
		c.emit(ai.Event{Kind: ai.EventToolArguments, Index: at, Text: arguments})
	}
}

// find returns the place of the call that a piece belongs to: that of its index
// or, as some servers send none or always the same, of its id, else the last.
func (c *chatStream) find(call begun) int {
	for i := len(c.calls) - 1; i >= 0; i-- {
		one := c.calls[i]
		switch {
		case call.id != "" && call.id == one.id,
			call.id == "" && (call.index < 0 || call.index == one.index):
			return i
		}
	}
	return -1
}

func (c *chatStream) readUsage(s *jsonscan.Scanner) {
	if s.Peek() != '{' {
		s.Skip()
		return
	}
	u := ai.Usage{}
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "prompt_tokens":
			u.Input = s.Int()
		case "completion_tokens":
			u.Output = s.Int()
		case "prompt_tokens_details":
			u.CachedInput = detail(s, "cached_tokens")
		case "completion_tokens_details":
			u.Reasoning = detail(s, "reasoning_tokens")
		default:
			s.Skip()
		}
	}
	c.usage, c.used = u, true
}

// detail reads one number of an object.
func detail(s *jsonscan.Scanner, name string) (n int64) {
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		if string(s.Key()) == name {
			n = s.Int()
		} else {
			s.Skip()
		}
	}
	return n
}
