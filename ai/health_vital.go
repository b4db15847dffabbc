package ai

import (
	"math"
	"sync"
	"time"
)

// vital is what is known of one upstream.
type vital struct {
	upstream
	since time.Time // when it was first asked

	mu       sync.Mutex
	circuit  circuit
	recent   spread
	pace     pace
	used     time.Time
	answered bool // it has answered once
	lastKind ErrorKind
	lastAt   time.Time // of the last error; zero: none
	rested   time.Time // when it was sent to rest
	rest     time.Time // until when its key is left alone
}

func (v *vital) enter(now time.Time) (probe bool, wait time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.used = now
	if probe, wait = v.circuit.enter(now); wait == 0 {
		v.pace.inFlight++
	}
	return probe, wait
}

func (v *vital) leave(b *Breaker, c *call, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.used = now
	v.circuit.leave(b, v.since, now, c.probe, c.outcome())
	v.pace.inFlight--
	if c.first > 0 {
		v.pace.took(c.first, now)
	}
	bad := c.err != nil && c.err.theirs()
	if bad {
		v.lastKind, v.lastAt = c.err.Kind, now
	}
	if c.err == nil || c.err.Kind != Canceled {
		v.recent.add(v.since, now, c.first, bad)
	}
	switch wait := restOf(c.err); {
	case wait > 0:
		v.rested, v.rest = now, now.Add(wait)
	case c.err == nil && c.first > 0:
		v.answered = true
		if c.begun.After(v.rested) {
			v.rest = time.Time{}
		}
	}
}

// How long a key is left alone that is of no use, and may not be asked before
// another has been.
const (
	shortRest = time.Second      // of a rate limit that says nothing
	longRest  = 10 * time.Minute // of a quota, or a key that is refused
	mostRest  = time.Hour        // whatever the provider says
)

func restOf(e *Error) time.Duration {
	if e == nil {
		return 0
	}
	switch e.Kind {
	case RateLimited:
		return min(max(e.RetryAfter, shortRest), mostRest)
	case Quota, Unauthorized:
		return min(max(e.RetryAfter, longRest), mostRest)
	}
	return 0
}

// free is when the upstream may be asked; the zero time: now.
func (v *vital) free(now time.Time) time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	at := v.rest
	if v.circuit.until.After(at) {
		at = v.circuit.until
	}
	if !at.After(now) {
		return time.Time{}
	}
	return at
}

func (v *vital) idle() (used time.Time, idle bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.used, v.pace.inFlight == 0
}

func (v *vital) unheard() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return !v.answered
}

// pace is how quickly something answers.
type pace struct {
	inFlight int
	first    time.Duration // mean time to the first content, the last ones count most
	at       time.Time     // when that was learned
}

// newest is the weight of the last time in the mean.
const newest = 0.3

func (p *pace) took(d time.Duration, now time.Time) {
	if p.at.IsZero() {
		p.first = d
	} else {
		p.first += time.Duration(newest * float64(d-p.first))
	}
	p.at = now
}

// spread counts outcomes, and how long the first content took, of the last
// minutes.
type spread struct {
	at      int64 // the minute that counts now
	minutes [spreadMinutes]minute
}

const (
	spreadMinutes = 15
	// Buckets are a third of a doubling wide, from 1 ms to over a minute.
	buckets   = 50
	perDouble = 3
)

type minute struct {
	requests, failures uint32
	counts             [buckets]uint16
}

// add counts a request whose first content came after first, 0: never.
func (s *spread) add(since, now time.Time, first time.Duration, bad bool) {
	s.turn(since, now)
	m := &s.minutes[s.at%spreadMinutes]
	m.requests++
	if bad {
		m.failures++
	}
	if first > 0 {
		if n := &m.counts[bucketOf(first)]; *n < math.MaxUint16 {
			*n++
		}
	}
}

func (s *spread) turn(since, now time.Time) {
	at := int64(now.Sub(since) / time.Minute)
	for n := 0; s.at < at && n < spreadMinutes; n++ {
		s.at++
		s.minutes[s.at%spreadMinutes] = minute{}
	}
	s.at = max(s.at, at)
}

// sum adds the minutes up that have not passed.
func (s *spread) sum(since, now time.Time, to *tally) {
	s.turn(since, now)
	for i := range s.minutes {
		m := &s.minutes[i]
		to.requests += int(m.requests)
		to.failures += int(m.failures)
		for b, n := range m.counts {
			to.counts[b] += int(n)
		}
	}
}

// tally is a spread that has been added up.
type tally struct {
	requests, failures int
	counts             [buckets]int
}

func bucketOf(d time.Duration) int {
	if d <= time.Millisecond {
		return 0
	}
	return min(int(math.Log2(float64(d)/float64(time.Millisecond))*perDouble), buckets-1)
}

// quantile returns the time that a share of the first contents did not exceed, 0
// where there are none.
func (t *tally) quantile(q float64) time.Duration {
	total := 0
	for _, n := range t.counts {
		total += n
	}
	if total == 0 {
		return 0
	}
	rank, seen := q*float64(total), 0.0
	for b, n := range t.counts {
		if seen+float64(n) >= rank && n > 0 {
			within := (rank - seen) / float64(n)
			return time.Duration(float64(time.Millisecond) * math.Exp2((float64(b)+within)/perDouble))
		}
		seen += float64(n)
	}
	return time.Duration(float64(time.Millisecond) * math.Exp2(buckets/perDouble))
}
