package redislimit_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
)

// Four instances at twice the rate: nothing is wasted, nothing is too much, and
// Redis is asked about few of the decisions.
func TestLeasesUseTheLimit(t *testing.T) {
	const instances = 4
	for _, c := range []struct {
		policy ratelimit.Policy
		within time.Duration
	}{
		{ratelimit.Policy{Limit: 10_000, Window: time.Second}, 8 * time.Second},
		{ratelimit.Policy{Limit: 5000, Window: time.Second, Burst: 1000}, 8 * time.Second},
		{ratelimit.Policy{Limit: 60_000, Window: time.Minute, Burst: 5000}, time.Minute},
	} {
		t.Run(c.policy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, client, j, decisions := c.policy, newFake(), newJudge(c.policy), make([]int64, instances)
				pause := p.Window / time.Duration(p.Limit) * instances // between an instance's, at its part of the rate
				start := time.Now()
				var group sync.WaitGroup
				for i := range instances {
					s, random := open(t, client, redislimit.WithLeases()), rand.New(rand.NewPCG(uint64(i), 0))
					group.Go(func() {
						for time.Since(start) < within(c.within, 2) {
							if take(t, s, p, "ann", 1).Allowed {
								j.use(t, 1)
							}
							decisions[i]++
							pass(time.Duration(random.Int64N(int64(pause)))) // half of it: twice the rate
						}
						for take(t, s, p, "ann", 1).Allowed { // what the last lease holds
							j.use(t, 1)
						}
					})
				}
				group.Wait()
				if want := most(p, time.Since(start)); float64(j.used) < 0.995*float64(want) {
					t.Errorf("used %d of %d", j.used, want)
				}
				all := int64(0)
				for _, n := range decisions {
					all += n
				}
				if asked := client.evals.Load(); float64(asked) > 0.16*float64(all) {
					t.Errorf("asked %d times for %d decisions", asked, all)
				}
			})
		})
	}
}

// Volleys of all instances at the edges of windows: the burst and not a unit
// more, and nothing of it stays parked.
func TestLeasesInVolleys(t *testing.T) {
	const instances, volleys = 4, 20
	p := ratelimit.Policy{Limit: 4000, Window: time.Second}
	synctest.Test(t, func(t *testing.T) {
		client, j := newFake(), newJudge(p)
		var stores []*redislimit.Store
		for range instances {
			stores = append(stores, open(t, client, redislimit.WithLeases()))
		}
		for volley := range int64(volleys) {
			for range 2 * p.Limit / instances {
				for _, s := range stores {
					if take(t, s, p, "ann", 1).Allowed {
						j.use(t, 1)
					}
				}
			}
			if want := (volley + 1) * p.Limit; j.used > want || float64(j.used) < 0.995*float64(want) {
				t.Errorf("after volley %d: used %d of %d", volley, j.used, want)
			}
			pass(p.Window)
		}
	})
}

// What is parked is at most a quarter of the burst, of however many instances,
// and comes back when the leases have ended.
func TestParkedShareIsBounded(t *testing.T) {
	p := ratelimit.Policy{Limit: 1, Window: time.Hour, Burst: 1000} // refills nothing to speak of
	synctest.Test(t, func(t *testing.T) {
		client, used := newFake(), int64(0)
		for range 150 { // each takes as much ahead as it can, and uses next to nothing of it
			s := open(t, client, redislimit.WithLeases())
			for range 3 {
				if take(t, s, p, "ann", 1).Allowed {
					used++
				}
			}
		}
		exact := open(t, client)
		left := take(t, exact, p, "ann", 0).Remaining
		if parked := 1000 - used - left; parked < 1 || parked > 250 {
			t.Errorf("%d parked", parked)
		}
		same(t, "what is not parked", take(t, exact, p, "ann", left).Allowed, true)
	})
}

// Units that nobody used are lost with their lease, and their place in the bucket
// is refilled: never before.
func TestLeasesEnd(t *testing.T) {
	p := ratelimit.Policy{Limit: 1000, Window: time.Second}
	synctest.Test(t, func(t *testing.T) {
		client, j := newFake(), newJudge(p)
		s, exact := open(t, client, redislimit.WithLeases()), open(t, client)
		for take(t, s, p, "ann", 1).Source != ratelimit.Lease {
			j.use(t, 1)
		}
		j.use(t, 1)
		for range 2000 { // the bucket fills up, up to what is parked
			pass(time.Millisecond)
			left := take(t, exact, p, "ann", 0).Remaining
			if left == 1000 {
				break
			}
		}
		full := take(t, exact, p, "ann", 1000)
		same(t, "all of it", full.Allowed, true)
		j.use(t, 1000)
		if take(t, s, p, "ann", 1).Allowed {
			j.use(t, 1)
		}
	})
}

// A refusal is remembered until there can be a unit again.
func TestRefusalsAreRemembered(t *testing.T) {
	p := ratelimit.Policy{Limit: 5, Window: 15 * time.Minute}
	synctest.Test(t, func(t *testing.T) {
		client := newFake()
		s := open(t, client, redislimit.WithLeases())
		for range 5 {
			same(t, "allowed", take(t, s, p, "ann", 1).Allowed, true)
		}
		d, start := take(t, s, p, "ann", 1), time.Now()
		asked := client.evals.Load()
		for range 100 {
			d = take(t, s, p, "ann", 1)
			same(t, "refused by", d.Source, ratelimit.Lease)
			pass(time.Second)
		}
		same(t, "asked", client.evals.Load(), asked)
		same(t, "retry after", d.RetryAfter, 3*time.Minute-99*time.Second)
		pass(3*time.Minute - time.Since(start))
		same(t, "allowed", take(t, s, p, "ann", 1).Allowed, true)
		// What somebody gives back ends the refusal.
		same(t, "refused", take(t, s, p, "ann", 1).Allowed, false)
		if err := s.Settle(t.Context(), []ratelimit.Charge{{Policy: p, Key: "ann", Cost: -2}}); err != nil {
			t.Fatal(err)
		}
		same(t, "allowed", take(t, s, p, "ann", 2).Allowed, true)
	})
}

// A changed policy is not decided by a lease under the old one, whose units are
// lost.
func TestLeasesOfAChangedPolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := ratelimit.Policy{Name: "api", Limit: 1000, Window: time.Hour}
		client := newFake()
		s := open(t, client, redislimit.WithLeases())
		for take(t, s, p, "ann", 1).Source != ratelimit.Lease {
		}
		p.Limit = 100
		pass(3 * time.Second) // what is parked comes back
		j := newJudge(p)
		for take(t, s, p, "ann", 1).Allowed {
			j.use(t, 1)
		}
		if j.used < 70 {
			t.Errorf("used %d", j.used)
		}
	})
}

// A flood of keys takes bounded memory.
func TestLeasesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, newFake(), redislimit.WithLeases(), redislimit.FailOpen())
		p := ratelimit.Policy{Limit: 1, Window: time.Hour}
		for i := range 40_000 {
			take(t, s, p, fmt.Sprint(i), 1)
		}
		if n := s.Remembered(); n > 1<<15 || n < 1<<14 {
			t.Errorf("%d buckets are remembered", n)
		}
	})
}

// The hot path allocates nothing.
func TestLeasesAllocateNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, newFake(), redislimit.WithLeases())
		p := ratelimit.Policy{Limit: ratelimit.MaxLimit, Window: time.Minute}
		tight := ratelimit.Policy{Name: "tight", Limit: 1, Window: time.Hour}
		charges := []ratelimit.Charge{{Policy: p, Key: "ann", Cost: 1}}
		refused := []ratelimit.Charge{{Policy: tight, Key: "ann", Cost: 1}}
		decisions := make([]ratelimit.Decision, 1)
		for range 20_000 {
			take(t, s, p, "ann", 1)
			take(t, s, tight, "ann", 1)
		}
		for name, c := range map[string][]ratelimit.Charge{"granted": charges, "refused": refused} {
			if n := testing.AllocsPerRun(100, func() {
				if _, err := s.Take(t.Context(), c, decisions); err != nil || decisions[0].Source != ratelimit.Lease {
					t.Fatal(err, decisions[0])
				}
			}); n > 0 {
				t.Errorf("%s: %v allocations", name, n)
			}
		}
	})
}

// Long keys are remembered by their hash, which is nobody else's key.
func TestLongKeysAreApart(t *testing.T) {
	long := strings.Repeat("k", 200)
	sum := sha256.Sum256([]byte(long))
	other := base64.RawURLEncoding.EncodeToString(sum[:16])
	s := open(t, newFake(), redislimit.WithLeases(), redislimit.WithTimeout(patience))
	for range 2 {
		take(t, s, perMinute(), other, 100)
	}
	same(t, "the hash", take(t, s, perMinute(), other, 100).Allowed, false)
	same(t, "the long key", take(t, s, perMinute(), long, 100).Allowed, true)
}

// A lease is not used beyond its life, a second or a quarter of the time that the
// bucket takes to fill: by then others may have what was parked.
func TestLeasesAreNotUsedLater(t *testing.T) {
	for window, life := range map[time.Duration]time.Duration{time.Second: 250 * time.Millisecond, time.Minute: time.Second} {
		for _, late := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				p := ratelimit.Policy{Limit: 2560, Window: window}
				s := open(t, newFake(), redislimit.WithLeases())
				for range 3 {
					take(t, s, p, "ann", 1)
				}
				same(t, "a lease", take(t, s, p, "ann", 1).Source, ratelimit.Lease)
				want := ratelimit.Lease
				if pass(life - time.Millisecond); late {
					pass(2 * time.Millisecond)
					want = ratelimit.Exact
				}
				same(t, "source", take(t, s, p, "ann", 1).Source, want)
			})
		}
	}
}
