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
	Between time.Duration // between one event and the next
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
// piece costs it a look at the clock: a timer set anew would cost more.
type watch struct {
	begun   time.Time
	between time.Duration
	cancel  context.CancelCauseFunc
	timer   *time.Timer
	// since is when the model was asked for the event that is awaited, after
	// begun; callerBusy while the caller has one, and before the first one 0.
	since atomic.Int64
}

const callerBusy = -1

func (w *watch) busy() { w.since.Store(callerBusy) }
func (w *watch) wait() { w.since.Store(max(1, int64(time.Since(w.begun)))) }

// start looks for the first time when either bound can be reached.
func (w *watch) start(first time.Duration) *time.Timer {
	soon := first
	if soon <= 0 || w.between > 0 && w.between < soon {
		soon = w.between
	}
	ready := make(chan struct{})
	w.timer = time.AfterFunc(soon, func() { <-ready; w.look(first) })
	close(ready)
	return w.timer
}

// look is called by the timer.
func (w *watch) look(first time.Duration) {
	since, left := w.since.Load(), w.between
	switch {
	case since == 0 && first > 0:
		if left = first - time.Since(w.begun); left <= 0 {
			w.cancel(tooLong("the first piece", first))
			return
		}
		if w.between > 0 {
			left = min(left, w.between) // it may have come by then
		}
	case w.between <= 0:
		return
	case since > 0:
		left = w.between - (time.Since(w.begun) - time.Duration(since))
	}
	if left <= 0 {
		w.cancel(tooLong("the next piece", w.between))
		return
	}
	w.timer.Reset(left)
}
