// Package anthropic calls Claude models by Anthropic's Messages API.
//
//	model, err := anthropic.New(os.Getenv("ANTHROPIC_API_KEY"), ai.Endpoint{})
//
// What the API has no place for is an error of kind [ai.Unsupported]: a seed,
// instructions in mid-conversation, and tools or schemas to be held to loosely are
// taken as they are. [ai.Reasoning] is sent back with its signature; reasoning of
// other providers, which has none, is left out.
package anthropic

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

const (
	// DefaultBaseURL is Anthropic's own API.
	DefaultBaseURL = "https://api.anthropic.com"
	// DefaultMaxTokens bounds answers where the request does not, since the API
	// wants to be told.
	DefaultMaxTokens = 8192

	format  = "anthropic"
	version = "2023-06-01"
)

// Messages is a model of the Messages API. It is safe for concurrent use.
type Messages struct{ endpoint *wire.Endpoint }

// New returns a model of the Messages API.
func New(key string, at ai.Endpoint) (*Messages, error) {
	own := wire.Defaults{Name: format, BaseURL: DefaultBaseURL, Header: http.Header{"Anthropic-Version": {version}}}
	if key != "" {
		own.Header.Set("X-Api-Key", key)
	}
	e, err := wire.New(at, own, "v1/messages")
	if err != nil {
		return nil, fmt.Errorf("new anthropic model: %w", err)
	}
	return &Messages{e}, nil
}

// Generate implements [ai.Model].
func (m *Messages) Generate(ctx context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
	accept := "text/event-stream"
	if req != nil && req.Whole {
		accept = "application/json"
	}
	return m.endpoint.Generate(ctx, req, accept, func() ([]byte, error) { return m.body(req) }, read)
}

var _ ai.Model = (*Messages)(nil)
