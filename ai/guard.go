package ai

import (
	"context"
	"iter"
)

// A Guard looks at a request before it is sent. It returns the request to be sent
// in its place (the same one where nothing is to change; a changed one is a copy)
// and a filter of its answer, nil for none; or an error, and nothing is sent.
type Guard func(ctx context.Context, req *Request) (*Request, Filter, error)

// A Filter passes an answer on as it comes. It may change pieces, hold them back,
// or stop the answer with an error; the sequence that it returns keeps the rules of
// [Model].
type Filter func(answer iter.Seq2[Event, error]) iter.Seq2[Event, error]

// WithGuards puts guards around a model. The first sees a request first and an
// answer last. An error of a guard that is no [*Error] becomes one of kind
// [Filtered], whose message tells nothing of it.
func WithGuards(guards ...Guard) Decorator {
	return func(next Model) Model {
		if len(guards) == 0 {
			return next
		}
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			return func(yield func(Event, error) bool) {
				if err := req.valid(); err != nil {
					yield(Event{}, err)
					return
				}
				guard(ctx, guards, next, req, yield)
			}
		})
	}
}

func guard(ctx context.Context, guards []Guard, next Model, req *Request, yield func(Event, error) bool) {
	var room [4]Filter
	filters := room[:0]
	for _, g := range guards {
		changed, filter, err := g(ctx, req)
		if err != nil {
			e := typed(err)
			if e.Kind == Unknown {
				e = &Error{Kind: Filtered, Model: req.Model, Message: "The content is refused.", Err: err}
			}
			yield(Event{}, e)
			return
		}
		if changed != nil {
			req = changed
		}
		if filter != nil {
			filters = append(filters, filter)
		}
	}
	answer := next.Generate(ctx, req)
	for i := range filters {
		answer = filters[len(filters)-1-i](answer)
	}
	answer(yield)
}
