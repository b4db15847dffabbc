// Package scrub finds secrets and personal data in text that comes in pieces, and
// puts marks in their place. What comes out is the same however the text was cut.
//
// At each place of the text each rule says that there is something, that there is
// nothing, or that it depends on what follows: then the text waits from there on.
// No rule waits for more than [MaxHeld] bytes, and what a rule has looked at
// without finding anything begins no word, so a text takes linear time.
package scrub

import (
	"strconv"
	"strings"
)

// MaxHeld is how much of a text may wait for what follows, in bytes.
const MaxHeld = 1100

// A Kind is what was found.
type Kind uint8

// The kinds.
const (
	PrivateKey Kind = iota // PEM
	JWT
	APIKey   // keys that say by their beginning whose they are
	AWSKey   // access key ids and secret access keys
	Bearer   // what follows Bearer or Basic
	Password // in a URL
	Email
	Phone
	IBAN
	Card
	IP
	Kinds // how many there are
)

var names = [Kinds]string{"private_key", "jwt", "api_key", "aws_key", "bearer", "password", "email", "phone", "iban", "card", "ip"}

// String returns the kind as in marks, such as "email".
func (k Kind) String() string { return names[k] }

// A Set is several kinds.
type Set uint16

// Sets of kinds.
const (
	Secrets  = 1<<PrivateKey | 1<<JWT | 1<<APIKey | 1<<AWSKey | 1<<Bearer | 1<<Password
	Personal = 1<<Email | 1<<Phone | 1<<IBAN | 1<<Card
	IPs      = 1 << IP
)

// Mark is what stands where something of a kind was.
func Mark(k Kind) string { return "[redacted " + names[k] + "]" }

// Counts is how many of each kind were found.
type Counts [Kinds]int

// String returns what was found, such as "email 2, jwt 1"; empty for nothing.
func (c *Counts) String() string {
	var b strings.Builder
	for k, n := range c {
		if n == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(names[k] + " " + strconv.Itoa(n))
	}
	return b.String()
}

// A Stream takes one text. Set its fields before the first piece.
type Stream struct {
	Set Set
	// JSON says that the text is a JSON value, which it is again afterwards.
	JSON bool
	// Replace returns what stands in the place of something; nil: its [Mark]. It
	// must be fit to stand in a JSON string. Of what is longer than 64 KiB it gets
	// the beginning.
	Replace func(k Kind, found string) string
	Found   Counts

	rules    *table // nil before the first text
	buf      string // what waits
	prev     byte   // before it; 0 where a word may begin whatever is there
	inString bool   // of JSON

	now   match  // what is being left out, where it goes on
	eaten []byte // where Replace wants it
	meal  int    // how many bytes it has so far
}

// A match is something that was found, at text[from:to]; none where to is 0.
type match struct {
	kind     Kind
	from, to int
	goesOn   eater
	quote    bool // it was a number in JSON
}

// An eater says how what was found goes on.
type eater uint8

const (
	ends   eater = iota
	base64       // letters, digits, - and _
	dotted       // and dots
	token        // and ~ + / =
	pem          // until its last line
)

// Bounds of what is left out.
const (
	maxReplaced = 64 << 10
	maxPEM      = 16 << 10
)

// Write takes a piece and returns what can go on.
func (s *Stream) Write(piece string) string {
	if s.buf == "" && s.now.goesOn == ends && !s.JSON && s.clean(piece) {
		return piece
	}
	s.buf += piece
	return s.run(false)
}

// Flush returns what waited, at the end of the text. The stream can take another
// text then.
func (s *Stream) Flush() string {
	out := s.run(true)
	s.buf, s.prev, s.inString = "", 0, false
	return out
}

// Text returns a whole text scrubbed.
func (s *Stream) Text(text string) string {
	s.buf = text
	return s.Flush()
}

// clean passes a piece in which nothing is and nothing begins, as most are.
func (s *Stream) clean(piece string) bool {
	prev, rules := s.prev, s.table()
	for i := range len(piece) {
		if c := piece[i]; rules.candidate(s.Set, c, prev) {
			v := view{piece[i:], prev, false}
			for _, r := range rules.starting[c] {
				if s.Set&r.set == 0 {
					continue
				}
				if m, more := r.match(v); more || m.to > 0 {
					return false
				}
			}
		}
		prev = piece[i]
	}
	s.prev = prev
	return true
}

// run passes on what of the buffer is decided.
func (s *Stream) run(final bool) string {
	t := s.buf
	var out []byte
	done, i := 0, 0 // t[:done] is in out or left out
	for {
		if s.now.goesOn != ends {
			n, more := s.eat(t[i:], final)
			i += n
			if done = i; more {
				break
			}
			out = append(out, s.finish()...)
		}
		if i == len(t) {
			break
		}
		n, m := s.look(t[i:], final)
		if m.to == 0 && n == 0 { // it depends on what follows
			break
		}
		if m.to == 0 {
			i += n
			continue
		}
		out = append(out, t[done:i+m.from]...)
		s.begin(m, t[i+m.from:i+m.to])
		i += m.to
		done, s.prev = i, t[i-1]
		if m.goesOn == ends {
			out = append(out, s.finish()...)
		}
	}
	if s.buf = t[i:]; out == nil && done == 0 {
		return t[:i]
	}
	return string(append(out, t[done:i]...))
}

// look decides about the beginning of t: how many bytes pass, or what is there.
// Neither says that it depends on what follows.
func (s *Stream) look(t string, final bool) (int, match) {
	if s.JSON {
		if n, ok := s.structure(t, final); ok {
			return n, match{}
		}
	} else if n := s.dull(t); n > 0 {
		s.prev = t[n-1]
		return n, match{}
	}
	if rules := s.table(); rules.candidate(s.Set, t[0], s.prev) {
		v := view{t, s.prev, final}
		for _, r := range rules.starting[t[0]] {
			if s.Set&r.set == 0 {
				continue
			}
			m, more := r.match(v)
			if !more && m.to > 0 && s.JSON {
				m, more = s.fit(v, m)
			}
			if more && !final {
				return 0, match{}
			}
			if m.to > 0 {
				return 0, m
			}
		}
	}
	s.prev = t[0]
	return 1, match{}
}

// dull counts the bytes before the first that something may begin with.
func (s *Stream) dull(t string) int {
	prev, rules := s.prev, s.table()
	for i := range len(t) {
		if rules.candidate(s.Set, t[i], prev) {
			return i
		}
		prev = t[i]
	}
	return len(t)
}

// table is what the stream looks for.
func (s *Stream) table() *table {
	if s.rules == nil {
		s.rules = tables()
	}
	return s.rules
}

// candidate reports whether something of a set may begin with a byte.
func (t *table) candidate(of Set, c, prev byte) bool {
	return t.firsts[c]&of != 0 && !(wordByte(c) && wordByte(prev))
}

// begin leaves something out.
func (s *Stream) begin(m match, text string) {
	s.now, s.meal = m, len(text)
	if s.Replace != nil {
		s.eaten = append(s.eaten[:0], text...)
	}
}

// finish returns what stands in its place.
func (s *Stream) finish() string {
	m := s.now
	s.now = match{}
	s.Found[m.kind]++
	mark := Mark(m.kind)
	if s.Replace != nil {
		mark = s.Replace(m.kind, string(s.eaten))
	}
	if m.quote {
		return `"` + mark + `"`
	}
	return mark
}

// eat leaves out what goes on, and reports whether it may still do so.
func (s *Stream) eat(t string, final bool) (n int, more bool) {
	if s.now.goesOn == pem {
		n, more = s.eatPEM(t, final)
	} else {
		of := eaten[s.now.goesOn]
		for n < len(t) && of[t[n]] {
			n++
		}
		more = n == len(t) && !final
	}
	s.meal += n
	if n > 0 {
		s.prev = t[n-1]
	}
	if s.Replace != nil && len(s.eaten)+n <= maxReplaced {
		s.eaten = append(s.eaten, t[:n]...)
	}
	return n, more
}

// eaten is what an eater leaves out.
var eaten = [...]*class{base64: base64s, dotted: dotteds, token: tokens}

// eatPEM leaves out a key to its last line, that with it; or, where that does not
// come, 16 KiB or what is left of the JSON string.
func (s *Stream) eatPEM(t string, final bool) (n int, more bool) {
	const end, longest = "-----END ", 80
	for n < len(t) {
		if s.meal+n >= maxPEM {
			return n, false
		}
		step := 1
		switch rest := t[n:]; {
		case s.JSON && rest[0] == '"':
			return n, false
		case s.JSON && rest[0] == '\\':
			if step = escapeLen(rest); step > len(rest) {
				if !final {
					return n, true
				}
				step = len(rest)
			} else if rest[1] == '"' {
				return n, false
			}
		case rest[0] != '-':
		case len(rest) < longest && !final && (hasPrefix(rest, end) || hasPrefix(end, rest)) && !lastLine(rest):
			return n, true
		case hasPrefix(rest, end) && lastLine(rest):
			return n + lastLineLen(rest), false
		}
		n += step
	}
	return n, !final
}

// lastLineLen is the length of the END line that rest begins with, 0 for none.
func lastLineLen(rest string) int {
	const end = "-----END "
	if !hasPrefix(rest, end) {
		return 0
	}
	i := len(end)
	for i < len(rest) && i < 70 && labels[rest[i]] {
		i++
	}
	if !hasPrefix(rest[i:], "-----") {
		return 0
	}
	return i + 5
}

func lastLine(rest string) bool { return lastLineLen(rest) > 0 }

func hasPrefix(s, p string) bool { return strings.HasPrefix(s, p) }
