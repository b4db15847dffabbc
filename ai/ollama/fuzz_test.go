package ollama_test

import (
	"net/http"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/ollama"
)

func FuzzAnswer(f *testing.F) {
	aitest.Fuzz(f, aitest.Ollama, func(transport http.RoundTripper) (ai.Model, error) {
		return ollama.New("key", ai.Endpoint{BaseURL: "http://provider.test", Transport: transport, MaxPiece: 1 << 16, MaxAnswer: 1 << 18})
	})
}
