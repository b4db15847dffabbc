package ai

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"
)

// Hedging says when a request is sent a second time because the first is slow. The
// zero value is what most programs want.
type Hedging struct {
	// Order says which routes are asked. Zero: as listed.
	Order Order
	// After is how long the first content may take until the next route is asked
	// too. Zero: as long as a Quantile of the requests of the last 15 minutes took;
	// until 20 of them are known there are no hedges.
	After time.Duration
	// Quantile is in (0, 1). Zero: 0.95.
	Quantile float64
	// Share is how many hedges each request adds to what all requests together may
	// spend, so that a provider that is slow for all does not get twice the load.
	// Zero: 0.1. Up to 10 can be saved.
	Share float64
}

const (
	savedHedges = 10
	knownFirst  = 20 // times that have to be known for a quantile
)

// Hedge asks its routes as [Fallback] does, and a slow one together with the next:
// the one whose first content comes first answers, and the other is canceled; it has
// ended before the loop is left. Errors before that fall through to the other, and
// then to the remaining routes. A request is hedged once at most. Routes do not
// retry meanwhile, so that what is sent twice is not sent eight times: put
// [WithRetry] around it.
func Hedge(h Hedging, routes ...Route) (Model, error) {
	if h.Quantile == 0 {
		h.Quantile = 0.95
	}
	if h.Share == 0 {
		h.Share = 0.1
	}
	if h.After < 0 || !(h.Quantile > 0 && h.Quantile < 1) || !(h.Share > 0 && h.Share <= 1) {
		return nil, fmt.Errorf("hedge: %v, quantile %v, share %v are out of range", h.After, h.Quantile, h.Share)
	}
	r, err := newRouter("hedge", h.Order, routes)
	if err != nil {
		return nil, err
	}
	return &hedger{Hedging: h, router: r, allowed: newAllowance(savedHedges), times: times{since: time.Now()}}, nil
}

type hedger struct {
	Hedging
	*router
	allowed *allowance
	times   times
}

// Generate implements [Model].
func (h *hedger) Generate(ctx context.Context, req *Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := req.valid(); err != nil {
			yield(Event{}, err)
			return
		}
		h.run(context.WithValue(ctx, retryingKey{}, true), req, yield)
	}
}

func (h *hedger) run(ctx context.Context, req *Request, yield func(Event, error) bool) {
	h.allowed.save(h.Share)
	var failed []error
	order, wait := h.pick(), h.wait()
	for n := 0; n < len(h.routes); {
		r := race{hedger: h, req: req, yield: yield}
		if n+1 < len(h.routes) && wait > 0 {
			r.second, r.wait = h.at(order, n+1), wait
		}
		errs, settled := r.run(ctx, h.at(order, n))
		if settled {
			return
		}
		failed = append(failed, errs...)
		if err := errs[len(errs)-1]; !typed(err).Elsewhere() || ctx.Err() != nil {
			yield(Event{}, err)
			return
		}
		if n += len(errs); len(errs) > 1 {
			wait = 0
		}
	}
	yield(Event{}, together(failed))
}

// wait is how long the first content may take, 0: for ever.
func (h *hedger) wait() time.Duration {
	if h.After > 0 {
		return h.After
	}
	return h.times.quantile(h.Quantile)
}

// times is how long requests took to their first content.
type times struct {
	since time.Time

	mu     sync.Mutex
	recent spread
	last   time.Duration // the quantile, for a second
	at     time.Time
}

func (t *times) add(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.recent.add(t.since, time.Now(), max(1, d), false)
}

func (t *times) quantile(q float64) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Sub(t.at) < time.Second && t.last > 0 {
		return t.last
	}
	var all tally
	t.recent.sum(t.since, now, &all)
	t.at, t.last = now, 0
	if all.requests >= knownFirst {
		t.last = all.quantile(q)
	}
	return t.last
}

var _ Model = (*hedger)(nil)
