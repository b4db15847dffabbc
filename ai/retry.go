package ai

import (
	"context"
	"iter"
	"math/rand/v2"
	"sync"
	"time"
)

// Retry says how often and when a request is made again. The zero value is what
// most programs want.
type Retry struct {
	// Attempts is how many there are at most, the first included. Zero: 4.
	Attempts int
	// Base is the most that is waited before the second attempt; each further one
	// waits up to twice as long, up to Max. The wait is chosen at random between
	// zero and that (full jitter), but never ends before the provider's
	// Retry-After. Zero: 250 ms and 10 s.
	Base, Max time.Duration
	// Patience is how long a Retry-After may be to be waited for; a longer one is
	// an error at once. Zero: 30 s.
	Patience time.Duration
	// Budget is how many retries each request adds to what all requests together
	// may spend, so that retries never multiply the load of a provider that is
	// down. Zero: 0.6. Up to 20 can be saved.
	Budget float64
}

const savedRetries = 20

// WithRetry makes requests again that failed before their first piece of content
// with an error that is worth it ([Error.Again]). Where several retry decorators
// are around each other, the outermost retries.
func WithRetry(r Retry) Decorator {
	if r.Attempts <= 0 {
		r.Attempts = 4
	}
	if r.Base <= 0 {
		r.Base = 250 * time.Millisecond
	}
	if r.Max <= 0 {
		r.Max = 10 * time.Second
	}
	if r.Patience <= 0 {
		r.Patience = 30 * time.Second
	}
	if r.Budget <= 0 {
		r.Budget = 0.6
	}
	return func(next Model) Model {
		b := newAllowance(savedRetries)
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			if ctx.Value(retryingKey{}) != nil {
				return next.Generate(ctx, req)
			}
			return func(yield func(Event, error) bool) { r.run(ctx, b, next, req, yield) }
		})
	}
}

// retryingKey marks what is inside of a retry.
type retryingKey struct{}

// An allowance is what may be done more than is asked for: each request adds to it,
// and some of it can be saved.
type allowance struct {
	most float64
	mu   sync.Mutex
	left float64
}

func newAllowance(most float64) *allowance { return &allowance{most: most, left: most} }

func (a *allowance) save(n float64) {
	a.mu.Lock()
	a.left = min(a.left+n, a.most)
	a.mu.Unlock()
}

func (a *allowance) spend() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.left < 1 {
		return false
	}
	a.left--
	return true
}

func (r Retry) run(ctx context.Context, b *allowance, next Model, req *Request, yield func(Event, error) bool) {
	b.save(r.Budget)
	inner := context.WithValue(ctx, retryingKey{}, true)
	for n := 1; ; n++ {
		a := attempt{yield: yield}
		err := a.run(next.Generate(inner, req))
		if err == nil || a.left {
			return
		}
		e := typed(err)
		if a.committed || !e.Again() || n >= r.Attempts || e.RetryAfter > r.Patience || !b.spend() {
			yield(Event{}, err)
			return
		}
		if err := sleep(ctx, r.wait(n, e.RetryAfter)); err != nil {
			yield(Event{}, err)
			return
		}
	}
}

// wait is how long to wait after the nth attempt.
func (r Retry) wait(n int, least time.Duration) time.Duration {
	most := r.Max
	if n < 32 && r.Base<<(n-1) < r.Max {
		most = r.Base << (n - 1)
	}
	return least + rand.N(most) //nolint:gosec // only to spread the load
}

// sleep returns an error where the context ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
	}
	return canceled(ctx)
}

// canceled is the error of a context that has ended.
func canceled(ctx context.Context) *Error {
	cause := context.Cause(ctx)
	e := typed(cause)
	switch {
	case e.Kind != Unknown:
		return e
	case ctx.Err() == context.DeadlineExceeded:
		return &Error{Kind: Timeout, Err: cause}
	}
	return &Error{Kind: Canceled, Err: joinCanceled(cause)}
}
