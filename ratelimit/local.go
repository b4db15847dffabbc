package ratelimit

import (
	"context"
	"hash/maphash"
	"math/bits"
	"time"
)

const (
	defaultKeys = 1 << 18
	maxKeys     = 1 << 30

	shardKeys    = 1024 // a shard has so many keys when the store is full, or up to twice
	maxShardBits = 16
)

// Local is a [Store] in this process. Make one with [NewLocal]; it needs no
// closing. It is safe for concurrent use.
//
// Each bucket is a token bucket of golang.org/x/time/rate. A key costs less
// than 128 bytes while its bucket is not full. A full bucket is as good as none
// and is forgotten when its place is needed, or after a while: a store that is
// not used needs next to no memory. When the store is full of buckets in use,
// new keys share overflow buckets, one for each policy and some thousand keys,
// so that a flood of new keys limits itself and no key in use loses what it
// spent.
type Local struct {
	start   time.Time
	seed    maphash.Seed
	shift   int // of a hash, to its shard
	most    int // keys in a shard
	shards  []shard
	level   levelField
	excess  uint64 // changes the hash of a policy's name to that of its overflow bucket
	sweeper sweeper
}

// A LocalOption adjusts a [Local]; see the With functions.
type LocalOption interface{ applyLocal(*localConfig) }

type localOption func(*localConfig)

func (o localOption) applyLocal(c *localConfig) { o(c) }

type localConfig struct{ keys int }

// WithMaxKeys sets how many buckets in use fit, one for each policy of each
// key, up to 2³⁰. Default, and for less than 1, 262,144. So many take up to 128
// bytes each, a few take little. Keys are spread by their hash, so that some are
// turned to an overflow bucket a little before all places are taken.
func WithMaxKeys(n int) LocalOption {
	return localOption(func(c *localConfig) {
		if n > 0 {
			c.keys = min(n, maxKeys)
		}
	})
}

// NewLocal returns an empty store in this process.
func NewLocal(opts ...LocalOption) *Local {
	c := localConfig{keys: defaultKeys}
	for _, o := range opts {
		o.applyLocal(&c)
	}
	shardBits := min(bits.Len(uint(c.keys/shardKeys)|1)-1, maxShardBits)
	shards := 1 << shardBits
	most := (c.keys + shards - 1) / shards
	if shards > 1 {
		most += most / 8 // no hash spreads keys evenly
	}
	seed := maphash.MakeSeed()
	return &Local{
		start: time.Now(), seed: seed, shift: 64 - shardBits, most: most, shards: make([]shard, shards),
		level: findLevel("tokens"), excess: maphash.String(seed, "overflow") & nameBits,
	}
}

// Take implements [Store].
func (l *Local) Take(_ context.Context, charges []Charge, decisions []Decision) (allowed bool, err error) {
	for i := range charges {
		if cost := charges[i].Cost; cost < 0 || cost > MaxLimit {
			return false, ErrCost
		}
	}
	if len(charges) == 1 {
		r := newRule(&charges[0].Policy, l.seed)
		l.one(&r, maphash.String(l.seed, charges[0].Key), charges[0].Cost, &decisions[0])
		return decisions[0].Allowed || r.shadow, nil
	}
	var few [4]demand
	all := few[:0]
	for i := range charges {
		c := &charges[i]
		all = append(all, demand{newRule(&c.Policy, l.seed), maphash.String(l.seed, c.Key), c.Cost})
	}
	return l.several(all, decisions), nil
}

// Settle implements [Store].
func (l *Local) Settle(_ context.Context, charges []Charge) error {
	for i := range charges {
		if delta := charges[i].Cost; delta < -MaxLimit || delta > MaxLimit {
			return ErrCost
		}
	}
	for i := range charges {
		r := newRule(&charges[i].Policy, l.seed)
		l.settle(&r, maphash.String(l.seed, charges[i].Key), charges[i].Cost)
	}
	return nil
}

// shard is where all buckets of a key's hash are.
func (l *Local) shard(key uint64) *shard { return &l.shards[key>>l.shift] }

// now is the time on a clock that only goes forward and is cheaper to read than
// [time.Now].
func (l *Local) now() time.Duration { return time.Since(l.start) }

// one decides one charge. What most are, of a bucket that is there and holds
// enough, takes the short way.
func (l *Local) one(r *rule, key uint64, cost int64, d *Decision) {
	since := l.now()
	s := l.shard(key)
	s.mu.Lock()
	found := s.find(key ^ r.name)
	if found == nil || found.numbers != r.numbers || !l.holds(r, found, cost) {
		l.decide(r, s, key, cost, l.start.Add(s.clock(since)), d)
		s.mu.Unlock()
		return
	}
	found.bucket.AllowN(l.start.Add(s.clock(since)), int(cost))
	left := l.level.of(&found.bucket)
	s.mu.Unlock()
	r.allow(left, d)
}

// holds tells whether a bucket is known to hold as much, without what was
// refilled since its last change.
func (l *Local) holds(r *rule, s *slot, cost int64) bool {
	return l.level != 0 && cost <= r.depth && l.level.of(&s.bucket) >= float64(cost)
}

// charge decides one charge of a bucket.
func (l *Local) charge(r *rule, s *slot, cost int64, now time.Time, d *Decision) {
	if !l.holds(r, s, cost) {
		r.charge(s, cost, now, d)
		return
	}
	s.bucket.AllowN(now, int(cost))
	r.allow(l.level.of(&s.bucket), d)
}

// decide decides one charge in its shard, whose lock is held.
func (l *Local) decide(r *rule, s *shard, key uint64, cost int64, now time.Time, d *Decision) {
	found := s.find(key ^ r.name)
	if found != nil && found.numbers == r.numbers {
		l.charge(r, found, cost, now, d)
		return
	}
	if found == nil && cost == 0 {
		r.peek(nil, cost, now, d)
		return
	}
	bucket, source := l.place(r, s, key, now)
	if bucket == nil {
		r.refuseUnknown(cost, d)
		return
	}
	r.charge(bucket, cost, now, d)
	if d.Source == Exact {
		d.Source = source
	}
}

// place returns the bucket of a key, a new one where there is none, or the
// overflow bucket where there is no room. nil: not even for that.
func (l *Local) place(r *rule, s *shard, key uint64, now time.Time) (*slot, Source) {
	hash := key ^ r.name
	if found := s.find(hash); found != nil {
		r.adopt(found, now)
		return found, Exact
	}
	if s.room(l.most, now) {
		l.watch(s.last, soonSweep)
		return s.add(r, hash, now), Exact
	}
	hash = l.excess ^ r.name
	if found := s.find(hash); found != nil {
		r.adopt(found, now)
		return found, Overflow
	}
	if s.room(l.most+reserved, now) {
		return s.add(r, hash, now), Overflow
	}
	return nil, Overflow
}

// settle corrects the bucket of a key. One that is not there is full: nothing
// can be given back to it.
func (l *Local) settle(r *rule, key uint64, delta int64) {
	since := l.now()
	s := l.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := l.start.Add(s.clock(since))
	if delta <= 0 && s.find(key^r.name) == nil {
		return
	}
	if bucket, _ := l.place(r, s, key, now); bucket != nil {
		r.settle(bucket, delta, now)
	}
}
