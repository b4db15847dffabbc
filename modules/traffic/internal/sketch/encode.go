package sketch

import (
	"encoding/binary"
	"errors"
)

// version begins the text of a sketch; another one would have other buckets.
const version = 1

// maxTotal keeps sums of many sketches below what 64 bits hold.
const maxTotal = 1 << 48

// ErrInvalid says that bytes are no sketch.
var ErrInvalid = errors.New("invalid sketch")

// Append writes the sketch: its version, and for each bucket that is not empty
// how many empty ones come before it and its count, as varints.
func (s *Sketch) Append(b []byte) []byte {
	b = append(b, version)
	last := -1
	for i, n := range s.counts {
		if n == 0 {
			continue
		}
		b = binary.AppendUvarint(b, uint64(s.first+i-last-1))
		b = binary.AppendUvarint(b, n)
		last = s.first + i
	}
	return b
}

// MergeBytes adds a sketch that was written by [Sketch.Append]. Bytes that are
// none are [ErrInvalid] and leave the sketch as it is.
func (s *Sketch) MergeBytes(b []byte) error {
	var other Sketch
	if len(b) == 0 || b[0] != version {
		return ErrInvalid
	}
	bucket := -1
	for b = b[1:]; len(b) > 0; {
		skip, n := binary.Uvarint(b)
		if n <= 0 || skip >= buckets {
			return ErrInvalid
		}
		count, k := binary.Uvarint(b[n:])
		bucket += int(skip) + 1
		if k <= 0 || bucket >= buckets || count == 0 || count > maxTotal-other.total {
			return ErrInvalid
		}
		other.add(bucket, count)
		b = b[n+k:]
	}
	s.Merge(&other)
	return nil
}
