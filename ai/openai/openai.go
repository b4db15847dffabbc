// Package openai calls models that speak OpenAI's wire format: OpenAI's own, and
// whatever server offers the same API below another base URL.
//
//	model, err := openai.New(os.Getenv("OPENAI_API_KEY"))
//	answer, err := ai.Collect(model.Generate(ctx, &ai.Request{Model: "gpt-5-mini", Messages: []ai.Message{ai.User("Hi")}}))
//
// [New] is a model of the Chat Completions API, which compatible servers have.
package openai

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/frame"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// DefaultBaseURL is OpenAI's own API.
const DefaultBaseURL = "https://api.openai.com/v1"

// An Option adjusts a provider.
type Option interface{ apply(*config) error }

type option func(*config) error

func (o option) apply(c *config) error { return o(c) }

type config struct {
	name, base string
	transport  http.RoundTripper
	header     http.Header
	limits     frame.Limits
}

// WithBaseURL sets where the API is, up to but without "/chat/completions", such
// as http://localhost:8000/v1. The default is [DefaultBaseURL].
func WithBaseURL(base string) Option {
	return option(func(c *config) error { c.base = base; return nil })
}

// WithName sets what errors, traces and metrics call the provider. The default
// is "openai".
func WithName(name string) Option {
	return option(func(c *config) error {
		if name == "" {
			return errors.New("the provider has no name")
		}
		c.name = name
		return nil
	})
}

// WithTransport sets what sends requests. The default is a copy of
// http.DefaultTransport that keeps up to 64 idle connections.
func WithTransport(t http.RoundTripper) Option {
	return option(func(c *config) error {
		if t == nil {
			return errors.New("nil transport")
		}
		c.transport = t
		return nil
	})
}

// WithHeader adds a header field to every request, such as OpenAI-Organization.
func WithHeader(name, value string) Option {
	return option(func(c *config) error {
		if name == "" || strings.ContainsAny(name+value, "\r\n") {
			return fmt.Errorf("the header field %q is malformed", name)
		}
		c.header.Set(textproto.CanonicalMIMEHeaderKey(name), value)
		return nil
	})
}

// WithMaxAnswer bounds what is read of an answer, in bytes: of one piece, and in
// total. The defaults are 16 MiB and 256 MiB.
func WithMaxAnswer(piece, total int64) Option {
	return option(func(c *config) error {
		if piece <= 0 || total <= 0 {
			return errors.New("the bounds of an answer are not above 0")
		}
		c.limits = frame.Limits{Frame: piece, Body: total}
		return nil
	})
}

// newConfig reads the options. The key is in a closure alone.
func newConfig(key string, opts []Option) (config, error) {
	c := config{name: "openai", base: DefaultBaseURL, header: http.Header{"User-Agent": {"dashboard-ai"}}}
	if strings.ContainsAny(key, "\r\n") {
		return c, errors.New("the key is malformed")
	}
	if key != "" { // local servers need none
		c.header.Set("Authorization", "Bearer "+key)
	}
	for _, o := range opts {
		if o == nil {
			return c, errors.New("nil option")
		}
		if err := o.apply(&c); err != nil {
			return c, err
		}
	}
	if c.transport == nil {
		c.transport = wire.NewTransport()
	}
	return c, nil
}

func (c config) endpoint(path string) (*wire.Endpoint, error) {
	u, err := wire.Join(c.base, path)
	if err != nil {
		return nil, err
	}
	header := c.header
	return &wire.Endpoint{Provider: c.name, URL: u, Header: func() http.Header { return header }, Transport: c.transport, Limits: c.limits}, nil
}

// Chat is a model of the Chat Completions API. It is safe for concurrent use.
type Chat struct {
	endpoint *wire.Endpoint
	// tokens is what the API calls the bound of an answer: its own servers have
	// given up max_tokens, others know nothing else.
	tokens string
}

// New returns a model of the Chat Completions API. The key may be empty for
// servers that want none.
func New(key string, opts ...Option) (*Chat, error) {
	c, err := newConfig(key, opts)
	if err != nil {
		return nil, fmt.Errorf("new openai model: %w", err)
	}
	e, err := c.endpoint("chat/completions")
	if err != nil {
		return nil, fmt.Errorf("new openai model: %w", err)
	}
	m := &Chat{endpoint: e, tokens: "max_tokens"}
	if strings.TrimSuffix(c.base, "/") == DefaultBaseURL {
		m.tokens = "max_completion_tokens"
	}
	return m, nil
}

var _ ai.Model = (*Chat)(nil)
