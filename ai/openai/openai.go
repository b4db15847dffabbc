// Package openai calls models that speak OpenAI's wire format: OpenAI's own, and
// whatever server offers the same API below another base URL.
//
//	model, err := openai.New(os.Getenv("OPENAI_API_KEY"), ai.Endpoint{})
//	answer, err := ai.Collect(model.Generate(ctx, &ai.Request{Model: "gpt-5-mini", Messages: []ai.Message{ai.User("Hi")}}))
//
// [New] is a model of the Chat Completions API, which compatible servers have;
// [NewResponses] is one of the Responses API, whose models are sent back what they
// thought.
package openai

import (
	"fmt"
	"net/http"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
)

// DefaultBaseURL is OpenAI's own API.
const DefaultBaseURL = "https://api.openai.com/v1"

// Chat is a model of the Chat Completions API. It is safe for concurrent use.
type Chat struct {
	endpoint *wire.Endpoint
	// tokens is what the API calls the bound of an answer: its own servers have
	// given up max_tokens, others know nothing else.
	tokens string
}

// New returns a model of the Chat Completions API. The key may be empty for
// servers that want none.
func New(key string, at ai.Endpoint) (*Chat, error) {
	e, err := wire.New(at, defaults(key), "chat/completions")
	if err != nil {
		return nil, fmt.Errorf("new openai model: %w", err)
	}
	m := &Chat{endpoint: e, tokens: "max_tokens"}
	if at.BaseURL == "" {
		m.tokens = "max_completion_tokens"
	}
	return m, nil
}

func defaults(key string) wire.Defaults {
	d := wire.Defaults{Name: "openai", BaseURL: DefaultBaseURL, Header: http.Header{}}
	if key != "" { // local servers need none
		d.Header.Set("Authorization", "Bearer "+key)
	}
	return d
}

var _ ai.Model = (*Chat)(nil)
