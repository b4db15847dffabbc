// Package redact takes secrets out of log records before anything keeps or
// sends them.
//
// What is a secret is decided by type (a type with a method IsSecret, the Go
// types of cookies, headers and addresses with a password), by key (password,
// token, authorization, cookie and their like, wherever in a record the key is:
// in groups, maps, structs and headers) and by the look of text (a token, a key
// with a known prefix, password=… in a message or an error). The first two are
// rules, the third is a net below them: text that looks like any other cannot be
// known for a secret, so secrets belong in types that do not print.
//
// A secret that the program knows by its value is told of with [Redactor.Know]
// and is then found in any text.
//
// It depends on the standard library alone.
package redact

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
)

// Mark stands where a secret was.
const Mark = "[redacted]"

// maxDepth bounds how deep values are followed. What is deeper is replaced.
const maxDepth = 10

// A Redactor replaces secrets by [Mark]. Make one with [New]. It is safe for
// concurrent use.
type Redactor struct {
	keys  map[string]bool // further keys, in the form that fold gives them
	types sync.Map        // reflect.Type → trait: what a type may hold

	known  atomic.Pointer[[]string] // by value, see Know
	mu     sync.Mutex
	owners map[string]generations
}

// New returns a Redactor that knows further keys besides its own. Case and
// separators of keys do not count: "X-Trace-Key" is also x_trace_key.
func New(keys ...string) *Redactor {
	r := &Redactor{keys: make(map[string]bool, len(keys))}
	for _, k := range keys {
		if k = fold(k); k != "" {
			r.keys[k] = true
		}
	}
	return r
}

// Handler returns a handler that hands redacted records to next. A record
// without a secret passes as it is.
func (r *Redactor) Handler(next slog.Handler) slog.Handler {
	return &handler{redactor: r, next: next}
}

// Attr returns the attribute without secrets.
func (r *Redactor) Attr(a slog.Attr) slog.Attr {
	a, _ = r.attr(a, 0)
	return a
}

// attr also tells whether anything was replaced or resolved.
func (r *Redactor) attr(a slog.Attr, depth int) (slog.Attr, bool) {
	v, changed := r.value(a.Key, a.Value, depth)
	if !changed {
		return a, false
	}
	return slog.Attr{Key: a.Key, Value: v}, true
}

func (r *Redactor) value(key string, v slog.Value, depth int) (slog.Value, bool) {
	resolved := v.Kind() == slog.KindLogValuer
	if resolved {
		v = v.Resolve()
	}
	if depth > maxDepth {
		return slog.StringValue(Mark), true
	}
	if k := r.keyKind(key); k != keyOpen && hides(k, v) {
		return slog.StringValue(Mark), true
	}
	switch v.Kind() {
	case slog.KindString:
		if text, changed := r.text(v.String()); changed {
			return slog.StringValue(text), true
		}
	case slog.KindGroup:
		if group, changed := r.attrs(v.Group(), depth+1); changed {
			return slog.GroupValue(group...), true
		}
	case slog.KindAny:
		if out, changed := r.any(key, v.Any()); changed {
			return slog.AnyValue(out), true
		}
	}
	return v, resolved
}

// attrs returns the list as it is where nothing has to change, so that nothing
// is copied for the many records without a secret.
func (r *Redactor) attrs(list []slog.Attr, depth int) ([]slog.Attr, bool) {
	var out []slog.Attr
	for i, a := range list {
		a, changed := r.attr(a, depth)
		if changed && out == nil {
			out = append(make([]slog.Attr, 0, len(list)), list[:i]...)
		}
		if out != nil {
			out = append(out, a)
		}
	}
	if out == nil {
		return list, false
	}
	return out, true
}

// hides reports whether a value has to go because of its key. An empty value
// and a yes or no tell nothing; a number under a plural, such as tokens, counts.
func hides(k keyKind, v slog.Value) bool {
	switch v.Kind() {
	case slog.KindBool:
		return false
	case slog.KindString:
		return v.String() != ""
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		return k != keyPlural
	case slog.KindDuration, slog.KindTime:
		return false
	case slog.KindGroup:
		return len(v.Group()) > 0
	case slog.KindAny:
		return v.Any() != nil
	}
	return true
}

type handler struct {
	redactor *Redactor
	next     slog.Handler
	hidden   bool // below a group whose name is that of a secret
}

// Enabled asks the next handler.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle redacts the message and the attributes of the record.
func (h *handler) Handle(ctx context.Context, record slog.Record) error {
	message, changed := h.redactor.text(record.Message)
	var attrs []slog.Attr // from the first that changed on, with those before it
	i := 0
	record.Attrs(func(a slog.Attr) bool {
		clean, did := h.attr(a)
		if did && attrs == nil {
			attrs = head(record, i)
		}
		if attrs != nil {
			attrs = append(attrs, clean)
		}
		i++
		return true
	})
	if !changed && attrs == nil {
		return h.next.Handle(ctx, record)
	}
	out := slog.NewRecord(record.Time, record.Level, message, record.PC)
	if attrs == nil {
		attrs = head(record, record.NumAttrs())
	}
	out.AddAttrs(attrs...)
	return h.next.Handle(ctx, out)
}

// head returns the first n attributes of a record.
func head(record slog.Record, n int) []slog.Attr {
	out := make([]slog.Attr, 0, record.NumAttrs())
	record.Attrs(func(a slog.Attr) bool {
		if len(out) == n {
			return false
		}
		out = append(out, a)
		return true
	})
	return out
}

func (h *handler) attr(a slog.Attr) (slog.Attr, bool) {
	if h.hidden {
		return slog.String(a.Key, Mark), true
	}
	return h.redactor.attr(a, 0)
}

// WithAttrs redacts the attributes once, for all records.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i], _ = h.attr(a)
	}
	return &handler{redactor: h.redactor, next: h.next.WithAttrs(clean), hidden: h.hidden}
}

// WithGroup hides all that a group of a secret's name holds.
func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{redactor: h.redactor, next: h.next.WithGroup(name),
		hidden: h.hidden || h.redactor.keyKind(name) != keyOpen}
}

var _ slog.Handler = (*handler)(nil)

// Text returns s with what looks like a secret replaced by [Mark].
func (r *Redactor) Text(s string) string {
	s, _ = r.text(s)
	return s
}

// Key reports whether a value under this key is a secret.
func (r *Redactor) Key(key string) bool { return r.keyKind(key) != keyOpen }

// Print prints a value that is not known, such as what a panic was called with,
// without the secrets in it.
func Print(v any) string {
	return New().Attr(slog.Any("", v)).Value.String()
}
