// Package history keeps the last hours of a fixed set of metrics in memory of a
// fixed size.
package history

import (
	"math"
	"time"
)

// Ring holds rows of values by time, oldest overwritten first. A row has one
// value for each metric; NaN means that it was not measured. Values are kept as
// float32: seven digits, which is more than any chart shows. A Ring is not safe
// for concurrent use.
type Ring struct {
	interval time.Duration
	pace     time.Duration // interval at which the newest row was expected
	columns  int
	times    []int64   // milliseconds since 1970; len is the capacity
	values   []float32 // capacity × columns
	first    int       // index of the oldest row
	length   int
}

// New returns a Ring for rows of the given number of columns, one every
// interval, that reach back over window. Both durations are at least a
// millisecond; the ring holds at least two rows.
func New(columns int, window, interval time.Duration) *Ring {
	rows := Rows(window, interval)
	return &Ring{
		interval: interval,
		pace:     interval,
		columns:  columns,
		times:    make([]int64, rows),
		values:   make([]float32, rows*columns),
	}
}

// Rows is how many rows a window takes.
func Rows(window, interval time.Duration) int {
	return max(2, int(window/max(interval, time.Millisecond))+1)
}

// Len is the number of rows held, Cap the number that fit.
func (r *Ring) Len() int { return r.length }

// Cap is the number of rows that fit.
func (r *Ring) Cap() int { return len(r.times) }

// Bytes is the memory that the rows take, full or not.
func (r *Ring) Bytes() int { return len(r.times)*8 + len(r.values)*4 }

// Append adds a row. Rows are kept in ascending order of time: when the clock
// was set back, the rows that are now in the future are dropped. When rows are
// missing before it (nobody measured, the machine slept), a row of NaN marks the
// gap. It allocates nothing.
func (r *Ring) Append(at time.Time, row []float32) {
	now := at.UnixMilli()
	for r.length > 0 && r.newest() >= now {
		r.length--
	}
	if r.length > 0 && now-r.newest() > 3*max(r.pace, r.interval).Milliseconds() {
		gap := r.push(r.newest() + r.interval.Milliseconds())
		for c := range gap {
			gap[c] = float32(math.NaN())
		}
	}
	r.pace = r.interval
	copy(r.push(now), row)
}

// push makes room for a row and returns its values.
func (r *Ring) push(at int64) []float32 {
	if r.length == len(r.times) {
		r.first = r.index(1)
		r.length--
	}
	i := r.index(r.length)
	r.length++
	r.times[i] = at
	return r.values[i*r.columns : (i+1)*r.columns]
}

func (r *Ring) newest() int64 { return r.times[r.index(r.length-1)] }

// index turns the position from the oldest into a place in the arrays.
func (r *Ring) index(position int) int {
	i := r.first + position
	if i >= len(r.times) {
		i -= len(r.times)
	}
	return i
}

// Resize returns a Ring for another window and interval that keeps what fits of
// r: the newest rows, averaged where they now fall into one interval, so that a
// longer interval still shows the whole window.
func (r *Ring) Resize(window, interval time.Duration) *Ring {
	out := New(r.columns, window, interval)
	if r.length == 0 {
		return out
	}
	since := r.newest() - window.Milliseconds()
	step := int64(1) // a shorter interval keeps rows as they are
	if interval > r.interval {
		step = interval.Milliseconds()
	}
	mean, row := newAverage(r.columns), make([]float32, r.columns)
	for position := r.after(since - 1); position < r.length; position++ {
		i := r.index(position)
		at := r.times[i]
		if mean.rows > 0 && at/step != mean.last/step {
			copy(out.push(mean.last), mean.take(row))
		}
		mean.add(at, r.values[i*r.columns:(i+1)*r.columns])
	}
	copy(out.push(mean.last), mean.take(row))
	out.pace = r.pace
	return out
}

// average sums rows column by column and leaves out what was not measured.
type average struct {
	sum   []float64
	count []int
	rows  int
	last  int64
}

func newAverage(columns int) *average {
	return &average{sum: make([]float64, columns), count: make([]int, columns)}
}

func (a *average) add(at int64, row []float32) {
	a.rows++
	a.last = at
	for c, v := range row {
		if !math.IsNaN(float64(v)) {
			a.sum[c] += float64(v)
			a.count[c]++
		}
	}
}

// take writes the mean into row and starts anew.
func (a *average) take(row []float32) []float32 {
	for c := range row {
		row[c] = float32(math.NaN())
		if a.count[c] > 0 {
			row[c] = float32(a.sum[c] / float64(a.count[c]))
		}
		a.sum[c], a.count[c] = 0, 0
	}
	a.rows = 0
	return row
}
