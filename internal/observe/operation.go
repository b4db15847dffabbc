package observe

import (
	"context"
	"reflect"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Operation begins to observe an operation on a module, such as "enable". The
// context it returns carries its span; end must be called with what the
// operation returned. Further attributes go on the span only.
func (o *Observer) Operation(ctx context.Context, module, operation string, attrs ...attribute.KeyValue) (_ context.Context, end func(error)) {
	if o == nil || o.tracer == nil && o.operations == nil {
		return ctx, func(error) {}
	}
	start := time.Now()
	var span trace.Span
	if o.tracer != nil {
		attrs = append(attrs, ModuleKey.String(module), OperationKey.String(operation))
		ctx, span = o.tracer.Start(ctx, "module "+operation, trace.WithAttributes(attrs...))
	}
	return ctx, func(err error) {
		if span != nil {
			o.endSpan(span, err)
		}
		if o.operations != nil && o.operations.Enabled(ctx) {
			attrs := []attribute.KeyValue{ModuleKey.String(module), OperationKey.String(operation)}
			if err != nil {
				attrs = append(attrs, errorType(err))
			}
			o.operations.Record(ctx, time.Since(start).Seconds(), metric.WithAttributes(attrs...))
		}
	}
}

func (o *Observer) endSpan(span trace.Span, err error) {
	if err != nil && span.IsRecording() {
		text := ""
		if o.redact != nil {
			text = o.redact(err.Error())
		}
		span.SetStatus(codes.Error, text)
		span.SetAttributes(errorType(err))
	}
	span.End()
}

// errorType is the Go type of the innermost error: one of few.
func errorType(err error) attribute.KeyValue {
	for {
		wrapper, ok := err.(interface{ Unwrap() error })
		if !ok || wrapper.Unwrap() == nil {
			return semconv.ErrorTypeKey.String(reflect.TypeOf(err).String())
		}
		err = wrapper.Unwrap()
	}
}

// Panic counts a panic in a module's code.
func (o *Observer) Panic(ctx context.Context, module string) {
	if o != nil && o.panics != nil {
		o.panics.Add(ctx, 1, metric.WithAttributes(ModuleKey.String(module)))
	}
}

// Timeout counts a request that a module's endpoint took too long for.
func (o *Observer) Timeout(ctx context.Context, module string) {
	if o != nil && o.timeouts != nil {
		o.timeouts.Add(ctx, 1, metric.WithAttributes(ModuleKey.String(module)))
	}
}

// Enabled counts a module in, or out with -1, among those that answer here.
func (o *Observer) Enabled(ctx context.Context, module string, change int64) {
	if o != nil && o.enabled != nil {
		o.enabled.Add(ctx, change, metric.WithAttributes(ModuleKey.String(module)))
	}
}
