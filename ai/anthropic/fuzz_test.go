package anthropic_test

import (
	"net/http"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
)

func FuzzAnswer(f *testing.F) {
	aitest.Fuzz(f, aitest.Anthropic, func(transport http.RoundTripper) (ai.Model, error) {
		return anthropic.New("key", ai.Endpoint{BaseURL: "http://provider.test", Transport: transport, MaxPiece: 1 << 16, MaxAnswer: 1 << 18})
	})
}
