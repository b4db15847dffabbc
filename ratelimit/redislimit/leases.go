package redislimit

import (
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

const (
	leaseShards = 64
	maxLeases   = 1 << 15 // buckets that an instance remembers
	evictTries  = 8       // entries looked at to find one that is of no use
	longKey     = 128     // bytes from which keys are remembered by their tag

	horizon = 4   // units are taken ahead for a quarter of a lease's life
	growth  = 4   // and at most so many times what was used since the last
	dregs   = 256 // of a bucket that holds no more than this part nobody asks for the rest at once
)

// leases is what an instance remembers of buckets: units taken ahead, and how
// full the bucket was when Redis was last asked. Nothing in it is missed when it
// is dropped: units are then lost and Redis is asked once more.
type leases struct {
	seed   maphash.Seed
	start  time.Time
	shards [leaseShards]leaseShard
}

type leaseShard struct {
	mu      sync.Mutex
	entries map[bucket]*entry
}

// An entry is what an instance remembers of a bucket. Times are since the start
// of leases.
type entry struct {
	plan *plan

	units    int64  // left of the lease
	reserved int64  // of it, for requests that are not decided yet
	id       uint64 // of the lease; renewed it is the same
	expires  time.Duration
	granted  int64 // what the server counts as parked for it
	gen      int64

	debt       int64         // when Redis was asked
	sent, seen time.Duration // which was between these two
	held       bool          // by parked units
	hold       time.Duration // of a bucket that is all but empty: until then it is not asked for single units
	asked      time.Duration // when units were last taken ahead; 0: never
	used       int64         // units since then

	flight chan struct{} // closed when who asks Redis about the bucket has done so; nil: nobody
}

func newLeases() *leases {
	l := &leases{seed: maphash.MakeSeed(), start: time.Now()}
	for i := range l.shards {
		l.shards[i].entries = map[bucket]*entry{}
	}
	return l
}

// now is never 0, which stands for never.
func (l *leases) now() time.Duration { return time.Since(l.start) + 1 }

// at returns where a bucket is, or would be.
func (l *leases) at(label, key string) (*leaseShard, bucket) {
	id := bucket{label: label, key: key}
	if len(key) > longKey {
		id.key, id.tagged = tag(key), true
	}
	return &l.shards[maphash.String(l.seed, id.key)%leaseShards], id
}

// entry returns that of a policy's bucket, a new one where there is none or where
// the policy has changed. The shard is locked.
func (s *leaseShard) entry(id bucket, p *plan, now time.Duration) *entry {
	if e := s.entries[id]; e != nil {
		if e.plan != p {
			*e = entry{plan: p, id: e.id + 1, flight: e.flight}
		}
		return e
	}
	if len(s.entries) >= maxLeases/leaseShards {
		s.evict(now)
	}
	e := &entry{plan: p, id: 1}
	id.key = strings.Clone(id.key)
	s.entries[id] = e
	return e
}

// evict drops an entry: one that is of no use any more where a few looks find
// one, else another.
func (s *leaseShard) evict(now time.Duration) {
	var victim *bucket
	tries := 0
	for id, e := range s.entries {
		if tries++; tries > evictTries && victim != nil {
			break
		}
		if e.flight != nil {
			continue
		}
		if e.idle(now) {
			delete(s.entries, id)
			return
		}
		victim = &id
	}
	if victim != nil {
		delete(s.entries, *victim)
	}
}

// idle tells whether the entry answers nothing any more.
func (e *entry) idle(now time.Duration) bool {
	return (e.units == 0 || now >= e.expires) && !e.refuses(1, now) && now-e.asked > e.plan.life
}

// available is how many units of the lease can be used.
func (e *entry) available(now time.Duration) int64 {
	if now >= e.expires {
		return 0
	}
	return e.units
}

// reserve takes a cost from the lease for a request that is not decided yet.
func (e *entry) reserve(cost int64, now time.Duration) bool {
	if e.available(now) < cost {
		return false
	}
	e.units, e.reserved, e.used = e.units-cost, e.reserved+cost, e.used+cost
	return true
}

// refuses tells whether Redis would refuse a cost, as far as is known: even if
// nobody else used anything since it was asked.
func (e *entry) refuses(cost int64, now time.Duration) bool {
	if e.seen == 0 {
		return false
	}
	if now < e.hold {
		return true
	}
	debt := e.debt - e.plan.ticks(now-e.sent)
	return debt+cost*e.plan.step > e.plan.fill
}

// decision is that of an entry: of a lease, or a refusal that still stands.
func (e *entry) decision(cost int64, charged bool, now time.Duration) ratelimit.Decision {
	it := item{plan: e.plan, cost: cost, debt: max(e.debt-e.plan.ticks(now-e.seen), 0), extra: -1}
	if charged {
		it.extra = 0
	} else if e.held {
		it.extra = held
	}
	d := it.decision(ratelimit.Lease)
	d.Remaining = min(d.Remaining+e.available(now), d.Limit)
	if !charged {
		d.Allowed = false
		d.RetryAfter = max(d.RetryAfter, e.hold-now, time.Microsecond)
		d.Reset = max(d.Reset, d.RetryAfter)
	}
	return d
}

// ask is what the next question should bring, and renew.
func (e *entry) ask(cost int64, now time.Duration) lease {
	if now >= e.expires { // whatever was reserved is lost when it is given back
		e.units, e.reserved, e.id = 0, 0, e.id+1
	}
	l := lease{left: e.units + e.reserved, granted: e.granted, gen: e.gen}
	elapsed := now - e.asked
	if e.plan.life == 0 || e.asked == 0 || elapsed > e.plan.life {
		return l // of one that is not asked about often nothing is taken ahead
	}
	used := e.used + cost
	ahead := float64(used) * float64(e.plan.life/horizon) / float64(max(elapsed, time.Microsecond))
	l.want = min(int64(min(ahead, 1e18)), growth*used, e.plan.most)
	return l
}

// answered takes over what Redis said about an item: sent is when it was asked.
func (e *entry) answered(it *item, leads bool, sent, now time.Duration) {
	e.debt, e.sent, e.seen, e.held, e.hold = it.debt, sent, now, it.extra == held, 0
	short := it.extra < 0 && !it.fits()
	switch {
	case it.extra < 0: // refused, by this policy or another
	case leads:
		short = it.extra < it.lease.want && e.plan.left(it.debt) <= e.plan.depth/dregs
		e.units += it.extra
		e.expires = sent + e.plan.life
		e.granted, e.gen = it.lease.left+it.extra, it.gen
		e.asked, e.used = now, 0
	default:
		e.used += it.cost
	}
	if short {
		e.hold = now + e.plan.hold
	}
}

// settled takes over what Redis said about buckets that were corrected.
func (l *leases) settled(items []item) {
	now := l.now()
	for i := range items {
		it := &items[i]
		s, id := l.at(it.plan.label, it.key)
		s.mu.Lock()
		if e := s.entries[id]; e != nil && e.plan == it.plan {
			e.debt, e.sent, e.seen, e.hold = it.debt, now, now, 0
		}
		s.mu.Unlock()
	}
}
