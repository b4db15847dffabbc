package gemini_test

import (
	"net/http"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/gemini"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestFaults(t *testing.T) {
	t.Parallel()
	aitest.Run(t, aitest.Gemini, func(url string, transport http.RoundTripper) (ai.Model, error) {
		return gemini.New("key", ai.Endpoint{BaseURL: url, Transport: transport, MaxPiece: 2 << 20, MaxAnswer: 8 << 20})
	})
}
