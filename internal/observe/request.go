package observe

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// A Request is one HTTP request while it is answered, begun by
// [Observer.Request] and ended by [Request.End].
type Request struct {
	observer *Observer
	ctx      context.Context //nolint:containedctx // lives as long as the request
	span     trace.Span      // nil where there is none
	start    time.Time
	method   string // a known one, or _OTHER
	scheme   string
}

// Request begins to observe r, which came by https where secure is true. The
// context it returns is r's own, or one with the trace that r names (W3C Trace
// Context) and the span of the request.
func (o *Observer) Request(r *http.Request, secure bool) (context.Context, Request) {
	ctx := r.Context()
	if len(r.Header["Traceparent"]) > 0 {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	q := Request{observer: o, ctx: ctx}
	if o == nil || o.tracer == nil && o.duration == nil {
		return ctx, q
	}
	q.start, q.method, q.scheme = time.Now(), knownMethod(r.Method), "http"
	if secure {
		q.scheme = "https"
	}
	if o.tracer != nil {
		ctx, q.span = o.tracer.Start(ctx, spanName(q.method, ""), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes( //nolint:spancheck // End ends it
			semconv.HTTPRequestMethodKey.String(q.method), semconv.URLScheme(q.scheme), semconv.NetworkProtocolVersion(protocol(r))))
		q.ctx = ctx
	}
	if o.active != nil && o.active.Enabled(ctx) {
		o.active.Add(ctx, 1, q.activeAttributes())
	}
	return ctx, q
}

func (q *Request) activeAttributes() metric.MeasurementOption {
	return metric.WithAttributes(semconv.HTTPRequestMethodKey.String(q.method), semconv.URLScheme(q.scheme))
}

// An Answer is what became of a request.
type Answer struct {
	Status int
	// Route is the pattern that matched, such as /api/v1/users/{id}; empty where
	// none did.
	Route string
	// Module is the id of the module whose endpoint it is.
	Module string
	// RequestID is the request's id in the log.
	RequestID string
	// Panicked tells that it was answered by a panic.
	Panicked bool
}

// Active tells whether anybody wants to know how the request ended.
func (q *Request) Active() bool { return !q.start.IsZero() }

// End ends the span and records the metrics.
func (q *Request) End(a Answer) {
	if !q.Active() {
		return
	}
	if q.span != nil {
		q.endSpan(a)
	}
	o := q.observer
	if o.active != nil && o.active.Enabled(q.ctx) {
		o.active.Add(q.ctx, -1, q.activeAttributes())
	}
	if o.duration != nil && o.duration.Enabled(q.ctx) {
		attrs := append(make([]attribute.KeyValue, 0, 6), semconv.HTTPRequestMethodKey.String(q.method), semconv.URLScheme(q.scheme))
		o.duration.Record(q.ctx, time.Since(q.start).Seconds(), metric.WithAttributes(appendAnswer(attrs, a)...))
	}
}

func (q *Request) endSpan(a Answer) {
	if q.span.IsRecording() {
		if a.Route != "" {
			q.span.SetName(spanName(q.method, a.Route))
		}
		attrs := append(make([]attribute.KeyValue, 0, 5), RequestKey.String(a.RequestID))
		q.span.SetAttributes(appendAnswer(attrs, a)...)
		if a.Panicked || a.Status >= http.StatusInternalServerError {
			q.span.SetStatus(codes.Error, "")
		}
	}
	q.span.End()
}

func appendAnswer(attrs []attribute.KeyValue, a Answer) []attribute.KeyValue {
	attrs = append(attrs, semconv.HTTPResponseStatusCode(a.Status))
	if a.Route != "" {
		attrs = append(attrs, semconv.HTTPRoute(a.Route))
	}
	if a.Module != "" {
		attrs = append(attrs, ModuleKey.String(a.Module))
	}
	switch {
	case a.Panicked:
		attrs = append(attrs, semconv.ErrorTypeKey.String("panic"))
	case a.Status >= http.StatusInternalServerError:
		attrs = append(attrs, semconv.ErrorTypeKey.String(strconv.Itoa(a.Status)))
	}
	return attrs
}

// spanName is low in cardinality: the method and the pattern.
func spanName(method, route string) string {
	if method == otherMethod {
		method = "HTTP"
	}
	if route == "" {
		return method
	}
	return method + " " + route
}

const otherMethod = "_OTHER"

// knownMethod keeps a client from making up values of an attribute.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace, "QUERY":
		return method
	}
	return otherMethod
}

func protocol(r *http.Request) string {
	switch {
	case r.ProtoMajor == 1 && r.ProtoMinor == 1:
		return "1.1"
	case r.ProtoMajor == 1:
		return "1.0"
	}
	return strconv.Itoa(r.ProtoMajor)
}
