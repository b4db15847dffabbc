package redislimit_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
)

// fleet is some instances on one Redis.
func fleet(t *testing.T, client *fake, n int, options ...redislimit.Option) []*redislimit.Store {
	t.Helper()
	var stores []*redislimit.Store
	for range n {
		stores = append(stores, open(t, client, append(options, redislimit.FailLocal(n))...))
	}
	return stores
}

// greedy takes what each of the instances lets a key have.
func greedy(t *testing.T, stores []*redislimit.Store, p ratelimit.Policy) (n int64) {
	t.Helper()
	for _, s := range stores {
		for take(t, s, p, "ann", 1).Allowed {
			n++
		}
	}
	return n
}

// When Redis goes, what is left of a limit is divided: it is not granted anew.
// When it is back, what was used meanwhile is charged.
func TestSwitchGrantsNoSecondBudget(t *testing.T) {
	const instances = 4
	for _, used := range []int64{0, 1, 50, 97, 100} {
		for _, leases := range []bool{false, true} {
			t.Run(fmt.Sprintf("used %d, leases %t", used, leases), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var options []redislimit.Option
					if leases {
						options = append(options, redislimit.WithLeases())
					}
					client := newFake()
					stores := fleet(t, client, instances, options...)
					if used > 0 {
						same(t, "allowed", take(t, stores[0], perMinute(), "ann", used).Allowed, true)
					}
					for _, s := range stores {
						take(t, s, perMinute(), "ann", 0) // a look tells an instance
					}
					client.down.Store(true)
					got := greedy(t, stores, perMinute())
					if left := 100 - used; got > left || got < left-instances {
						t.Errorf("%d units of the %d that were left", got, left)
					}
					client.down.Store(false)
					pass(1100 * time.Millisecond) // in which Redis refills one unit, and is found again
					for _, s := range stores {
						same(t, "health", s.Health(), nil)
					}
					if back := greedy(t, stores, perMinute()); used+got+back > 102 {
						t.Errorf("%d units after %d and %d", back, used, got)
					}
				})
			})
		}
	}
}

// Through outages at random a key gets no more than its limit. Instances find
// Redis again up to a second apart: what that second brings comes on top, as the
// shares of some refill beside the whole of the others.
func TestOutagesAtRandom(t *testing.T) {
	const instances = 3
	p := ratelimit.Policy{Name: "api", Limit: 600, Window: time.Minute, Burst: 90}
	for seed := range uint64(times(16)) {
		synctest.Test(t, func(t *testing.T) {
			client := newFake()
			stores := fleet(t, client, instances)
			random := rand.New(rand.NewPCG(seed, 0))
			j := newJudge(p)
			for range 30 {
				for _, s := range stores {
					take(t, s, p, "ann", 0)
				}
				client.down.Store(true)
				work(t, stores, p, j, random)
				client.down.Store(false)
				pass(1100 * time.Millisecond)
				j.credit(time.Second)
				work(t, stores, p, j, random)
			}
			if j.used < 10*p.Depth() {
				t.Errorf("used %d", j.used)
			}
		})
	}
}

func work(t *testing.T, stores []*redislimit.Store, p ratelimit.Policy, j *judge, random *rand.Rand) {
	t.Helper()
	for range random.IntN(400) {
		cost := 1 + random.Int64N(3)
		if take(t, stores[random.IntN(len(stores))], p, "ann", cost).Allowed {
			j.use(t, cost)
		}
		if random.IntN(10) == 0 {
			pass(time.Duration(random.Int64N(int64(500 * time.Millisecond))))
		}
	}
}

// The number of instances changes while they run.
func TestInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newFake()
		client.down.Store(true)
		s := open(t, client, redislimit.FailLocal(4))
		same(t, "a fourth", take(t, s, perMinute(), "ann", 5).Remaining, 20)
		for _, c := range [][2]int64{{5, 20}, {-3, 23}, {-10, 25}, {30, 0}, {-10, 5}} {
			if err := s.Settle(t.Context(), []ratelimit.Charge{{Policy: perMinute(), Key: "eve", Cost: c[0]}}); err != nil {
				t.Fatal(err)
			}
			same(t, "settled", take(t, s, perMinute(), "eve", 0).Remaining, c[1])
		}
		s.SetInstances(10)
		same(t, "a tenth, half of which is used", take(t, s, perMinute(), "ann", 0).Remaining, 5)
		s.SetInstances(1000)
		same(t, "at least one", take(t, s, perMinute(), "bob", 1).Allowed, true)
		same(t, "and no more", take(t, s, perMinute(), "bob", 1).Allowed, false)
		s.SetInstances(0)
		same(t, "all", take(t, s, perMinute(), "cid", 1).Remaining, 99)
		slow := ratelimit.Policy{Name: "slow", Limit: 1, Window: ratelimit.MaxWindow}
		same(t, "the longest window", take(t, s, slow, "ann", 1).Allowed, true)
		open(t, newFake(), redislimit.FailOpen()).SetInstances(2) // has no shares
	})
}

// A flood of keys in an outage is forgotten again.
func TestDebtsAreBounded(t *testing.T) {
	client := newFake()
	client.down.Store(true)
	s := open(t, client)
	p := ratelimit.Policy{Name: "flood", Limit: 1, Window: time.Hour, Burst: 2}
	for i := range 70_000 {
		take(t, s, p, fmt.Sprint(i), 1)
	}
	if n := s.Debts(); n > 1<<16 || n < 1<<15 {
		t.Errorf("%d debts", n)
	}
	if testing.Short() { // it takes a while to pay them all
		return
	}
	client.down.Store(false)
	deadline := time.Now().Add(patience)
	for (s.Debts() > 0 || s.Health() != nil) && time.Now().Before(deadline) {
		pass(10 * time.Millisecond)
	}
	same(t, "debts", s.Debts(), 0)
	if n := client.Keys(); n < 1<<15 {
		t.Errorf("%d keys in Redis", n)
	}
}

// What was used while Redis is away is what was used, however many instances come
// and go meanwhile: nobody gets it again, and nobody pays more for it.
func TestInstancesChangeWithoutRedis(t *testing.T) {
	daily := ratelimit.Policy{Limit: 100, Window: day}
	for _, c := range []struct {
		before, after    int
		used, left, owed int64
	}{
		{1, 4, 10, 15, 10}, {1, 4, 60, 0, 60}, {4, 1, 10, 60, 10}, {4, 1, 25, 0, 25}, {4, 3, 10, 20, 10}, {1, 200, 1, 0, 1}, {200, 1, 1, 0, 1}, {2, 2, 50, 0, 50},
	} {
		t.Run(fmt.Sprintf("%d used by one of %d, then of %d", c.used, c.before, c.after), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := newFake()
				s := open(t, client, redislimit.FailLocal(c.before))
				client.down.Store(true)
				same(t, "allowed", take(t, s, daily, "ann", c.used).Allowed, true)
				s.SetInstances(c.after)
				same(t, "left", take(t, s, daily, "ann", 0).Remaining, c.left)
				s.SetInstances(c.before)
				s.SetInstances(c.after)
				same(t, "left then", take(t, s, daily, "ann", 0).Remaining, c.left)
				client.down.Store(false)
				pass(1100 * time.Millisecond)
				same(t, "health", s.Health(), nil)
				same(t, "charged", 100-take(t, s, daily, "ann", 0).Remaining, c.owed)
			})
		})
	}
}

// Of a fleet larger than the burst each instance allows a unit at a time, at its
// part of the rate.
func TestMoreInstancesThanBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newFake()
		s := open(t, client, redislimit.FailLocal(30))
		client.down.Store(true)
		p := ratelimit.Policy{Limit: 60, Window: time.Minute, Burst: 10}
		first := take(t, s, p, "ann", 1)
		same(t, "first", first.Allowed, true)
		same(t, "full", first.Reset.Round(time.Second), 30*time.Second)
		d := take(t, s, p, "ann", 1)
		same(t, "second", d.Allowed, false)
		same(t, "later", d.RetryAfter.Round(time.Second), 30*time.Second)
		pass(d.RetryAfter)
		same(t, "then", take(t, s, p, "ann", 1).Allowed, true)
		slow := ratelimit.Policy{Name: "slow", Limit: 1, Window: ratelimit.MaxWindow}
		if d := take(t, s, slow, "ann", 1); !d.Allowed || d.Reset < 29*ratelimit.MaxWindow {
			t.Errorf("a long wait: %+v", d)
		}
		if d := take(t, s, p, "ann", 2); d.Allowed || d.TooLarge || d.RetryAfter <= 0 {
			t.Errorf("more than the share: %+v", d)
		}
	})
}

// What was used without Redis is charged also where the first tries to do so fail.
func TestDebtsArePaidInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		daily := ratelimit.Policy{Limit: 100, Window: day}
		var broken atomic.Bool
		client := newFake()
		client.refuse = func(key string) bool { return broken.Load() && !strings.HasSuffix(key, "~") }
		broken.Store(true)
		s := open(t, client)
		for i := range 5 {
			same(t, "allowed", take(t, s, daily, fmt.Sprint("key", i), 50).Allowed, true)
		}
		pass(3 * time.Second) // probes succeed, payments do not
		if s.Health() == nil {
			t.Error("healthy with debts that cannot be paid")
		}
		broken.Store(false)
		pass(1100 * time.Millisecond)
		for i := range 5 {
			d := take(t, s, daily, fmt.Sprint("key", i), 0)
			same(t, "source", d.Source, ratelimit.Exact)
			same(t, "left", d.Remaining, 50)
		}
	})
}

// The number of instances, outages, charges and corrections may come at the same
// time.
func TestInstancesChangeUnderLoad(t *testing.T) {
	client := newFake()
	s := open(t, client, redislimit.WithTimeout(patience))
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			var d [2]ratelimit.Decision
			for i := range times(2000) {
				key := fmt.Sprint("key", (g+i)%7)
				daily := ratelimit.Policy{Name: "daily", Limit: 1000, Window: day, Burst: int64(1 + i%3*50)}
				charges := []ratelimit.Charge{{Policy: perMinute(), Key: key, Cost: int64(i % 4)}, {Policy: daily, Key: key, Cost: 1}}
				if _, err := s.Take(t.Context(), charges, d[:]); err != nil {
					t.Error(err)
				}
				for _, one := range d {
					if one.Remaining < 0 || one.Remaining > one.Limit || one.Allowed && one.RetryAfter > 0 || one.Reset < one.RetryAfter {
						t.Errorf("%+v", one)
					}
				}
				if i%5 == 0 {
					if err := s.Settle(t.Context(), []ratelimit.Charge{{Policy: daily, Key: key, Cost: int64(2 - i%7)}}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Go(func() {
		for i := range times(400) {
			s.SetInstances(i % 50)
			client.down.Store(i%3 == 0)
			pass(time.Millisecond)
		}
		client.down.Store(false)
	})
	group.Wait()
}
