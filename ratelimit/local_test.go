package ratelimit_test

import (
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/ratelimittest"
)

// pass lets simulated time pass.
func pass(d time.Duration) { <-time.After(d) }

func key(i int) string { return fmt.Sprintf("key-%d", i) }

// A store full of buckets in use gives new keys a shared one, and none of the
// others is touched.
func TestOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		local := ratelimit.NewLocal(ratelimit.WithMaxKeys(100))
		l := limiter(t, local, policy(t, "", "10/h"))
		for i := range 100 {
			if d := allow(t, l, key(i), 10); !d.Allowed || d.Source != ratelimit.Exact {
				t.Fatalf("key %d: got %+v", i, d)
			}
		}
		for i := range 10 { // together they have one bucket
			if d := allow(t, l, key(100+i), 1); !d.Allowed || d.Source != ratelimit.Overflow || d.Remaining != int64(9-i) {
				t.Errorf("new key %d: got %+v", i, d)
			}
		}
		for i := range 1000 {
			if d := allow(t, l, key(100+i), 1); d.Allowed || d.Source != ratelimit.Overflow || d.RetryAfter <= 0 {
				t.Fatalf("new key %d: got %+v", i, d)
			}
		}
		for i := range 100 {
			if d := allow(t, l, key(i), 1); d.Allowed || d.Source != ratelimit.Exact {
				t.Errorf("key %d: got %+v, want it as it was", i, d)
			}
		}
		if live, _ := local.Size(); live != 101 {
			t.Errorf("%d buckets, want 100 and one for the others", live)
		}
		pass(time.Hour)
		for i := range 100 { // all are full: there is room again
			if d := allow(t, l, key(200+i), 10); !d.Allowed || d.Source != ratelimit.Exact {
				t.Errorf("key %d after an hour: got %+v", i, d)
			}
		}
	})
}

// An overflow bucket, too, is charged with the others or not at all.
func TestOverflowOfSeveral(t *testing.T) {
	store := ratelimit.NewLocal(ratelimit.WithMaxKeys(2))
	short, long := policy(t, "short", "3/h"), policy(t, "long", "9/d")
	both := limiter(t, store, short, long)
	allow(t, both, "ann", 3)
	for i, want := range []ratelimit.Decision{
		{Policy: "short", Limit: 3, Remaining: 1, Allowed: true, Source: ratelimit.Overflow},
		{Policy: "short", Limit: 3, Remaining: 1, Source: ratelimit.Overflow},
		{Policy: "short", Limit: 3, Remaining: 1, Source: ratelimit.Overflow},
	} {
		got := allow(t, both, key(i), 2)
		if got.Reset, got.RetryAfter = 0, 0; got != want {
			t.Errorf("new key %d: got %+v, want %+v", i, got, want)
		}
	}
	decisions := make([]ratelimit.Decision, 2)
	allowed, err := store.Take(t.Context(), []ratelimit.Charge{{Policy: long, Key: "bob", Cost: 2}, {Policy: short, Key: "bob", Cost: 2}}, decisions)
	if err != nil || allowed || !decisions[0].Allowed || decisions[0].Remaining != 7 || decisions[0].Source != ratelimit.Overflow {
		t.Errorf("got %t, %+v, %v, want 7 of the long policy left", allowed, decisions, err)
	}
}

// Full buckets make room, and no others.
func TestEviction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limiter(t, ratelimit.NewLocal(ratelimit.WithMaxKeys(100)), policy(t, "", "60/m"))
		for i := range 50 {
			allow(t, l, key(i), 60)
		}
		for i := range 50 {
			allow(t, l, key(50+i), 1)
		}
		pass(time.Second)
		// A new key looks at some places only, and at others the next time.
		for i, tries := 0, 0; i < 50; tries++ {
			if d := allow(t, l, key(100+i), 1); d.Source == ratelimit.Exact {
				i++
			} else if tries > 100 {
				t.Fatalf("key %d: got %+v, want the place of a full bucket", i, d)
			}
		}
		for i := range 50 {
			if d := allow(t, l, key(i), 2); d.Allowed || d.Remaining != 1 {
				t.Errorf("key %d: got %+v, want it as it was", i, d)
			}
		}
	})
}

// More policies than a full store has places for overflow buckets refuse.
func TestNoPlaceAtAll(t *testing.T) {
	store := ratelimit.NewLocal(ratelimit.WithMaxKeys(1))
	allow(t, limiter(t, store, policy(t, "", "1/h")), "ann", 1)
	for i := range 100 {
		p := policy(t, fmt.Sprint("policy-", i), "2/h")
		d := allow(t, limiter(t, store, p), "bob", 1)
		if d.Source != ratelimit.Overflow || d.Allowed != (i < 16) || d.Allowed == (d.RetryAfter > 0) {
			t.Errorf("policy %d: got %+v", i, d)
		}
		if i >= 16 {
			p.Shadow = true
			if d := allow(t, limiter(t, store, p), "bob", 3); !d.Allowed || !d.TooLarge || d.Source != ratelimit.Shadow {
				t.Errorf("shadow policy %d: got %+v", i, d)
			}
		}
	}
}

// What is full is forgotten after a while, and so is the memory.
func TestForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		local := ratelimit.NewLocal()
		l := limiter(t, local, policy(t, "", "60/h"))
		for i := range 5000 {
			allow(t, l, key(i), 1)
		}
		allow(t, l, "slow", 60)
		if live, slots := local.Size(); live != 5001 || slots > 2*live {
			t.Errorf("%d buckets in %d slots, want 5001", live, slots)
		}
		pass(5 * time.Minute)
		if live, slots := local.Size(); live != 1 || slots > 20 {
			t.Errorf("%d buckets in %d slots, want 1", live, slots)
		}
		if d := allow(t, l, "slow", 0); d.Remaining != 5 {
			t.Errorf("got %+v, want 5 of 60 after 5 minutes", d)
		}
		pass(time.Hour)
		if live, slots := local.Size(); live != 0 || slots != 0 {
			t.Errorf("%d buckets in %d slots, want none", live, slots)
		}
		allow(t, l, "again", 1)
		pass(time.Hour)
		if live, slots := local.Size(); live != 0 || slots != 0 {
			t.Errorf("%d buckets in %d slots, want none again", live, slots)
		}
	})
}

func TestMaxKeys(t *testing.T) {
	for _, test := range []struct{ option, keys, overflow int }{
		{0, 5000, 0}, {-1, 5000, 0}, {math.MaxInt, 1000, 0}, {1, 2, 1}, {1000, 1100, 100}, {1 << 14, 1 << 14, 0},
	} {
		l := limiter(t, ratelimit.NewLocal(ratelimit.WithMaxKeys(test.option)), policy(t, "", "10/h"))
		overflow := 0
		for i := range test.keys {
			if allow(t, l, key(i), 1).Source == ratelimit.Overflow {
				overflow++
			}
		}
		if overflow < test.overflow || overflow > test.overflow+test.keys/1000 {
			t.Errorf("%d keys in a store for %d: %d share a bucket, want %d", test.keys, test.option, overflow, test.overflow)
		}
	}
}

// The limiter we build on rounds waits of less than a nanosecond down to none.
// A charge that is ahead of time by so little is refused nevertheless.
func TestNotEvenANanosecondEarly(t *testing.T) {
	for _, known := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			local := ratelimit.NewLocal()
			if !local.KnowsLevels() {
				t.Error("a limiter keeps what it holds elsewhere than it did: decisions are slower")
			}
			if !known {
				local.ForgetLevels()
			}
			l := limiter(t, local, policy(t, "", "3/s burst 1"))
			for _, step := range []struct {
				wait time.Duration
				want ratelimit.Decision
			}{
				{0, ratelimit.Decision{Allowed: true, Reset: 333_333_334}},
				{333_333_333, ratelimit.Decision{Reset: 1, RetryAfter: 1}},
				{1, ratelimit.Decision{Allowed: true, Reset: 333_333_334}},
				{333_333_333, ratelimit.Decision{Reset: 1, RetryAfter: 1}},
				{1, ratelimit.Decision{Allowed: true, Reset: 333_333_334}},
			} {
				pass(step.wait)
				step.want.Policy, step.want.Limit, step.want.Source = "default", 1, ratelimit.Exact
				if got := allow(t, l, "ann", 1); got != step.want {
					t.Errorf("known %t, after %v: got %+v, want %+v", known, step.wait, got, step.want)
				}
			}
		})
	}
}

func TestConformanceWithoutLevels(t *testing.T) {
	ratelimittest.Run(t, func(*testing.T) ratelimit.Store {
		local := ratelimit.NewLocal()
		local.ForgetLevels()
		return local
	})
}
