package frame

import (
	"bytes"
	"fmt"
	"io"
)

// SSE reads server-sent events as WHATWG's HTML standard has them (9.2.6): lines
// that end in LF, CR or CRLF, a byte order mark at the beginning, comments,
// several lines of data. An event that the body ends within is none.
type SSE struct {
	lines     lines
	begun     bool
	event, id []byte
	data      []byte
}

// NewSSE returns a reader of the events of a body.
func NewSSE(r io.Reader, limits Limits) *SSE {
	return &SSE{lines: lines{source: newSource(r, limits)}}
}

var bom = []byte("\xef\xbb\xbf")

// Next returns the data of the next event, valid until the next call; io.EOF
// where the body ended, [ErrTooLarge] at a limit, else the error of the body.
func (s *SSE) Next() ([]byte, error) {
	s.event, s.data = s.event[:0], s.data[:0]
	some := false
	for {
		line, err := s.lines.next(true)
		if err != nil {
			return nil, err
		}
		if !s.begun {
			s.begun = true
			line = bytes.TrimPrefix(line, bom)
		}
		if len(line) == 0 {
			if some {
				return s.data, nil
			}
			s.event = s.event[:0]
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "data":
			if some {
				s.data = append(s.data, '\n')
			}
			some = true
			if s.data = append(s.data, value...); int64(len(s.data)) > s.lines.limits.Frame {
				return nil, fmt.Errorf("%w: more than %d bytes in one event", ErrTooLarge, s.lines.limits.Frame)
			}
		case "event":
			s.event = append(s.event[:0], value...)
		case "id":
			if bytes.IndexByte(value, 0) < 0 {
				s.id = append(s.id[:0], value...)
			}
		}
	}
}

// Event returns the type of the event that Next returned; empty: a message.
func (s *SSE) Event() []byte { return s.event }

// LastID returns the last id that came.
func (s *SSE) LastID() []byte { return s.id }
