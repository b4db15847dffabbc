package main

import (
	"slices"
	"testing"
	"time"
)

func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(x))
	return sorted[len(sorted)/2]
}

// A contender is one side of a comparison within this process.
type contender struct {
	name string
	do   func()
}

// figure is the median cost of one call.
type figure struct{ ns, allocs float64 }

// race measures the contenders in turn, for several rounds.
func race(rounds int, contenders ...contender) map[string]figure {
	ns := map[string][]float64{}
	for _, c := range contenders {
		c.do() // caches warm
	}
	for range rounds {
		for _, c := range contenders {
			ns[c.name] = append(ns[c.name], timed(c.do))
		}
	}
	out := map[string]figure{}
	for _, c := range contenders {
		out[c.name] = figure{median(ns[c.name]), testing.AllocsPerRun(100, c.do)}
	}
	return out
}

// timed returns nanoseconds for each call, over a fifth of a second.
func timed(do func()) float64 {
	const long = 200 * time.Millisecond
	n := 1
	for {
		start := time.Now()
		for range n {
			do()
		}
		took := time.Since(start)
		if took >= long {
			return float64(took.Nanoseconds()) / float64(n)
		}
		n = max(n*2, int(float64(n)*1.2*float64(long)/float64(max(took, time.Microsecond))))
	}
}
