package ai_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
	"github.com/modular-dashboard/dashboard/ai/gemini"
	"github.com/modular-dashboard/dashboard/ai/ollama"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

// echo is a provider that repeats the header of a request in its error.
type echo struct{ body string }

func (e echo) RoundTrip(r *http.Request) (*http.Response, error) {
	var seen []string
	for _, values := range r.Header {
		seen = append(seen, values...)
	}
	body := fmt.Sprintf(e.body, strings.Join(seen, ", "))
	return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// A key that a provider repeats in an error is told to nobody: the words of some
// errors go on to callers.
func TestErrorsHaveNoKeys(t *testing.T) {
	t.Parallel()
	const key, other = "a-key-of-ours", "a-token-of-ours"
	for _, body := range []string{`{"error":{"message":"bad: %s"}}`, `{"error":"bad: %s"}`, `bad: %s`} {
		at := ai.Endpoint{BaseURL: "http://provider.test", Transport: echo{body}, Header: http.Header{"X-Proxy-Token": {other}}}
		models := map[string]func() (ai.Model, error){
			"openai":    func() (ai.Model, error) { return openai.New(key, at) },
			"responses": func() (ai.Model, error) { return openai.NewResponses(key, at) },
			"anthropic": func() (ai.Model, error) { return anthropic.New(key, at) },
			"gemini":    func() (ai.Model, error) { return gemini.New(key, at) },
			"ollama":    func() (ai.Model, error) { return ollama.New(key, at) },
		}
		for name, open := range models {
			model, err := open()
			if err != nil {
				t.Fatal(err)
			}
			_, err = ai.Collect(model.Generate(t.Context(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Hi")}}))
			e, ok := errors.AsType[*ai.Error](err)
			if !ok || e.Kind != ai.Invalid {
				t.Errorf("%s: got %v, want kind invalid", name, err)
			} else if all := err.Error() + e.Message; strings.Contains(all, key) || strings.Contains(all, other) {
				t.Errorf("%s: got %q", name, all)
			}
		}
	}
}
