package aitest_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

func ExampleServer() {
	server := aitest.NewServer()
	defer server.Close()
	server.Push(aitest.Reply{Fault: aitest.Unavailable}, aitest.Reply{Text: []string{"At your service."}})
	var transport http.Transport
	defer transport.CloseIdleConnections()
	model, err := openai.New("key", ai.Endpoint{BaseURL: server.BaseURL(aitest.OpenAIChat), Transport: &transport})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		answer, err := ai.Collect(model.Generate(context.Background(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Hello?")}}))
		fmt.Printf("%q %v\n", answer.Text(), err)
	}
	fmt.Println(len(server.Requests()), "requests")
	// Output:
	// "" openai m: overloaded (503): Come back later.
	// "At your service." <nil>
	// 2 requests
}
