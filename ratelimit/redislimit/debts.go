package redislimit

import (
	"context"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

const (
	maxDebts = 1 << 16 // buckets whose use in this instance is charged when Redis is back
	payment  = 100     // of them in one script call
)

// debts are what shares have used that Redis does not know of.
type debts struct {
	mu    sync.Mutex
	of    map[bucket]debt
	prune time.Time // not before
}

// A bucket is that of one policy for one key.
type bucket struct {
	label, key string
	tagged     bool // the key is a tag, where that is not said anyway
}

// A debt is how a bucket stood when it first decided without Redis, or when the
// number of instances changed last. What was used since is not charged there.
type debt struct {
	plan *plan
	used float64 // of the bucket, in units
	owed float64 // before, in units
	at   time.Time
}

// note remembers how a share stands before it decides for the first time.
func (s *shares) note(ctx context.Context, it *item) {
	d, id := &s.debts, bucket{label: it.plan.label, key: it.tag}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.of[id]; ok {
		return
	}
	now := time.Now()
	if len(d.of) >= maxDebts && now.After(d.prune) {
		for id, o := range d.of {
			if s.owed(ctx, id, o) <= noise {
				delete(d.of, id)
			}
		}
		// A slow machine needs seconds for that, which must not be all it does.
		d.prune = time.Now().Add(time.Second + 20*time.Since(now))
	}
	if len(d.of) < maxDebts {
		used := s.used(ctx, it.plan, it.tag)
		d.of[id] = debt{plan: it.plan, used: max(used-1, 0), at: now} // mirrored in whole units: Redis may know of one less
	}
}

// owed is what was used since, in units: what had been used before would have been
// refilled by and by.
func (s *shares) owed(ctx context.Context, id bucket, o debt) float64 {
	refilled := o.plan.refilled(time.Since(o.at))
	since := s.used(ctx, o.plan, id.key) - max(o.used-refilled, 0)
	return max(since, 0)/float64(s.instances.Load()) + max(o.owed-refilled, 0)
}

// divide changes the number of instances. Of a bucket that decided without Redis
// what was used counts as that of the new share, too: who used half as the only one
// has no more when there are two.
func (s *shares) divide(ctx context.Context, instances int) {
	d, n := &s.debts, most(instances)
	d.mu.Lock()
	defer d.mu.Unlock()
	if n == s.instances.Load() {
		return
	}
	for id, o := range d.of {
		o.owed = s.owed(ctx, id, o)
		s.lower(ctx, o.plan, id.key, o.owed*float64(n))
		o.used, o.at = s.used(ctx, o.plan, id.key), time.Now()
		d.of[id] = o
	}
	s.instances.Store(n)
}

// due takes some debts, of the tags that are asked for, and returns how to pay
// them.
func (s *shares) due(ctx context.Context, most int, asked func(tag string) bool) (items []item, taken map[bucket]debt) {
	d := &s.debts
	d.mu.Lock()
	defer d.mu.Unlock()
	taken = map[bucket]debt{}
	for id, o := range d.of {
		if len(taken) == most {
			break
		}
		if !asked(id.key) {
			continue
		}
		delete(d.of, id)
		taken[id] = o
		if units := int64(math.Ceil(s.owed(ctx, id, o) - noise)); units > 0 {
			items = append(items, item{plan: o.plan, tag: id.key, cost: min(units, ratelimit.MaxLimit), mode: modeSettle})
		}
	}
	return items, taken
}

func (s *shares) putBack(taken map[bucket]debt) {
	s.debts.mu.Lock()
	defer s.debts.mu.Unlock()
	maps.Copy(s.debts.of, taken)
}

func (s *shares) owing() int {
	s.debts.mu.Lock()
	defer s.debts.mu.Unlock()
	return len(s.debts.of)
}

// repay charges in Redis what shares used while it could not be asked: the way
// back grants no second budget either. It is called by the probe of a circuit
// that is about to close, and again when it has.
func (s *Store) repay(c *circuit) error {
	if s.shares == nil {
		return nil
	}
	ctx, most := s.life, payment
	if s.sharded() {
		most = 1 // two keys need not be in one slot
	}
	mine := func(tag string) bool { return s.circuit(tag) == c }
	// Meanwhile shares go on deciding and new debts come: those wait for the next call.
	for left := s.shares.owing(); left > 0; {
		items, taken := s.shares.due(ctx, most, mine)
		if len(taken) == 0 {
			return nil
		}
		left -= len(taken)
		if len(items) == 0 {
			continue
		}
		keys, args := s.encode(items, all(items))
		if _, err := s.caller.eval(ctx, keys, args); err != nil {
			s.shares.putBack(taken)
			return err
		}
	}
	return nil
}
