package events

import (
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// MaxMessage is the largest Data of one [Message] in bytes.
const MaxMessage = 1 << 20

// Message is one block of a server-sent event stream. Empty fields are left out.
type Message struct {
	// ID becomes the reader's last event id, which its next request repeats in Last-Event-ID.
	ID string
	// Name is the event type; readers take none for "message".
	Name string
	// Data is the payload. Each of its lines becomes a data field, so a reader sees every kind of line end as LF. A
	// message without data sets the other fields but is not dispatched to a script.
	Data []byte
	// Retry asks the reader to wait so long before it connects again; rounded down to milliseconds.
	Retry time.Duration
}

// AppendMessage appends the wire form of m to dst (WHATWG HTML, section 9.2.6). ID and Name must be valid UTF-8 without
// spaces or control characters, so that neither can end its line early; ErrInvalidEvent otherwise, and for data above
// MaxMessage. Bytes of Data that are no UTF-8 arrive as U+FFFD.
func AppendMessage(dst []byte, m Message) ([]byte, error) {
	if len(m.Data) > MaxMessage {
		return dst, fmt.Errorf("%w: message of %d bytes, at most %d", ErrInvalidEvent, len(m.Data), MaxMessage)
	}
	if err := checkLine("id", m.ID); err != nil {
		return dst, err
	}
	if m.Name != "" {
		if err := checkName(m.Name); err != nil {
			return dst, err
		}
	}
	if m.Retry >= time.Millisecond {
		dst = append(dst, "retry: "...)
		dst = strconv.AppendInt(dst, m.Retry.Milliseconds(), 10)
		dst = append(dst, '\n')
	}
	if m.ID != "" {
		dst = append(append(append(dst, "id: "...), m.ID...), '\n')
	}
	if m.Name != "" {
		dst = append(append(append(dst, "event: "...), m.Name...), '\n')
	}
	if len(m.Data) > 0 {
		dst = appendData(dst, m.Data)
	}
	return append(dst, '\n'), nil
}

// appendData writes one data field per line; CR, LF and CRLF all end a line.
func appendData(dst, data []byte) []byte {
	dst = append(dst, "data: "...)
	for i := 0; i < len(data); {
		switch c := data[i]; {
		case c == '\r' || c == '\n':
			if c == '\r' && i+1 < len(data) && data[i+1] == '\n' {
				i++
			}
			i++
			dst = append(dst, "\ndata: "...)
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, size := utf8.DecodeRune(data[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
		}
	}
	return append(dst, '\n')
}
