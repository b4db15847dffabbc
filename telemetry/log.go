package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	slogmulti "github.com/samber/slog-multi"

	"github.com/modular-dashboard/dashboard/internal/logstamp"
	"github.com/modular-dashboard/dashboard/internal/redact"
)

// Format is how records are written.
type Format uint8

// The formats: key=value lines, and one JSON object a line.
const (
	Text Format = iota
	JSON
)

// ParseFormat reads the name of a format, "text" or "json".
func ParseFormat(name string) (Format, error) {
	for f := Text; f <= JSON; f++ {
		if f.String() == name {
			return f, nil
		}
	}
	return Text, fmt.Errorf("log format %q is neither text nor json", name)
}

// String returns the name of the format.
func (f Format) String() string {
	switch f {
	case Text:
		return "text"
	case JSON:
		return "json"
	}
	return fmt.Sprintf("Format(%d)", uint8(f))
}

// An Option adjusts [New]; see the With functions.
type Option interface{ apply(*config) error }

type option func(*config) error

func (f option) apply(c *config) error { return f(c) }

type config struct {
	format  Format
	level   slog.Leveler
	output  io.Writer
	sinks   []slog.Handler
	keys    []string
	context func(context.Context) []slog.Attr
}

// WithFormat sets the format of what is written. The default is [Text].
func WithFormat(f Format) Option {
	return option(func(c *config) error {
		if f > JSON {
			return fmt.Errorf("unknown log format %s", f)
		}
		c.format = f
		return nil
	})
}

// WithLevel sets the least level that is written. The default is
// [slog.LevelInfo]; a [*slog.LevelVar] can be changed while the program runs.
func WithLevel(l slog.Leveler) Option {
	return option(func(c *config) error {
		if l == nil {
			return errors.New("nil log level")
		}
		c.level = l
		return nil
	})
}

// WithOutput sets where records are written. The default is [os.Stderr].
func WithOutput(w io.Writer) Option {
	return option(func(c *config) error {
		if w == nil {
			return errors.New("nil log output")
		}
		c.output = w
		return nil
	})
}

// WithSinks adds handlers that get every record too, if they want its level. One
// that fails or panics does not keep the others from it.
func WithSinks(sinks ...slog.Handler) Option {
	return option(func(c *config) error {
		for _, s := range sinks {
			if s == nil {
				return errors.New("nil log sink")
			}
		}
		c.sinks = append(c.sinks, sinks...)
		return nil
	})
}

// WithSecretKeys names keys whose values are secrets, besides those that [Redact]
// knows. Case and separators do not count.
func WithSecretKeys(keys ...string) Option {
	return option(func(c *config) error { c.keys = append(c.keys, keys...); return nil })
}

// WithContext adds to each record what from reads off its context, at the top of
// the record and only where the record has no attribute of that key. From must
// be quick and may return nil.
func WithContext(from func(context.Context) []slog.Attr) Option {
	return option(func(c *config) error {
		if from == nil {
			return errors.New("nil context function")
		}
		c.context = from
		return nil
	})
}

// New returns a logger that writes to standard error and to the sinks it was
// given. Secrets are taken out before, see [Redact].
func New(opts ...Option) (*slog.Logger, error) {
	c := config{level: slog.LevelInfo, output: os.Stderr}
	for _, o := range opts {
		if o == nil {
			return nil, errors.New("new logger: nil option")
		}
		if err := o.apply(&c); err != nil {
			return nil, fmt.Errorf("new logger: %w", err)
		}
	}
	h := Redact(slogmulti.Fanout(append([]slog.Handler{c.writer()}, c.sinks...)...), c.keys...)
	if c.context != nil {
		h = logstamp.Handler(h, c.context)
	}
	return slog.New(h), nil
}

func (c *config) writer() slog.Handler {
	options := &slog.HandlerOptions{Level: c.level}
	if c.format == JSON {
		return slog.NewJSONHandler(c.output, options)
	}
	return slog.NewTextHandler(c.output, options)
}

// Redact returns a handler that hands records to next with "[redacted]" in place
// of what is secret:
//
//   - values of a type that has a method IsSecret() bool, such as
//     [dashboard.Secret], wherever they are, also in fields that are not exported;
//   - cookies, and the headers of requests and responses that carry credentials;
//   - values under a key that ends in password, token, secret, authorization,
//     cookie, api key, private key and the like, or is among keys: in groups, maps,
//     structs (by field name and JSON name) and headers; yes or no and the number
//     of several, as in tokens=512, stay;
//   - text that gives itself away in a message, an attribute or an error:
//     password=…, Bearer …, a JSON Web Token, an address with a password, keys
//     with a known prefix, private keys.
//
// Values that a [slog.LogValuer] returns are treated alike. A record without a
// secret passes as it is. Text that looks like any other cannot be known for a
// secret: keep secrets in a type that does not print.
//
// [dashboard.Secret]: https://pkg.go.dev/github.com/modular-dashboard/dashboard#Secret
func Redact(next slog.Handler, keys ...string) slog.Handler {
	return redact.New(keys...).Handler(next)
}
