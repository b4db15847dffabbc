package ai

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"runtime/debug"
	"slices"
)

// A Function is a tool that this program runs when a model calls it. Package
// typed makes one of a Go function.
type Function struct {
	Tool
	// Call runs it with the arguments that the model wrote, which nobody has
	// checked. What it returns is told to the model; so is the text of an error,
	// which therefore must not tell more than the model may know. A panic is an
	// error that tells nothing.
	Call func(ctx context.Context, arguments json.RawMessage) (string, error)
}

// Functions are what [WithFunctions] runs, and how.
type Functions struct {
	List []Function
	// Rounds is how often the model may call functions before it has to answer.
	// Zero: 8.
	Rounds int
	// OnCall, if any, is told of each call when it has run, one at a time. A stack
	// is there after a panic.
	OnCall func(ctx context.Context, call ToolCall, result ToolResult, stack []byte)
}

const defaultRounds = 8

// WithFunctions offers functions to the model, runs those it calls and tells it
// the results, until it answers. The caller sees one answer, with the text and
// reasoning of all rounds and what all of them used, and nothing of the calls. An
// answer that calls tools of the request's own, too, ends with all its calls and
// is the caller's to go on with. More rounds than allowed are an error of kind
// [Budget]. Each round is a call of the model: put budgets, rates and caches inside.
func WithFunctions(f Functions) Decorator {
	if f.Rounds <= 0 {
		f.Rounds = defaultRounds
	}
	f.List = slices.Clone(f.List)
	return func(next Model) Model {
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			return func(yield func(Event, error) bool) { f.run(ctx, next, req, yield) }
		})
	}
}

func (f *Functions) run(ctx context.Context, next Model, req *Request, yield func(Event, error) bool) {
	if err := req.valid(); err != nil {
		yield(Event{}, err)
		return
	}
	asked := *req
	asked.Messages, asked.Tools = slices.Clone(req.Messages), slices.Clone(req.Tools)
	for _, one := range f.List {
		asked.Tools = append(asked.Tools, one.Tool)
	}
	var used Usage
	for round := 1; ; round++ {
		r := functionRound{f: f, yield: yield, first: round == 1}
		if err := r.run(next.Generate(ctx, &asked)); err != nil {
			f.fail(used, err, yield)
			return
		}
		if r.left {
			return
		}
		answer := r.collector.answer(true)
		used = used.Add(answer.Usage)
		calls := answer.Message.Calls()
		if answer.Reason != ReasonToolCalls || len(calls) == 0 || r.foreign {
			r.end(used, answer.Reason)
			return
		}
		if round == f.Rounds {
			f.fail(used, &Error{Kind: Budget, Model: req.Model, Message: fmt.Sprintf("functions were called %d times over without an answer", round)}, yield)
			return
		}
		asked.Messages = append(asked.Messages, answer.Message, f.callAll(ctx, calls))
		asked.ToolChoice = ToolAuto // what had to be called has been
		if ctx.Err() != nil {
			f.fail(used, canceled(ctx), yield)
			return
		}
	}
}

// fail ends the answer with an error, after what the rounds before have used.
func (f *Functions) fail(used Usage, err error, yield func(Event, error) bool) {
	if used == (Usage{}) || yield(Event{Kind: EventUsage, Usage: &used}, nil) {
		yield(Event{}, err)
	}
}

func (f *Functions) find(name string) *Function {
	for i := range f.List {
		if f.List[i].Name == name {
			return &f.List[i]
		}
	}
	return nil
}

// functionRound is one answer of the model.
type functionRound struct {
	f         *Functions
	yield     func(Event, error) bool
	first     bool
	foreign   bool // it calls a tool that is not ours
	left      bool // the caller has left
	collector collector
	hidden    []Event // calls, until it is known whose they are
}

// run passes an answer on, but for its calls and its end. It returns the error that
// it ends with.
func (r *functionRound) run(events iter.Seq2[Event, error]) error {
	for e, err := range events {
		if err != nil {
			return err
		}
		r.collector.add(&e)
		switch e.Kind {
		case EventEnd, EventUsage:
			continue
		case EventStart:
			if !r.first {
				continue
			}
		case EventToolCall:
			r.foreign = r.foreign || r.f.find(e.Name) == nil
			r.hidden = append(r.hidden, e)
			continue
		case EventToolArguments:
			r.hidden = append(r.hidden, e)
			continue
		}
		if !r.yield(e, nil) {
			r.left = true
			return nil
		}
	}
	return nil
}

func (r *functionRound) end(used Usage, reason Reason) {
	for _, e := range r.hidden {
		if !r.yield(e, nil) {
			return
		}
	}
	if used == (Usage{}) || r.yield(Event{Kind: EventUsage, Usage: &used}, nil) {
		r.yield(Event{Kind: EventEnd, Reason: reason}, nil)
	}
}

// callAll runs the calls of one answer, in their order.
func (f *Functions) callAll(ctx context.Context, calls []ToolCall) Message {
	results := make([]ToolResult, len(calls))
	for i, call := range calls {
		var stack []byte
		results[i], stack = f.call(ctx, call)
		if f.OnCall != nil {
			f.OnCall(ctx, call, results[i], stack)
		}
	}
	return Results(results...)
}

func (f *Functions) call(ctx context.Context, call ToolCall) (result ToolResult, stack []byte) {
	result = ToolResult{ID: call.ID, Name: call.Name}
	defer func() {
		if v := recover(); v != nil {
			result.Content, result.IsError, stack = "the function failed", true, debug.Stack()
		}
	}()
	if len(call.Arguments) == 0 {
		call.Arguments = json.RawMessage("{}")
	}
	if !json.Valid(call.Arguments) {
		result.Content, result.IsError = "the arguments are not JSON", true
		return result, nil
	}
	content, err := f.find(call.Name).Call(ctx, call.Arguments)
	if result.Content = content; err != nil {
		result.Content, result.IsError = err.Error(), true
	}
	return result, nil
}
