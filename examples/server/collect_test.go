package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
)

// A start that makes much garbage is collected nevertheless, and afterwards all is
// as the environment says.
func TestCollectLater(t *testing.T) {
	percent := debug.SetGCPercent(123)
	defer debug.SetGCPercent(percent)
	limit := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(limit)
	debug.FreeOSMemory() // the limit counts what is kept
	collect := collectLater()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 8 {
		churn(1 << 20)
	}
	runtime.ReadMemStats(&after)
	if after.NumGC != before.NumGC {
		t.Errorf("8 MiB were collected %d times, want 0", after.NumGC-before.NumGC)
	}
	for made := 0; after.NumGC == before.NumGC; made++ {
		if made > 16*startMemory>>20 { // the limit is a soft one
			t.Fatalf("%d MiB were not collected", made)
		}
		churn(1 << 20)
		runtime.ReadMemStats(&after)
	}
	collect()
	collect() // changes nothing any more
	if got, limit := debug.SetGCPercent(123), debug.SetMemoryLimit(-1); got != 123 || limit != math.MaxInt64 {
		t.Errorf("got percent %d and limit %d after the start", got, limit)
	}
}

var sink []byte

func churn(size int) { sink = make([]byte, size) }
