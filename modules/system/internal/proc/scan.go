package proc

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

// nextLine cuts the first line off text.
func nextLine(text []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(text, []byte{'\n'})
	return line, rest
}

// nextField cuts the first blank-separated field off line. An empty field means
// that there is none left.
func nextField(line []byte) (field, rest []byte) {
	start := 0
	for start < len(line) && blank(line[start]) {
		start++
	}
	end := start
	for end < len(line) && !blank(line[end]) {
		end++
	}
	return line[start:end], line[end:]
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// parseUint reads an unsigned decimal number that fills all of field.
func parseUint(field []byte) (uint64, bool) {
	if len(field) == 0 {
		return 0, false
	}
	var n uint64
	for _, c := range field {
		if c < '0' || c > '9' {
			return 0, false
		}
		digit := uint64(c - '0')
		if n > (math.MaxUint64-digit)/10 {
			return 0, false
		}
		n = n*10 + digit
	}
	return n, true
}

// parseFloat reads a finite decimal number that is not negative.
func parseFloat(field []byte) (float64, bool) {
	f, err := strconv.ParseFloat(string(field), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || f < 0 {
		return 0, false
	}
	return f, true
}

// parseUints fills dst with the fields of line, from the first. It returns how
// many it filled; a field that is no number ends the reading.
func parseUints(line []byte, dst []uint64) int {
	for i := range dst {
		var field []byte
		field, line = nextField(line)
		n, ok := parseUint(field)
		if !ok {
			return i
		}
		dst[i] = n
	}
	return len(dst)
}

// reuse returns old when it spells b, and so saves the copy: names of devices
// and processes are the same at almost every sample.
func reuse(old string, b []byte) string {
	if old == string(b) {
		return old
	}
	return string(b)
}

// grow lengthens s by one element and keeps what the backing array already
// holds there, so that [reuse] finds the string of the last sample.
func grow[T any](s []T) []T {
	if len(s) < cap(s) {
		return s[:len(s)+1]
	}
	var zero T
	return append(s, zero)
}

// malformed is the error of every parser: which file, and what was not there.
func malformed(file, what string) error {
	return fmt.Errorf("parse %s: no %s", file, what)
}
