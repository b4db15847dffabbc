// Package status counts HTTP statuses.
package status

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sync/atomic"
)

const (
	least = 100
	most  = 599 // what is beyond counts as this
	class = 100
)

// A Counter counts statuses for many goroutines. It only grows; what came
// between two moments is the difference. It takes 400 bytes for each class of
// statuses that occurs. The zero value is ready.
type Counter struct {
	classes [(most - least + 1) / class]atomic.Pointer[[class]atomic.Uint32]
}

// Add counts a status.
func (c *Counter) Add(code int) {
	i := min(max(code, least), most) - least
	slot := &c.classes[i/class]
	page := slot.Load()
	if page == nil {
		page = new([class]atomic.Uint32)
		if !slot.CompareAndSwap(nil, page) {
			page = slot.Load()
		}
	}
	page[i%class].Add(1)
}

// Since returns what was counted since the moment that seen remembers, and moves
// seen to now.
func (c *Counter) Since(seen *Seen) Counts {
	var out Counts
	for i := range c.classes {
		page := c.classes[i].Load()
		if page == nil {
			continue
		}
		if seen.classes[i] == nil {
			seen.classes[i] = new([class]uint32)
		}
		for k := range page {
			now := page[k].Load()
			if n := now - seen.classes[i][k]; n > 0 {
				out.Add(least+i*class+k, uint64(n))
				seen.classes[i][k] = now
			}
		}
	}
	return out
}

// Seen is a moment in the life of a [Counter]. The zero value is its beginning.
type Seen struct {
	classes [(most - least + 1) / class]*[class]uint32
}

// Counts is how often each status occurred. The zero value is ready.
type Counts struct{ of map[int]uint64 }

// Add counts a status n times.
func (c *Counts) Add(code int, n uint64) {
	if c.of == nil {
		c.of = map[int]uint64{}
	}
	c.of[code] += n
}

// Merge adds other counts.
func (c *Counts) Merge(other Counts) {
	for code, n := range other.of {
		c.Add(code, n)
	}
}

// Total returns how many were counted.
func (c *Counts) Total() (n uint64) {
	for _, k := range c.of {
		n += k
	}
	return n
}

// Class returns how many were of a class, such as 5 for 500 to 599.
func (c *Counts) Class(of int) (n uint64) {
	for code, k := range c.of {
		if code/class == of {
			n += k
		}
	}
	return n
}

// Each calls fn for every status, in ascending order.
func (c *Counts) Each(fn func(code int, n uint64)) {
	for _, code := range slices.Sorted(maps.Keys(c.of)) {
		fn(code, c.of[code])
	}
}

// ErrInvalid says that bytes are no counts.
var ErrInvalid = errors.New("invalid counts of statuses")

// maxTotal keeps sums of many counts below what 64 bits hold.
const maxTotal = 1 << 48

// Append writes the counts: each status and its count, as varints.
func (c *Counts) Append(b []byte) []byte {
	c.Each(func(code int, n uint64) {
		b = binary.AppendUvarint(b, uint64(code))
		b = binary.AppendUvarint(b, n)
	})
	return b
}

// MergeBytes adds counts that were written by [Counts.Append]. Bytes that are
// none are [ErrInvalid] and leave the counts as they are.
func (c *Counts) MergeBytes(b []byte) error {
	var other Counts
	total, last := uint64(0), uint64(least-1)
	for len(b) > 0 {
		code, n := binary.Uvarint(b)
		if n <= 0 || code <= last || code > most {
			return ErrInvalid
		}
		count, k := binary.Uvarint(b[n:])
		if k <= 0 || count == 0 || count > maxTotal-total {
			return ErrInvalid
		}
		other.Add(int(code), count)
		total, last, b = total+count, code, b[n+k:]
	}
	c.Merge(other)
	return nil
}
