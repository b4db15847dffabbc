package anthropic_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
)

func Example() {
	server := aitest.NewServer() // in place of the provider
	defer server.Close()
	var transport http.Transport
	defer transport.CloseIdleConnections()
	model, err := anthropic.New("key", ai.Endpoint{Transport: &transport, BaseURL: server.BaseURL(aitest.Anthropic)})
	if err != nil {
		log.Fatal(err)
	}
	request := &ai.Request{Model: "some-model", Messages: []ai.Message{ai.System("Be brief."), ai.User("Greet the world.")}}
	for event, err := range model.Generate(context.Background(), request) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(event.Text)
	}
	// Output: Hello, wörld 😀
}
