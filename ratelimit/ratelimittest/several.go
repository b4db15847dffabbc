package ratelimittest

import (
	"fmt"
	"testing"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

func testAllOrNone(t *testing.T, s store) {
	narrow, wide := hourly("narrow", 2), hourly("wide", 10)
	both := []ratelimit.Charge{{Policy: wide, Key: "ann", Cost: 1}, {Policy: narrow, Key: "group", Cost: 1}}
	for i := range int64(2) {
		allowed, d := s.take(t, both...)
		same(t, "allowed", allowed, true)
		same(t, "wide remaining", d[0].Remaining, 9-i)
		same(t, "narrow remaining", d[1].Remaining, 1-i)
	}
	for range 3 {
		allowed, d := s.take(t, both...)
		same(t, "allowed", allowed, false)
		same(t, "wide allowed", d[0].Allowed, true)
		same(t, "wide remaining, not charged", d[0].Remaining, 8)
		same(t, "narrow allowed", d[1].Allowed, false)
		if d[1].RetryAfter <= 0 || d[0].RetryAfter != 0 {
			t.Errorf("retry after %v and %v, want only the second", d[0].RetryAfter, d[1].RetryAfter)
		}
	}
	// The other way round, where nothing is charged yet when it is refused.
	both[0], both[1] = both[1], both[0]
	allowed, d := s.take(t, both...)
	same(t, "allowed", allowed, false)
	same(t, "wide remaining, not charged", d[1].Remaining, 8)
	same(t, "wide remaining", s.left(t, wide, "ann"), 8)
	// A cost that never fits stops the rest, too.
	allowed, d = s.take(t, ratelimit.Charge{Policy: wide, Key: "ann", Cost: 1}, ratelimit.Charge{Policy: narrow, Key: "new", Cost: 3})
	same(t, "allowed", allowed, false)
	same(t, "too large", d[1].TooLarge, true)
	same(t, "wide remaining", s.left(t, wide, "ann"), 8)
	// One that costs nothing is not charged.
	allowed, d = s.take(t, ratelimit.Charge{Policy: wide, Key: "ann", Cost: 1}, ratelimit.Charge{Policy: narrow, Key: "group", Cost: 0})
	same(t, "allowed", allowed, true)
	same(t, "wide remaining", d[0].Remaining, 7)
}

// One bucket that is charged twice in one question holds for both together.
func testTwice(t *testing.T, s store) {
	p := hourly("twice", 10)
	charge := ratelimit.Charge{Policy: p, Key: "ann", Cost: 4}
	allowed, _ := s.take(t, charge, charge)
	same(t, "twice 4 of 10", allowed, true)
	same(t, "remaining", s.left(t, p, "ann"), 2)
	charge = ratelimit.Charge{Policy: p, Key: "bob", Cost: 6}
	allowed, _ = s.take(t, charge, charge)
	same(t, "twice 6 of 10", allowed, false)
	same(t, "remaining", s.left(t, p, "bob"), 10)
}

func testMany(t *testing.T, s store) {
	var charges []ratelimit.Charge
	for i := range 12 {
		charges = append(charges, ratelimit.Charge{Policy: hourly(fmt.Sprintf("many-%d", i), int64(i+3)), Key: fmt.Sprint("ann", i%5), Cost: int64(i % 3)})
	}
	allowed, d := s.take(t, charges...)
	same(t, "allowed", allowed, true)
	for i := range d {
		same(t, fmt.Sprint("remaining of ", i), d[i].Remaining, int64(i+3-i%3))
	}
	charges[7].Cost = 100
	allowed, d = s.take(t, charges...)
	same(t, "allowed", allowed, false)
	for i := range d {
		same(t, fmt.Sprint("remaining of ", i), d[i].Remaining, int64(i+3-i%3))
		same(t, fmt.Sprint("allowed by ", i), d[i].Allowed, i != 7)
	}
}

func testShadow(t *testing.T, s store) {
	shadow, other := hourly("shadow", 2), hourly("other", 10)
	shadow.Shadow = true
	both := []ratelimit.Charge{{Policy: shadow, Key: "ann", Cost: 1}, {Policy: other, Key: "ann", Cost: 1}}
	for i := range int64(2) {
		allowed, d := s.take(t, both...)
		same(t, "allowed", allowed && d[0].Allowed && d[1].Allowed, true)
		same(t, "shadow remaining", d[0].Remaining, 1-i)
		same(t, "shadow source", d[0].Source, ratelimit.Exact)
		same(t, "other remaining", d[1].Remaining, 9-i)
	}
	for i := range int64(3) {
		allowed, d := s.take(t, both...)
		same(t, "allowed", allowed, true)
		same(t, "shadow's verdict", d[0].Allowed, false)
		same(t, "shadow source", d[0].Source, ratelimit.Shadow)
		same(t, "shadow would retry", d[0].RetryAfter > 0, true)
		same(t, "other charged", d[1].Allowed && d[1].Remaining == 7-i, true)
		same(t, "other source", d[1].Source, ratelimit.Exact)
	}
	d := s.one(t, shadow, "ann", 3)
	same(t, "shadow alone", d.Allowed, false)
	same(t, "too large for the shadow", d.TooLarge, true)
}

func testShadowBeside(t *testing.T, s store) {
	shadow, other := hourly("shadow", 5), hourly("other", 1)
	shadow.Shadow = true
	both := []ratelimit.Charge{{Policy: shadow, Key: "ann", Cost: 1}, {Policy: other, Key: "ann", Cost: 1}}
	s.take(t, both...)
	allowed, d := s.take(t, both...)
	same(t, "allowed", allowed, false)
	same(t, "shadow remaining, not charged", d[0].Remaining, 4)
	same(t, "shadow's verdict", d[0].Allowed, true)
	same(t, "shadow remaining", s.left(t, shadow, "ann"), 4)
	// Both would refuse: the shadow's verdict is told beside the refusal.
	both[0].Cost = 5
	allowed, d = s.take(t, both...)
	same(t, "allowed", allowed, false)
	same(t, "shadow's verdict", d[0].Allowed, false)
	same(t, "shadow source", d[0].Source, ratelimit.Shadow)
}

func testSettleUp(t *testing.T, s store) {
	p := hourly("up", 10)
	charge := func(n int64) ratelimit.Charge { return ratelimit.Charge{Policy: p, Key: "ann", Cost: n} }
	s.one(t, p, "ann", 2)
	s.settle(t, charge(3))
	same(t, "remaining", s.left(t, p, "ann"), 5)
	s.settle(t, charge(0))
	same(t, "remaining", s.left(t, p, "ann"), 5)
	s.settle(t, charge(25)) // 20 more than there are, and more than it ever holds
	d := s.one(t, p, "ann", 1)
	same(t, "allowed", d.Allowed, false)
	same(t, "remaining", d.Remaining, 0)
	hours(t, "retry after", d.RetryAfter.Hours(), 21)
	hours(t, "reset", d.Reset.Hours(), 30)
	d = s.one(t, p, "ann", 0)
	same(t, "peek while units are owed", d.Allowed, false)
	hours(t, "retry after", d.RetryAfter.Hours(), 20)
	s.settle(t, charge(-21))
	same(t, "paid back", s.one(t, p, "ann", 1).Allowed, true)
	s.settle(t, charge(ratelimit.MaxLimit), charge(ratelimit.MaxLimit))
	same(t, "allowed", s.one(t, p, "ann", 1).Allowed, false)
}

// hours allows for the time the test takes.
func hours(t *testing.T, what string, got, want float64) {
	t.Helper()
	if got < want-0.02 || got > want+0.0001 {
		t.Errorf("%s: got %v h, want %v h", what, got, want)
	}
}

func testSettleDown(t *testing.T, s store) {
	p, other := hourly("down", 10), hourly("other", 10)
	s.one(t, p, "ann", 8)
	s.one(t, other, "ann", 1)
	s.settle(t, ratelimit.Charge{Policy: p, Key: "ann", Cost: -5}, ratelimit.Charge{Policy: other, Key: "ann", Cost: -1})
	same(t, "remaining", s.left(t, p, "ann"), 7)
	same(t, "remaining of the other", s.left(t, other, "ann"), 10)
	s.settle(t, ratelimit.Charge{Policy: p, Key: "ann", Cost: -ratelimit.MaxLimit})
	same(t, "never beyond a full bucket", s.left(t, p, "ann"), 10)
	same(t, "and not later", s.one(t, p, "ann", 10).Remaining, 0)
	same(t, "empty again", s.one(t, p, "ann", 1).Allowed, false)
}

func testSettleUnknown(t *testing.T, s store) {
	p := hourly("unknown", 10)
	s.settle(t, ratelimit.Charge{Policy: p, Key: "ann", Cost: -5})
	same(t, "given back to a full bucket", s.one(t, p, "ann", 10).Remaining, 0)
	same(t, "empty", s.one(t, p, "ann", 1).Allowed, false)
	s.settle(t, ratelimit.Charge{Policy: p, Key: "bob", Cost: 4})
	same(t, "charged", s.left(t, p, "bob"), 6)
}
