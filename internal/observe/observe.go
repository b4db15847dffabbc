// Package observe makes spans and metrics of HTTP requests and of operations on
// modules, through the API of OpenTelemetry alone: who hosts the dashboard
// brings the SDK. Without providers it costs next to nothing, but still reads
// the trace that a request belongs to, so that log records name it.
//
// Names are those of the semantic conventions for HTTP servers (1.43) and our
// own below "dashboard.". No path, query, header, address or body goes into a
// span or a metric: routes are patterns, and the text of an error has passed
// redaction.
package observe

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Scope names the source of our spans and metrics.
const Scope = "github.com/modular-dashboard/dashboard"

// Attributes of our own.
const (
	// ModuleKey is the id of the module that a request or an operation is for.
	ModuleKey = attribute.Key("dashboard.module")
	// OperationKey is what is done with a module: enable, migrate and the like.
	OperationKey = attribute.Key("dashboard.operation")
	// JobKey is the name of a periodic job. Spans only.
	JobKey = attribute.Key("dashboard.job")
	// RequestKey is the id of a request, as in the log. Spans only.
	RequestKey = attribute.Key("dashboard.request_id")
)

// Options of an [Observer].
type Options struct {
	// Tracers and Meters are where spans and metrics go; nil makes none.
	Tracers trace.TracerProvider
	Meters  metric.MeterProvider
	// Version is that of the program.
	Version string
	// Redact takes secrets out of the text of errors. Without it spans carry
	// none.
	Redact func(string) string
}

// An Observer makes spans and metrics. Make one with [New]; a nil Observer makes
// none. It is safe for concurrent use.
type Observer struct {
	tracer trace.Tracer // nil: no spans
	redact func(string) string

	// Nil where there are no metrics.
	duration   metric.Float64Histogram
	active     metric.Int64UpDownCounter
	operations metric.Float64Histogram
	panics     metric.Int64Counter
	timeouts   metric.Int64Counter
	enabled    metric.Int64UpDownCounter
}

// New returns an Observer. It fails where the meter provider refuses an
// instrument.
func New(opts Options) (*Observer, error) {
	o := &Observer{redact: opts.Redact}
	if opts.Tracers != nil {
		o.tracer = opts.Tracers.Tracer(Scope, trace.WithInstrumentationVersion(opts.Version))
	}
	if opts.Meters == nil {
		return o, nil
	}
	if err := o.instruments(opts.Meters.Meter(Scope, metric.WithInstrumentationVersion(opts.Version))); err != nil {
		return nil, fmt.Errorf("make instruments: %w", err)
	}
	return o, nil
}

func (o *Observer) instruments(m metric.Meter) (err error) {
	if o.duration, err = m.Float64Histogram("http.server.request.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of HTTP server requests."),
		metric.WithExplicitBucketBoundaries(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)); err != nil {
		return err
	}
	if o.active, err = m.Int64UpDownCounter("http.server.active_requests", metric.WithUnit("{request}"),
		metric.WithDescription("Number of active HTTP server requests.")); err != nil {
		return err
	}
	if o.operations, err = m.Float64Histogram("dashboard.module.operation.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of operations on modules on this instance."),
		metric.WithExplicitBucketBoundaries(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60)); err != nil {
		return err
	}
	if o.panics, err = m.Int64Counter("dashboard.module.panics", metric.WithUnit("{panic}"),
		metric.WithDescription("Panics in the code of modules.")); err != nil {
		return err
	}
	if o.timeouts, err = m.Int64Counter("dashboard.module.timeouts", metric.WithUnit("{request}"),
		metric.WithDescription("Requests whose endpoint in a module took too long.")); err != nil {
		return err
	}
	o.enabled, err = m.Int64UpDownCounter("dashboard.module.enabled", metric.WithUnit("{module}"),
		metric.WithDescription("Modules that are enabled on this instance."))
	return err
}

// TraceID returns the id of the trace that ctx belongs to, as 32 hexadecimal
// digits, or "".
func TraceID(ctx context.Context) string {
	if s := trace.SpanContextFromContext(ctx); s.HasTraceID() {
		return s.TraceID().String()
	}
	return ""
}
