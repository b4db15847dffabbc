package ollama_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/ollama"
)

func TestEmbedderFaults(t *testing.T) {
	aitest.RunEmbedder(t, aitest.Ollama, func(baseURL string, transport http.RoundTripper) (ai.Embedder, error) {
		return ollama.NewEmbedder("key", ai.Endpoint{BaseURL: baseURL, Transport: transport, MaxPiece: 2 << 20, MaxAnswer: 8 << 20})
	})
}

func FuzzEmbedder(f *testing.F) {
	aitest.FuzzEmbedder(f, aitest.Ollama, func(transport http.RoundTripper) (ai.Embedder, error) {
		return ollama.NewEmbedder("key", ai.Endpoint{Transport: transport})
	})
}

func ExampleNewEmbedder() {
	server := aitest.NewServer()
	defer server.Close()
	var transport http.Transport
	defer transport.CloseIdleConnections()
	embedder, err := ollama.NewEmbedder("key", ai.Endpoint{BaseURL: server.BaseURL(aitest.Ollama), Transport: &transport})
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := embedder.Embed(context.Background(), &ai.EmbedRequest{Model: "test-embedding", Inputs: []string{"Hello", "world"}})
	fmt.Println(len(out.Vectors), len(out.Vectors[0]), out.Usage.Input, err)
	// Output: 2 32 9 <nil>
}
