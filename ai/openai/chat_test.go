package openai_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/openai"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// serve answers every request with a body, and keeps what came.
func serve(t *testing.T, contentType, body string) (url string, last func() map[string]any) {
	t.Helper()
	var got []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/v1", func() (m map[string]any) {
		if err := json.Unmarshal(got, &m); err != nil {
			t.Errorf("request %s: %v", got, err)
		}
		return m
	}
}

func model(t *testing.T, url string) ai.Model {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	m, err := openai.New("sk-test", ai.Endpoint{BaseURL: url, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func chunks(list ...string) string {
	var b strings.Builder
	for _, c := range list {
		b.WriteString("data: " + c + "\n\n")
	}
	return b.String()
}

func TestChatStream(t *testing.T) {
	t.Parallel()
	url, last := serve(t, "text/event-stream; charset=utf-8", chunks(
		`{"id":"c1","model":"gpt-5-2026","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}`,
		`{"id":"c1","model":"gpt-5-2026","choices":[{"index":0,"delta":{"reasoning_content":"hm"},"finish_reason":null}]}`,
		`{"id":"c1","model":"gpt-5-2026","choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{"content":"lo\n\ud83d\ude00"},"finish_reason":null}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"find","arguments":""}}]}}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"q\":"}}]}}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}},{"index":1,"id":"t2","function":{"name":"f","arguments":"{}"}}]}}]}`,
		`{"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}`,
		`{"id":"c1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":5}}}`,
		`[DONE]`))
	temperature := 0.5
	answer, err := ai.Collect(model(t, url).Generate(t.Context(), &ai.Request{
		Model: "gpt-5", Temperature: &temperature, MaxTokens: 100, Stop: []string{"END"}, ToolChoice: ai.ToolRequired,
		Messages: []ai.Message{ai.System("Be \"brief\"."), {Role: ai.RoleUser, Parts: []ai.Part{ai.Text("look"), ai.Image{MediaType: "image/png", Data: []byte("png")}}},
			{Role: ai.RoleAssistant, Parts: []ai.Part{ai.Reasoning{Text: "x"}, ai.ToolCall{ID: "t0", Name: "find", Arguments: json.RawMessage(`{"q":0}`)}}},
			ai.Results(ai.ToolResult{ID: "t0", Content: "none"}, ai.ToolResult{ID: "t1", Content: "broke", IsError: true})},
		Tools: []ai.Tool{{Name: "find", Description: "Finds.", Parameters: json.RawMessage(`{"type":"object"}`), Strict: true}, {Name: "f"}},
		Extra: map[string]json.RawMessage{"seed": json.RawMessage("7"), "max_tokens": json.RawMessage("5")},
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := ai.Answer{Start: ai.Start{ID: "c1", Provider: "openai", Format: "openai", Model: "gpt-5-2026"}, Reason: ai.ReasonToolCalls,
		Usage: ai.Usage{Input: 9, Output: 12, CachedInput: 4, Reasoning: 5},
		Message: ai.Message{Role: ai.RoleAssistant, Parts: []ai.Part{ai.Reasoning{Format: "openai", Text: "hm"}, ai.Text("Hello\n😀"),
			ai.ToolCall{ID: "t1", Name: "find", Arguments: json.RawMessage(`{"q":1}`)}, ai.ToolCall{ID: "t2", Name: "f", Arguments: json.RawMessage(`{}`)}}}}
	if fmt.Sprintf("%+v", *answer) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", *answer, want)
	}
	sent := last()
	if got := fmt.Sprintln(sent["model"], sent["stream"], sent["stream_options"], sent["temperature"], sent["max_tokens"], sent["seed"], sent["stop"], sent["tool_choice"]); got !=
		"gpt-5 true map[include_usage:true] 0.5 5 7 [END] required\n" {
		t.Errorf("request: %s", got)
	}
	messages, _ := json.Marshal(sent["messages"])
	if want := `[{"content":"Be \"brief\".","role":"system"},{"content":[{"text":"look","type":"text"},{"image_url":{"url":"data:image/png;base64,cG5n"},"type":"image_url"}],"role":"user"},` +
		`{"content":null,"role":"assistant","tool_calls":[{"function":{"arguments":"{\"q\":0}","name":"find"},"id":"t0","type":"function"}]},` +
		`{"content":"none","role":"tool","tool_call_id":"t0"},{"content":"Error: broke","role":"tool","tool_call_id":"t1"}]`; string(messages) != want {
		t.Errorf("messages:\n%s\nwant\n%s", messages, want)
	}
}

func TestChatFaults(t *testing.T) {
	t.Parallel()
	aitest.Run(t, aitest.OpenAIChat, func(url string, transport http.RoundTripper) (ai.Model, error) {
		return openai.New("sk-test", ai.Endpoint{BaseURL: url, Transport: transport, MaxPiece: 2 << 20, MaxAnswer: 8 << 20})
	})
}

// Of several choices, which Extra can ask for, the first is the answer: not a
// mixture of them.
func TestChatChoices(t *testing.T) {
	t.Parallel()
	const end = `{"index":0,"delta":{},"finish_reason":"stop"}`
	for name, list := range map[string][]string{
		"in chunks of their own":     {`{"index":1,"delta":{"content":"B"}}`, `{"index":0,"delta":{"content":"A"}}`, `{"index":1,"delta":{},"finish_reason":"length"}`, end},
		"together":                   {`{"index":0,"delta":{"content":"A"}},{"index":1,"delta":{"content":"B"}}`, end},
		"together, the index behind": {`{"delta":{"content":"A"},"index":0},{"delta":{"content":"B"},"index":1}`, end},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var body strings.Builder
			for _, one := range list {
				body.WriteString("data: {\"choices\":[" + one + "]}\n\n")
			}
			model, err := openai.New("key", ai.Endpoint{BaseURL: "http://provider.test", Transport: aitest.Canned("text/event-stream", []byte(body.String()))})
			if err != nil {
				t.Fatal(err)
			}
			answer, err := ai.Collect(aitest.Ordered(t, model.Generate(t.Context(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Hi")}})))
			if err != nil || answer.Text() != "A" || answer.Reason != ai.ReasonStop {
				t.Errorf("got %q, %v, %v", answer.Text(), answer.Reason, err)
			}
		})
	}
}

// Text comes in parts from servers whose models think aloud.
func TestChatContentInParts(t *testing.T) {
	t.Parallel()
	const parts = `[{"type":"thinking","thinking":[{"type":"text","text":"hm"},"?"]},{"type":"text","text":"A"},null]`
	for contentType, body := range map[string]string{
		"application/json":  `{"choices":[{"message":{"content":` + parts + `},"finish_reason":"stop"}]}`,
		"text/event-stream": `data: {"choices":[{"delta":{"content":` + parts + "}}]}\n\ndata: " + `{"choices":[{"delta":{"content":[]},"finish_reason":"stop"}]}` + "\n\n",
	} {
		model, err := openai.New("key", ai.Endpoint{BaseURL: "http://provider.test", Transport: aitest.Canned(contentType, []byte(body))})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := ai.Collect(aitest.Ordered(t, model.Generate(t.Context(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Hi")}})))
		want := []ai.Part{ai.Reasoning{Format: answer.Format, Text: "hm"}, ai.Text("A")}
		if err != nil || fmt.Sprintf("%#v", answer.Message.Parts) != fmt.Sprintf("%#v", want) {
			t.Errorf("%s: got %#v, %v, want %#v", contentType, answer.Message.Parts, err, want)
		}
	}
}

// Whoever forgets the /v1 of a base URL is told so, and not only that something is
// not found.
func TestBaseURLThatIsWrong(t *testing.T) {
	t.Parallel()
	compatible := http.NewServeMux()
	compatible.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"error":{"message":"The model m does not exist","code":"model_not_found"}}`, http.StatusNotFound)
	})
	web := httptest.NewServer(compatible)
	t.Cleanup(web.Close)
	for path, want := range map[string]string{
		"":        "Not Found: the provider has no chat/completions below its base URL, which may be wrong. It should probably end with /v1.",
		"/v1/api": "Not Found: the provider has no chat/completions below its base URL, which may be wrong. It should probably end with /v1.",
		"/v1/":    "The model m does not exist",
	} {
		m, err := openai.New("", ai.Endpoint{BaseURL: web.URL + path, Transport: web.Client().Transport})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ai.Collect(m.Generate(t.Context(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Hi")}}))
		if e, ok := errors.AsType[*ai.Error](err); !ok || e.Kind != ai.NotFound || e.Message != want {
			t.Errorf("%q: got %v, want %q", path, err, want)
		}
		_, err = m.Models(t.Context())
		if e, ok := errors.AsType[*ai.Error](err); !ok || !strings.HasPrefix(e.Message, "Not Found: the provider has no models below its base URL") {
			t.Errorf("%q, list: got %v", path, err)
		}
	}
}
