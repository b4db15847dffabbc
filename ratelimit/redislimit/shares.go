package redislimit

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// retryBlind is the time to retry after where nothing tells when.
const retryBlind = time.Second

// shares decides in this instance while Redis cannot be asked, each bucket with
// this instance's share of its policy: an n-th of the burst and of the rate. It is
// a bucket of the whole policy of which a unit takes n, so that what it holds is
// true for any n. A unit that is more than the share is one at a time.
type shares struct {
	local     *ratelimit.Local
	instances atomic.Int64
	debts     debts
}

// noise is that of the arithmetic, in units.
const noise = 1e-6

func newShares(instances int) *shares {
	s := &shares{local: ratelimit.NewLocal(), debts: debts{of: map[bucket]debt{}}}
	s.instances.Store(most(instances))
	return s
}

// most is a number of instances in the range in which costs times it are numbers.
func most(instances int) int64 { return int64(min(max(instances, 1), ratelimit.MaxLimit)) }

// weigh returns what a cost takes from the bucket of a share of n: at most what a
// full one holds, and the rest from what it will hold, if the share is ever as
// large.
func (p *plan) weigh(cost, n int64) (now, later int64) {
	if cost > max(p.depth/n, 1) {
		return min(cost*n, ratelimit.MaxLimit), 0
	}
	now = min(cost*n, p.depth)
	return now, cost*n - now
}

// whole is how many units what is left in the bucket of a share of n allows.
func (p *plan) whole(left, n int64) int64 {
	if n > p.depth && left == p.depth {
		return 1
	}
	return left / n
}

// used is what a bucket lacks, in units and parts of them.
func (s *shares) used(ctx context.Context, p *plan, tag string) float64 {
	return p.refilled(s.reset(ctx, p, tag))
}

// reset is when a bucket is full.
func (s *shares) reset(ctx context.Context, p *plan, tag string) time.Duration {
	var d [1]ratelimit.Decision
	_, _ = s.local.Take(ctx, []ratelimit.Charge{{Policy: p.policy, Key: tag}}, d[:]) // it never errs with a cost of 0
	return d[0].Reset
}

// refilled is what a time brings, in units and parts of them.
func (p *plan) refilled(passed time.Duration) float64 {
	return float64(passed) / float64(p.policy.Window) * float64(p.policy.Limit)
}

// mirror takes from shares what Redis says is no longer there.
func (s *shares) mirror(ctx context.Context, items []item) {
	for i := range items {
		it := &items[i]
		s.lower(ctx, it.plan, it.tag, float64(it.debt)/float64(it.plan.step))
	}
}

// lower takes from a bucket until it lacks as many units, or is empty.
func (s *shares) lower(ctx context.Context, p *plan, tag string, units float64) {
	if more := int64(math.Ceil(min(units, float64(p.depth)) - s.used(ctx, p, tag) - noise)); more > 0 {
		_ = s.local.Settle(ctx, []ratelimit.Charge{{Policy: p.policy, Key: tag, Cost: more}}) // it never errs with such a cost
	}
}

// take decides with the shares.
func (s *shares) take(ctx context.Context, items []item, decisions []ratelimit.Decision) (bool, error) {
	charges, n := make([]ratelimit.Charge, len(items)), s.instances.Load()
	for i := range items {
		it := &items[i]
		now, _ := it.plan.weigh(it.cost, n)
		charges[i] = ratelimit.Charge{Policy: it.plan.policy, Key: it.tag, Cost: now}
		s.note(ctx, it)
	}
	all, err := s.local.Take(ctx, charges, decisions)
	for i := range decisions {
		d, it := &decisions[i], &items[i]
		d.Remaining = it.plan.whole(d.Remaining, n)
		if d.Source != ratelimit.Shadow {
			d.Source = ratelimit.LocalShare
		}
		if _, later := it.plan.weigh(it.cost, n); later > 0 && all && d.Allowed {
			charges[i].Cost = later
			_ = s.local.Settle(ctx, charges[i:i+1]) // it never errs with such a cost
			d.Reset = s.reset(ctx, it.plan, it.tag)
		}
		if d.TooLarge && it.cost <= it.plan.depth {
			d.TooLarge, d.RetryAfter = false, max(d.Reset, retryBlind) // it fits when Redis is back
			d.Reset = max(d.Reset, d.RetryAfter)
		}
	}
	return all, err
}

// settle corrects the shares.
func (s *shares) settle(ctx context.Context, items []item) error {
	charges, n := make([]ratelimit.Charge, len(items)), s.instances.Load()
	for i := range items {
		it := &items[i]
		delta := max(min(it.cost*n, ratelimit.MaxLimit), -ratelimit.MaxLimit)
		charges[i] = ratelimit.Charge{Policy: it.plan.policy, Key: it.tag, Cost: delta}
		s.note(ctx, it)
	}
	return s.local.Settle(ctx, charges)
}
