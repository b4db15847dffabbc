package ai_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

// Two providers stand in for each other: the first one says that it has too much
// to do, so the second answers.
func Example() {
	server := aitest.NewServer() // in place of both
	defer server.Close()
	server.Push(aitest.Reply{Fault: aitest.ProviderOverload}, aitest.Reply{Text: []string{"It is ", "blue."}})
	var transport http.Transport
	defer transport.CloseIdleConnections()

	gpt, err := openai.New("key", ai.Endpoint{BaseURL: server.BaseURL(aitest.OpenAIChat), Transport: &transport})
	if err != nil {
		log.Fatal(err)
	}
	claude, err := anthropic.New("key", ai.Endpoint{BaseURL: server.BaseURL(aitest.Anthropic), Transport: &transport})
	if err != nil {
		log.Fatal(err)
	}
	breaker := ai.WithBreaker(ai.Breaker{})
	model, err := ai.Fallback(ai.Route{Model: breaker(gpt)}, ai.Route{Model: breaker(claude), Name: "claude-sonnet-4-5"})
	if err != nil {
		log.Fatal(err)
	}
	model = ai.Decorate(model, ai.WithTimeouts(ai.Timeouts{Total: time.Minute}), ai.WithRetry(ai.Retry{}))

	answer, err := ai.Collect(model.Generate(context.Background(), &ai.Request{Model: "gpt-5", Messages: []ai.Message{ai.User("Which color is the sky?")}}))
	fmt.Println(answer.Text(), answer.Provider, answer.Reason, answer.Usage.Total(), err)
	// Output: It is blue. anthropic stop 21 <nil>
}

// Several keys of a provider are used in turn. One whose quota is used up is left
// alone for a while, and nobody who asks sees it.
func ExampleHealth_Keys() {
	server := aitest.NewServer()
	defer server.Close()
	server.Push(aitest.Reply{Fault: aitest.QuotaUsedUp}, aitest.Reply{Text: []string{"Blue."}}, aitest.Reply{Text: []string{"Green."}})
	var transport http.Transport
	defer transport.CloseIdleConnections()
	health := ai.NewHealth(ai.Breaker{})
	var keys []ai.Key
	for name, key := range map[string]string{"team-a": "key-1", "team-b": "key-2"} {
		model, err := openai.New(key, ai.Endpoint{BaseURL: server.BaseURL(aitest.OpenAIChat), Transport: &transport})
		if err != nil {
			log.Fatal(err)
		}
		keys = append(keys, ai.Key{Name: name, Model: model})
	}
	model, err := health.Keys("openai", keys...)
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		answer, err := ai.Collect(model.Generate(context.Background(), &ai.Request{Model: "gpt-5", Messages: []ai.Message{ai.User("Which color?")}}))
		fmt.Println(answer.Text(), err)
	}
	for _, p := range health.Providers() {
		fmt.Println(p.Name, p.State, p.Requests, p.Failures, p.LastError)
	}
	// Output:
	// Blue. <nil>
	// Green. <nil>
	// openai degraded 3 1 quota
}

// A request is sent to the next route too where the first is slow, and an answer
// that breaks off is gone on with.
func ExampleHedge() {
	server := aitest.NewServer()
	defer server.Close()
	server.Push(aitest.Reply{Fault: aitest.SlowFirstByte}, aitest.Reply{Text: []string{"Quick."}}, aitest.Reply{Text: []string{"One,", " two,"}, Fault: aitest.CleanCut},
		aitest.Reply{Text: []string{" three."}})
	var transport http.Transport
	defer transport.CloseIdleConnections()
	gpt, err := openai.New("key", ai.Endpoint{BaseURL: server.BaseURL(aitest.OpenAIChat), Transport: &transport})
	if err != nil {
		log.Fatal(err)
	}
	hedged, err := ai.Hedge(ai.Hedging{After: 50 * time.Millisecond}, ai.Route{Model: gpt, Name: "large"}, ai.Route{Model: gpt, Name: "small"})
	if err != nil {
		log.Fatal(err)
	}
	whole, err := ai.Continue(ai.Route{Model: gpt}, ai.Route{Model: gpt})
	if err != nil {
		log.Fatal(err)
	}
	for _, model := range []ai.Model{hedged, whole} {
		answer, err := ai.Collect(model.Generate(context.Background(), &ai.Request{Model: "gpt-5", Messages: []ai.Message{ai.User("Count.")}}))
		fmt.Println(answer.Text(), err)
	}
	// Output:
	// Quick. <nil>
	// One, two, three. <nil>
}

// An error says what can be done about it.
func ExampleError() {
	server := aitest.NewServer()
	defer server.Close()
	server.Push(aitest.Reply{Fault: aitest.RateLimited}, aitest.Reply{Fault: aitest.QuotaUsedUp}, aitest.Reply{Fault: aitest.CleanCut})
	var transport http.Transport
	defer transport.CloseIdleConnections()
	model, err := openai.New("key", ai.Endpoint{BaseURL: server.BaseURL(aitest.OpenAIChat), Transport: &transport})
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		answer, err := ai.Collect(model.Generate(context.Background(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Hi")}}))
		if failed, ok := errors.AsType[*ai.Error](err); ok {
			fmt.Println(failed.Kind, failed.Again(), failed.Elsewhere(), failed.RetryAfter, len(answer.Text()) > 0)
		}
	}
	// Output:
	// rate_limited true true 1s false
	// quota false true 0s false
	// truncated true true 0s true
}
