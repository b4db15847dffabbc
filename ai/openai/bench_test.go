package openai_test

import (
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

const benchPieces = 1000

// longStream is a stream of [benchPieces] pieces.
func longStream() []byte {
	const piece = `{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1741569952,"model":"gpt-4.1-2025-04-14","service_tier":"default","system_fingerprint":"fp_44709d6fcb",` +
		`"choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}],"usage":null}`
	const end = `{"id":"chatcmpl-123","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	return []byte(strings.Repeat("data: "+piece+"\n\n", benchPieces) + "data: " + end + "\n\ndata: [DONE]\n\n")
}

// BenchmarkPiece reads a stream that is there already: a piece each time.
func BenchmarkPiece(b *testing.B) {
	chat, err := openai.New("key", ai.Endpoint{Transport: aitest.Canned("text/event-stream", longStream())})
	if err != nil {
		b.Fatal(err)
	}
	for name, model := range map[string]ai.Model{"alone": chat,
		"decorated": ai.Decorate(chat, ai.WithRetry(ai.Retry{}), ai.WithTimeouts(ai.Timeouts{First: 1e9, Between: 1e9}), ai.WithBreaker(ai.Breaker{}))} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			req := &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Hi")}}
			for n := 0; n < b.N; n += benchPieces {
				for e, err := range model.Generate(b.Context(), req) {
					if err != nil || e.Kind == ai.EventText && e.Text == "" {
						b.Fatal(e, err)
					}
				}
			}
		})
	}
}

// A piece costs its text, and nothing else.
func TestAllocationsOfAPiece(t *testing.T) {
	chat, err := openai.New("key", ai.Endpoint{Transport: aitest.Canned("text/event-stream", longStream())})
	if err != nil {
		t.Fatal(err)
	}
	req := &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Hi")}}
	guarded := ai.Decorate(chat, ai.WithRetry(ai.Retry{}), ai.WithTimeouts(ai.Timeouts{First: 1e9, Between: 1e9}), ai.WithBreaker(ai.Breaker{}))
	for name, model := range map[string]ai.Model{"alone": chat, "decorated": guarded} {
		got := testing.AllocsPerRun(10, func() {
			for _, err := range model.Generate(t.Context(), req) {
				if err != nil {
					t.Error(err)
				}
			}
		})
		if per := got / benchPieces; per > 1.2 {
			t.Errorf("%s: got %.2f allocations a piece, want 1", name, per)
		}
	}
}
