package featureflag

import (
	"math"
	"strings"
)

const maxWeights = math.MaxInt32 // the sum of a distribution's

// fractional distributes: the operands are a bucketing value and pairs of a
// result and a weight. What cannot be distributed gives null, as flagd has it.
func (e *env) fractional(list []datum) datum {
	if len(list) == 0 || e.data.kind != dataRoot && e.data.kind != dataMap {
		return datum{} // a loop runs over something else
	}
	var hash murmur
	switch first := list[0]; first.kind {
	case dataString:
		hash.write(first.str)
		list = list[1:]
	default:
		if first.isNull() {
			list = list[1:]
		}
		if !e.hashTarget(&hash) {
			return datum{}
		}
	}
	return e.distribute(hash.sum(), list)
}

func (e *env) distribute(hash uint32, list []datum) datum {
	var total uint64
	for _, d := range list {
		weight, ok := shareOf(d)
		if !ok {
			return datum{}
		}
		total += weight
	}
	if total == 0 || total > maxWeights {
		return datum{}
	}
	e.bucket(hash, total)
	bucket := uint64(hash) * total >> 32
	var end uint64
	for _, d := range list {
		weight, _ := shareOf(d)
		if end += weight; bucket < end {
			return d.at(0)
		}
	}
	return datum{}
}

// shareOf checks one distribution and reads its weight.
func shareOf(d datum) (weight uint64, ok bool) {
	if d.kind != dataList || d.size() == 0 || d.at(0).isCollection() {
		return 0, false
	}
	if d.size() == 1 {
		return 1, true
	}
	switch w := d.at(1); w.kind {
	case dataNull:
		return 1, true
	case dataNumber:
		if w.num != math.Trunc(w.num) || w.num > math.MaxInt32 || w.num < math.MinInt64 {
			return 0, false
		}
		return uint64(max(w.num, 0)), true
	}
	return 0, false
}

// cat joins, and trims when there was something to join.
func (e *env) cat(list []datum) datum {
	if len(list) == 1 {
		return stringDatum(e.text(list[0]))
	}
	var b strings.Builder
	for _, d := range list {
		text := e.text(d)
		if !e.charge(1 + len(text)/bytesPerStep) {
			return datum{}
		}
		b.WriteString(text)
	}
	return stringDatum(strings.TrimSpace(b.String()))
}
