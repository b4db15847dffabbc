package redislimit_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// empty takes all that is left of a bucket.
func empty(t *testing.T, s *redislimit.Store, p ratelimit.Policy, j *judge) {
	t.Helper()
	for {
		d := take(t, s, p, "ann", 0)
		if d.Remaining == 0 {
			return
		}
		same(t, "all that is left", take(t, s, p, "ann", d.Remaining).Allowed, true)
		j.use(t, d.Remaining)
	}
}

// Who takes all there is, whenever he looks, gets what the policy says to the
// unit, though no whole number of microseconds is the time of one.
func TestNoDrift(t *testing.T) {
	for _, c := range []struct {
		policy ratelimit.Policy
		within time.Duration
	}{
		{ratelimit.Policy{Limit: 3, Window: time.Second, Burst: 10_000_000}, year},
		{ratelimit.Policy{Limit: 31_000, Window: time.Second, Burst: ratelimit.MaxLimit}, year},
		{ratelimit.Policy{Limit: 1_000_003, Window: time.Second, Burst: ratelimit.MaxLimit}, 2 * day},
		{ratelimit.Policy{Limit: 999_999_937, Window: time.Second}, 10 * time.Minute},
		{ratelimit.Policy{Limit: 7, Window: 11 * time.Minute, Burst: 100}, 60 * day},
		{ratelimit.Policy{Limit: 5, Window: 15 * time.Minute}, day},
		{ratelimit.Policy{Limit: 1, Window: day, Burst: 1000}, 10 * year},
		{ratelimit.Policy{Limit: 1, Window: time.Millisecond, Burst: 2}, time.Second},
	} {
		t.Run(c.policy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, j := open(t, newFake(), redislimit.FailClosed()), newJudge(c.policy)
				random, start := rand.New(rand.NewPCG(1, 2)), time.Now()
				fill := time.Duration(float64(c.policy.Window) / float64(c.policy.Limit) * float64(c.policy.Depth()))
				for empty(t, s, c.policy, j); time.Since(start) < within(c.within, 4); empty(t, s, c.policy, j) {
					// Never so long that the bucket would be full and lose some.
					pass(time.Duration(random.Int64N(int64(fill/2))).Truncate(time.Microsecond) + time.Microsecond)
				}
				same(t, "used", j.used, most(c.policy, time.Since(start)))
			})
		})
	}
}

// Buckets of decades and of odd numbers bring a millionth less at most.
func TestRoundedDown(t *testing.T) {
	for _, p := range []ratelimit.Policy{
		{Limit: 1_000_003, Window: ratelimit.MaxWindow - time.Millisecond},
		{Limit: 999_999_937, Window: ratelimit.MaxWindow - time.Millisecond},
		{Limit: 999_999_937, Window: ratelimit.MaxWindow - time.Millisecond, Burst: ratelimit.MaxLimit},
	} {
		t.Run(p.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, j, start := open(t, newFake(), redislimit.FailClosed()), newJudge(p), time.Now()
				for empty(t, s, p, j); time.Since(start) < 10*year; empty(t, s, p, j) {
					pass(100*day + 7*time.Microsecond)
				}
				if want := most(p, time.Since(start)); j.used > want || float64(j.used) < float64(want)*(1-1e-6) {
					t.Errorf("used %d of %d", j.used, want)
				}
			})
		})
	}
}

// A key that asks again and again while it is refused is not kept waiting by
// that, be its unit a year or a picosecond.
func TestNoStarvation(t *testing.T) {
	for _, c := range []struct {
		policy ratelimit.Policy
		pause  time.Duration
	}{
		{ratelimit.Policy{Limit: 1, Window: ratelimit.MaxWindow, Burst: ratelimit.MaxLimit}, 5 * time.Second},
		{ratelimit.Policy{Limit: 3, Window: time.Second}, time.Millisecond},
		{ratelimit.Policy{Limit: 31_000, Window: time.Second, Burst: 1}, time.Microsecond},
		{ratelimit.Policy{Limit: ratelimit.MaxLimit, Window: ratelimit.MinWindow, Burst: 1}, time.Microsecond},
	} {
		t.Run(c.policy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, newFake())
				same(t, "all", take(t, s, c.policy, "ann", c.policy.Depth()).Allowed, true)
				owed := int64(10)
				if err := s.Settle(t.Context(), []ratelimit.Charge{{Policy: c.policy, Key: "ann", Cost: owed}}); err != nil {
					t.Fatal(err)
				}
				waits := take(t, s, c.policy, "ann", 1).RetryAfter
				start := time.Now()
				for range 1000 {
					pass(c.pause)
					d, passed := take(t, s, c.policy, "ann", 1), time.Since(start)
					same(t, "allowed", d.Allowed, passed >= waits)
					if d.Allowed {
						return
					}
					if left := d.RetryAfter + passed - waits; left < -20*time.Second || left > 20*time.Second || c.policy.Limit > 1 && left != 0 {
						t.Fatalf("after %v: wait for %v more, not %v", passed, d.RetryAfter, waits-passed)
					}
				}
			})
		})
	}
}

// Whatever instances do, with leases or without, at random, at twice the rate, in
// volleys and after pauses: a key never gets more than its policy says.
func TestNeverMore(t *testing.T) {
	const instances, callers = 4, 3
	for _, p := range []ratelimit.Policy{
		{Limit: 1000, Window: time.Second, Burst: 400},
		{Limit: 100, Window: time.Minute},
		{Limit: 31_000, Window: time.Second, Burst: 310},
		{Limit: 5, Window: time.Second, Burst: 3},
		{Limit: 20_000, Window: time.Second},
	} {
		for _, leases := range []int{0, 2, instances} { // of the instances
			t.Run(p.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					client, j := newFake(), newJudge(p)
					ctx := t.Context()
					each := p.Window / time.Duration(p.Limit)
					var group sync.WaitGroup
					for i := range instances {
						options := []redislimit.Option{redislimit.FailClosed()}
						if i < leases {
							options = append(options, redislimit.WithLeases())
						}
						s := open(t, client, options...)
						for c := range callers {
							random := rand.New(rand.NewPCG(uint64(i), uint64(c)))
							group.Go(func() {
								var d [1]ratelimit.Decision
								for range times(500) {
									cost := 1 + random.Int64N(2)*random.Int64N(min(p.Depth(), 20))
									ok, err := s.Take(ctx, []ratelimit.Charge{{Policy: p, Key: "ann", Cost: cost}}, d[:])
									if err != nil {
										t.Error(err)
									}
									if ok {
										j.use(t, cost)
									}
									switch random.IntN(40) {
									case 0:
										pass(time.Duration(random.Int64N(int64(each) * p.Depth() * 2)))
									case 1, 2, 3, 4, 5, 6, 7, 8, 9, 10:
										pass(time.Duration(random.Int64N(int64(each) * instances * callers)))
									}
								}
							})
						}
					}
					group.Wait()
					if j.used < min(p.Depth(), 1000) {
						t.Errorf("used %d", j.used)
					}
				})
			})
		}
	}
}
