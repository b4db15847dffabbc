package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// recorder is the least of an SDK: it adds up what it is told.
type recorder struct {
	metricnoop.MeterProvider

	refuse string // the name of an instrument

	mu   sync.Mutex
	sums map[string]int64
}

func newRecorder() *recorder { return &recorder{sums: map[string]int64{}} }

func (r *recorder) Meter(string, ...metric.MeterOption) metric.Meter {
	return meter{recorder: r}
}

func (r *recorder) add(name string, n int64, opts []metric.AddOption) {
	set := metric.NewAddConfig(opts).Attributes()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sums[name+" "+show(set.ToSlice())] += n
}

// take returns what was counted, without what came to nothing.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines []string
	for name, n := range r.sums {
		if n != 0 {
			lines = append(lines, fmt.Sprintf("%s = %d", name, n))
		}
	}
	clear(r.sums)
	slices.Sort(lines)
	return lines
}

func show(attributes []attribute.KeyValue) string {
	var out []string
	for _, a := range attributes {
		out = append(out, strings.TrimPrefix(string(a.Key), "dashboard.ratelimit.")+"="+a.Value.String())
	}
	return strings.Join(out, " ")
}

type meter struct {
	metricnoop.Meter

	recorder *recorder
}

func (m meter) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	if m.recorder.refuse == name {
		return nil, errors.New("refused")
	}
	return counter{name: name, recorder: m.recorder}, nil
}

func (m meter) Int64UpDownCounter(name string, _ ...metric.Int64UpDownCounterOption) (metric.Int64UpDownCounter, error) {
	if m.recorder.refuse == name {
		return nil, errors.New("refused")
	}
	return upDown{name: name, recorder: m.recorder}, nil
}

type counter struct {
	metricnoop.Int64Counter

	name     string
	recorder *recorder
}

func (c counter) Add(_ context.Context, n int64, opts ...metric.AddOption) {
	c.recorder.add(c.name, n, opts)
}

type upDown struct {
	metricnoop.Int64UpDownCounter

	name     string
	recorder *recorder
}

func (c upDown) Add(_ context.Context, n int64, opts ...metric.AddOption) {
	c.recorder.add(c.name, n, opts)
}

// span writes down its attributes.
type span struct {
	tracenoop.Span

	attributes []attribute.KeyValue
}

func (*span) IsRecording() bool                         { return true }
func (s *span) SetAttributes(all ...attribute.KeyValue) { s.attributes = append(s.attributes, all...) }

// traced sends a request within a span and returns what that was told.
func traced(handler http.Handler, fields ...string) string {
	s := &span{}
	handler = func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(trace.ContextWithSpan(r.Context(), s)))
		})
	}(handler)
	get(handler, fields...)
	return show(s.attributes)
}

func counted(t *testing.T, r *recorder, want ...string) {
	t.Helper()
	for i := range want {
		want[i] = "dashboard.ratelimit." + want[i]
	}
	slices.Sort(want)
	if got := r.take(); !slices.Equal(got, want) {
		t.Errorf("counted\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func annotated(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("span: got %s, want %s", got, want)
	}
}

func TestMetricsAndSpans(t *testing.T) {
	t.Parallel()
	r, local := newRecorder(), ratelimit.NewLocal()
	store := &asked{Store: local}
	handler := wrapped(t, store, []ratelimit.Rule{
		{Policy: policy(t, "user", "2/h"), By: header("User"), Cost: costOf("Cost")},
		{Policy: policy(t, "all", "100/h"), By: ratelimit.Everyone},
		{Policy: policy(t, "try", "1/h shadow"), By: ratelimit.Everyone},
	}, ratelimit.WithMeterProvider(r), quiet)

	annotated(t, traced(handler, "User", "ann"), "outcome=allowed")
	annotated(t, traced(handler, "User", "ann"), `outcome=allowed shadow=["try"]`)
	counted(t, r, "decisions outcome=allowed policy=user source=exact = 2", "decisions outcome=allowed policy=all source=exact = 2",
		"decisions outcome=allowed policy=try source=exact = 1", "decisions outcome=refused policy=try source=shadow = 1")

	annotated(t, traced(handler, "User", "ann"), `outcome=refused policy=["user"] shadow=["try"]`)
	counted(t, r, "decisions outcome=refused policy=user source=exact = 1", "decisions outcome=uncharged policy=all source=exact = 1",
		"decisions outcome=refused policy=try source=shadow = 1")

	annotated(t, traced(handler, "User", "ann", "Cost", "3"), `outcome=too_large policy=["user"]`)
	counted(t, r, "decisions outcome=too_large policy=user source=exact = 1")

	annotated(t, traced(handler), `outcome=allowed shadow=["try"]`)
	counted(t, r, "decisions outcome=allowed policy=all source=exact = 1", "decisions outcome=refused policy=try source=shadow = 1")

	store.fail = errDown
	annotated(t, traced(handler), "outcome=allowed")
	counted(t, r, "decisions outcome=allowed policy=all source=unreachable = 1", "decisions outcome=allowed policy=try source=unreachable = 1")
	closed := wrapped(t, store, []ratelimit.Rule{{Policy: policy(t, "all", "100/h"), By: ratelimit.Everyone}},
		ratelimit.WithMeterProvider(r), ratelimit.FailClosed(), quiet)
	annotated(t, traced(closed), `outcome=refused policy=["all"]`)
	counted(t, r, "decisions outcome=refused policy=all source=unreachable = 1")
}

func TestMetricsOfConcurrency(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	limit := ratelimit.ConcurrencyLimit{Name: "slots", PerKey: 1, By: header("User")}
	c := concurrency(t, limit, ratelimit.WithMeterProvider(r))
	inside := c.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		counted(t, r, "decisions outcome=allowed policy=slots source=exact = 1", "active policy=slots = 1")
		annotated(t, traced(c.Wrap(http.HandlerFunc(nothing)), "User", "ann"), `outcome=refused policy=["slots"]`)
	}))
	annotated(t, traced(inside, "User", "ann"), "outcome=allowed")
	counted(t, r, "decisions outcome=refused policy=slots source=exact = 1", "active policy=slots = -1")

	limit.Shadow = true
	c = concurrency(t, limit, ratelimit.WithMeterProvider(r))
	handler := c.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		annotated(t, traced(c.Wrap(http.HandlerFunc(nothing)), "User", "ann"), `outcome=allowed shadow=["slots"]`)
	}))
	get(handler, "User", "ann")
	counted(t, r, "decisions outcome=allowed policy=slots source=exact = 1", "decisions outcome=refused policy=slots source=shadow = 1")
}

func TestInstrumentsAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"decisions", "active", "waiting"} {
		r := newRecorder()
		r.refuse = "dashboard.ratelimit." + name
		if m, err := ratelimit.NewMiddleware(ratelimit.NewLocal(), []ratelimit.Rule{{Policy: policy(t, "a", "1/s"), By: ratelimit.Everyone}},
			ratelimit.WithMeterProvider(r)); err == nil || m != nil {
			t.Errorf("%s: got %v, %v, want an error", name, m, err)
		}
		if c, err := ratelimit.NewConcurrency(ratelimit.ConcurrencyLimit{Total: 1}, ratelimit.WithMeterProvider(r)); err == nil || c != nil {
			t.Errorf("%s: got %v, %v, want an error", name, c, err)
		}
	}
}

// No key is ever a label.
func TestKeysAreNotLabels(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	handler := wrapped(t, ratelimit.NewLocal(), []ratelimit.Rule{{Policy: policy(t, "a", "1/h"), By: header("User")}}, ratelimit.WithMeterProvider(r))
	for i := range 20 {
		user := fmt.Sprint("canary-", i/2)
		if got := traced(handler, "User", user); strings.Contains(got, "canary") {
			t.Errorf("the span says %s", got)
		}
	}
	for _, line := range r.take() {
		if strings.Contains(line, "canary") {
			t.Errorf("counted %s", line)
		}
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, request("", "", "User", "canary-1"))
	if strings.Contains(fmt.Sprint(w.Header(), w.Body), "canary") {
		t.Errorf("answered %v %s", w.Header(), w.Body)
	}
}
