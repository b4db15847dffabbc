package redislimit_test

import (
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// A judge holds a policy to its word in whole numbers: what is used within any
// time is never more than the burst and what that time brings.
type judge struct {
	policy ratelimit.Policy

	mu    sync.Mutex
	level *big.Int // units times the window, at most those of a full bucket
	at    time.Time
	used  int64
}

func newJudge(p ratelimit.Policy) *judge {
	j := &judge{policy: p, at: time.Now()}
	j.level = j.full()
	return j
}

func product(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }

func (j *judge) full() *big.Int { return product(j.policy.Depth(), int64(j.policy.Window)) }

func (j *judge) use(t *testing.T, units int64) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	now := time.Now()
	j.level.Add(j.level, product(int64(now.Sub(j.at)), j.policy.Limit))
	if full := j.full(); j.level.Cmp(full) > 0 {
		j.level = full
	}
	j.at, j.used = now, j.used+units
	if j.level.Sub(j.level, product(units, int64(j.policy.Window))); j.level.Sign() < 0 {
		t.Errorf("%v: %d units at %v are more than it allows", j.policy, units, now)
		j.level.SetInt64(0)
	}
}

// credit allows what a time brings once more.
func (j *judge) credit(d time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.level.Add(j.level, product(int64(d), j.policy.Limit))
}

// most is what a policy allows from a full bucket within a time.
func most(p ratelimit.Policy, within time.Duration) int64 {
	n := product(int64(within), p.Limit)
	return p.Depth() + n.Div(n, big.NewInt(int64(p.Window))).Int64()
}

// pass lets time pass in a bubble.
func pass(d time.Duration) { <-time.After(d) }
