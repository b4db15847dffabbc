package ai

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"
)

// Health keeps in mind how upstreams do, each model of each provider by each of
// its keys apart: outcomes, time to the first content, what is under way, and a
// [Breaker]. It forgets what is older than 15 minutes, and holds at most 512
// upstreams. Put [Health.Watch] around each provider's model, inside of [Fallback],
// [Balance] and [WithRetry]; read it with [Health.Providers]. It is safe for
// concurrent use.
type Health struct {
	breaker Breaker

	mu     sync.Mutex
	vitals map[upstream]*vital
}

// upstream is what fails or works as one.
type upstream struct{ provider, model, key string }

// mostUpstreams is how many are kept in mind. Callers choose names of models.
const mostUpstreams = 512

// NewHealth returns a Health that knows nothing yet.
func NewHealth(b Breaker) *Health {
	return &Health{breaker: b.filled(), vitals: map[upstream]*vital{}}
}

// Watch names the upstream that a model is, keeps its outcomes in mind, and
// leaves it alone where its breaker is open: requests are answered with an error of
// kind [Overloaded] then. key tells several keys of one provider apart and is
// shown to people: a name, never the key itself. Each request that reaches the
// model is an [Attempt] of the request's [Record].
func (h *Health) Watch(provider, key string) Decorator {
	return func(next Model) Model {
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			if req == nil {
				return next.Generate(ctx, req)
			}
			return func(yield func(Event, error) bool) {
				h.run(ctx, upstream{provider, req.Model, key}, next, req, yield)
			}
		})
	}
}

// errLeftAlone is beneath the error of an open breaker.
var errLeftAlone = errors.New("it failed too often and is left alone")

func (h *Health) run(ctx context.Context, u upstream, next Model, req *Request, yield func(Event, error) bool) {
	v := h.vital(u)
	c := call{begun: time.Now(), left: true}
	var wait time.Duration
	if c.probe, wait = v.enter(c.begun); wait > 0 {
		yield(Event{}, &Error{Kind: Overloaded, Provider: u.provider, Model: u.model, RetryAfter: wait, Err: errLeftAlone})
		return
	}
	defer func() { h.leave(ctx, v, &c) }()
	for e, err := range next.Generate(ctx, req) {
		switch {
		case err != nil:
			c.err, c.left = typed(err), false
		case e.Kind == EventEnd:
			c.seen()
			c.left = false
		case c.first == 0 && e.isContent():
			c.seen()
		case e.Kind == EventStart && e.Start != nil:
			c.provider = e.Start.Provider
		}
		if !yield(e, err) {
			return
		}
	}
}

// call is one request to an upstream.
type call struct {
	begun    time.Time
	probe    bool
	provider string        // that says it answers
	first    time.Duration // until the first content; 0 before it
	err      *Error
	left     bool // neither end nor error came
}

// seen notes the first content, which comes after no time at all in tests.
func (c *call) seen() {
	if c.first == 0 {
		c.first = max(1, time.Since(c.begun))
	}
}

func (c *call) outcome() outcome {
	switch {
	case c.err != nil:
		return outcomeOf(c.err)
	case c.first > 0:
		return outcomeGood
	}
	return outcomeNone // who left early
}

func (h *Health) leave(ctx context.Context, v *vital, c *call) {
	now := time.Now()
	v.leave(&h.breaker, c, now)
	if c.err != nil && c.err.Kind == NotFound {
		h.forget(v)
	}
	t := trailOf(ctx)
	if t == nil {
		return
	}
	a := Attempt{Provider: v.provider, Model: v.model, Key: v.key, Took: now.Sub(c.begun), Hedge: isHedge(ctx), OK: !c.left && c.err == nil}
	if a.Provider == "" {
		a.Provider = c.provider
	}
	switch {
	case c.err != nil:
		a.Kind = c.err.Kind
	case c.left:
		a.Kind = Canceled
	}
	t.attempt(a)
}

// vital returns what is known of an upstream.
func (h *Health) vital(u upstream) *vital {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v := h.vitals[u]; v != nil {
		return v
	}
	v := &vital{upstream: u, since: time.Now()}
	if len(h.vitals) < mostUpstreams || h.evict() {
		h.vitals[u] = v
	}
	return v
}

// free is when an upstream may be asked; the zero time: now.
func (h *Health) free(u upstream, now time.Time) time.Time {
	h.mu.Lock()
	v := h.vitals[u]
	h.mu.Unlock()
	if v == nil {
		return time.Time{}
	}
	return v.free(now)
}

// evict forgets the upstream that was not asked for the longest time. It returns
// false where all are being asked: one more is not kept in mind then.
func (h *Health) evict() bool {
	var oldest *vital
	var at time.Time
	for _, v := range h.vitals {
		if used, idle := v.idle(); idle && (oldest == nil || used.Before(at)) {
			oldest, at = v, used
		}
	}
	if oldest != nil {
		delete(h.vitals, oldest.upstream)
	}
	return oldest != nil
}

// forget drops a model that the provider does not have, so that names which
// callers make up push nothing out.
func (h *Health) forget(v *vital) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, idle := v.idle(); idle && v.unheard() && h.vitals[v.upstream] == v {
		delete(h.vitals, v.upstream)
	}
}

// hedgeKey marks requests that were sent because another was slow.
type hedgeKey struct{}

func isHedge(ctx context.Context) bool { return ctx.Value(hedgeKey{}) != nil }
