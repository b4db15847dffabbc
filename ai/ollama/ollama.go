// Package ollama calls models that an Ollama server runs.
//
//	model, err := ollama.New("", ai.Endpoint{BaseURL: "http://gpu-box:11434"})
//
// The API has no ids of persons, so [ai.Request.User] is not sent.
package ollama

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// DefaultBaseURL is a server on this machine.
const DefaultBaseURL = "http://localhost:11434"

const format = "ollama"

// Model is a model of the chat API. It is safe for concurrent use.
type Model struct{ endpoint *wire.Endpoint }

// New returns a model of the chat API. The key is for servers behind a proxy
// that wants one, or Ollama's own; usually it is empty.
func New(key string, at ai.Endpoint) (*Model, error) {
	e, err := wire.New(at, defaults(key), "api/chat")
	if err != nil {
		return nil, fmt.Errorf("new ollama model: %w", err)
	}
	return &Model{e}, nil
}

func defaults(key string) wire.Defaults {
	own := wire.Defaults{Name: format, BaseURL: DefaultBaseURL, Header: http.Header{}}
	if key != "" {
		own.Header.Set("Authorization", "Bearer "+key)
	}
	return own
}

// Generate implements [ai.Model].
func (m *Model) Generate(ctx context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
	accept, reader := "application/x-ndjson", readStream
	if req != nil && req.Whole {
		accept, reader = "application/json", readWhole
	}
	return m.endpoint.Generate(ctx, req, accept, func() ([]byte, error) { return m.body(req) }, reader)
}

var _ ai.Model = (*Model)(nil)
