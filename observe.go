package dashboard

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/modular-dashboard/dashboard/internal/jobs"
	"github.com/modular-dashboard/dashboard/internal/logstamp"
	"github.com/modular-dashboard/dashboard/internal/observe"
	"github.com/modular-dashboard/dashboard/internal/redact"
)

// WithTracerProvider sets where spans of requests, of module operations and of
// what models are asked go. The default makes none; the global provider of
// OpenTelemetry is not used unless the host passes it here.
func WithTracerProvider(p trace.TracerProvider) Option {
	return option(func(c *config) error {
		if p == nil {
			return errors.New("nil tracer provider")
		}
		c.tracers = p
		return nil
	})
}

// WithMeterProvider sets where metrics of requests, of module operations and of
// what models are asked go. The default makes none; the global provider of
// OpenTelemetry is not used unless the host passes it here.
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

// stampLogs puts the ids of the request, the trace and the module that the
// context belongs to on each record.
func stampLogs(next slog.Handler) slog.Handler {
	return logstamp.Handler(next, func(ctx context.Context) []slog.Attr {
		if ctx == nil {
			return nil
		}
		var attrs []slog.Attr
		if id := moduleOf(ctx); id != "" {
			attrs = append(attrs, slog.String("module", id))
		}
		return append(attrs, requestAttrs(ctx)...)
	})
}

func requestAttrs(ctx context.Context) []slog.Attr {
	var attrs []slog.Attr
	if id := RequestID(ctx); id != "" {
		attrs = append(attrs, slog.String("request_id", id))
	}
	if id := observe.TraceID(ctx); id != "" {
		attrs = append(attrs, slog.String("trace_id", id))
	}
	return attrs
}

// composeTelemetry makes what everything else logs to and is observed by.
func (d *Dashboard) composeTelemetry() (err error) {
	d.redactor = redact.New()
	d.keepLogs(d.config.log)
	d.observer, err = observe.New(observe.Options{Tracers: d.config.tracers, Meters: d.config.meters, Version: Version, Redact: d.redactor.Text})
	return err
}

// watch begins to observe a request. The trace that it belongs to is in its
// context from here on.
func (d *Dashboard) watch(s *request, r *http.Request) (q observe.Request) {
	s.ctx.Context, q = d.observer.Request(r, s.secure) //nolint:fatcontext // nothing is nested: it was r's context before
	if d.log.Enabled(&s.ctx, slog.LevelDebug) {
		s.start = time.Since(d.since)
	}
	return q
}

// finish ends the observation of a request and logs it. It also runs where the
// connection is cut.
func (d *Dashboard) finish(s *request, r *http.Request, q *observe.Request) {
	s.rec.begin(http.StatusOK) // nobody has answered: net/http will
	route := d.routeOf(s)
	if route != "" {
		r.Pattern = route // for what the host has around us, as a nested ServeMux does it
	}
	if q.Active() {
		q.End(observe.Answer{Status: s.rec.code(), Route: route, Module: s.module, RequestID: s.id, Panicked: s.panicked})
	}
	if s.start > 0 {
		d.log.LogAttrs(&s.ctx, slog.LevelDebug, "request", slog.String("method", r.Method),
			slog.String("path", r.URL.Path), slog.Int("status", s.rec.code()), slog.Duration("took", time.Since(d.since)-s.start))
	}
}

// routeOf is the pattern that a request matched, as the browser sees it, or ""
// where none did. It is never the path itself, which anybody can make up.
func (d *Dashboard) routeOf(s *request) string {
	switch {
	case s.endpoint == nil && s.route == "":
		return ""
	case s.endpoint == nil:
		return d.config.prefix + s.route
	}
	return s.endpoint.route
}

// routeTo is the pattern of an endpoint.
func (d *Dashboard) routeTo(e *endpoint) string {
	below := "/api/v1"
	if e.module != coreModule {
		below += "/m/" + e.module
	}
	return d.config.prefix + below + strings.TrimSuffix(e.path, "{$}")
}

// observedJobs is the module's jobs as they are run, each run a span.
func (d *Dashboard) observedJobs(m *hosted) []jobs.Job {
	list := m.runnable()
	for i, j := range list {
		list[i].Run = d.observed(m, "job", j.Run, observe.JobKey.String(j.Name))
	}
	return list
}

var errOperationPanicked = errors.New("panic")

// observed wraps a step in the life of a module: a span, a duration, and a
// context that names the module.
func (d *Dashboard) observed(m *hosted, operation string, step func(context.Context) error, attrs ...attribute.KeyValue) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, end := d.observer.Operation(withModule(ctx, m.id), m.id, operation, attrs...)
		err := errOperationPanicked // unless the step returns
		defer func() {
			if errors.Is(err, ErrSkip) {
				err = nil // not here, which is no failure
			}
			end(err)
		}()
		err = step(ctx)
		return err
	}
}

// report tells the host's error reporter, if there is one.
func (d *Dashboard) report(ctx context.Context, err error, attrs ...slog.Attr) {
	if d.config.reporter != nil {
		d.config.reporter.Report(ctx, err, append(requestAttrs(ctx), attrs...)...)
	}
}
