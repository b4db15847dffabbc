// Package sketch counts how long things took, in little memory, so that
// quantiles can be told with a bounded relative error: the values of a bucket
// differ by at most 2 %, and a quantile is the middle of its bucket, so it is at
// most 1 % away from the exact one (for times from 1 µs to 1 h; others count as
// the nearest of these). Sketches of several instances and minutes merge without
// a further error, because all have the same buckets. See "DDSketch: a fast and
// fully-mergeable quantile sketch with relative-error guarantees", Masson et al.,
// 2019.
package sketch

import (
	"math"
	"sync/atomic"
	"time"
)

const (
	// Error is the most by which a quantile is off, relatively.
	Error = 0.01
	// Least is the shortest time that is told from shorter ones.
	Least = time.Microsecond
	// Most is the longest time that is told from longer ones.
	Most = time.Hour
)

const (
	pageSize = 64
	pages    = 18
	buckets  = pages * pageSize // 1152; an hour is in bucket 1101
)

// gamma is how much larger the values of a bucket may be than those of the one
// before.
const gamma = (1 + Error) / (1 - Error)

var perLog = 1 / math.Log(gamma)

// bucketOf returns the bucket of a duration: i holds Least·(gamma^(i-1), gamma^i].
func bucketOf(d time.Duration) int {
	d = min(max(d, Least), Most)
	return int(math.Ceil(math.Log(float64(d)/float64(Least)) * perLog))
}

// middle is the value that is at most Error away from all of a bucket.
func middle(bucket int) time.Duration {
	return time.Duration(math.Round(float64(Least) * 2 * math.Pow(gamma, float64(bucket)) / (gamma + 1)))
}

// A Counter is a sketch that many goroutines add to. It only grows; what came
// between two moments is the difference of two snapshots. Memory is taken by the
// page, 256 bytes each, of which it has at most 18. The zero value is ready.
type Counter struct {
	pages [pages]atomic.Pointer[[pageSize]atomic.Uint32]
}

// Add counts a duration.
func (c *Counter) Add(d time.Duration) {
	b := bucketOf(d)
	slot := &c.pages[b/pageSize]
	page := slot.Load()
	if page == nil {
		page = new([pageSize]atomic.Uint32)
		if !slot.CompareAndSwap(nil, page) {
			page = slot.Load()
		}
	}
	page[b%pageSize].Add(1)
}

// Since returns what was counted since the moment that seen remembers, and moves
// seen to now.
func (c *Counter) Since(seen *Seen) (s Sketch) {
	for i := range c.pages {
		page := c.pages[i].Load()
		if page == nil {
			continue
		}
		if seen.pages[i] == nil {
			seen.pages[i] = new([pageSize]uint32)
		}
		for k := range page {
			now := page[k].Load()
			if n := now - seen.pages[i][k]; n > 0 { // also where the counter wrapped around
				s.add(i*pageSize+k, uint64(n))
				seen.pages[i][k] = now
			}
		}
	}
	return s
}

// Seen is a moment in the life of a [Counter]. The zero value is its beginning.
type Seen struct {
	pages [pages]*[pageSize]uint32
}

// A Sketch is how often durations fell into each bucket. The zero value is
// empty. It is not safe for concurrent use.
type Sketch struct {
	counts []uint64 // of the buckets from first on
	first  int
	total  uint64
}

// Count returns how many durations were counted.
func (s *Sketch) Count() uint64 { return s.total }

// Add counts a duration.
func (s *Sketch) Add(d time.Duration) { s.add(bucketOf(d), 1) }

func (s *Sketch) add(bucket int, n uint64) {
	s.cover(bucket, bucket)
	s.counts[bucket-s.first] += n
	s.total += n
}

// cover makes room for the buckets from one to another.
func (s *Sketch) cover(from, to int) {
	if len(s.counts) == 0 {
		s.first, s.counts = from, make([]uint64, to-from+1)
		return
	}
	last := s.first + len(s.counts) - 1
	if from >= s.first && to <= last {
		return
	}
	from, to = min(from, s.first), max(to, last)
	grown := make([]uint64, to-from+1)
	copy(grown[s.first-from:], s.counts)
	s.first, s.counts = from, grown
}

// Merge adds what another sketch has counted.
func (s *Sketch) Merge(other *Sketch) {
	if len(other.counts) == 0 {
		return
	}
	s.cover(other.first, other.first+len(other.counts)-1)
	for i, n := range other.counts {
		s.counts[other.first-s.first+i] += n
	}
	s.total += other.total
}

// Quantile returns the duration that the share q of all, from 0 to 1, is not
// longer than; 0 where nothing was counted.
func (s *Sketch) Quantile(q float64) time.Duration {
	if s.total == 0 {
		return 0
	}
	rank := uint64(max(math.Ceil(q*float64(s.total)), 1))
	seen := uint64(0)
	for i, n := range s.counts {
		if seen += n; seen >= rank {
			return middle(s.first + i)
		}
	}
	return middle(s.first + len(s.counts) - 1)
}
