package ratelimit_test

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// floodKeys is how many new keys a flood has: more in .ci/soak, fewer in short
// tests.
func floodKeys(t *testing.T) int {
	t.Helper()
	text := os.Getenv("DASHBOARD_RATELIMIT_SOAK")
	if text == "" && testing.Short() {
		return 30_000
	}
	if text == "" {
		return 100_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// heap is the live heap once everything unused is gone.
func heap() int64 {
	var m runtime.MemStats
	debug.FreeOSMemory()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A flood of new keys, whether their buckets are soon full again or not, stays
// within the bound, takes nothing from keys in use, and is forgotten.
func TestFlood(t *testing.T) {
	keys := floodKeys(t)
	room := keys / 10
	for _, text := range []string{"1000/s", "100/h"} {
		t.Run(text, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				local := ratelimit.NewLocal(ratelimit.WithMaxKeys(room))
				l, mine := limiter(t, local, policy(t, "", text)), limiter(t, local, policy(t, "mine", "100/d"))
				before := heap()
				for i := range 1000 { // in use: one in ten is exhausted
					allow(t, mine, key(i), int64(100-i%10))
				}
				overflow := flood(t, l, keys)
				grown := heap() - before
				if most := int64(room) * 128; grown > most {
					t.Errorf("%d new keys take %d bytes, want at most %d", keys, grown, most)
				}
				for i := range 1000 {
					if d := allow(t, mine, key(i), 0); d.Remaining != int64(i%10) || d.Source != ratelimit.Exact {
						t.Fatalf("key %d after the flood: %+v, want %d left", i, d, i%10)
					}
					if d := allow(t, mine, key(i), 10); d.Allowed {
						t.Fatalf("key %d after the flood: %+v", i, d)
					}
				}
				pass(25 * time.Hour)
				after := heap()
				if live, slots := local.Size(); live != 0 || slots != 0 {
					t.Errorf("%d buckets in %d slots are left", live, slots)
				}
				if after > before+before/10 {
					t.Errorf("%d bytes when idle, %d before", after, before)
				}
				t.Logf("%d new keys, room for %d: %d bytes more, %d shared a bucket; %d bytes before, %d when idle", keys, room, grown, overflow, before, after)
			})
		})
	}
}

// flood asks for new keys, a million in a second.
func flood(t *testing.T, l *ratelimit.Fixed, keys int) (overflow int) {
	t.Helper()
	for i := range keys {
		if i%1000 == 0 {
			pass(time.Millisecond)
		}
		if allow(t, l, "flood-"+strconv.Itoa(i), 1).Source == ratelimit.Overflow {
			overflow++
		}
	}
	return overflow
}
