package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/telemetry"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// dropTime writes lines without their time.
type dropTime struct{ to io.Writer }

var timeOf = regexp.MustCompile(`"time":"[^"]*",|time=\S+ `)

func (w dropTime) Write(b []byte) (int, error) {
	if _, err := w.to.Write(timeOf.ReplaceAll(b, nil)); err != nil {
		return 0, err
	}
	return len(b), nil
}

func logger(t *testing.T, out *bytes.Buffer, opts ...telemetry.Option) *slog.Logger {
	t.Helper()
	log, err := telemetry.New(append([]telemetry.Option{telemetry.WithOutput(dropTime{out})}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestFormats(t *testing.T) {
	for name, want := range map[string]string{"text": "level=INFO msg=m a=1\n", "json": `{"level":"INFO","msg":"m","a":1}` + "\n"} {
		format, err := telemetry.ParseFormat(name)
		if err != nil || format.String() != name {
			t.Fatalf("%s: got %s, %v", name, format, err)
		}
		var out bytes.Buffer
		logger(t, &out, telemetry.WithFormat(format)).Info("m", "a", 1)
		if out.String() != want {
			t.Errorf("%s: got %q, want %q", name, &out, want)
		}
	}
	if _, err := telemetry.ParseFormat("xml"); err == nil {
		t.Error("xml is taken")
	}
}

func TestLevelChangesWhileRunning(t *testing.T) {
	var out bytes.Buffer
	level := new(slog.LevelVar)
	log := logger(t, &out, telemetry.WithLevel(level))
	log.Debug("one")
	level.Set(slog.LevelDebug)
	log.Debug("two")
	if got := out.String(); got != "level=DEBUG msg=two\n" {
		t.Errorf("got %q", got)
	}
}

// sink fails or panics.
type sink struct {
	slog.Handler
	panics bool
}

func (s sink) Enabled(context.Context, slog.Level) bool { return true }

func (s sink) Handle(context.Context, slog.Record) error {
	if s.panics {
		panic("boom")
	}
	return errors.New("no room")
}

func TestSinks(t *testing.T) {
	var out, errorsOnly bytes.Buffer
	log := logger(t, &out, telemetry.WithSinks(
		sink{panics: true}, sink{},
		slog.NewJSONHandler(dropTime{&errorsOnly}, &slog.HandlerOptions{Level: slog.LevelError}),
	))
	log.Info("fine", "token", "hunter2")
	log.Error("broken", "token", "hunter2")
	if got, want := out.String(), "level=INFO msg=fine token=[redacted]\nlevel=ERROR msg=broken token=[redacted]\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := errorsOnly.String(), `{"level":"ERROR","msg":"broken","token":"[redacted]"}`+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type key struct{}

func TestContext(t *testing.T) {
	var out bytes.Buffer
	log := logger(t, &out, telemetry.WithSecretKeys("House-Number"), telemetry.WithContext(func(ctx context.Context) []slog.Attr {
		id, _ := ctx.Value(key{}).(string)
		return []slog.Attr{slog.String("job", id)}
	}))
	log.WithGroup("g").InfoContext(context.WithValue(t.Context(), key{}, "nightly"), "m", "house_number", "12b")
	if got, want := out.String(), "level=INFO msg=m job=nightly g.house_number=[redacted]\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBadOptions(t *testing.T) {
	for name, o := range map[string]telemetry.Option{
		"nil option":     nil,
		"unknown format": telemetry.WithFormat(7),
		"nil level":      telemetry.WithLevel(nil),
		"nil output":     telemetry.WithOutput(nil),
		"nil sink":       telemetry.WithSinks(nil),
		"nil context":    telemetry.WithContext(nil),
	} {
		if log, err := telemetry.New(o); err == nil || log != nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

type panicked struct{}

func (panicked) Error() string { return "panic: token=hunter2" }
func (panicked) Stack() []byte { return []byte("goroutine 7 " + strings.Repeat("é", 8<<10)) }

func TestReporter(t *testing.T) {
	var out bytes.Buffer
	r := telemetry.NewReporter(slog.New(slog.NewTextHandler(dropTime{&out}, nil)))
	r.Report(t.Context(), errors.Join(errors.New("a"), panicked{}), slog.String("request_id", "r1"), slog.String("api_key", "hunter2"))
	r.Report(t.Context(), nil)
	got := out.String()
	for _, want := range []string{`msg=reported`, `error="a\npanic: token=[redacted]"`, "request_id=r1", "api_key=[redacted]", `stack="goroutine 7 é`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %.300s", want, got)
		}
	}
	if strings.Contains(got, "hunter2") || len(got) > 9<<10 || strings.Count(got, "\n") != 1 {
		t.Errorf("got %d bytes: %.300s", len(got), got)
	}
}

func BenchmarkLog(b *testing.B) {
	log, err := telemetry.New(telemetry.WithOutput(io.Discard))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		log.LogAttrs(b.Context(), slog.LevelInfo, "request", slog.String("request_id", "0123456789abcdef01234567"), slog.Int("status", 200))
	}
}
