package ai

import (
	"context"
	"iter"
	"sync/atomic"
	"time"
)

// Timeouts bound how long an answer may take. A zero field bounds nothing.
type Timeouts struct {
	First   time.Duration // until the first event
	Between time.Duration // between one event and the next; up to an eighth of it more
	Total   time.Duration // until the end
}

// WithTimeouts ends answers that take too long with an error of kind [Timeout].
// Time in which the caller does something with an event does not count, but for
// Total.
func WithTimeouts(t Timeouts) Decorator {
	return func(next Model) Model {
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			return func(yield func(Event, error) bool) { t.run(ctx, next, req, yield) }
		})
	}
}

func (t Timeouts) run(ctx context.Context, next Model, req *Request, yield func(Event, error) bool) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if t.Total > 0 {
		defer time.AfterFunc(t.Total, func() { cancel(tooLong("the whole answer", t.Total)) }).Stop()
	}
	w := watch{begun: time.Now(), between: t.Between, cancel: cancel}
	if t.First > 0 || t.Between > 0 {
		defer w.start(t.First).Stop()
	}
	for event, err := range next.Generate(ctx, req) {
		w.busy()
		if !yield(event, err) || err != nil {
			return
		}
		w.wait()
	}
}

func tooLong(what string, d time.Duration) *Error {
	return &Error{Kind: Timeout, Message: what + " took longer than " + d.String()}
}

// watch looks now and then whether the model has been silent for too long. A
// piece costs it two counts: a look at the clock, or a timer set anew, would cost
// more.
type watch struct {
	begun   time.Time
	between time.Duration
	cancel  context.CancelCauseFunc
	timer   *time.Timer

	n    int64        // of the goroutine that reads the answer
	turn atomic.Int64 // n: odd while the caller has an event, even while one is awaited, before the first one 0

	seen int64         // the turn that the last look saw
	at   time.Duration // when a look saw it first, after begun
}

func (w *watch) busy() { w.n++; w.turn.Store(w.n) }
func (w *watch) wait() { w.n++; w.turn.Store(w.n) }

// looks is how often it is looked in the time that may pass between two events.
const looks = 8

// start looks for the first time when either bound can be reached.
func (w *watch) start(first time.Duration) *time.Timer {
	soon := first
	if step := w.between / looks; soon <= 0 || step > 0 && step < soon {
		soon = step
	}
	ready := make(chan struct{})
	w.timer = time.AfterFunc(soon, func() { <-ready; w.look(first) })
	close(ready)
	return w.timer
}

// look is called by the timer.
func (w *watch) look(first time.Duration) {
	turn, now, left := w.turn.Load(), time.Since(w.begun), w.between/looks
	switch {
	case turn == 0 && first > 0:
		if now >= first {
			w.cancel(tooLong("the first piece", first))
			return
		}
		if left == 0 || first-now < left {
			left = first - now
		}
	case w.between <= 0:
		return
	case turn != w.seen:
		w.seen, w.at = turn, now
	case turn > 0 && turn%2 == 0: // as at the last look
		if left = w.between - (now - w.at); left <= 0 {
			w.cancel(tooLong("the next piece", w.between))
			return
		}
	}
	w.timer.Reset(max(left, 1))
}
