package bind

import (
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/modular-dashboard/dashboard/internal/problem"
)

// maxFields bounds how many errors one answer lists.
const maxFields = 32

// decoder reads one JSON text into a Go value. It keeps going after values of the wrong type,
// so that the caller learns of all of them at once.
type decoder struct {
	scanner
	fields    []problem.Field
	malformed bool  // a duplicate key: the text has no agreed meaning
	cause     error // the first error of an Unmarshaler, for the log
	partial   bool  // absent members are fine
	budget    int   // memory the elements of lists and maps may still take, in bytes
	dup       func()
}

func newDecoder() *decoder {
	d := &decoder{}
	d.dup = d.duplicate
	return d
}

// budget is the memory that the elements of lists and maps in a text of n bytes may take: 32
// times the text, so that "[{},{},…]" into large structs is refused instead of exhausting
// memory.
func budget(n int) int { return 64<<10 + 32*n }

// emptyObject is what an absent body is read as.
var emptyObject = []byte("{}")

// reset makes the decoder ready for a text.
func (d *decoder) reset(data []byte, partial bool) {
	d.scanner = scanner{data: data, path: d.path[:0], keys: d.keys[:0], text: d.text[:0]}
	d.fields, d.malformed, d.cause, d.partial = nil, false, nil, partial
	d.budget = budget(len(data))
}

// document reads the whole text into v. It returns false when the text is not JSON.
func (d *decoder) document(n *node, v reflect.Value) bool {
	var detail string
	if !utf8.Valid(d.data) {
		detail = "must be valid UTF-8"
	} else if !n.decode(d, v) {
		detail = d.stop.sentence(d.pos)
	} else if d.next(); d.pos < len(d.data) {
		detail = "must be one JSON value; there is more at byte " + strconv.Itoa(d.pos)
	} else {
		return true
	}
	d.fields = nil // what was found before does not count when the rest cannot be read
	d.report("syntax", detail)
	return false
}

func (s stop) sentence(pos int) string {
	switch s {
	case stopDeep:
		return "must not nest deeper than " + strconv.Itoa(maxDepth) + " levels"
	case stopSurrogate:
		return `must not hold half of a surrogate pair ("\ud800"), at byte ` + strconv.Itoa(pos)
	case stopBudget:
		return "has too many elements"
	}
	return "must be valid JSON; it goes wrong at byte " + strconv.Itoa(pos)
}

// error returns what was wrong, or nil.
func (d *decoder) error(readable bool) *Error {
	switch {
	case d.stop == stopBudget:
		return &Error{Status: http.StatusRequestEntityTooLarge, Slug: "body-too-large",
			Detail: "The body holds too many elements.", Fields: d.fields}
	case !readable || d.malformed:
		return &Error{Status: http.StatusBadRequest, Slug: "malformed-body",
			Detail: "The body is not JSON that can be read without doubt.", Fields: d.fields}
	case len(d.fields) > 0:
		return invalid(d.fields, d.cause)
	}
	return nil
}

func invalid(fields []problem.Field, cause error) *Error {
	return &Error{Status: http.StatusUnprocessableEntity, Slug: problem.InvalidInput,
		Detail: problem.InvalidInputDetail, Fields: fields, Err: cause}
}

// report notes something wrong with the current value.
func (d *decoder) report(code, detail string) {
	if len(d.fields) < maxFields {
		d.fields = append(d.fields, problem.Field{Pointer: d.pointer(), Code: code, Detail: detail, Params: usual(code, detail)})
	}
}

func (d *decoder) duplicate() {
	d.malformed = true
	d.report("duplicate", "must not appear more than once")
}

// mismatch reports that the value at pos is not what it should be, and skips it.
func (d *decoder) mismatch(want string) bool {
	detail := "must be " + want
	if d.next() == 'n' {
		detail += ", not null"
	}
	d.report("type", detail)
	return d.skip(d.dup)
}

// spend takes bytes from the memory budget.
func (d *decoder) spend(bytes int) bool {
	if d.budget -= bytes; d.budget < 0 {
		return d.fail(stopBudget)
	}
	return true
}

// any reads a value of any type as encoding/json would.
func (d *decoder) any() (any, bool) {
	switch d.next() {
	case '{':
		return d.anyObject()
	case '[':
		return d.anyArray()
	case '"':
		b, ok := d.str()
		return string(b), ok
	case 't':
		return true, d.literal("true")
	case 'f':
		return false, d.literal("false")
	case 'n':
		return nil, d.literal("null")
	}
	b, _, ok := d.number()
	if !ok {
		return nil, false
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		d.report("type", "must be a number that fits 64 bits")
	}
	return f, true
}

func (d *decoder) anyArray() (any, bool) {
	if !d.open() {
		return nil, false
	}
	list := []any{}
	for i := 0; ; i++ {
		more, ok := d.more(']', i == 0)
		if !more {
			return list, ok
		}
		d.push(step{index: i})
		v, ok := d.any()
		if !ok {
			return nil, false
		}
		d.pop()
		list = append(list, v)
	}
}

func (d *decoder) anyObject() (any, bool) {
	if !d.open() {
		return nil, false
	}
	m := map[string]any{}
	for first := true; ; first = false {
		more, ok := d.more('}', first)
		if !more {
			return m, ok
		}
		key, ok := d.key()
		if !ok {
			return nil, false
		}
		name := string(key)
		d.push(step{name: name, index: -1})
		if _, dup := m[name]; dup {
			d.duplicate()
		}
		v, ok := d.any()
		if !ok {
			return nil, false
		}
		d.pop()
		m[name] = v
	}
}

// note keeps the first private cause.
func (d *decoder) note(err error) {
	if d.cause == nil {
		d.cause = err
	} else if len(d.fields) < maxFields {
		d.cause = errors.Join(d.cause, err)
	}
}
