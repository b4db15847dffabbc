package dashboard

import (
	"context"
	"errors"
	"log/slog"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// WithTracerProvider sets where spans of requests and of module operations go.
// The default makes none; the global provider of OpenTelemetry is not used
// unless the host passes it here.
func WithTracerProvider(p trace.TracerProvider) Option {
	return option(func(c *config) error {
		if p == nil {
			return errors.New("nil tracer provider")
		}
		c.tracers = p
		return nil
	})
}

// WithMeterProvider sets where metrics of requests and of module operations
// go. The default makes none; the global provider of OpenTelemetry is not used
// unless the host passes it here.
func WithMeterProvider(p metric.MeterProvider) Option {
	return option(func(c *config) error {
		if p == nil {
			return errors.New("nil meter provider")
		}
		c.meters = p
		return nil
	})
}

// moduleKey is the context key of the module that work outside of requests is
// done for.
type moduleKey struct{}

// withModule marks ctx as work of a module: records that are logged with it
// carry the module's id.
func withModule(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, moduleKey{}, id)
}

// moduleOf returns the id of the module that ctx belongs to, or "".
func moduleOf(ctx context.Context) string {
	if c, ok := ctx.Value(callKey{}).(*call); ok && c != nil {
		return c.module.id
	}
	id, _ := ctx.Value(moduleKey{}).(string)
	return id
}

// report tells the host's error reporter, if there is one.
func (d *Dashboard) report(ctx context.Context, err error, attrs ...slog.Attr) {
	if d.config.reporter != nil {
		d.config.reporter.Report(ctx, err, attrs...)
	}
}
