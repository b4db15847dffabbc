package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
)

// A Reporter reports errors to a log. It is a dashboard.ErrorReporter, for
// hosts that want panics and internal errors apart from the rest of the log: in
// a file of their own, or with a handler that sends them somewhere. Make one with
// [NewReporter]. It is safe for concurrent use.
type Reporter struct{ log *slog.Logger }

// maxStack is how much of a stack is reported, in bytes: its top.
const maxStack = 8 << 10

// NewReporter returns a reporter that writes to log at error level, without
// secrets (see [Redact]). The default log is [slog.Default].
func NewReporter(log *slog.Logger) *Reporter {
	if log == nil {
		log = slog.Default()
	}
	return &Reporter{log: slog.New(Redact(log.Handler()))}
}

// Report logs an error with its type, the attributes and, for a panic, the
// stack. It does nothing for a nil error.
func (r *Reporter) Report(ctx context.Context, err error, attrs ...slog.Attr) {
	if err == nil {
		return
	}
	out := append(make([]slog.Attr, 0, len(attrs)+3), slog.Any("error", err), slog.String("error_type", typeOf(err)))
	out = append(out, attrs...)
	if panicked, ok := errors.AsType[stacker](err); ok {
		stack := string(panicked.Stack())
		if len(stack) > maxStack {
			stack = strings.ToValidUTF8(stack[:maxStack], "") + "…"
		}
		out = append(out, slog.String("stack", stack))
	}
	r.log.LogAttrs(ctx, slog.LevelError, "reported", out...)
}

// stacker is an error that knows where it happened, as a panic does.
type stacker interface {
	error
	Stack() []byte
}

// typeOf is the Go type of the innermost error, by which reports can be grouped.
func typeOf(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return reflect.TypeOf(err).String()
		}
		err = inner
	}
}
