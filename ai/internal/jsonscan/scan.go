// Package jsonscan reads and writes the JSON of providers whose shape is known,
// without building anything that is not asked for. Package encoding/json takes
// several times as long for a chunk of a few hundred bytes.
package jsonscan

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A Scanner reads one JSON value (RFC 8259) from front to back:
//
//	s := jsonscan.Of(data)
//	if s.Enter('{') {
//		for s.More('}') {
//			switch string(s.Key()) {
//			case "id":
//				id = s.String()
//			default:
//				s.Discard()
//			}
//		}
//	}
//	err := s.End()
//
// After a mistake nothing is read any more, loops end, and End says what it was.
// null is the zero value of everything.
type Scanner struct {
	data  []byte
	pos   int
	depth int
	fresh bool // just behind an opening bracket
	cut   bool
	err   error
}

// maxDepth is how deep values may be nested.
const maxDepth = 256

var (
	errSyntax = errors.New("not JSON")
	errDepth  = errors.New("JSON is nested too deeply")
	errType   = errors.New("JSON is of another type than expected")
)

// Of returns a scanner of data, which must not change meanwhile.
func Of(data []byte) Scanner { return Scanner{data: data} }

// Err returns the first mistake.
func (s *Scanner) Err() error { return s.err }

// End returns the first mistake, or that something follows the value.
func (s *Scanner) End() error {
	if s.err == nil && s.peek() != 0 {
		s.fail(errSyntax)
	}
	return s.err
}

// Cut reports that the mistake is that the data ends within a value.
func (s *Scanner) Cut() bool { return s.cut }

func (s *Scanner) fail(err error) {
	if s.err == nil {
		s.err, s.cut = err, s.pos >= len(s.data)
	}
	s.pos = len(s.data)
}

// peek returns the next byte that is no white space; 0 at the end.
func (s *Scanner) peek() byte {
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case ' ', '\n', '\r', '\t':
		case 0:
			s.fail(errSyntax)
			return 0
		default:
			return c
		}
	}
	return 0
}

// Peek returns what the next value begins with: one of { [ " t f n - 0…9, or 0
// at the end.
func (s *Scanner) Peek() byte { return s.peek() }

// Enter goes into an object ('{') or an array ('['), of which More then tells
// the members. It returns false at null.
func (s *Scanner) Enter(open byte) bool {
	switch c := s.peek(); {
	case c == open:
		s.pos++
		if s.depth++; s.depth > maxDepth {
			s.fail(errDepth)
			return false
		}
		s.fresh = true
		return true
	case c == 'n':
		s.literal("null")
	case c == 0:
		s.fail(errSyntax)
	default:
		s.fail(errType)
	}
	return false
}

// More reports whether the object ('}') or array (']') has another member, and
// leaves it if not.
func (s *Scanner) More(end byte) bool {
	c := s.peek()
	switch {
	case c == end:
		s.pos++
		s.depth--
		s.fresh = false
		return false
	case s.fresh && c != 0:
		s.fresh = false
		return true
	case c == ',':
		s.pos++
		if c = s.peek(); c != 0 && c != end {
			return true
		}
	}
	s.fail(errSyntax)
	return false
}

// Key returns the name of the next member. It is valid until the next call.
func (s *Scanner) Key() []byte {
	if s.peek() != '"' {
		s.fail(errSyntax)
		return nil
	}
	key := s.text()
	if s.peek() != ':' {
		s.fail(errSyntax)
		return nil
	}
	s.pos++
	return key
}

// String reads a string. What is no UTF-8 becomes U+FFFD.
func (s *Scanner) String() string { return string(s.Bytes()) }

// Bytes reads a string without copying it where it holds no escapes.
func (s *Scanner) Bytes() []byte {
	switch s.peek() {
	case '"':
		return s.text()
	case 'n':
		s.literal("null")
	case 0:
		s.fail(errSyntax)
	default:
		s.fail(errType)
	}
	return nil
}

// Text reads a string, or any other value as the JSON that it is.
func (s *Scanner) Text() string {
	if c := s.peek(); c == '"' || c == 'n' {
		return s.String()
	}
	return string(s.Raw())
}

// Int reads a number, fractions cut off.
func (s *Scanner) Int() int64 {
	if s.peek() == 'n' {
		s.literal("null")
		return 0
	}
	raw := s.number()
	if len(raw) == 0 {
		return 0
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || f >= 1<<63 || f < -1<<63 {
		s.fail(errType)
		return 0
	}
	return int64(f)
}

// Float reads a number.
func (s *Scanner) Float() float64 {
	if s.peek() == 'n' {
		s.literal("null")
		return 0
	}
	raw := s.number()
	if len(raw) == 0 {
		return 0
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		s.fail(errType)
	}
	return f
}

// Bool reads true or false.
func (s *Scanner) Bool() bool {
	switch s.peek() {
	case 't':
		return s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	case 0:
		s.fail(errSyntax)
	default:
		s.fail(errType)
	}
	return false
}

// Raw returns the JSON of the next value, valid as long as the data.
func (s *Scanner) Raw() []byte {
	s.peek()
	from := s.pos
	if s.Discard(); s.err != nil {
		return nil
	}
	return s.data[from:s.pos]
}

// Discard leaves a value out, and checks it nevertheless.
func (s *Scanner) Discard() {
	switch c := s.peek(); c {
	case '{':
		for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
			s.Key()
			s.Discard()
		}
	case '[':
		for more := s.Enter('[') && s.More(']'); more; more = s.More(']') {
			s.Discard()
		}
	case '"':
		s.text()
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.number()
	}
}

func (s *Scanner) literal(word string) bool {
	if !bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		s.fail(errSyntax)
		return false
	}
	s.pos += len(word)
	return true
}

func (s *Scanner) digits() bool {
	from := s.pos
	for s.pos < len(s.data) && s.data[s.pos]-'0' < 10 {
		s.pos++
	}
	return s.pos > from
}

// number returns the text of a number.
func (s *Scanner) number() []byte {
	from := s.pos
	if s.pos < len(s.data) && s.data[s.pos] == '-' {
		s.pos++
	}
	first := s.pos
	ok := s.digits() && (s.data[first] != '0' || s.pos == first+1)
	if ok && s.pos < len(s.data) && s.data[s.pos] == '.' {
		s.pos++
		ok = s.digits()
	}
	if ok && s.pos < len(s.data) && s.data[s.pos]|0x20 == 'e' {
		s.pos++
		if s.pos < len(s.data) && (s.data[s.pos] == '+' || s.data[s.pos] == '-') {
			s.pos++
		}
		ok = s.digits()
	}
	if !ok {
		s.fail(errSyntax)
		return nil
	}
	return s.data[from:s.pos]
}

// text reads the string that begins here.
func (s *Scanner) text() []byte {
	s.pos++
	rest := s.data[s.pos:]
	i, plain := 0, true
	for ; i < len(rest) && rest[i] != '"' && rest[i] != '\\'; i++ {
		if rest[i] < ' ' {
			s.fail(errSyntax)
			return nil
		}
		plain = plain && rest[i] < utf8.RuneSelf
	}
	if i == len(rest) {
		s.pos = len(s.data)
		s.fail(errSyntax)
		return nil
	}
	if rest[i] == '\\' {
		return s.escaped(rest[:i])
	}
	s.pos += i + 1
	if plain {
		return rest[:i]
	}
	return valid(rest[:i])
}

// valid returns text with U+FFFD for each byte that is no UTF-8.
func valid(text []byte) []byte {
	if utf8.Valid(text) {
		return text
	}
	return []byte(string([]rune(string(text))))
}

// escaped reads on from the first escape of a string.
func (s *Scanner) escaped(begin []byte) []byte {
	out := append(make([]byte, 0, len(begin)+64), begin...)
	s.pos += len(begin)
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		switch {
		case c == '"':
			s.pos++
			return valid(out)
		case c == '\\':
			if out = s.escape(out); out == nil {
				return nil
			}
		case c < ' ':
			s.fail(errSyntax)
			return nil
		default:
			out = append(out, c)
			s.pos++
		}
	}
	s.fail(errSyntax)
	return nil
}

// escape appends what an escape stands for; nil where it is malformed.
func (s *Scanner) escape(out []byte) []byte {
	if s.pos+1 >= len(s.data) {
		s.fail(errSyntax)
		return nil
	}
	c := s.data[s.pos+1]
	s.pos += 2
	switch c {
	case '"', '\\', '/':
		return append(out, c)
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'u':
		r, ok := s.unit()
		if !ok {
			s.fail(errSyntax)
			return nil
		}
		return utf8.AppendRune(out, s.low(r))
	}
	s.fail(errSyntax)
	return nil
}

// low completes a surrogate with the one that follows, if it does.
func (s *Scanner) low(r rune) rune {
	if !utf16.IsSurrogate(r) {
		return r
	}
	at := s.pos
	if bytes.HasPrefix(s.data[s.pos:], []byte(`\u`)) {
		s.pos += 2
		if second, ok := s.unit(); ok {
			if whole := utf16.DecodeRune(r, second); whole != utf8.RuneError {
				return whole
			}
		}
		s.pos = at // it is a character of its own, or malformed
	}
	return utf8.RuneError
}

// unit reads four hexadecimal digits.
func (s *Scanner) unit() (rune, bool) {
	if s.pos+4 > len(s.data) {
		return 0, false
	}
	var r rune
	for _, c := range s.data[s.pos : s.pos+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	s.pos += 4
	return r, true
}
