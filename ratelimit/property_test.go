package ratelimit_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// A ledger holds what a policy allowed one key against what it promises: within
// any time t at most Burst + Limit × t/Window. It counts in whole units times
// nanoseconds of the window, so nothing is rounded.
type ledger struct {
	policy ratelimit.Policy
	start  time.Time
	used   int64
	least  *big.Int // of (used before a moment) × Window − Limit × (time until it)
}

func (l *ledger) level(used int64) *big.Int {
	level := new(big.Int).Mul(big.NewInt(used), big.NewInt(int64(l.policy.Window)))
	return level.Sub(level, new(big.Int).Mul(big.NewInt(l.policy.Limit), big.NewInt(int64(time.Since(l.start)))))
}

// use enters what was allowed now.
func (l *ledger) use(t *testing.T, cost int64) {
	t.Helper()
	if before := l.level(l.used); l.least == nil || before.Cmp(l.least) < 0 {
		l.least = before
	}
	l.used += cost
	above := new(big.Int).Sub(l.level(l.used), l.least)
	most := new(big.Int).Mul(big.NewInt(l.policy.Depth()), big.NewInt(int64(l.policy.Window)))
	most.Add(most, big.NewInt(int64(l.policy.Window)/1_000_000)) // a millionth of a unit, for binary fractions
	if above.Cmp(most) > 0 {
		t.Fatalf("%v: %d allowed until %v, in some time more than its burst and what was refilled", l.policy, l.used, time.Since(l.start))
	}
}

func randomPolicy(r *rand.Rand, name string) ratelimit.Policy {
	p := ratelimit.Policy{
		Name: name, Limit: 1 + r.Int64N(1<<r.IntN(20)),
		Window: time.Duration(1+r.Int64N(1<<r.IntN(25))) * time.Millisecond,
	}
	if r.IntN(2) == 0 {
		p.Burst = 1 + r.Int64N(1<<r.IntN(16))
	}
	return p
}

// Whatever is asked and when, no policy allows more than it says, in any time.
func TestNeverMoreInAnyWindow(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			var policies []ratelimit.Policy
			for i := range 1 + r.IntN(3) {
				policies = append(policies, randomPolicy(r, fmt.Sprint("policy-", i)))
			}
			l := limiter(t, ratelimit.NewLocal(ratelimit.WithMaxKeys(100)), policies...)
			var ledgers []*ledger
			for _, p := range policies {
				ledgers = append(ledgers, &ledger{policy: p, start: time.Now()})
			}
			ask(t, r, l, ledgers)
		})
	}
}

// ask asks for one key at random moments, with others around it.
func ask(t *testing.T, r *rand.Rand, l *ratelimit.Fixed, ledgers []*ledger) {
	t.Helper()
	for range 1000 {
		p := ledgers[r.IntN(len(ledgers))].policy
		each := max(int64(p.Window)/p.Limit, 1)
		switch r.IntN(8) {
		case 0:
			pass(time.Duration(r.Int64N(each * 4)))
		case 1:
			pass(time.Duration(r.Int64N(int64(p.Window) * 2)))
		case 2, 3:
			pass(time.Duration(r.Int64N(each)/8 + 1))
		case 4:
			allow(t, l, key(r.IntN(30)), 1)
		}
		cost := 1 + r.Int64N(1<<r.IntN(8))
		d := allow(t, l, "ann", cost)
		if d.Allowed {
			settled := r.Int64N(cost + 1)
			if r.IntN(4) == 0 { // less was used than charged
				if err := l.Settle(t.Context(), "ann", settled-cost); err != nil {
					t.Fatal(err)
				}
				cost = settled
			}
			for _, ledger := range ledgers {
				ledger.use(t, cost)
			}
		}
	}
}

// Who asks whenever it is told to gets all of a year's units, and no more; of a
// month's in short tests.
func TestNoDriftInAYear(t *testing.T) {
	for _, text := range []string{"1/h", "7/13h burst 3", "997/9973s burst 601", "100003/d burst 30000", "1000000/d"} {
		t.Run(text, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { year(t, policy(t, "", text)) })
		})
	}
}

func year(t *testing.T, p ratelimit.Policy) {
	long := 365 * 24 * time.Hour
	if testing.Short() {
		long /= 12
	}
	l := limiter(t, ratelimit.NewLocal(), p)
	book := &ledger{policy: p, start: time.Now()}
	batch := p.Depth()/3 + 1
	for time.Since(book.start) < long {
		used := int64(0)
		for allow(t, l, "ann", 1).Allowed {
			used++
		}
		book.use(t, used)
		pass(allow(t, l, "ann", batch).RetryAfter)
		if d := allow(t, l, "ann", batch); !d.Allowed {
			t.Fatalf("refused after the wait: %+v", d)
		}
		book.use(t, batch)
	}
	passed := new(big.Int).Mul(big.NewInt(p.Limit), big.NewInt(int64(time.Since(book.start))))
	want := p.Depth() + passed.Div(passed, big.NewInt(int64(p.Window))).Int64()
	if book.used < want-1 || book.used > want {
		t.Errorf("%d allowed in %v, want %d", book.used, time.Since(book.start), want)
	}
}

// Each of several keys gets its own, however many ask for it at once and
// whatever the others ask.
func TestNoStarvation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys, callers, long = 10, 3, time.Minute
		p := policy(t, "", "600/m burst 5")
		l := limiter(t, ratelimit.NewLocal(), p)
		start := time.Now()
		var got [keys]atomic.Int64
		var group sync.WaitGroup
		for i := range keys * callers {
			group.Go(func() {
				for time.Since(start) < long {
					d, err := l.Allow(t.Context(), key(i%keys), 1)
					if err != nil {
						t.Error(err)
						return
					}
					if d.Allowed {
						got[i%keys].Add(1)
					} else {
						pass(d.RetryAfter)
					}
				}
			})
		}
		group.Wait()
		for i := range got {
			if n := got[i].Load(); n < 604 || n > 605 {
				t.Errorf("key %d: %d in a minute, want 600 and a burst of 5", i, n)
			}
		}
	})
}
