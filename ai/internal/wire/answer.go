package wire

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/modular-dashboard/dashboard/ai"
)

// errLeft says that nobody listens any more.
var errLeft = errors.New("left")

// An Answer is one on its way to the caller: adapters embed it in what reads
// their format.
type Answer struct {
	Call     *Call
	Start    ai.Start // until the first piece
	Usage    ai.Usage
	Used     bool // Usage came
	Reason   ai.Reason
	Finished bool // Reason came, so the content is whole
	Started  bool
	Left     bool // the caller has left

	yield func(ai.Event, error) bool
	calls int // of tools, that have begun
}

// maxCalls is how many calls of tools an answer may have: adapters and callers
// look through them for each piece.
const maxCalls = 1000

var errCalls = errors.New("the answer has too many calls of tools")

// most is more tokens than anything uses: what a provider says beyond it is an
// error of its, and would spoil the sums of who believes it.
const most = 1 << 40

// sane reports whether usage may be believed. Nothing at all is what servers say that
// do not count.
func sane(u *ai.Usage) bool {
	for _, n := range [...]int64{u.Input, u.Output, u.CachedInput, u.CacheWrite, u.Reasoning} {
		if n < 0 || n > most {
			return false
		}
	}
	return u.Input > 0 || u.Output > 0
}

// Emit tells an event and reports whether to go on.
func (a *Answer) Emit(e ai.Event) bool {
	if e.Kind == ai.EventToolCall {
		a.calls++
	}
	if a.calls > maxCalls { // which Checked says
		return false
	}
	if !a.Left && !a.yield(e, nil) {
		a.Left = true
	}
	return !a.Left
}

// Begin tells who answers, before the first piece.
func (a *Answer) Begin() bool {
	if a.Started {
		return !a.Left
	}
	a.Started = true
	a.Start.Provider, a.Start.Format = a.Call.endpoint.Provider, a.Call.endpoint.format
	return a.Emit(ai.Event{Kind: ai.EventStart, Start: &a.Start})
}

// Text tells a piece of text, unless it is empty.
func (a *Answer) Text(kind ai.EventKind, text string) {
	if text != "" && a.Begin() {
		a.Emit(ai.Event{Kind: kind, Text: text})
	}
}

// Finish tells usage and end.
func (a *Answer) Finish() error {
	a.Begin()
	if a.Used && sane(&a.Usage) {
		a.Emit(ai.Event{Kind: ai.EventUsage, Usage: &a.Usage})
	}
	if !a.Emit(ai.Event{Kind: ai.EventEnd, Reason: a.Reason}) {
		return errLeft
	}
	return nil
}

// Ended is called where a stream ends, with io.EOF or why it could not be read
// on. With the reason the content is whole: what else was to come was no content.
func (a *Answer) Ended(err error) error {
	switch {
	case a.Finished:
		return a.Finish()
	case err == io.EOF: //nolint:errorlint // as io.Reader returns it
		return a.Call.Cut()
	default:
		return a.Call.Broken(err)
	}
}

// Whole is called at the end of an answer in one piece.
func (a *Answer) Whole() error {
	if !a.Finished {
		return a.Call.Cut()
	}
	return a.Finish()
}

// Generate sends a body and lets read have the answer.
func (e *Endpoint) Generate(ctx context.Context, req *ai.Request, accept string, body func() ([]byte, error), read func(Answer) error) iter.Seq2[ai.Event, error] {
	return Once(func(yield func(ai.Event, error) bool) {
		call, err := e.begin(ctx, req, accept, body)
		if err != nil {
			yield(ai.Event{}, err)
			return
		}
		switch err = read(Answer{Call: call, yield: yield}); {
		case err == nil:
			call.Close()
		case errors.Is(err, errLeft):
			call.abandon()
		default:
			call.abandon()
			yield(ai.Event{}, err)
		}
	})
}

func (e *Endpoint) begin(ctx context.Context, req *ai.Request, accept string, body func() ([]byte, error)) (*Call, error) {
	if err := req.Validate(); err != nil {
		return nil, err
	}
	b, err := body()
	if err != nil {
		return nil, err
	}
	return e.Post(ctx, req.Model, b, accept)
}

// Checked returns errLeft where the caller has left, and what else went wrong
// with a piece: the provider's own error, or JSON that is none.
func (a *Answer) Checked(fault *ai.Error, err error) error {
	switch {
	case a.Left:
		return errLeft
	case a.calls > maxCalls:
		return a.Call.Malformed(errCalls)
	case fault != nil:
		return fault
	case err != nil:
		return a.Call.Malformed(err)
	}
	return nil
}
