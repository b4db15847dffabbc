// Package gemini calls Google's Gemini models.
//
//	model, err := gemini.New(os.Getenv("GEMINI_API_KEY"), ai.Endpoint{})
//
// The API has no ids of persons, so [ai.Request.User] is not sent. It holds every
// model to the schemas it is given.
package gemini

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// DefaultBaseURL is Google's own API.
const DefaultBaseURL = "https://generativelanguage.googleapis.com/v1beta"

const format = "gemini"

// Model is a model of the API's generateContent. It is safe for concurrent use.
type Model struct{ endpoint *wire.Endpoint }

// New returns a model of the API's generateContent. A request names it as
// "gemini-2.5-flash", or in full as "models/gemini-2.5-flash".
func New(key string, at ai.Endpoint) (*Model, error) {
	own := wire.Defaults{Name: format, BaseURL: DefaultBaseURL, Header: http.Header{}}
	if key != "" {
		own.Header.Set("X-Goog-Api-Key", key)
	}
	e, err := wire.New(at, own, "")
	if err != nil {
		return nil, fmt.Errorf("new gemini model: %w", err)
	}
	return &Model{e}, nil
}

// Generate implements [ai.Model].
func (m *Model) Generate(ctx context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
	e, accept := m.endpoint, "text/event-stream"
	if req != nil {
		path, ok := modelPath(req.Model)
		if !ok {
			return ai.Fail(&ai.Error{Kind: ai.Invalid, Provider: e.Provider, Model: req.Model, Message: "this is no name of a model"})
		}
		if req.Whole {
			e, accept = e.At(path+":generateContent", ""), "application/json"
		} else {
			e = e.At(path+":streamGenerateContent", "alt=sse")
		}
	}
	return e.Generate(ctx, req, accept, func() ([]byte, error) { return m.body(req) }, read)
}

// modelPath is where a model is. The name comes from a request and must not lead
// anywhere else.
func modelPath(name string) (string, bool) {
	if !strings.Contains(name, "/") {
		name = "models/" + name
	}
	for i, part := range strings.Split(name, "/") {
		if part == "" || part == "." || part == ".." || i > 7 {
			return "", false
		}
		for _, c := range []byte(part) {
			switch {
			case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '-', c == '_':
			default:
				return "", false
			}
		}
	}
	return name, true
}

var _ ai.Model = (*Model)(nil)
