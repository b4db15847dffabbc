// Package aitest has a server that speaks the wire formats of model providers,
// and fails in the ways they do:
//
//	server := aitest.NewServer()
//	defer server.Close()
//	server.Push(aitest.Reply{Fault: aitest.RateLimited}, aitest.Reply{Text: []string{"Hel", "lo"}})
//	model, err := openai.New("key", ai.Endpoint{BaseURL: server.BaseURL(aitest.OpenAIChat)})
//
// [Faults] lists what can go wrong, and [Fault.Outcome] what package ai's adapters
// make of each, for streams and for whole answers.
package aitest
