package featureflag

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// An OFREPOption adjusts [NewOFREP].
type OFREPOption interface{ applyOFREP(*ofrepConfig) error }

type ofrepOption func(*ofrepConfig) error

func (o ofrepOption) applyOFREP(c *ofrepConfig) error { return o(c) }

type ofrepConfig struct {
	log          *slog.Logger
	authenticate func(*http.Request) (string, error)
	still        func(context.Context, string) error
	origins      map[string]bool
	bodyLimit    int64
	fixed        func(*http.Request) (Context, error)
	needKey      bool
	strict       bool
	streams      StreamLimits
	streamKey    []byte
	mount        func(*http.Request) string
}

func newOFREPConfig(opts []OFREPOption) (*ofrepConfig, error) {
	c := &ofrepConfig{
		log: slog.Default(), bodyLimit: 1 << 20, origins: map[string]bool{}, mount: mountOf,
		streams: StreamLimits{Total: 1024, PerCaller: 64, Heartbeat: 15 * time.Second},
	}
	for _, o := range opts {
		if o == nil {
			return nil, errors.New("set up OFREP: nil option")
		}
		if err := o.applyOFREP(c); err != nil {
			return nil, fmt.Errorf("set up OFREP: %w", err)
		}
	}
	if c.streamKey == nil {
		c.streamKey = make([]byte, 32)
		_, _ = rand.Read(c.streamKey) // never fails
	}
	return c, nil
}

// StreamLimits bound the event streams of an [OFREP] handler. Zero fields keep
// the defaults.
type StreamLimits struct {
	Total     int           // streams at once, 1024 by default; others are answered 503
	PerCaller int           // of one authenticated caller, 64 by default; others are answered 429
	Heartbeat time.Duration // how often a silent stream says that it lives, every 15 s by default
}

// A Refusal is the error by which an authentication function says more than
// "not you": see [WithAuthentication].
type Refusal struct { //nolint:errname // it is an answer first, as ratelimit's
	Status int         // 401, 403, 429 or 503
	Detail string      // for the caller to read
	Header http.Header // set on the answer: WWW-Authenticate, Retry-After
}

// Error is the detail with the status.
func (r *Refusal) Error() string { return fmt.Sprintf("refused with %d: %s", r.Status, r.Detail) }

// WithAuthentication sets who may ask. The function looks at a request's
// Authorization or X-API-Key and returns a name for the caller, which counts and
// ends its event streams, or an error: a [*Refusal] is answered as it says, any
// other is logged and answered 500. It must not read the body.
//
// Browsers cannot send header fields when they open an event stream. A bulk
// answer therefore names the stream by a signed address that is good for its
// caller alone, for 12 to 24 hours, and opens nothing but that stream.
//
// By default everybody may ask.
func WithAuthentication(authenticate func(*http.Request) (caller string, err error)) OFREPOption {
	return ofrepOption(func(c *ofrepConfig) error {
		if authenticate == nil {
			return errors.New("nil authentication")
		}
		c.authenticate = authenticate
		return nil
	})
}

// WithStreamCheck sets a function that is asked when a stream is opened by its
// signed address, and every second while it is open, whether its caller may
// still listen. An error ends the stream. It runs for each stream and should
// answer from memory.
func WithStreamCheck(still func(ctx context.Context, caller string) error) OFREPOption {
	return ofrepOption(func(c *ofrepConfig) error {
		if still == nil {
			return errors.New("nil stream check")
		}
		c.still = still
		return nil
	})
}

// WithOrigins lets scripts of these origins ask ("https://app.example.com", or
// "*" for all). Credentials that a browser keeps are never allowed. The default
// is none.
func WithOrigins(origins ...string) OFREPOption {
	return ofrepOption(func(c *ofrepConfig) error {
		for _, origin := range origins {
			if origin != "*" {
				u, err := url.Parse(origin)
				if err != nil || u.Scheme == "" || u.Host == "" || origin != u.Scheme+"://"+u.Host || origin != strings.ToLower(origin) {
					return fmt.Errorf("%q is no origin such as https://app.example.com", origin)
				}
			}
			c.origins[origin] = true
		}
		return nil
	})
}

// WithBodyLimit sets how many bytes a request's body may have, 1 MiB by default.
func WithBodyLimit(bytes int64) OFREPOption {
	return ofrepOption(func(c *ofrepConfig) error {
		if bytes <= 0 {
			return fmt.Errorf("a body limit of %d bytes", bytes)
		}
		c.bodyLimit = bytes
		return nil
	})
}

// WithFixedContext sets what the server knows of a request: the function's
// context wins over what the body says. The default takes the body's context as
// it is. An error is answered as one of [WithAuthentication] would be.
//
// What [WithContext] put into a request's context is never used: that is who
// holds the API key, not who the flags are for.
func WithFixedContext(fixed func(*http.Request) (Context, error)) OFREPOption {
	return ofrepOption(func(c *ofrepConfig) error {
		if fixed == nil {
			return errors.New("nil context function")
		}
		c.fixed = fixed
		return nil
	})
}

// WithTargetingKeyRequired refuses contexts without a targeting key
// (TARGETING_KEY_MISSING), as the protocol's schema allows. By default such a
// context is evaluated, as published clients expect: it is in no split.
func WithTargetingKeyRequired() OFREPOption {
	return ofrepOption(func(c *ofrepConfig) error {
		c.needKey = true
		return nil
	})
}

// WithStrictReasons answers only the five reasons that the protocol's document
// lists: DEFAULT and others become UNKNOWN. It is for clients made from that
// document; by default reasons are those of OpenFeature, which is what the
// published clients and servers use.
func WithStrictReasons() OFREPOption {
	return ofrepOption(func(c *ofrepConfig) error {
		c.strict = true
		return nil
	})
}

// WithStreams bounds event streams.
func WithStreams(limits StreamLimits) OFREPOption {
	return ofrepOption(func(c *ofrepConfig) error {
		if limits.Total < 0 || limits.PerCaller < 0 || limits.Heartbeat < 0 {
			return fmt.Errorf("negative stream limits %+v", limits)
		}
		for _, field := range []struct{ to, from *int }{{&c.streams.Total, &limits.Total}, {&c.streams.PerCaller, &limits.PerCaller}} {
			if *field.from > 0 {
				*field.to = *field.from
			}
		}
		if limits.Heartbeat > 0 {
			c.streams.Heartbeat = limits.Heartbeat
		}
		return nil
	})
}

// WithoutStreams offers no event streams: clients poll.
func WithoutStreams() OFREPOption {
	return ofrepOption(func(c *ofrepConfig) error {
		c.streams.Total = 0
		return nil
	})
}

// WithStreamKey sets the secret that signs the addresses of event streams, at
// least 16 bytes. Instances that stand in for each other need the same one; the
// default is random, so that an address is good for one process.
func WithStreamKey(key []byte) OFREPOption {
	return ofrepOption(func(c *ofrepConfig) error {
		if len(key) < 16 {
			return fmt.Errorf("a stream key of %d bytes, at least 16 are needed", len(key))
		}
		c.streamKey = append([]byte{}, key...)
		return nil
	})
}

// WithMountPath sets a function that returns the escaped path at which clients
// see the handler ("", "/admin"): what comes before /ofrep/v1. The default
// reads it off the request line, which is right unless a proxy changes paths.
func WithMountPath(mount func(*http.Request) string) OFREPOption {
	return ofrepOption(func(c *ofrepConfig) error {
		if mount == nil {
			return errors.New("nil mount path function")
		}
		c.mount = mount
		return nil
	})
}
