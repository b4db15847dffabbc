package openai

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// responsesFormat tells the reasoning of this API from that of the other one.
const responsesFormat = "openai-responses"

// Responses is a model of the Responses API. It is safe for concurrent use.
type Responses struct{ endpoint *wire.Endpoint }

// NewResponses returns a model of the Responses API, which OpenAI's own reasoning
// models are at their best with: what they thought is sent back to them. The key
// may be empty for servers that want none.
//
// Nothing is kept at the provider: answers are not stored, and reasoning comes
// encrypted ([ai.Reasoning.Opaque]), to be sent back by whoever goes on with the
// conversation. What the API has no place for is an error of kind
// [ai.Unsupported]: a seed, stop texts, audio.
func NewResponses(key string, at ai.Endpoint) (*Responses, error) {
	own := defaults(key)
	own.Format = responsesFormat
	e, err := wire.New(at, own, "responses")
	if err != nil {
		return nil, fmt.Errorf("new openai responses model: %w", err)
	}
	return &Responses{e}, nil
}

// Generate implements [ai.Model].
func (m *Responses) Generate(ctx context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
	accept := "text/event-stream"
	if req != nil && req.Whole {
		accept = "application/json"
	}
	return m.endpoint.Generate(ctx, req, accept, func() ([]byte, error) { return m.body(req) }, readResponse)
}

func readResponse(a wire.Answer) error {
	r := response{Answer: a}
	if a.Call.Is("text/event-stream") {
		return r.stream()
	}
	return a.Call.Whole(r.whole)
}

// stream reads semantic events. The answer is whole with the one that ends it,
// and with nothing less: finish reasons come in it.
func (r *response) stream() error {
	events := r.Call.SSE()
	for {
		data, err := events.Next()
		if err != nil {
			return r.Ended(err)
		}
		if len(data) == 0 {
			continue
		}
		if string(data) == "[DONE]" { // of servers that end all streams alike
			return r.Ended(io.EOF)
		}
		if err := r.event(data); err != nil {
			return err
		}
		if r.Finished {
			return r.Ended(io.EOF)
		}
	}
}

// semantic is an event of a stream: the fields that any of them has. It is valid
// as long as the data.
type semantic struct {
	kind, delta, arguments []byte
	itemID                 []byte
	output, summary        int64
	item, response         []byte // JSON
	fault                  wire.Fault
	failed                 bool
}

func (e *semantic) read(s *jsonscan.Scanner) {
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "type":
			e.kind = stringOf(s)
		case "delta":
			e.delta = stringOf(s)
		case "arguments":
			e.arguments = stringOf(s)
		case "item_id":
			e.itemID = stringOf(s)
		case "output_index":
			e.output = s.Int()
		case "summary_index":
			e.summary = s.Int()
		case "item":
			e.item = s.Raw()
		case "response":
			e.response = s.Raw()
		case "error":
			e.failed = e.fault.Read(s) || e.failed
		case "code":
			e.fault.Code = string(stringOf(s))
		case "message":
			e.fault.Message = string(stringOf(s))
		default:
			s.Discard()
		}
	}
}

// stringOf reads a string; what is none is left out.
func stringOf(s *jsonscan.Scanner) []byte {
	if s.Peek() != '"' {
		s.Discard()
		return nil
	}
	return s.Bytes()
}

// event reads one object of a stream.
func (r *response) event(data []byte) error {
	if data[0] != '{' {
		return r.Call.Malformed(errNoResponse)
	}
	e := semantic{output: -1}
	s := jsonscan.Of(data)
	if e.read(&s); s.End() != nil {
		return r.Call.Malformed(s.Err())
	}
	if e.failed || string(e.kind) == "error" {
		return r.Call.Fault(e.fault)
	}
	var err error
	switch string(e.kind) {
	case "response.output_text.delta":
		r.at(&e).some = true
		r.Text(ai.EventText, string(e.delta))
	case "response.refusal.delta":
		r.at(&e).some = true
		r.Text(ai.EventRefusal, string(e.delta))
	case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
		r.reasoning(r.at(&e), string(e.delta), "")
	case "response.reasoning_summary_part.added":
		if e.summary > 0 {
			r.reasoning(r.at(&e), betweenSummaries, "")
		}
	case "response.function_call_arguments.delta":
		r.arguments(r.at(&e), string(e.delta))
	case "response.function_call_arguments.done":
		if it := r.at(&e); !it.some {
			r.arguments(it, string(e.arguments))
		}
	case "response.output_item.added":
		err = r.added(&e)
	case "response.output_item.done":
		err = r.done(&e)
	case "response.created", "response.in_progress", "response.queued", "response.completed", "response.incomplete", "response.failed":
		_, err = r.object(e.response, string(e.kind[len("response."):]))
	}
	switch {
	case err != nil:
		return err
	case len(r.items) > maxItems:
		return r.Call.Malformed(errTooMany)
	}
	return r.Checked(nil, nil)
}

var _ ai.Model = (*Responses)(nil)
