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
// this instance's share of its policy.
type shares struct {
	local     *ratelimit.Local
	instances atomic.Int64
	debts     debts
}

func newShares(instances int) *shares {
	s := &shares{local: ratelimit.NewLocal(), debts: debts{of: map[bucket]debt{}}}
	s.instances.Store(int64(instances))
	return s
}

// of returns this instance's share of a policy: its part of the burst, at least
// one unit, and of the rate, by a longer window.
func (s *shares) of(p *plan) ratelimit.Policy {
	n := s.instances.Load()
	share := p.policy
	share.Burst = max(p.depth/n, 1)
	if n <= int64(ratelimit.MaxWindow/share.Window) {
		share.Window *= time.Duration(n)
	} else {
		share.Limit = max(share.Limit/n, 1)
	}
	return share
}

func (s *shares) charge(it *item, cost int64) ratelimit.Charge {
	return ratelimit.Charge{Policy: s.of(it.plan), Key: it.tag, Cost: cost}
}

// used is what a share lacks, in units and parts of them.
func (s *shares) used(ctx context.Context, p *plan, tag string) (share ratelimit.Policy, used float64) {
	share = s.of(p)
	var d [1]ratelimit.Decision
	if _, err := s.local.Take(ctx, []ratelimit.Charge{{Policy: share, Key: tag}}, d[:]); err != nil {
		return share, float64(share.Depth()) // it never errs with a cost of 0
	}
	return share, float64(d[0].Reset) / float64(share.Window) * float64(share.Limit)
}

// mirror takes from shares what Redis says is no longer there.
func (s *shares) mirror(ctx context.Context, items []item) {
	const noise = 1e-6 // of the arithmetic, in units
	for i := range items {
		it := &items[i]
		share, used := s.used(ctx, it.plan, it.tag)
		lacks := min(float64(it.debt)/float64(it.plan.fill), 1) * float64(share.Depth())
		if more := int64(math.Ceil(lacks - used - noise)); more > 0 {
			_ = s.local.Settle(ctx, []ratelimit.Charge{{Policy: share, Key: it.tag, Cost: more}}) // it never errs with such a cost
		}
	}
}

// take decides with the shares.
func (s *shares) take(ctx context.Context, items []item, decisions []ratelimit.Decision) (bool, error) {
	charges := make([]ratelimit.Charge, len(items))
	for i := range items {
		charges[i] = s.charge(&items[i], items[i].cost)
		s.note(ctx, &items[i])
	}
	all, err := s.local.Take(ctx, charges, decisions)
	for i := range decisions {
		d, it := &decisions[i], &items[i]
		d.Limit = it.plan.depth
		if d.Source != ratelimit.Shadow {
			d.Source = ratelimit.LocalShare
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
	charges := make([]ratelimit.Charge, len(items))
	for i := range items {
		charges[i] = s.charge(&items[i], items[i].cost)
		s.note(ctx, &items[i])
	}
	return s.local.Settle(ctx, charges)
}
