package ai_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

// Programs that speak OpenAI's format ask the models of another provider, under
// names and keys of this server's own.
func ExampleGateway() {
	provider := aitest.NewServer() // in place of Anthropic
	defer provider.Close()
	provider.Push(aitest.Reply{Text: []string{"It is blue."}})
	var transport http.Transport
	defer transport.CloseIdleConnections()

	claude, err := anthropic.New("key of the provider", ai.Endpoint{BaseURL: provider.BaseURL(aitest.Anthropic), Transport: &transport})
	if err != nil {
		log.Fatal(err)
	}
	models := ai.NewDirectory(ai.WithRetry(ai.Retry{}))
	if err := errors.Join(models.Provider("anthropic", claude), models.Alias("smart", "anthropic/claude-sonnet-4-5")); err != nil {
		log.Fatal(err)
	}

	gateway := &ai.Gateway{Model: models}
	protected := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // the gateway lets in everybody
		if r.Header.Get("Authorization") != "Bearer key of ours" {
			gateway.Deny(w, ai.Denial{Status: http.StatusUnauthorized, Code: "invalid_api_key", Message: "This key is not known."})
			return
		}
		gateway.ServeHTTP(w, r)
	})
	mux := http.NewServeMux()
	mux.Handle("/ai/v1/", http.StripPrefix("/ai/v1", protected))
	server := httptest.NewServer(mux)
	defer server.Close()

	for _, key := range []string{"key of ours", "another"} {
		client, err := openai.New(key, ai.Endpoint{BaseURL: server.URL + "/ai/v1", Transport: &transport}) // or OpenAI's SDK
		if err != nil {
			log.Fatal(err)
		}
		answer, err := ai.Collect(client.Generate(context.Background(), &ai.Request{Model: "smart", Messages: []ai.Message{ai.User("Which color is the sky?")}}))
		fmt.Printf("%q %v\n", answer.Text(), err)
	}
	// Output:
	// "It is blue." <nil>
	// "" openai smart: unauthorized (401): This key is not known.
}
