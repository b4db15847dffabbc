package ratelimit

import (
	"math/bits"

	"golang.org/x/time/rate"
)

// A table is an open hash table of buckets. Slots come in groups of seven. A
// word for each group holds seven tags, one byte for each slot, and in its top
// byte how many keys found the group full and went on to the next: a search
// ends where that is 0, so that removing a key leaves nothing behind. The words
// are apart from the slots: a search reads one of them, close to many others,
// and then the one slot it wants.
//
// Keys are not stored: their 64-bit hashes, which are seeded, tell them apart.
type table struct {
	words []uint64
	slots []slot
}

// A slot holds one key's bucket.
type slot struct {
	hash    uint64 // of the key and the policy's name
	numbers uint64 // of the policy whose limit and burst the bucket has
	bucket  rate.Limiter
}

const (
	groupSlots = 7
	ones       = 0x0001010101010101 // a bit in each tag
	highs      = ones << 7          // the bit that says a slot is used
	passedOne  = 1 << 56
	passedMax  = 255 // from here on the count stays: it is no longer known
)

// tag is never 0, which is that of a free slot.
func tag(hash uint64) uint64 { return hash>>32&0x7f | 0x80 }

// home is the group where the search for a hash begins.
func (t *table) home(hash uint64) int {
	return int(uint64(uint32(hash)) * uint64(len(t.words)) >> 32)
}

func (t *table) next(group int) int {
	if group++; group == len(t.words) {
		return 0
	}
	return group
}

// first is the slot of its home group that a hash takes if it is free.
func first(hash uint64) int { return int(hash >> 39 & 0xff * groupSlots >> 8) }

// find returns the slot of a hash, or nil.
func (t *table) find(hash uint64) *slot {
	group := t.home(hash)
	if group < len(t.words) {
		i := first(hash)
		if t.words[group]>>(8*i)&0xff == tag(hash) {
			if s := &t.slots[group*groupSlots+i]; s.hash == hash {
				return s
			}
		}
		return t.search(hash, group)
	}
	return nil
}

// search looks at all slots that a hash may be in.
func (t *table) search(hash uint64, group int) *slot {
	wanted := tag(hash) * ones
	for range t.words {
		word := t.words[group]
		differ := word ^ wanted
		// The tags that are equal, and some few that are not.
		for found := (differ - ones) &^ differ & highs; found != 0; found &= found - 1 {
			s := &t.slots[group*groupSlots+bits.TrailingZeros64(found)/8]
			if s.hash == hash {
				return s
			}
		}
		if word < passedOne {
			return nil
		}
		group = t.next(group)
	}
	return nil
}

// claim takes a slot for a hash that has none, and returns its index. There is
// a free one.
func (t *table) claim(hash uint64) int {
	for group := t.home(hash); ; group = t.next(group) {
		word := t.words[group]
		if free := ^word & highs; free != 0 {
			i := bits.TrailingZeros64(free) / 8
			if f := first(hash); free>>(8*f)&0x80 != 0 && group == t.home(hash) {
				i = f
			}
			t.words[group] = word | tag(hash)<<(8*i)
			return group*groupSlots + i
		}
		if word>>56 < passedMax {
			t.words[group] = word + passedOne
		}
	}
}

// used tells whether a slot holds a bucket.
func (t *table) used(index int) bool {
	return t.words[index/groupSlots]>>(8*(index%groupSlots))&0x80 != 0
}

// free gives a used slot back.
func (t *table) free(index int) {
	last := index / groupSlots
	for group := t.home(t.slots[index].hash); group != last; group = t.next(group) {
		if t.words[group]>>56 < passedMax {
			t.words[group] -= passedOne
		}
	}
	t.words[last] &^= 0xff << (8 * (index % groupSlots))
	t.slots[index].hash = 0
}

// resize moves the buckets to a table of as many groups.
func (t *table) resize(groups int) {
	old := *t
	*t = table{}
	if groups > 0 {
		// As many as the allocation holds anyway.
		slots := append([]slot(nil), make([]slot, groups*groupSlots)...)
		groups = cap(slots) / groupSlots
		*t = table{words: make([]uint64, groups), slots: slots[:groups*groupSlots]}
	}
	for i := range old.slots {
		if old.used(i) {
			to := t.claim(old.slots[i].hash)
			copy(t.slots[to:to+1], old.slots[i:i+1]) // nobody holds its lock: the shard's is held
		}
	}
}
