package ratelimit

import (
	"sync"
	"time"
)

// A shard is a part of a store's buckets, under one lock.
type shard struct {
	mu   sync.Mutex
	last time.Duration // the latest moment of a decision, since the store's start
	table

	// Those above are all that a decision about a known key reads: one cache line.

	live int // slots in use
	hand int // the slot to look at next for eviction
	_    [128 - 80]byte
}

const (
	looked   = 32 // slots that one new key may look at for a full one, once its shard is full
	reserved = 16 // slots of a shard that only overflow buckets may take
)

// clock returns the moment of a decision, never before that of an earlier one:
// a bucket that is moved back in time would refill the same time twice. The
// lock is held.
func (s *shard) clock(since time.Duration) time.Duration {
	s.last = max(s.last, since)
	return s.last
}

// capacity is how many slots may be used of as many groups: 9 of 10.
func capacity(groups int) int { return groups * groupSlots * 9 / 10 }

// groupsFor is how many groups as many used slots need.
func groupsFor(live int) int { return (live*10 + 9*groupSlots - 1) / (9 * groupSlots) }

// room makes room for one more bucket, of at most limit, and tells whether
// there is.
func (s *shard) room(limit int, now time.Time) bool {
	if s.live >= limit {
		s.evict(looked, now)
		return s.live < limit
	}
	fits := capacity(len(s.words))
	if s.live < fits {
		return true
	}
	// Full buckets need no larger table.
	if s.evict(looked, now) > looked/16 {
		s.evict(len(s.slots), now)
	}
	if s.live >= fits-fits/8 {
		s.resize(groupsFor(s.live + max(s.live/8, groupSlots-1)))
		s.hand = 0
	}
	return true
}

// evict looks at the next slots and frees those of full buckets.
func (s *shard) evict(looks int, now time.Time) (evicted int) {
	for range min(looks, len(s.slots)) {
		if s.hand >= len(s.slots) {
			s.hand = 0
		}
		if s.used(s.hand) && s.slots[s.hand].full(now) {
			s.free(s.hand)
			evicted++
		}
		s.hand++
	}
	s.live -= evicted
	return evicted
}

// shrink frees the slots of full buckets and the memory they leave. It returns
// how soon another bucket can be full.
func (s *shard) shrink(now time.Time) (soonest time.Duration) {
	s.evict(len(s.slots), now)
	soonest = lateSweep
	for i := range s.slots {
		if s.used(i) {
			soonest = min(soonest, s.slots[i].untilFull(now))
		}
	}
	if groups := groupsFor(s.live + s.live/8); 2*groups < len(s.words) || groups == 0 {
		s.resize(groups)
		s.hand = 0
	}
	return soonest
}

// add makes a full bucket for a hash that has none. There is room.
func (s *shard) add(r *rule, hash uint64, now time.Time) *slot {
	added := &s.slots[s.claim(hash)]
	s.live++
	r.fill(added, hash, now)
	return added
}
