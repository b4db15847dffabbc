package ai

import "time"

// A Breaker says when an upstream that fails too often is left alone. The zero value is
// what most programs want.
type Breaker struct {
	// Window is how long an outcome counts. Zero: 30 s.
	Window time.Duration
	// Least is how many outcomes there have to be in a window. Zero: 10.
	Least int
	// Share of failures above which it opens, once it is clear that it was no bad
	// luck: of ten outcomes with a share of a half eight have to be failures, of a
	// hundred 53. Zero: 0.5.
	Share float64
	// Open is how long the upstream is left alone before one request may try
	// whether it is back. Zero: 10 s.
	Open time.Duration
}

func (b Breaker) filled() Breaker {
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
	return b
}

// WithBreaker refuses requests to a model that fails too often, without asking
// it, with an error of kind [Overloaded]. Failures are errors that asking again
// could heal, but not rate limits. Each model it is put around has breakers of
// its own, one for each name of a model that is asked for. It is a [Health] that
// nobody reads: use [Health.Watch] to see its state, and to count providers and
// keys apart.
func WithBreaker(b Breaker) Decorator {
	return func(next Model) Model { return NewHealth(b).Watch("", "")(next) }
}

// slots is how finely a window is divided.
const slots = 10

// circuit is the state of one breaker. Its owner locks it.
type circuit struct {
	at      int64 // the slot that counts now
	good    [slots]int
	bad     [slots]int
	until   time.Time // when it may be tried; zero: closed
	probing bool
}

type outcome uint8

const (
	outcomeNone outcome = iota
	outcomeGood
	outcomeBad
)

func outcomeOf(e *Error) outcome {
	switch {
	case e.Kind == RateLimited || e.Kind == Canceled:
		return outcomeNone
	case e.Again():
		return outcomeBad
	}
	return outcomeGood // it is there, and says no
}

// enter returns how long to wait, and whether the request tries if the upstream
// is back.
func (c *circuit) enter(now time.Time) (probe bool, wait time.Duration) {
	if c.until.IsZero() {
		return false, 0
	}
	if c.probing || now.Before(c.until) {
		return false, max(c.until.Sub(now), time.Second)
	}
	c.probing = true
	return true, 0
}

// leave counts an outcome; since is when it was first asked.
func (c *circuit) leave(b *Breaker, since, now time.Time, probe bool, o outcome) {
	c.turn(int64(now.Sub(since) / max(1, b.Window/slots)))
	if probe {
		c.probing = false
		switch o {
		case outcomeGood:
			*c = circuit{at: c.at}
		case outcomeBad:
			c.until = now.Add(b.Open)
		}
		return
	}
	i := c.at % slots
	switch o {
	case outcomeGood:
		c.good[i]++
	case outcomeBad:
		c.bad[i]++
		c.judge(b, now)
	}
}

// turn forgets the slots that are too old.
func (c *circuit) turn(at int64) {
	for n := 0; c.at < at && n < slots; n++ {
		c.at++
		c.good[c.at%slots], c.bad[c.at%slots] = 0, 0
	}
	c.at = max(c.at, at)
}

// certain is how many failures there have to be beyond the share, of Least: some bad
// luck does not open the breaker of what fails three times in ten.
const certain = 0.3

func (c *circuit) judge(b *Breaker, now time.Time) {
	good, bad := 0, 0
	for i := range slots {
		good += c.good[i]
		bad += c.bad[i]
	}
	beyond := float64(bad) - b.Share*float64(good+bad)
	if c.until.IsZero() && good+bad >= b.Least && beyond > 0 && beyond >= min(certain, 1-b.Share)*float64(b.Least) {
		c.until = now.Add(b.Open)
	}
}
