package ratelimit

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Who looked at the clock before another and comes to the lock after it decides at
// the later moment: none is refilled twice.
func TestClockOfAShard(t *testing.T) {
	var s shard
	for _, c := range [][2]time.Duration{{5, 5}, {3, 5}, {5, 5}, {8, 8}} {
		if got := s.clock(c[0]); got != c[1] {
			t.Errorf("at %d: got %d, want %d", c[0], got, c[1])
		}
	}
}

// The table says the same as a map, through growth and removal, also where all
// keys want the same group and tags are alike.
func TestTableIsAMap(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 2))
		var table table
		table.resize(1 + r.IntN(30))
		want, alike := map[uint64]uint64{}, r.IntN(3)
		for step := range uint64(4000) {
			hash := r.Uint64N(400) * 0x9e3779b97f4a7c15
			switch alike {
			case 1:
				hash &^= 0xffffffff // one group
			case 2:
				hash &^= 0x7f << 32 // one tag
			}
			_, known := want[hash]
			found := table.find(hash)
			if (found != nil) != known || known && found.numbers != want[hash] {
				t.Fatalf("seed %d, step %d: found %v of %d, want %t", seed, step, found, hash, known)
			}
			switch {
			case known && r.IntN(2) == 0:
				for i := range table.slots {
					if table.used(i) && table.slots[i].hash == hash {
						table.free(i)
					}
				}
				delete(want, hash)
			case !known && len(want) < len(table.slots):
				added := &table.slots[table.claim(hash)]
				added.hash, added.numbers = hash, step
				want[hash] = step
			case r.IntN(100) == 0:
				table.resize(groupsFor(len(want)) + r.IntN(10))
			}
		}
		for i := range table.slots {
			if table.used(i) {
				delete(want, table.slots[i].hash)
				table.free(i)
			}
		}
		if len(want) > 0 {
			t.Errorf("seed %d: %d keys are lost", seed, len(want))
		}
		for group, word := range table.words {
			if word != 0 && word>>56 < passedMax {
				t.Errorf("seed %d: group %d of an empty table has %#x", seed, group, word)
			}
		}
	}
}

// A field that is not the level is not taken for it.
func TestFindLevel(t *testing.T) {
	for name, want := range map[string]bool{"tokens": true, "limit": false, "burst": false, "last": false, "level": false} {
		if found := findLevel(name) != 0; found != want {
			t.Errorf("%s: found %t, want %t", name, found, want)
		}
	}
}
