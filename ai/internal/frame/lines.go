// Package frame takes the bodies of streamed answers apart: server-sent events,
// JSON a line, and the items of a JSON array as they come.
package frame

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Limits bound what is read, in bytes. Zero fields stand for the defaults.
type Limits struct {
	Frame int64 // of a line, an event or an item; default 16 MiB
	Body  int64 // of all; default 256 MiB
}

const (
	defaultFrame = 16 << 20
	defaultBody  = 256 << 20
	firstBuffer  = 4 << 10
)

// ErrTooLarge is returned at a limit.
var ErrTooLarge = errors.New("answer is too large")

func (l Limits) orDefault() Limits {
	if l.Frame <= 0 {
		l.Frame = defaultFrame
	}
	if l.Body <= 0 {
		l.Body = defaultBody
	}
	return l
}

// source is a buffer before a body.
type source struct {
	r          io.Reader
	limits     Limits
	read       int64
	buf        []byte
	start, end int // what of buf is not taken yet
	err        error
}

func newSource(r io.Reader, limits Limits) source {
	return source{r: r, limits: limits.orDefault(), buf: make([]byte, firstBuffer)}
}

// fill reads more behind what is there, which it may move. It returns false
// where there is no more, and why is in err.
func (s *source) fill() bool {
	if s.err != nil {
		return false
	}
	if s.end == len(s.buf) {
		if s.start > 0 {
			s.end = copy(s.buf, s.buf[s.start:s.end])
			s.start = 0
		} else {
			if int64(len(s.buf)) > s.limits.Frame {
				s.err = fmt.Errorf("%w: more than %d bytes in one piece", ErrTooLarge, s.limits.Frame)
				return false
			}
			s.buf = append(s.buf, make([]byte, len(s.buf))...)
		}
	}
	for range 100 { // as bufio gives up on readers that give neither bytes nor errors
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		s.err = err
		if s.read += int64(n); s.read > s.limits.Body {
			s.err = fmt.Errorf("%w: more than %d bytes", ErrTooLarge, s.limits.Body)
			return false
		}
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// lines reads lines that end in LF, CR or CRLF.
type lines struct {
	source
	afterCR bool // a line feed that comes now belongs to the line before
}

// next returns a line without its end, valid until the next call. What comes
// before the end of the body without one is a line only if whole is false.
func (l *lines) next(whole bool) ([]byte, error) {
	scanned := 0
	for {
		if l.afterCR && l.start < l.end {
			if l.buf[l.start] == '\n' {
				l.start++
			}
			l.afterCR = false
		}
		fresh := l.buf[min(l.start+scanned, l.end):l.end]
		if i := lineEnd(fresh); i >= 0 {
			i += scanned
			line := l.buf[l.start : l.start+i]
			if int64(i) > l.limits.Frame {
				return nil, fmt.Errorf("%w: more than %d bytes in one line", ErrTooLarge, l.limits.Frame)
			}
			l.afterCR = l.buf[l.start+i] == '\r'
			l.start += i + 1
			return line, nil
		}
		scanned = l.end - l.start
		if l.fill() {
			continue
		}
		if l.err == io.EOF && scanned > 0 && !whole { //nolint:errorlint // as io.Reader returns it
			line := l.buf[l.start:l.end]
			l.start = l.end
			return line, nil
		}
		return nil, l.err
	}
}

func lineEnd(b []byte) int {
	lf := bytes.IndexByte(b, '\n')
	if lf < 0 {
		return bytes.IndexByte(b, '\r')
	}
	if cr := bytes.IndexByte(b[:lf], '\r'); cr >= 0 {
		return cr
	}
	return lf
}
