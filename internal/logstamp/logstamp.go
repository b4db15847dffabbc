// Package logstamp puts what a context knows, such as the id of a request, on
// the log records that are made with it.
package logstamp

import (
	"context"
	"log/slog"
	"slices"
)

// Handler returns a handler that adds the attributes that from reads off the
// context of a record: at the top of the record, even where the logger has open
// groups. What the logger or the record says under the same key stays.
//
// From is called for each record that is logged, must be quick, and may return
// nil.
func Handler(next slog.Handler, from func(context.Context) []slog.Attr) slog.Handler {
	return &handler{next: next, from: from}
}

type handler struct {
	next slog.Handler // has the attributes before the first group
	from func(context.Context) []slog.Attr
	has  []string // their keys
	open []scope  // what came from the first group on
}

// scope is a group that was opened, or attributes that were added in one.
type scope struct {
	group string
	attrs []slog.Attr
}

// Enabled asks the next handler.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle adds what the context knows.
func (h *handler) Handle(ctx context.Context, record slog.Record) error {
	stamps := h.from(ctx)
	if len(h.open) > 0 {
		return h.next.Handle(ctx, h.close(record, stamps))
	}
	if len(stamps) == 0 {
		return h.next.Handle(ctx, record)
	}
	record = record.Clone()
	for _, a := range stamps {
		if !h.known(record, a.Key) {
			record.AddAttrs(a)
		}
	}
	return h.next.Handle(ctx, record)
}

func (h *handler) known(record slog.Record, key string) bool {
	if slices.Contains(h.has, key) {
		return true
	}
	found := false
	record.Attrs(func(a slog.Attr) bool {
		found = a.Key == key
		return !found
	})
	return found
}

// close returns the record with the stamps at its top and the rest in the groups
// that are open.
func (h *handler) close(record slog.Record, stamps []slog.Attr) slog.Record {
	attrs := make([]slog.Attr, 0, record.NumAttrs())
	record.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		return true
	})
	for _, s := range slices.Backward(h.open) {
		if s.group != "" {
			attrs = []slog.Attr{{Key: s.group, Value: slog.GroupValue(attrs...)}}
			continue
		}
		attrs = slices.Concat(s.attrs, attrs)
	}
	out := slog.NewRecord(record.Time, record.Level, record.Message, record.PC)
	for _, a := range stamps {
		if !slices.Contains(h.has, a.Key) {
			out.AddAttrs(a)
		}
	}
	out.AddAttrs(attrs...)
	return out
}

// WithAttrs returns a handler that adds the attributes to each record.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	out := *h
	if len(h.open) > 0 {
		out.open = append(slices.Clip(h.open), scope{attrs: slices.Clone(attrs)})
		return &out
	}
	out.next = h.next.WithAttrs(attrs)
	out.has = slices.Clip(h.has)
	for _, a := range attrs {
		out.has = append(out.has, a.Key)
	}
	return &out
}

// WithGroup returns a handler that puts what follows into a group.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	out := *h
	out.open = append(slices.Clip(h.open), scope{group: name})
	return &out
}

var _ slog.Handler = (*handler)(nil)
