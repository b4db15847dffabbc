package logstamp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/slogtest"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/logstamp"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

type key struct{}

func from(ctx context.Context) []slog.Attr {
	if id, ok := ctx.Value(key{}).(string); ok {
		return []slog.Attr{slog.String("request_id", id)}
	}
	return nil
}

func untimed(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func logger(out *bytes.Buffer) *slog.Logger {
	return slog.New(logstamp.Handler(slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: untimed}), from))
}

func Example() {
	out := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: untimed})
	log := slog.New(logstamp.Handler(out, from))
	ctx := context.WithValue(context.Background(), key{}, "7f3a")
	log.WithGroup("payment").InfoContext(ctx, "paid", "amount", 12)
	// Output: level=INFO msg=paid request_id=7f3a payment.amount=12
}

func TestStamps(t *testing.T) {
	with := context.WithValue(t.Context(), key{}, "r1")
	for name, tt := range map[string]struct {
		ctx  context.Context
		log  func(context.Context, *slog.Logger)
		want string
	}{
		"none":            {t.Context(), func(ctx context.Context, l *slog.Logger) { l.InfoContext(ctx, "m", "a", 1) }, "level=INFO msg=m a=1\n"},
		"some":            {with, func(ctx context.Context, l *slog.Logger) { l.InfoContext(ctx, "m", "a", 1) }, "level=INFO msg=m a=1 request_id=r1\n"},
		"without context": {with, func(_ context.Context, l *slog.Logger) { l.InfoContext(context.Background(), "m") }, "level=INFO msg=m\n"},
		"record knows":    {with, func(ctx context.Context, l *slog.Logger) { l.InfoContext(ctx, "m", "request_id", "x") }, "level=INFO msg=m request_id=x\n"},
		"logger knows":    {with, func(ctx context.Context, l *slog.Logger) { l.With("request_id", "x").InfoContext(ctx, "m") }, "level=INFO msg=m request_id=x\n"},
		"logger, then group": {with, func(ctx context.Context, l *slog.Logger) {
			l.With("request_id", "x").WithGroup("g").InfoContext(ctx, "m", "a", 1)
		}, "level=INFO msg=m request_id=x g.a=1\n"},
		"same key in group": {with, func(ctx context.Context, l *slog.Logger) { l.WithGroup("g").InfoContext(ctx, "m", "request_id", "x") }, "level=INFO msg=m request_id=r1 g.request_id=x\n"},
		"groups": {with, func(ctx context.Context, l *slog.Logger) {
			l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").With("c", 3).InfoContext(ctx, "m", "d", 4)
		}, "level=INFO msg=m a=1 request_id=r1 g.b=2 g.h.c=3 g.h.d=4\n"},
		"empty group": {with, func(ctx context.Context, l *slog.Logger) { l.WithGroup("g").InfoContext(ctx, "m") }, "level=INFO msg=m request_id=r1\n"},
	} {
		var out bytes.Buffer
		tt.log(tt.ctx, logger(&out))
		if out.String() != tt.want {
			t.Errorf("%s: got %q, want %q", name, &out, tt.want)
		}
	}
}

// Loggers made of one logger do not write into each other.
func TestLoggersOfOneLogger(t *testing.T) {
	var out bytes.Buffer
	parent := logger(&out).WithGroup("g").With("a", 1).With("b", 2).With("c", 3)
	one, two := parent.With("d", 4), parent.With("d", 5)
	one.Info("one")
	two.Info("two")
	want := "level=INFO msg=one g.a=1 g.b=2 g.c=3 g.d=4\nlevel=INFO msg=two g.a=1 g.b=2 g.c=3 g.d=5\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", &out, want)
	}
}

func TestHandlerKeepsTheRules(t *testing.T) {
	var out bytes.Buffer
	h := logstamp.Handler(slog.NewJSONHandler(&out, nil), from)
	if err := slogtest.TestHandler(h, func() []map[string]any { return lines(t, out.String()) }); err != nil {
		t.Error(err)
	}
}

func lines(t *testing.T, text string) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}
