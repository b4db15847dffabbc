package ratelimit

import (
	"errors"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/otel/metric"
)

// A MiddlewareOption adjusts a [Middleware].
type MiddlewareOption interface{ applyMiddleware(*config) error }

// A ConcurrencyOption adjusts a [Concurrency].
type ConcurrencyOption interface{ applyConcurrency(*config) error }

// An HTTPOption adjusts either.
type HTTPOption interface {
	MiddlewareOption
	ConcurrencyOption
}

// config is what [Middleware] and [Concurrency] can be told.
type config struct {
	log        *slog.Logger
	provider   metric.MeterProvider
	meters     meters
	render     func(http.ResponseWriter, *http.Request, Refusal)
	hidden     bool // no fields at all
	sparing    bool // fields only on what is refused
	failClosed bool
}

func newConfig() config { return config{log: slog.Default()} }

type httpOption func(*config) error

func (o httpOption) applyMiddleware(c *config) error  { return o(c) }
func (o httpOption) applyConcurrency(c *config) error { return o(c) }

type middlewareOption func(*config) error

func (o middlewareOption) applyMiddleware(c *config) error { return o(c) }

// WithMeterProvider sets where metrics go: decisions by policy, source and
// outcome, and requests that hold or wait for a slot; never a key. The default
// makes none.
func WithMeterProvider(p metric.MeterProvider) HTTPOption {
	return httpOption(func(c *config) error {
		if p == nil {
			return errors.New("nil meter provider")
		}
		c.provider = p
		return nil
	})
}

// WithRefusal writes refusals in another form. The header fields are set, with
// Retry-After; status, Content-Type and body are left. The default writes
// application/problem+json (RFC 9457) with a member "violated-policies".
func WithRefusal(write func(http.ResponseWriter, *http.Request, Refusal)) HTTPOption {
	return httpOption(func(c *config) error {
		if write == nil {
			return errors.New("nil function for refusals")
		}
		c.render = write
		return nil
	})
}

// WithoutFields leaves RateLimit and RateLimit-Policy out of answers, such as those
// before a login. Retry-After stays.
func WithoutFields() HTTPOption {
	return httpOption(func(c *config) error {
		c.hidden = true
		return nil
	})
}

// FieldsOnRefusal sends RateLimit and RateLimit-Policy only with what is refused:
// for a limit so wide that hardly anybody needs to watch it.
func FieldsOnRefusal() MiddlewareOption {
	return middlewareOption(func(c *config) error {
		c.sparing = true
		return nil
	})
}

// WithLogger sets where a store that fails is logged, at most every 10 seconds.
// The default is [slog.Default].
func WithLogger(log *slog.Logger) MiddlewareOption {
	return middlewareOption(func(c *config) error {
		if log == nil {
			return errors.New("nil logger")
		}
		c.log = log
		return nil
	})
}

// FailClosed refuses requests with 503 while the store fails. By default they
// pass. A store that answers for itself while it cannot reach what it needs,
// such as that of package redislimit, does not fail.
func FailClosed() MiddlewareOption {
	return middlewareOption(func(c *config) error {
		c.failClosed = true
		return nil
	})
}
