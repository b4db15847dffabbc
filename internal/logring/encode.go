package logring

import (
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// maxDepth bounds groups inside each other.
const maxDepth = 20

// encoder writes attributes as members of one JSON object, up to a size.
type encoder struct {
	entry *Entry
	buf   []byte
	depth int
	first bool // nothing was written since the brace
	full  bool
}

func (e *encoder) raw(c byte) {
	e.buf = append(e.buf, c)
	e.first = c == '{'
}

func (e *encoder) attrs(list []slog.Attr) {
	for _, a := range list {
		e.attr(a)
	}
}

func (e *encoder) attr(a slog.Attr) {
	a.Value = a.Value.Resolve()
	if a.Equal(slog.Attr{}) || e.depth == 0 && e.known(a) {
		return
	}
	if a.Value.Kind() == slog.KindGroup {
		e.group(a)
		return
	}
	if !e.room() {
		return
	}
	e.key(a.Key)
	e.value(a.Value)
}

// known takes the attributes that an entry has fields for.
func (e *encoder) known(a slog.Attr) bool {
	var field *string
	switch a.Key {
	case "module":
		field = &e.entry.Module
	case "request_id":
		field = &e.entry.RequestID
	case "trace_id":
		field = &e.entry.TraceID
	default:
		return false
	}
	*field = cut(a.Value.String(), 100)
	return true
}

func (e *encoder) group(a slog.Attr) {
	inner := a.Value.Group()
	if len(inner) == 0 {
		return
	}
	if a.Key == "" { // inlined, as every handler does
		e.attrs(inner)
		return
	}
	if e.depth > maxDepth || !e.room() {
		return
	}
	e.open(a.Key)
	e.attrs(inner)
	e.close()
}

func (e *encoder) open(name string) {
	e.key(name)
	e.raw('{')
	e.depth++
}

func (e *encoder) close() {
	e.raw('}')
	e.depth--
}

// room says once, in the record, that something is missing.
func (e *encoder) room() bool {
	if e.full {
		return false
	}
	if len(e.buf) > MaxAttrs {
		e.full = true
		e.key("…")
		e.text("cut: the record is too long")
		return false
	}
	return true
}

func (e *encoder) key(name string) {
	if !e.first {
		e.buf = append(e.buf, ',')
	}
	e.first = false
	e.text(cut(name, 200))
	e.buf = append(e.buf, ':')
}

func (e *encoder) text(s string) {
	b, _ := json.Marshal(s) // a string never fails
	if len(b) > 2*MaxText {
		b, _ = json.Marshal(cut(s, MaxText/6)) // mostly escapes
	}
	e.buf = append(e.buf, b...)
}

func (e *encoder) value(v slog.Value) {
	switch v.Kind() {
	case slog.KindString:
		e.text(cut(v.String(), MaxText))
	case slog.KindInt64:
		e.buf = strconv.AppendInt(e.buf, v.Int64(), 10)
	case slog.KindUint64:
		e.buf = strconv.AppendUint(e.buf, v.Uint64(), 10)
	case slog.KindBool:
		e.buf = strconv.AppendBool(e.buf, v.Bool())
	case slog.KindTime:
		e.text(v.Time().Format(time.RFC3339Nano))
	case slog.KindFloat64, slog.KindAny:
		e.any(v.Any())
	default:
		e.text(cut(v.String(), MaxText))
	}
}

// any writes what a person wants to see: the text of errors and of what has a
// text, and the JSON of the rest.
func (e *encoder) any(v any) {
	defer func() {
		if p := recover(); p != nil {
			e.text("panic while it was printed")
		}
	}()
	_, marshals := v.(json.Marshaler)
	_, writes := v.(encoding.TextMarshaler)
	switch x := v.(type) {
	case error:
		e.text(cut(x.Error(), MaxText))
		return
	case fmt.Stringer:
		if !marshals && !writes {
			e.text(cut(x.String(), MaxText))
			return
		}
	case []byte:
		e.text(cut(string(x), MaxText))
		return
	}
	b, err := json.Marshal(v)
	switch {
	case err != nil:
		e.text(cut(fmt.Sprintf("%+v", v), MaxText))
	case len(b) > MaxText:
		e.text(cut(string(b), MaxText))
	default:
		e.buf = append(e.buf, b...)
	}
}
