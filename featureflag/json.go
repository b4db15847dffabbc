package featureflag

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The bounds of a document.
const (
	maxDocument = 64 << 20 // bytes
	maxDepth    = 100      // of nesting
)

type nodeKind uint8

const (
	nodeNull nodeKind = iota
	nodeBool
	nodeNumber
	nodeString
	nodeArray
	nodeObject
)

func (k nodeKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// A node is one JSON value and where it stands. Objects keep their order;
// keys runs beside kids.
type node struct {
	kind nodeKind
	off  int
	num  float64 // of a number; 1 for true
	str  string
	keys []nodeKey
	kids []node
}

type nodeKey struct {
	name string
	off  int
}

// member finds a member of an object, nil if there is none.
func (n *node) member(name string) *node {
	for i := range n.keys {
		if n.keys[i].name == name {
			return &n.kids[i]
		}
	}
	return nil
}

// A syntaxError says what is wrong with the text at an offset.
type syntaxError struct {
	off          int
	code, detail string
}

// A reader turns JSON text (RFC 8259) into nodes. It is stricter than
// encoding/json: it refuses keys named twice, because one of them would be
// silently ignored, and text that is no UTF-8.
type reader struct {
	src   []byte
	pos   int
	depth int
	dup   *syntaxError // the first key named twice

	texts map[string]string // short strings, each once
	kids  []node            // of the arrays and objects that are not complete
	keys  []nodeKey
	slab  []node // where complete ones are put together
	names []nodeKey
}

func readJSON(src []byte) (node, *syntaxError) {
	if len(src) > maxDocument {
		return node{}, &syntaxError{0, LimitExceeded, fmt.Sprintf("more than %d MiB", maxDocument>>20)}
	}
	r := &reader{src: src, texts: map[string]string{}}
	if bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) {
		r.pos = 3
	}
	n, err := r.value()
	if err != nil {
		return node{}, err
	}
	if r.space(); r.pos < len(src) {
		return node{}, r.fail("nothing may follow the document")
	}
	return n, r.dup
}

func (r *reader) fail(detail string) *syntaxError {
	return &syntaxError{r.pos, InvalidJSON, detail}
}

func (r *reader) space() {
	for r.pos < len(r.src) {
		switch r.src[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

func (r *reader) peek() byte {
	if r.pos < len(r.src) {
		return r.src[r.pos]
	}
	return 0
}

func (r *reader) value() (node, *syntaxError) {
	r.space()
	if r.pos >= len(r.src) {
		return node{}, r.fail("the text ends where a value should be")
	}
	n := node{off: r.pos}
	var err *syntaxError
	switch c := r.src[r.pos]; c {
	case '{', '[':
		if r.depth++; r.depth > maxDepth {
			return n, &syntaxError{r.pos, LimitExceeded, fmt.Sprintf("nested deeper than %d", maxDepth)}
		}
		if c == '{' {
			n.kind = nodeObject
			err = r.object(&n)
		} else {
			n.kind = nodeArray
			err = r.array(&n)
		}
		r.depth--
	case '"':
		n.kind = nodeString
		n.str, err = r.text()
	case 't', 'f', 'n':
		err = r.word(&n)
	default:
		n.kind = nodeNumber
		n.num, err = r.number()
	}
	return n, err
}

func (r *reader) word(n *node) *syntaxError {
	rest := r.src[r.pos:]
	for _, w := range [...]struct {
		text string
		kind nodeKind
		num  float64
	}{{"true", nodeBool, 1}, {"false", nodeBool, 0}, {"null", nodeNull, 0}} {
		if bytes.HasPrefix(rest, []byte(w.text)) {
			n.kind, n.num = w.kind, w.num
			r.pos += len(w.text)
			return nil
		}
	}
	return r.fail("want a value")
}

func (r *reader) object(n *node) *syntaxError {
	kids, keys := len(r.kids), len(r.keys)
	r.pos++
	if r.space(); r.peek() == '}' {
		r.pos++
		return nil
	}
	for {
		if r.space(); r.peek() != '"' {
			return r.fail(`want a key in quotes`)
		}
		key := nodeKey{off: r.pos}
		var err *syntaxError
		if key.name, err = r.text(); err != nil {
			return err
		}
		if r.space(); r.peek() != ':' {
			return r.fail("want a colon after the key")
		}
		r.pos++
		kid, err := r.value()
		if err != nil {
			return err
		}
		r.keys = append(r.keys, key)
		r.kids = append(r.kids, kid)
		done, err := r.next('}')
		if err != nil {
			return err
		}
		if done {
			n.kids = r.take(kids)
			n.keys = gather(&r.names, r.keys[keys:])
			r.keys = r.keys[:keys]
			r.unique(n.keys)
			return nil
		}
	}
}

// unique remembers the first key that is named twice.
func (r *reader) unique(keys []nodeKey) {
	if r.dup != nil {
		return
	}
	const few = 8
	if len(keys) <= few {
		for i := range keys {
			for j := range i {
				if keys[i].name == keys[j].name {
					r.repeated(keys[i])
					return
				}
			}
		}
		return
	}
	seen := make(map[string]struct{}, len(keys))
	for _, key := range keys {
		if _, ok := seen[key.name]; ok {
			r.repeated(key)
			return
		}
		seen[key.name] = struct{}{}
	}
}

func (r *reader) repeated(key nodeKey) {
	r.dup = &syntaxError{key.off, DuplicateKey, fmt.Sprintf("the key %q stands here a second time", key.name)}
}

func (r *reader) array(n *node) *syntaxError {
	kids := len(r.kids)
	r.pos++
	if r.space(); r.peek() == ']' {
		r.pos++
		return nil
	}
	for {
		kid, err := r.value()
		if err != nil {
			return err
		}
		r.kids = append(r.kids, kid)
		if done, err := r.next(']'); err != nil || done {
			n.kids = r.take(kids)
			return err
		}
	}
}

// take removes the children from the stack that one value has.
func (r *reader) take(from int) []node {
	kids := gather(&r.slab, r.kids[from:])
	r.kids = r.kids[:from]
	return kids
}

// gather copies values into a slab, and starts a new one, twice as large, when it
// is full.
func gather[T any](slab *[]T, values []T) []T {
	const least, most = 16, 1024
	if len(*slab)+len(values) > cap(*slab) {
		*slab = make([]T, 0, max(least, min(2*cap(*slab), most), len(values)))
	}
	start := len(*slab)
	*slab = append(*slab, values...)
	return (*slab)[start:len(*slab):len(*slab)]
}

// next passes a comma or the end of an array or object.
func (r *reader) next(end byte) (done bool, err *syntaxError) {
	r.space()
	switch r.peek() {
	case ',':
		r.pos++
		return false, nil
	case end:
		r.pos++
		return true, nil
	}
	return false, r.fail("want a comma or " + string(rune(end)))
}

func (r *reader) number() (float64, *syntaxError) {
	start := r.pos
	digits := func() bool {
		from := r.pos
		for c := r.peek(); c >= '0' && c <= '9'; c = r.peek() {
			r.pos++
		}
		return r.pos > from
	}
	if r.peek() == '-' {
		r.pos++
	}
	zero := r.peek() == '0'
	first := r.pos
	if !digits() || zero && r.pos > first+1 {
		r.pos = start
		return 0, r.fail("want a value")
	}
	if r.peek() == '.' {
		r.pos++
		if !digits() {
			return 0, r.fail("want a digit after the point")
		}
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		r.pos++
		if c := r.peek(); c == '+' || c == '-' {
			r.pos++
		}
		if !digits() {
			return 0, r.fail("want a digit in the exponent")
		}
	}
	num, err := strconv.ParseFloat(string(r.src[start:r.pos]), 64)
	if err != nil {
		return 0, &syntaxError{start, InvalidJSON, "the number is too large"}
	}
	return num, nil
}

// text reads a string.
func (r *reader) text() (string, *syntaxError) {
	start := r.pos
	r.pos++
	for i := r.pos; i < len(r.src); i++ {
		switch c := r.src[i]; {
		case c == '"':
			s := r.src[r.pos:i]
			if !utf8.Valid(s) {
				return "", &syntaxError{start, InvalidJSON, "the string is no UTF-8"}
			}
			r.pos = i + 1
			return r.once(s), nil
		case c == '\\':
			return r.escaped(start, i)
		case c < ' ':
			r.pos = i
			return "", r.fail("a control character in a string must be escaped")
		}
	}
	return "", &syntaxError{start, InvalidJSON, "the string does not end"}
}

// once makes a string; short ones share their memory.
func (r *reader) once(s []byte) string {
	const short = 24
	if len(s) > short {
		return string(s)
	}
	text, ok := r.texts[string(s)]
	if !ok {
		text = string(s)
		r.texts[text] = text
	}
	return text
}

// escaped reads a string that has its first backslash at i.
func (r *reader) escaped(start, i int) (string, *syntaxError) {
	var b strings.Builder
	b.Write(r.src[r.pos:i])
	r.pos = i
	for r.pos < len(r.src) {
		c := r.src[r.pos]
		switch {
		case c == '"':
			r.pos++
			if !utf8.ValidString(b.String()) {
				return "", &syntaxError{start, InvalidJSON, "the string is no UTF-8"}
			}
			return b.String(), nil
		case c < ' ':
			return "", r.fail("a control character in a string must be escaped")
		case c == '\\':
			if !r.escape(&b) {
				return "", r.fail("no such escape")
			}
		default:
			b.WriteByte(c)
			r.pos++
		}
	}
	return "", &syntaxError{start, InvalidJSON, "the string does not end"}
}

func (r *reader) escape(b *strings.Builder) bool {
	if r.pos+1 >= len(r.src) {
		return false
	}
	c := r.src[r.pos+1]
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		b.WriteByte("\"\\/\b\f\n\r\t"[i])
		r.pos += 2
		return true
	}
	first, ok := r.unit(r.pos)
	if !ok {
		return false
	}
	r.pos += 6
	if utf16.IsSurrogate(first) {
		second, ok := r.unit(r.pos)
		if pair := utf16.DecodeRune(first, second); ok && pair != utf8.RuneError {
			r.pos += 6
			b.WriteRune(pair)
			return true
		}
		first = utf8.RuneError
	}
	b.WriteRune(first)
	return true
}

// unit reads the \uXXXX at an offset.
func (r *reader) unit(at int) (rune, bool) {
	if at+6 > len(r.src) || r.src[at] != '\\' || r.src[at+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(r.src[at+2:at+6]), 16, 16)
	return rune(n), err == nil
}

// position counts lines and columns from 1.
func position(src []byte, off int) (line, column int) {
	before := src[:min(off, len(src))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}
