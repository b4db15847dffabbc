package logring

import (
	"context"
	"log/slog"
	"slices"
)

// Handler returns a handler that keeps records in the ring and hands them on to
// next: those that next asks for, and those of level least and above, which are
// kept here even where next would drop them.
func (r *Ring) Handler(next slog.Handler, least slog.Level) slog.Handler {
	return &handler{ring: r, next: next, least: least}
}

type handler struct {
	ring   *Ring
	next   slog.Handler
	least  slog.Level
	scopes []scope
}

// scope is a group that was opened, or attributes that were added.
type scope struct {
	group string
	attrs []slog.Attr
}

// Enabled reports whether anybody wants the record.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.least || h.next.Enabled(ctx, level)
}

// Handle keeps the record and hands it on.
func (h *handler) Handle(ctx context.Context, record slog.Record) error {
	h.ring.add(h.entry(record))
	if !h.next.Enabled(ctx, record.Level) {
		return nil
	}
	return h.next.Handle(ctx, record)
}

// entry encodes what the record holds now: values may change later.
func (h *handler) entry(record slog.Record) *Entry {
	e := &Entry{Time: record.Time, Level: record.Level, Message: cut(record.Message, MaxMessage)}
	enc := &encoder{entry: e}
	enc.raw('{')
	open := 0
	for i, s := range h.scopes {
		if s.group == "" {
			enc.attrs(s.attrs)
			continue
		}
		if h.emptyFrom(i, record) { // a group without attributes is not shown
			break
		}
		enc.open(s.group)
		open++
	}
	record.Attrs(func(a slog.Attr) bool {
		enc.attr(a)
		return true
	})
	for range open {
		enc.close()
	}
	enc.raw('}')
	e.Attrs = slices.Clip(enc.buf)
	return e
}

// emptyFrom reports whether nothing is in the groups from scope i on.
func (h *handler) emptyFrom(i int, record slog.Record) bool {
	if record.NumAttrs() > 0 {
		return false
	}
	return !slices.ContainsFunc(h.scopes[i:], func(s scope) bool { return len(s.attrs) > 0 })
}

// WithAttrs returns a handler that adds the attributes to each record.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	return h.with(scope{attrs: slices.Clone(attrs)}, h.next.WithAttrs(attrs))
}

// WithGroup returns a handler that puts what follows into a group.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.with(scope{group: name}, h.next.WithGroup(name))
}

func (h *handler) with(s scope, next slog.Handler) slog.Handler {
	out := *h
	out.next = next
	out.scopes = append(slices.Clip(h.scopes), s)
	return &out
}

var _ slog.Handler = (*handler)(nil)
