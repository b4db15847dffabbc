package bind

import (
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how deep arrays and objects may nest.
const maxDepth = 64

// scanner reads JSON tokens (RFC 8259). Its methods return false after the first thing that is
// not JSON; the reader then stops and reports where.
type scanner struct {
	data  []byte
	pos   int
	depth int
	stop  stop
	path  []step   // from the root to the value being read
	keys  [][]byte // keys of the open objects that are being skipped
	keyAt int      // where the last key began
	text  []byte   // holds a string that had escapes, until the next string
}

// stop says why reading ended early.
type stop uint8

const (
	stopNone      stop = iota
	stopSyntax         // not JSON
	stopDeep           // nested deeper than maxDepth
	stopSurrogate      // half of a surrogate pair in an escape
	stopBudget         // the value needs too much memory
)

func (s *scanner) fail(why stop) bool {
	if s.stop == stopNone {
		s.stop = why
	}
	return false
}

// next skips white space and returns the byte there, or 0 at the end.
func (s *scanner) next() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// open enters an array or object, whose first byte is at pos.
func (s *scanner) open() bool {
	if s.depth++; s.depth > maxDepth {
		return s.fail(stopDeep)
	}
	s.pos++
	return true
}

// more reports whether another element follows in an array or object that closes with end. first is
// true before the first element. ok is false when neither follows.
func (s *scanner) more(end byte, first bool) (more, ok bool) {
	switch c := s.next(); {
	case c == end:
		s.pos++
		s.depth--
		return false, true
	case first:
		return true, true
	case c == ',':
		s.pos++
		return true, true
	}
	return false, s.fail(stopSyntax)
}

// key reads an object key and the colon behind it.
func (s *scanner) key() ([]byte, bool) {
	if s.next() != '"' {
		return nil, s.fail(stopSyntax)
	}
	s.keyAt = s.pos + 1
	key, ok := s.str()
	if !ok {
		return nil, false
	}
	if s.next() != ':' {
		return nil, s.fail(stopSyntax)
	}
	s.pos++
	return key, true
}

// str reads the string whose quote is at pos. The result is valid until the next string.
func (s *scanner) str() ([]byte, bool) {
	start := s.pos + 1
	for i := start; i < len(s.data); i++ {
		switch c := s.data[i]; {
		case c == '"':
			s.pos = i + 1
			return s.data[start:i], true
		case c == '\\':
			return s.escaped(start, i)
		case c < ' ':
			s.pos = i
			return nil, s.fail(stopSyntax)
		}
	}
	s.pos = len(s.data)
	return nil, s.fail(stopSyntax)
}

// escaped goes on with a string from its first backslash.
func (s *scanner) escaped(start, i int) ([]byte, bool) {
	text := append(s.text[:0], s.data[start:i]...)
	for i < len(s.data) {
		c := s.data[i]
		switch {
		case c == '"':
			s.pos = i + 1
			s.text = text
			return text, true
		case c < ' ':
			s.pos = i
			return nil, s.fail(stopSyntax)
		case c != '\\':
			text = append(text, c)
			i++
		default:
			var ok bool
			if text, i, ok = s.escape(text, i); !ok {
				s.pos = min(i, len(s.data))
				return nil, false
			}
		}
	}
	s.pos = len(s.data)
	return nil, s.fail(stopSyntax)
}

// escape appends what the escape sequence at i stands for and returns the index behind it.
func (s *scanner) escape(text []byte, i int) ([]byte, int, bool) {
	if i+1 >= len(s.data) {
		return nil, i, s.fail(stopSyntax)
	}
	switch c := s.data[i+1]; c {
	case '"', '\\', '/':
		text = append(text, c)
	case 'b':
		text = append(text, '\b')
	case 'f':
		text = append(text, '\f')
	case 'n':
		text = append(text, '\n')
	case 'r':
		text = append(text, '\r')
	case 't':
		text = append(text, '\t')
	case 'u':
		r, ok := hex4(s.data, i+2)
		if !ok {
			return nil, i, s.fail(stopSyntax)
		}
		if utf16.IsSurrogate(r) {
			low, ok := rune(0), false
			if i+7 < len(s.data) && s.data[i+6] == '\\' && s.data[i+7] == 'u' {
				low, ok = hex4(s.data, i+8)
			}
			if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
				return nil, i, s.fail(stopSurrogate)
			}
			i += 6
		}
		return utf8.AppendRune(text, r), i + 6, true
	default:
		return nil, i, s.fail(stopSyntax)
	}
	return text, i + 2, true
}

func hex4(data []byte, i int) (rune, bool) {
	if i+4 > len(data) {
		return 0, false
	}
	var r rune
	for _, c := range data[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// number reads the number at pos. integer is false when it has a fraction or an exponent.
func (s *scanner) number() (text []byte, integer, ok bool) {
	n, integer := numberLen(s.data[s.pos:])
	if n == 0 {
		return nil, false, s.fail(stopSyntax)
	}
	text = s.data[s.pos : s.pos+n]
	s.pos += n
	return text, integer, true
}

// numberLen returns the length of the JSON number that data begins with, 0 if there is none.
func numberLen[T []byte | string](data T) (n int, integer bool) {
	i := 0
	digits := func() bool {
		start := i
		for i < len(data) && data[i] >= '0' && data[i] <= '9' {
			i++
		}
		return i > start
	}
	if i < len(data) && data[i] == '-' {
		i++
	}
	switch {
	case i < len(data) && data[i] == '0':
		i++
	case !digits():
		return 0, false
	}
	integer = true
	if i < len(data) && data[i] == '.' {
		i++
		if integer = false; !digits() {
			return 0, false
		}
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		if integer = false; !digits() {
			return 0, false
		}
	}
	return i, integer
}

// literal reads true, false or null.
func (s *scanner) literal(word string) bool {
	if len(s.data)-s.pos < len(word) || string(s.data[s.pos:s.pos+len(word)]) != word {
		return s.fail(stopSyntax)
	}
	s.pos += len(word)
	return true
}

// skip reads one value of any kind. dup is called at each member whose key was there before.
func (s *scanner) skip(dup func()) bool {
	switch c := s.next(); c {
	case '{':
		return s.skipObject(dup)
	case '[':
		return s.skipArray(dup)
	case '"':
		_, ok := s.str()
		return ok
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		_, _, ok := s.number()
		return ok
	}
}

func (s *scanner) skipArray(dup func()) bool {
	if !s.open() {
		return false
	}
	for i := 0; ; i++ {
		more, ok := s.more(']', i == 0)
		if !more {
			return ok
		}
		s.push(step{index: i})
		if !s.skip(dup) {
			return false
		}
		s.pop()
	}
}

func (s *scanner) skipObject(dup func()) bool {
	if !s.open() {
		return false
	}
	start := len(s.keys)
	defer func() { s.keys = s.keys[:start] }()
	var many map[string]struct{} // from the 17th key on
	for first := true; ; first = false {
		more, ok := s.more('}', first)
		if !more {
			return ok
		}
		key, ok := s.key()
		if !ok {
			return false
		}
		s.push(step{key: s.keyAt})
		if many, ok = s.remember(start, key, many); !ok {
			dup()
		}
		if !s.skip(dup) {
			return false
		}
		s.pop()
	}
}

// remember adds a key to those of the object whose first key is at start of s.keys, and
// reports false when it was there already.
func (s *scanner) remember(start int, key []byte, many map[string]struct{}) (map[string]struct{}, bool) {
	if many != nil {
		if _, dup := many[string(key)]; dup {
			return many, false
		}
		many[string(key)] = struct{}{}
		return many, true
	}
	for _, k := range s.keys[start:] {
		if string(k) == string(key) {
			return nil, false
		}
	}
	if len(s.text) > 0 && len(key) > 0 && &s.text[0] == &key[0] {
		key = append([]byte(nil), key...) // the next string overwrites it
	}
	s.keys = append(s.keys, key)
	if len(s.keys)-start == 16 {
		many = make(map[string]struct{}, 64)
		for _, k := range s.keys[start:] {
			many[string(k)] = struct{}{}
		}
	}
	return many, true
}
