package ai

import (
	"context"
	"iter"
	"slices"
)

// A Model answers requests: a provider's, one that is decorated, or one that
// chooses among several. It is safe for concurrent use.
type Model interface {
	// Generate returns the answer as a sequence that can be ranged over once.
	// The request is sent when the first event is asked for, and req must not be
	// changed until the sequence has ended.
	//
	// Each event comes with a nil error. The sequence ends with one [EventEnd],
	// or with one error beside a zero Event: an [*Error], which errors.Is finds
	// context.Canceled in where ctx was canceled. Nothing follows either. Who
	// leaves the loop early gives the answer up: what the model held is released
	// before the loop is left. Do not range over it again: that is an error or,
	// of some decorators, another request.
	Generate(ctx context.Context, req *Request) iter.Seq2[Event, error]
}

// A ModelFunc is a function that is a [Model].
type ModelFunc func(ctx context.Context, req *Request) iter.Seq2[Event, error]

// Generate implements [Model].
func (f ModelFunc) Generate(ctx context.Context, req *Request) iter.Seq2[Event, error] {
	return f(ctx, req)
}

// A Decorator puts something around a model, such as retries or a cache.
type Decorator func(Model) Model

// Decorate returns model with decorators around it. The first is the outermost:
// it sees a request first and an event last.
func Decorate(model Model, decorators ...Decorator) Model {
	for _, decorate := range slices.Backward(decorators) {
		model = decorate(model)
	}
	return model
}

// Fail returns the sequence that is only an error.
func Fail(err error) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) { yield(Event{}, err) }
}

var _ Model = ModelFunc(nil)
