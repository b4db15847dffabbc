package openai_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

func Example() {
	server := aitest.NewServer() // in place of the provider
	defer server.Close()
	var transport http.Transport
	defer transport.CloseIdleConnections()
	model, err := openai.New("key", ai.Endpoint{Transport: &transport, BaseURL: server.BaseURL(aitest.OpenAIChat)})
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

func ExampleNewResponses() {
	server := aitest.NewServer()
	defer server.Close()
	server.Push(aitest.Reply{Reasoning: []string{"A greeting."}, Text: []string{"Hello."}})
	var transport http.Transport
	defer transport.CloseIdleConnections()
	model, err := openai.NewResponses("key", ai.Endpoint{Transport: &transport, BaseURL: server.BaseURL(aitest.OpenAIResponses)})
	if err != nil {
		log.Fatal(err)
	}
	ask := &ai.Request{Model: "some-model", Effort: "low", Messages: []ai.Message{ai.User("Greet me.")}}
	answer, err := ai.Collect(model.Generate(context.Background(), ask))
	if err != nil {
		log.Fatal(err)
	}
	ask.Messages = append(ask.Messages, answer.Message, ai.User("And again?")) // with what the model thought
	for _, part := range answer.Message.Parts {
		fmt.Printf("%T\n", part)
	}
	// Output:
	// ai.Reasoning
	// ai.Text
}
