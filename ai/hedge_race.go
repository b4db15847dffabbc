package ai

import (
	"context"
	"iter"
	"sync/atomic"
	"time"
)

// Who has won a race.
const (
	nobody int32 = iota
	firstWon
	secondWon
)

// race asks a route in the goroutine of the caller, and where that is slow another
// one in a goroutine of its own, which ends when its first content is there or
// cannot come any more: what follows is pulled by the caller.
type race struct {
	*hedger
	req    *Request
	yield  func(Event, error) bool
	second *Route // nil: nobody races
	wait   time.Duration

	winner atomic.Int32
	timer  *time.Timer
	done   chan struct{} // closed when the second goroutine has ended; nil: there is none

	// What follows is written by that goroutine, and read when it has ended.
	sent     bool
	err      error
	held     []Event
	next     func() (Event, error, bool) // where it has won
	stop     func()
	panicked any
}

// run returns the errors of the routes where none has begun to answer.
func (r *race) run(ctx context.Context, first *Route) (errs []error, settled bool) {
	begun := time.Now()
	firstCtx, cancelFirst := context.WithCancel(ctx)
	defer cancelFirst()
	secondCtx, cancelSecond := context.WithCancel(context.WithValue(ctx, hedgeKey{}, true))
	if r.second != nil {
		r.done = make(chan struct{})
		r.timer = time.AfterFunc(r.wait, func() { r.hedge(secondCtx, cancelFirst) })
	}
	defer func() {
		cancelSecond()
		r.join()
		if r.stop != nil {
			r.stop()
		}
	}()
	a := attempt{yield: r.yield, claim: func() bool {
		if !r.winner.CompareAndSwap(nobody, firstWon) {
			return false
		}
		cancelSecond()
		r.times.add(time.Since(begun))
		return true
	}}
	err := a.run(first.Model.Generate(firstCtx, first.request(r.req)))
	if a.left || a.committed && err == nil {
		return nil, true
	}
	over := err != nil && (a.committed || !typed(err).Elsewhere() || ctx.Err() != nil)
	if over && (a.committed || r.winner.CompareAndSwap(nobody, firstWon)) {
		r.yield(Event{}, err)
		return nil, true
	}
	sent := r.join()
	if r.next != nil {
		r.times.add(time.Since(begun))
		r.pass()
		return nil, true
	}
	if errs = []error{err}; sent {
		errs = append(errs, r.err)
	}
	return errs, false
}

// join waits for the second goroutine where it has begun, and reports whether it
// has sent the request. What it panicked with goes on in the caller's.
func (r *race) join() (sent bool) {
	if r.done == nil {
		return false
	}
	if r.timer.Stop() {
		r.done = nil
		return false
	}
	<-r.done
	if p := r.panicked; p != nil {
		r.panicked = nil
		panic(p) //nolint:forbidigo // it goes on where it would have been without a hedge
	}
	return r.sent
}

// hedge is the second goroutine.
func (r *race) hedge(ctx context.Context, cancelFirst func()) {
	defer close(r.done)
	defer func() { r.panicked = recover() }()
	if r.winner.Load() != nobody || !r.allowed.spend() {
		return
	}
	r.sent = true
	req := r.second.request(r.req)
	trailOf(ctx).note(Note{Router: "hedge", Choice: req.Model, Why: "no content after " + r.wait.String()})
	next, stop := iter.Pull2(r.second.Model.Generate(ctx, req))
	for {
		e, err, ok := next()
		switch {
		case err != nil || !ok:
			if r.err = err; err == nil {
				r.err = errNoEnd()
			}
			stop()
			return
		case !e.isContent() && e.Kind != EventEnd && len(r.held) < heldBack:
			r.held = append(r.held, e)
			continue
		}
		r.held = append(r.held, e)
		if !r.winner.CompareAndSwap(nobody, secondWon) {
			stop()
			return
		}
		r.next, r.stop = next, stop
		cancelFirst()
		return
	}
}

// pass passes on what the second route says.
func (r *race) pass() {
	for _, e := range r.held {
		if !r.yield(e, nil) {
			return
		}
	}
	for {
		e, err, ok := r.next()
		if !ok || !r.yield(e, err) {
			return
		}
	}
}
