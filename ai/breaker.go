package ai

import (
	"context"
	"iter"
	"sync"
	"time"
)

// A Breaker says when a model is left alone that fails too often. The zero value
// is what most programs want.
type Breaker struct {
	// Window is how long an outcome counts. Zero: 30 s.
	Window time.Duration
	// Least is how many outcomes there have to be in a window. Zero: 10.
	Least int
	// Share of failures above which it opens. Zero: 0.5.
	Share float64
	// Open is how long the model is left alone before one request may try whether
	// it is back. Zero: 10 s.
	Open time.Duration
}

// WithBreaker answers requests to a model that fails too often at once, with an
// error of kind [Overloaded]. Failures are errors that asking again could heal,
// but not rate limits. Each model it is put around has a breaker of its own; put
// it around each provider and key, inside of [Fallback] and [WithRetry].
func WithBreaker(b Breaker) Decorator {
	if b.Window <= 0 {
		b.Window = 30 * time.Second
	}
	if b.Least <= 0 {
		b.Least = 10
	}
	if b.Share <= 0 {
		b.Share = 0.5
	}
	if b.Open <= 0 {
		b.Open = 10 * time.Second
	}
	return func(next Model) Model {
		s := &circuit{Breaker: b, begun: time.Now()}
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			return func(yield func(Event, error) bool) { s.run(ctx, next, req, yield) }
		})
	}
}

// slots is how finely a window is divided.
const slots = 10

// circuit is the state of one breaker.
type circuit struct {
	Breaker
	begun time.Time

	mu      sync.Mutex
	at      int64 // the slot that counts now
	good    [slots]int
	bad     [slots]int
	until   time.Time // when it may be tried; zero: closed
	probing bool
}

func (c *circuit) run(ctx context.Context, next Model, req *Request, yield func(Event, error) bool) {
	probe, wait := c.enter()
	if wait > 0 {
		yield(Event{}, &Error{Kind: Overloaded, Model: req.Model, Message: "it failed too often and is left alone", RetryAfter: wait})
		return
	}
	outcome := outcomeNone // of who left early
	defer func() { c.leave(probe, outcome) }()
	for e, err := range next.Generate(ctx, req) {
		switch {
		case err != nil:
			outcome = outcomeOf(err)
		case e.isContent() || e.Kind == EventEnd:
			outcome = outcomeGood
		}
		if !yield(e, err) {
			return
		}
	}
}

type outcome uint8

const (
	outcomeNone outcome = iota
	outcomeGood
	outcomeBad
)

func outcomeOf(err error) outcome {
	switch e := typed(err); {
	case e.Kind == RateLimited || e.Kind == Canceled:
		return outcomeNone
	case e.Again():
		return outcomeBad
	}
	return outcomeGood // it is there, and says no
}

// enter returns how long to wait, and whether the request tries if the model is
// back.
func (c *circuit) enter() (probe bool, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.until.IsZero() {
		return false, 0
	}
	now := time.Now()
	if c.probing || now.Before(c.until) {
		return false, max(c.until.Sub(now), time.Second)
	}
	c.probing = true
	return true, 0
}

func (c *circuit) leave(probe bool, o outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.turn(now)
	if probe {
		c.probing = false
		switch o {
		case outcomeGood:
			c.until, c.good, c.bad = time.Time{}, [slots]int{}, [slots]int{}
		case outcomeBad:
			c.until = now.Add(c.Open)
		}
		return
	}
	i := c.at % slots
	switch o {
	case outcomeGood:
		c.good[i]++
	case outcomeBad:
		c.bad[i]++
		c.judge(now)
	}
}

// turn forgets the slots that are too old.
func (c *circuit) turn(now time.Time) {
	at := int64(now.Sub(c.begun) / max(1, c.Window/slots))
	for n := 0; c.at < at && n < slots; n++ {
		c.at++
		c.good[c.at%slots], c.bad[c.at%slots] = 0, 0
	}
	c.at = max(c.at, at)
}

func (c *circuit) judge(now time.Time) {
	good, bad := 0, 0
	for i := range slots {
		good += c.good[i]
		bad += c.bad[i]
	}
	if c.until.IsZero() && good+bad >= c.Least && float64(bad) > c.Share*float64(good+bad) {
		c.until = now.Add(c.Open)
	}
}
