package history

import (
	"math"
	"time"
)

// Series is what was measured of some metrics: one column of times and, for each
// metric asked for, one of values. A NaN is a gap.
type Series struct {
	Times  []time.Time // ascending
	Values [][]float64 // by metric, then by time
}

// Series returns the rows after since as at most points points, for the given
// columns. When there are more rows, neighbors are averaged; where they are put
// together does not depend on when it is asked, so a chart read again and again
// does not flicker.
func (r *Ring) Series(since time.Time, points int, columns ...int) Series {
	start := r.after(since.UnixMilli())
	step := r.step(start, max(points, 2))
	out := Series{Values: make([][]float64, len(columns))}
	size := min(r.length-start, points)
	out.Times = make([]time.Time, 0, size)
	for c := range columns {
		out.Values[c] = make([]float64, 0, size)
	}
	mean := newAverage(len(columns))
	row, means := make([]float32, len(columns)), make([]float32, len(columns))
	for position := start; position < r.length; position++ {
		i := r.index(position)
		at := r.times[i]
		if mean.rows > 0 && at/step != mean.last/step {
			out.add(mean.last, mean.take(means))
		}
		for c, column := range columns {
			row[c] = r.values[i*r.columns+column]
		}
		mean.add(at, row)
	}
	if mean.rows > 0 {
		out.add(mean.last, mean.take(means))
	}
	return out
}

// after is the position of the first row later than a time.
func (r *Ring) after(since int64) int {
	low, high := 0, r.length
	for low < high {
		middle := (low + high) / 2
		if r.times[r.index(middle)] > since {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// step is the length in milliseconds of what becomes one point: the interval
// times a power of two, so that it stays the same while the window moves on.
func (r *Ring) step(start, points int) int64 {
	if r.length-start <= points {
		return 1
	}
	step := max(r.interval.Milliseconds(), 1)
	span := r.newest() - r.times[r.index(start)]
	for span > step*int64(points-1) {
		step *= 2
	}
	return step
}

func (s *Series) add(at int64, row []float32) {
	s.Times = append(s.Times, time.UnixMilli(at).UTC())
	for c, v := range row {
		s.Values[c] = append(s.Values[c], float64(v))
	}
}

// Last returns the newest value of a column, NaN when there is none.
func (r *Ring) Last(column int) float64 {
	if r.length == 0 {
		return math.NaN()
	}
	return float64(r.values[r.index(r.length-1)*r.columns+column])
}
