package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// The first provider is down: the second calls the tool and answers.
func TestRun(t *testing.T) {
	s := aitest.NewServer()
	defer s.Close()
	s.Decide(func(_ int, r aitest.Request) aitest.Reply {
		switch {
		case r.Format == aitest.OpenAIChat:
			return aitest.Reply{Fault: aitest.Unavailable}
		case strings.Contains(string(r.Body), "-3.5"):
			return aitest.Reply{Text: []string{"It is ", "-3.5 °C."}}
		}
		return aitest.Reply{Text: []string{"Let me look. "}, Calls: []ai.ToolCall{{ID: "1", Name: "temperature", Arguments: json.RawMessage(`{"city":"Oslo"}`)}}}
	})
	env := map[string]string{"OPENAI_API_KEY": "a", "OPENAI_BASE_URL": s.BaseURL(aitest.OpenAIChat),
		"ANTHROPIC_API_KEY": "b", "ANTHROPIC_BASE_URL": s.BaseURL(aitest.Anthropic)}
	var out strings.Builder
	if err := run(t.Context(), func(name string) string { return env[name] }, "How warm is it in Oslo?", &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "Let me look. It is -3.5 °C.\n" {
		t.Errorf("got %q", got)
	}
}

func TestRunWithoutProviders(t *testing.T) {
	err := run(t.Context(), func(string) string { return "" }, "Hello?", &strings.Builder{})
	if err == nil || !strings.Contains(err.Error(), "OPENAI_API_KEY") {
		t.Errorf("got %v", err)
	}
}
