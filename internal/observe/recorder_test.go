package observe_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// recorder is the least of an SDK: it writes down what it is told. The SDK
// itself judges the same in internal/judge.
type recorder struct {
	tracenoop.TracerProvider

	mu    sync.Mutex
	lines []string
}

func (r *recorder) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

func (r *recorder) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := strings.Join(r.lines, "\n")
	r.lines = nil
	return out
}

func show(attrs []attribute.KeyValue) string {
	var out []string
	for _, a := range attrs {
		out = append(out, string(a.Key)+"="+a.Value.String())
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (r *recorder) Tracer(string, ...trace.TracerOption) trace.Tracer { return &tracer{recorder: r} }

type tracer struct {
	tracenoop.Tracer

	recorder *recorder
}

func (t *tracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	parent := trace.SpanContextFromContext(ctx)
	config := trace.NewSpanStartConfig(opts...)
	s := &span{recorder: t.recorder, name: name, parent: parent.SpanID(), attrs: config.Attributes(), kind: config.SpanKind()}
	id := parent.TraceID()
	if !id.IsValid() {
		id = trace.TraceID{1}
	}
	s.context = trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{2}})
	return trace.ContextWithSpan(ctx, s), s
}

type span struct {
	tracenoop.Span

	recorder *recorder
	name     string
	parent   trace.SpanID
	context  trace.SpanContext
	kind     trace.SpanKind
	attrs    []attribute.KeyValue
	status   string
}

func (s *span) IsRecording() bool                         { return true }
func (s *span) SpanContext() trace.SpanContext            { return s.context }
func (s *span) SetName(name string)                       { s.name = name }
func (s *span) SetAttributes(attrs ...attribute.KeyValue) { s.attrs = append(s.attrs, attrs...) }
func (s *span) SetStatus(code codes.Code, text string) {
	s.status = " " + code.String() + "(" + text + ")"
}

func (s *span) End(...trace.SpanEndOption) {
	s.recorder.note("span %s %s parent=%s%s: %s", s.kind, s.name, s.parent, s.status, show(s.attrs))
}

// meters is the same for metrics.
type meters struct {
	metricnoop.MeterProvider

	recorder *recorder
	refuse   bool
}

func (m meters) Meter(string, ...metric.MeterOption) metric.Meter {
	return meter{recorder: m.recorder, refuse: m.refuse}
}

type meter struct {
	metricnoop.Meter

	recorder *recorder
	refuse   bool
}

func (m meter) Float64Histogram(name string, _ ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	if m.refuse {
		return nil, fmt.Errorf("no %s", name)
	}
	return histogram{name: name, recorder: m.recorder}, nil
}

func (m meter) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	return counter{name: name, recorder: m.recorder}, nil
}

func (m meter) Int64UpDownCounter(name string, _ ...metric.Int64UpDownCounterOption) (metric.Int64UpDownCounter, error) {
	return upDown{name: name, recorder: m.recorder}, nil
}

type histogram struct {
	metricnoop.Float64Histogram

	name     string
	recorder *recorder
}

func (histogram) Enabled(context.Context) bool { return true }

func (h histogram) Record(_ context.Context, v float64, opts ...metric.RecordOption) {
	if v < 0 || v > 60 {
		h.recorder.note("%s: %v is no duration", h.name, v)
	}
	set := metric.NewRecordConfig(opts).Attributes()
	h.recorder.note("%s: %s", h.name, show(set.ToSlice()))
}

type counter struct {
	metricnoop.Int64Counter

	name     string
	recorder *recorder
}

func (c counter) Add(_ context.Context, n int64, opts ...metric.AddOption) {
	set := metric.NewAddConfig(opts).Attributes()
	c.recorder.note("%s %+d: %s", c.name, n, show(set.ToSlice()))
}

type upDown struct {
	metricnoop.Int64UpDownCounter

	name     string
	recorder *recorder
}

func (upDown) Enabled(context.Context) bool { return true }

func (c upDown) Add(_ context.Context, n int64, opts ...metric.AddOption) {
	set := metric.NewAddConfig(opts).Attributes()
	c.recorder.note("%s %+d: %s", c.name, n, show(set.ToSlice()))
}
