package airecord

import (
	"fmt"
	"math"
	"time"
)

// Latencies are counted in steps of which each is half again as long as the one
// before: from below 1 ms to above 3 minutes.
const (
	steps  = 32
	growth = 1.5
)

// step is where a duration is counted.
func step(d time.Duration) int {
	ms := float64(d) / float64(time.Millisecond)
	if ms < 1 {
		return 0
	}
	return min(1+int(math.Log(ms)/math.Log(growth)), steps-1)
}

type histogram [steps]int64

// quantile estimates in milliseconds what a share of the answers took at most, 0
// without any. It is off by less than a step.
func (h *histogram) quantile(share float64) float64 {
	var all int64
	for _, n := range h {
		all += n
	}
	if all == 0 {
		return 0
	}
	rank := share * float64(all)
	var below float64
	for i, n := range h {
		if n > 0 && below+float64(n) >= rank {
			within := (rank - below) / float64(n)
			if i == 0 {
				return within
			}
			return math.Pow(growth, float64(i-1)+within)
		}
		below += float64(n)
	}
	return math.Pow(growth, steps-1)
}

// latencyColumns are the names of the columns of a histogram.
func latencyColumns() []string {
	names := make([]string, steps)
	for i := range names {
		names[i] = fmt.Sprintf("l%02d", i)
	}
	return names
}
