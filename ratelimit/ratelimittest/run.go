// Package ratelimittest holds the conformance suite of package ratelimit: what a
// [ratelimit.Store] owes its callers. An implementation's test calls it with a
// function that makes a fresh one:
//
//	func TestConformance(t *testing.T) {
//		ratelimittest.Run(t, func(t *testing.T) ratelimit.Store { … })
//	}
//
// Time passes for real in it, as it does for a server.
package ratelimittest

import (
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// patience is how long the suite waits for what must happen.
const patience = time.Minute

// Run checks a store. open returns one without any bucket, for the one test that
// calls it, which also closes it.
func Run(t *testing.T, open func(t *testing.T) ratelimit.Store) {
	cases := []struct {
		name string
		run  func(*testing.T, store)
	}{
		{"burst then refusal", testBurst},
		{"cost", testCost},
		{"too large", testTooLarge},
		{"bad cost", testBadCost},
		{"peek", testPeek},
		{"buckets apart", testApart},
		{"all or none", testAllOrNone},
		{"one bucket twice", testTwice},
		{"many policies", testMany},
		{"shadow", testShadow},
		{"shadow beside a refusal", testShadowBeside},
		{"settle up", testSettleUp},
		{"settle down", testSettleDown},
		{"settle an unknown key", testSettleUnknown},
		{"changed policy", testChanged},
		{"extremes", testExtremes},
		{"slices are not kept", testSlices},
		{"retry after", testRetryAfter},
		{"never more", testNeverMore},
		{"concurrent callers", testConcurrent},
		{"concurrent callers of several policies", testConcurrentSeveral},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, store{open(t)}) })
	}
}

// store asks a store and fails the test where it errs.
type store struct{ ratelimit.Store }

func (s store) take(t *testing.T, charges ...ratelimit.Charge) (bool, []ratelimit.Decision) {
	t.Helper()
	decisions := make([]ratelimit.Decision, len(charges))
	allowed, err := s.Take(t.Context(), charges, decisions)
	if err != nil {
		t.Fatalf("take %v: %v", charges, err)
	}
	return allowed, decisions
}

// one takes a single charge, whose decision must agree with the answer.
func (s store) one(t *testing.T, p ratelimit.Policy, key string, cost int64) ratelimit.Decision {
	t.Helper()
	allowed, decisions := s.take(t, ratelimit.Charge{Policy: p, Key: key, Cost: cost})
	d := decisions[0]
	if allowed != (d.Allowed || p.Shadow) {
		t.Errorf("take answers %t, its decision %+v", allowed, d)
	}
	if d.Policy != p.Label() || d.Limit != p.Depth() {
		t.Errorf("decision of policy %q, limit %d, want %q, %d", d.Policy, d.Limit, p.Label(), p.Depth())
	}
	if d.Remaining < 0 || d.Remaining > d.Limit || d.Reset < 0 || d.RetryAfter < 0 {
		t.Errorf("impossible decision %+v", d)
	}
	if d.Allowed && (d.RetryAfter != 0 || d.TooLarge) {
		t.Errorf("allowed, and yet %+v", d)
	}
	if !d.Allowed && d.TooLarge == (d.RetryAfter > 0) {
		t.Errorf("refused, with %+v: want either a time to retry or too large", d)
	}
	return d
}

func (s store) settle(t *testing.T, charges ...ratelimit.Charge) {
	t.Helper()
	if err := s.Settle(t.Context(), charges); err != nil {
		t.Fatalf("settle %v: %v", charges, err)
	}
}

// left is what a peek says remains.
func (s store) left(t *testing.T, p ratelimit.Policy, key string) int64 {
	t.Helper()
	return s.one(t, p, key, 0).Remaining
}

// hourly is a policy that refills too slowly to be seen in a test.
func hourly(name string, burst int64) ratelimit.Policy {
	return ratelimit.Policy{Name: name, Limit: 1, Window: time.Hour, Burst: burst}
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
