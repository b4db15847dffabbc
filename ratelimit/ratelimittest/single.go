package ratelimittest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

func testBurst(t *testing.T, s store) {
	p := ratelimit.Policy{Name: "burst", Limit: 6, Window: time.Hour, Burst: 3}
	const each = 10 * time.Minute
	for i := range int64(3) {
		d := s.one(t, p, "ann", 1)
		same(t, "allowed", d.Allowed, true)
		same(t, "remaining", d.Remaining, 2-i)
		same(t, "source", d.Source, ratelimit.Exact)
		between(t, "reset", d.Reset, time.Duration(i+1)*each-time.Minute, time.Duration(i+1)*each)
	}
	for range 3 { // a refusal costs nothing
		d := s.one(t, p, "ann", 1)
		same(t, "allowed", d.Allowed, false)
		same(t, "remaining", d.Remaining, 0)
		between(t, "retry after", d.RetryAfter, each-time.Minute, each)
		between(t, "reset", d.Reset, 3*each-time.Minute, 3*each)
	}
}

func between(t *testing.T, what string, got, low, high time.Duration) {
	t.Helper()
	if got < low || got > high+time.Millisecond { // stores may round up
		t.Errorf("%s: got %v, want from %v to %v", what, got, low, high)
	}
}

func testCost(t *testing.T, s store) {
	p := hourly("cost", 10)
	same(t, "remaining", s.one(t, p, "ann", 7).Remaining, 3)
	d := s.one(t, p, "ann", 4)
	same(t, "allowed", d.Allowed, false)
	same(t, "remaining", d.Remaining, 3)
	between(t, "retry after", d.RetryAfter, 59*time.Minute, time.Hour)
	same(t, "remaining", s.one(t, p, "ann", 3).Remaining, 0)
	between(t, "retry after", s.one(t, p, "ann", 10).RetryAfter, 10*time.Hour-time.Minute, 10*time.Hour)
}

func testTooLarge(t *testing.T, s store) {
	p := hourly("large", 10)
	for range 2 {
		d := s.one(t, p, "ann", 11)
		same(t, "allowed", d.Allowed, false)
		same(t, "too large", d.TooLarge, true)
		same(t, "retry after", d.RetryAfter, 0)
		same(t, "remaining", d.Remaining, 10)
	}
	same(t, "all at once", s.one(t, p, "ann", 10).Allowed, true)
	same(t, "too large for an empty bucket", s.one(t, p, "ann", ratelimit.MaxLimit).TooLarge, true)
}

func testBadCost(t *testing.T, s store) {
	p := hourly("bad", 10)
	decisions := make([]ratelimit.Decision, 2)
	for _, cost := range []int64{-1, ratelimit.MaxLimit + 1, -1 << 63, 1<<63 - 1} {
		charges := []ratelimit.Charge{{Policy: p, Key: "ann", Cost: 1}, {Policy: hourly("other", 10), Key: "ann", Cost: cost}}
		if allowed, err := s.Take(t.Context(), charges, decisions); allowed || !errors.Is(err, ratelimit.ErrCost) {
			t.Errorf("take %d: got %t, %v, want ErrCost", cost, allowed, err)
		}
	}
	for _, delta := range []int64{-ratelimit.MaxLimit - 1, ratelimit.MaxLimit + 1, -1 << 63, 1<<63 - 1} {
		charges := []ratelimit.Charge{{Policy: p, Key: "ann", Cost: 1}, {Policy: hourly("other", 10), Key: "ann", Cost: delta}}
		if err := s.Settle(t.Context(), charges); !errors.Is(err, ratelimit.ErrCost) {
			t.Errorf("settle %d: got %v, want ErrCost", delta, err)
		}
	}
	same(t, "remaining", s.left(t, p, "ann"), 10)
}

func testPeek(t *testing.T, s store) {
	p := hourly("peek", 2)
	for range 3 {
		d := s.one(t, p, "ann", 0)
		same(t, "allowed", d.Allowed, true)
		same(t, "remaining of an unknown key", d.Remaining, 2)
		same(t, "reset of a full bucket", d.Reset, 0)
	}
	s.one(t, p, "ann", 2)
	for range 3 {
		d := s.one(t, p, "ann", 0)
		same(t, "allowed", d.Allowed, true)
		same(t, "remaining", d.Remaining, 0)
		between(t, "reset", d.Reset, 2*time.Hour-time.Minute, 2*time.Hour)
	}
}

func testApart(t *testing.T, s store) {
	p := hourly("apart", 1)
	for _, key := range []string{"", " ", "a", "A", "a ", "a\x00", "a\n", "{a}", "{", "}a{b}", "a:b", "a:b:c", "\xff\xfe", "ключ", strings.Repeat("k", 4096), strings.Repeat("k", 4097)} {
		same(t, "first of "+key, s.one(t, p, key, 1).Allowed, true)
	}
	for _, key := range []string{"", "a", "{a}", "\xff\xfe", strings.Repeat("k", 4096)} {
		same(t, "second of "+key, s.one(t, p, key, 1).Allowed, false)
	}
	same(t, "another policy", s.one(t, hourly("apart2", 1), "a", 1).Allowed, true)
	same(t, "another policy and key", s.one(t, hourly("apart-a", 1), "b", 1).Allowed, true)
	same(t, "no name", s.one(t, hourly("", 1), "a", 1).Allowed, true)
	same(t, "the name that stands for none", s.one(t, hourly("default", 1), "a", 1).Allowed, false)
}

func testChanged(t *testing.T, s store) {
	p := ratelimit.Policy{Name: "changed", Limit: 10, Window: time.Hour}
	same(t, "allowed", s.one(t, p, "ann", 10).Allowed, true)
	p.Limit, p.Burst = 20, 10
	same(t, "a higher limit refills nothing at once", s.one(t, p, "ann", 1).Allowed, false)
	p.Limit = 5
	same(t, "nor does a lower one", s.one(t, p, "ann", 1).Allowed, false)
	p.Burst = 4
	same(t, "nor a lower burst", s.one(t, p, "ann", 1).Allowed, false)
	p.Burst = 10
	s.one(t, p, "bob", 1)
	p.Burst = 4
	d := s.one(t, p, "bob", 5)
	same(t, "too large for the lower burst", d.TooLarge, true)
	if d.Remaining > 4 {
		t.Errorf("remaining %d of at most 4", d.Remaining)
	}
	p.Shadow = true
	same(t, "shadow mode keeps the bucket", s.one(t, p, "ann", 1).Allowed, false)
}

// The largest numbers neither overflow nor stick.
func testExtremes(t *testing.T, s store) {
	for _, p := range []ratelimit.Policy{
		{Name: "slow", Limit: 1, Window: ratelimit.MaxWindow},
		{Name: "slow-deep", Limit: 1, Window: ratelimit.MaxWindow, Burst: ratelimit.MaxLimit},
		{Name: "deep", Limit: ratelimit.MaxLimit, Window: ratelimit.MaxWindow},
		{Name: "odd", Limit: 999_999_937, Window: ratelimit.MaxWindow - time.Millisecond, Burst: 7},
	} {
		same(t, p.Name+": all", s.one(t, p, "ann", p.Depth()).Allowed, true)
		d := s.one(t, p, "ann", p.Depth())
		same(t, p.Name+": again", d.Allowed, false)
		if d.Reset <= 0 || d.RetryAfter > d.Reset {
			t.Errorf("%s: %+v", p.Name, d)
		}
	}
	fast := ratelimit.Policy{Name: "fast", Limit: ratelimit.MaxLimit, Window: ratelimit.MinWindow, Burst: 1}
	for deadline := time.Now().Add(patience); ; {
		if d := s.one(t, fast, "ann", 1); d.Allowed && d.Reset < time.Millisecond {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a unit each picosecond is never there")
		}
	}
}

// A caller uses its slices again.
func testSlices(t *testing.T, s store) {
	charges := []ratelimit.Charge{{Policy: hourly("slices", 2), Key: "ann", Cost: 1}, {Policy: hourly("slices2", 2), Key: "ann", Cost: 1}}
	decisions := make([]ratelimit.Decision, 2)
	for i, key := range []string{"ann", "bob", "ann", "bob"} {
		charges[0].Key, charges[1].Key = key, key
		clear(decisions)
		allowed, err := s.Take(t.Context(), charges, decisions)
		if err != nil || !allowed {
			t.Fatalf("take: %t, %v", allowed, err)
		}
		same(t, "remaining", decisions[1].Remaining, int64(1-i/2))
		same(t, "cost is left alone", charges[1], ratelimit.Charge{Policy: hourly("slices2", 2), Key: key, Cost: 1})
	}
}
