package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// The bounds of a [ConcurrencyLimit].
const (
	MaxConcurrency = 1_000_000       // of Total and PerKey
	MaxQueue       = 1_000           // of Queue
	MaxQueueWait   = 5 * time.Minute // of Wait
)

// Errors of [Concurrency.Acquire].
var (
	// ErrTooMany says that the key holds as many slots as it may.
	ErrTooMany = errors.New("ratelimit: too many at once for this key")
	// ErrBusy says that all slots are taken.
	ErrBusy = errors.New("ratelimit: too many at once")
)

// A ConcurrencyLimit says how many requests may be under way at once. It is
// plain data; at least one of Total and PerKey is set.
type ConcurrencyLimit struct {
	// Name is what the limit is called in header fields and metrics, as that of a
	// [Policy]. Empty is called "concurrency".
	Name string
	// Total is how many may be under way at once in all, up to [MaxConcurrency]. 0:
	// any number.
	Total int
	// PerKey is how many may be under way at once for each key, up to
	// [MaxConcurrency]. 0: any number.
	PerKey int
	// By says which key a request has; those without one count to Total only. It
	// is needed with PerKey.
	By Key
	// Wait is how long a request waits for a slot, up to [MaxQueueWait], first come
	// first served. 0: not at all.
	Wait time.Duration
	// Queue is how many may wait at once, up to [MaxQueue], and of one key no more
	// than PerKey. With Wait, 0 means 100.
	Queue int
	// Shadow counts and reports what the limit would refuse, and lets it pass
	// without a wait.
	Shadow bool
}

// Validate reports what is wrong with a limit.
func (l ConcurrencyLimit) Validate() error {
	switch {
	case (Policy{Name: l.Name, Limit: 1, Window: time.Second}).Validate() != nil:
		return fmt.Errorf("the name %.80q is not up to %d lower-case letters, digits, '.', '_' and '-'", l.Name, maxName)
	case l.Total < 0 || l.Total > MaxConcurrency || l.PerKey < 0 || l.PerKey > MaxConcurrency:
		return fmt.Errorf("%d in all and %d for each key are not from 0 to %d", l.Total, l.PerKey, MaxConcurrency)
	case l.Total == 0 && l.PerKey == 0:
		return errors.New("nothing is limited")
	case l.PerKey > 0 && l.By == nil:
		return errors.New("a limit for each key needs a key")
	case l.Wait < 0 || l.Wait > MaxQueueWait:
		return fmt.Errorf("the wait %v is not from 0 to %v", l.Wait, MaxQueueWait)
	case l.Queue < 0 || l.Queue > MaxQueue:
		return fmt.Errorf("the queue of %d is not from 0 to %d", l.Queue, MaxQueue)
	}
	return nil
}

// Concurrency limits how many requests are under way at once in this process, in
// all and for each key. Make one with [NewConcurrency]. It is safe for
// concurrent use, and keeps nothing of a key that has no request.
//
// A key that has too many is answered 429, and the fields RateLimit-Policy and
// RateLimit tell it how many it may have and has left, in the unit
// "concurrent-requests". Where all slots are taken the answer is 503.
type Concurrency struct {
	config

	limit  ConcurrencyLimit
	slots  slots
	item   string   // of RateLimit-Policy; empty: nothing for clients to know
	states []string // of RateLimit, by the slots left, as far as they are made ahead
	series *series
}

// madeAhead is for how many slots left the value of RateLimit is made once.
const madeAhead = 100

// NewConcurrency returns a Concurrency. Errors: a limit that is not valid, those
// of options.
func NewConcurrency(limit ConcurrencyLimit, opts ...ConcurrencyOption) (*Concurrency, error) {
	const name, queue = "concurrency", 100
	if err := limit.Validate(); err != nil {
		return nil, fmt.Errorf("make concurrency limit: %w", err)
	}
	if limit.Name == "" {
		limit.Name = name
	}
	if limit.Wait > 0 && limit.Queue == 0 {
		limit.Queue = queue
	}
	c := &Concurrency{config: newConfig(), limit: limit, series: &series{policy: limit.Name}}
	for _, opt := range opts {
		if err := opt.applyConcurrency(&c.config); err != nil {
			return nil, fmt.Errorf("make concurrency limit: %w", err)
		}
	}
	c.slots.init(limit)
	if limit.PerKey > 0 && !limit.Shadow && !c.hidden {
		c.item = `"` + limit.Name + `";q=` + strconv.Itoa(limit.PerKey) + `;qu="concurrent-requests"`
		for left := range min(limit.PerKey, madeAhead) {
			c.states = append(c.states, c.state(left))
		}
	}
	var err error
	if c.meters, err = newMeters(c.provider); err != nil {
		return nil, fmt.Errorf("make concurrency limit: %w", err)
	}
	return c, nil
}

// Acquire takes a slot for a key, waiting for one as long as the limit says, and
// returns the function that gives it back, which may be called more than once.
// In shadow mode it always succeeds. Errors: [ErrTooMany], [ErrBusy], that of
// the context.
func (c *Concurrency) Acquire(ctx context.Context, key string) (release func(), err error) {
	s := &held{c: c, key: bounded(key), keyed: true}
	if _, err := c.acquire(ctx, s); err != nil {
		return nil, err
	}
	return s.release, nil
}

// Wrap returns a handler that has a slot while it runs, also where it panics.
// For a connection that it hijacks, the slot is held until that is closed; to
// see this, requests that ask for an upgrade get a wrapped
// [http.ResponseWriter], which passes on what [http.ResponseController] asks for.
func (c *Concurrency) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &held{c: c}
		if c.limit.By != nil {
			if s.key, s.keyed = c.limit.By(r); s.keyed {
				s.key = bounded(s.key)
			}
		}
		left, err := c.acquire(r.Context(), s)
		if s.keyed && c.item != "" {
			c.addFields(w.Header(), left)
		}
		if err != nil {
			c.refuseSlot(w, r, err)
			return
		}
		if r.Method != http.MethodConnect && r.Header.Get("Upgrade") == "" {
			defer s.release()
			next.ServeHTTP(w, r)
			return
		}
		u := &upgradable{ResponseWriter: w, slot: s}
		defer u.done()
		next.ServeHTTP(u, r)
		u.returned = true
	})
}

func (c *Concurrency) addFields(h http.Header, left int) {
	lines := []string{c.item, ""}
	if left < len(c.states) {
		lines[1] = c.states[left]
	} else {
		lines[1] = c.state(left)
	}
	addField(h, policyField, lines[0:1:1])
	addField(h, stateField, lines[1:2:2])
}

func (c *Concurrency) state(left int) string {
	return `"` + c.limit.Name + `";r=` + strconv.Itoa(left)
}

func (c *Concurrency) refuseSlot(w http.ResponseWriter, r *http.Request, err error) {
	reason := Busy // also where the client has gone
	if errors.Is(err, ErrTooMany) {
		reason = TooMany
	}
	c.refuse(w, r, newRefusal(reason, []string{c.limit.Name}, time.Second))
}

// acquire takes a slot and tells how many are left for the key.
func (c *Concurrency) acquire(ctx context.Context, s *held) (left int, err error) {
	left, err = c.slots.acquire(ctx, &c.meters, c.series, s)
	source, o := Exact, outcomeAllowed
	var refusing, shadows []string
	switch {
	case err == nil:
		c.meters.holds(ctx, c.series, 1)
	case c.limit.Shadow:
		source, o, err = Shadow, outcomeRefused, nil
		s.free.Store(true) // it holds nothing
		shadows = append(shadows, c.limit.Name)
	default:
		o = outcomeRefused
		refusing = append(refusing, c.limit.Name)
	}
	c.meters.count(ctx, c.series, source, o)
	whole := o
	if len(shadows) > 0 {
		whole = outcomeAllowed
	}
	annotate(trace.SpanFromContext(ctx), whole, refusing, shadows)
	return left, err
}
