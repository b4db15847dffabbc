package openai_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

func responses(t *testing.T, url string) ai.Model {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	m, err := openai.NewResponses("sk-test", ai.Endpoint{BaseURL: url, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestResponsesFaults(t *testing.T) {
	t.Parallel()
	aitest.Run(t, aitest.OpenAIResponses, func(url string, transport http.RoundTripper) (ai.Model, error) {
		return openai.NewResponses("sk-test", ai.Endpoint{BaseURL: url, Transport: transport, MaxPiece: 2 << 20, MaxAnswer: 8 << 20})
	})
}

const reasoned = `{"type":"response.created","response":{"id":"resp_1","model":"gpt-5-2026","status":"in_progress","output":[]}}
{"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}}
{"type":"response.reasoning_summary_part.added","item_id":"rs_1","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}
{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":0,"delta":"First"}
{"type":"response.reasoning_summary_part.added","item_id":"rs_1","output_index":0,"summary_index":1,"part":{"type":"summary_text","text":""}}
{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":1,"delta":"then"}
{"type":"response.output_item.done","output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"First"},{"type":"summary_text","text":"then"}],"encrypted_content":"gAAA"}}
{"type":"response.output_item.added","output_index":1,"item":{"id":"msg_1","type":"message","role":"assistant","content":[]}}
{"type":"response.content_part.added","item_id":"msg_1","output_index":1,"content_index":0,"part":{"type":"output_text","text":""}}
{"type":"response.output_text.delta","item_id":"msg_1","output_index":1,"content_index":0,"delta":"Hel","logprobs":[],"obfuscation":"x"}
{"type":"response.output_text.delta","item_id":"msg_1","output_index":1,"content_index":0,"delta":"lo\n\ud83d\ude00"}
{"type":"response.output_item.done","output_index":1,"item":{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello\n😀"}]}}
{"type":"response.output_item.added","output_index":2,"item":{"id":"fc_1","type":"function_call","call_id":"t1","name":"find","arguments":""}}
{"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":2,"delta":"{\"q\":"}
{"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":2,"delta":"1}"}
{"type":"response.function_call_arguments.done","item_id":"fc_1","output_index":2,"arguments":"{\"q\":1}"}
{"type":"response.output_item.done","output_index":2,"item":{"id":"fc_1","type":"function_call","call_id":"t1","name":"find","arguments":"{\"q\":1}"}}
{"type":"response.output_item.done","output_index":3,"item":{"id":"fc_2","type":"function_call","call_id":"t2","name":"f","arguments":"{}"}}
{"type":"response.completed","response":{"id":"resp_1","model":"gpt-5-2026","status":"completed","output":[],"usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":4},"output_tokens":12,"output_tokens_details":{"reasoning_tokens":5},"total_tokens":21}}}`

const reasonedWhole = `{"id":"resp_1","object":"response","status":"completed","error":null,"incomplete_details":null,"output":[` +
	`{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"First"},{"type":"summary_text","text":"then"}],"encrypted_content":"gAAA"},` +
	`{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello\n😀","annotations":[]}]},` +
	`{"id":"fc_1","type":"function_call","call_id":"t1","name":"find","arguments":"{\"q\":1}"},{"id":"fc_2","type":"function_call","call_id":"t2","name":"f","arguments":"{}"}],` +
	`"model":"gpt-5-2026","usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":4},"output_tokens":12,"output_tokens_details":{"reasoning_tokens":5},"total_tokens":21}}`

// What the model said and thought comes the same way whole and in pieces, and
// goes back as it came.
func TestResponsesConversation(t *testing.T) {
	t.Parallel()
	want := ai.Answer{Start: ai.Start{ID: "resp_1", Provider: "openai", Format: "openai-responses", Model: "gpt-5-2026"}, Reason: ai.ReasonToolCalls,
		Usage: ai.Usage{Input: 9, Output: 12, CachedInput: 4, Reasoning: 5},
		Message: ai.Message{Role: ai.RoleAssistant, Parts: []ai.Part{ai.Reasoning{Format: "openai-responses", ID: "rs_1", Text: "First\n\nthen", Opaque: "gAAA"}, ai.Text("Hello\n😀"),
			ai.ToolCall{ID: "t1", Name: "find", Arguments: json.RawMessage(`{"q":1}`)}, ai.ToolCall{ID: "t2", Name: "f", Arguments: json.RawMessage(`{}`)}}}}
	for contentType, body := range map[string]string{"text/event-stream": chunks(strings.Split(reasoned, "\n")...), "application/json": reasonedWhole} {
		url, last := serve(t, contentType, body)
		temperature := 0.5
		req := &ai.Request{
			Model: "gpt-5", Temperature: &temperature, MaxTokens: 100, ToolChoice: "find", Effort: "low", User: "u1", Whole: contentType == "application/json",
			Messages: []ai.Message{ai.System("Be \"brief\"."), {Role: ai.RoleUser, Parts: []ai.Part{ai.Text("look"), ai.Image{MediaType: "image/png", Data: []byte("png")},
				ai.File{MediaType: "application/pdf", Data: []byte("pdf")}, ai.File{ID: "f1"}, ai.File{URL: "https://files.test/x"}}}},
			Tools:  []ai.Tool{{Name: "find", Description: "Finds.", Parameters: json.RawMessage(`{"type":"object"}`), Strict: true}, {Name: "f"}},
			Output: &ai.Schema{Schema: json.RawMessage(`{"type":"object"}`), Strict: true},
		}
		m := responses(t, url)
		answer, err := ai.Collect(aitest.Ordered(t, m.Generate(t.Context(), req)))
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%+v", *answer) != fmt.Sprintf("%+v", want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", contentType, *answer, want)
		}
		sent := last()
		got, _ := json.Marshal([]any{sent["store"], sent["include"], sent["reasoning"], sent["text"], sent["tool_choice"], sent["max_output_tokens"], sent["user"], sent["tools"]})
		if want := `[false,["reasoning.encrypted_content"],{"effort":"low"},{"format":{"name":"answer","schema":{"type":"object"},"strict":true,"type":"json_schema"}},{"name":"find","type":"function"},100,"u1",` +
			`[{"description":"Finds.","name":"find","parameters":{"type":"object"},"strict":true,"type":"function"},` +
			`{"name":"f","parameters":{"additionalProperties":false,"properties":{},"type":"object"},"strict":false,"type":"function"}]]`; string(got) != want {
			t.Errorf("request:\n%s\nwant\n%s", got, want)
		}
		req.Messages = append(req.Messages, answer.Message, ai.Results(ai.ToolResult{ID: "t1", Content: "none"}, ai.ToolResult{ID: "t2", Content: "broke", IsError: true}),
			ai.Message{Role: ai.RoleAssistant, Parts: []ai.Part{ai.Reasoning{Format: "openai", Text: "of elsewhere"}, ai.Refusal("No.")}})
		if _, err := ai.Collect(m.Generate(t.Context(), req)); err != nil {
			t.Fatal(err)
		}
		input, _ := json.Marshal(last()["input"])
		if want := `[{"content":"Be \"brief\".","role":"system"},{"content":[{"text":"look","type":"input_text"},{"detail":"auto","image_url":"data:image/png;base64,cG5n","type":"input_image"},` +
			`{"file_data":"data:application/pdf;base64,cGRm","filename":"file","type":"input_file"},{"file_id":"f1","type":"input_file"},{"file_url":"https://files.test/x","type":"input_file"}],"role":"user"},` +
			`{"encrypted_content":"gAAA","id":"rs_1","summary":[{"text":"First\n\nthen","type":"summary_text"}],"type":"reasoning"},` +
			`{"content":[{"text":"Hello\n😀","type":"output_text"}],"role":"assistant","type":"message"},` +
			`{"arguments":"{\"q\":1}","call_id":"t1","name":"find","type":"function_call"},{"arguments":"{}","call_id":"t2","name":"f","type":"function_call"},` +
			`{"call_id":"t1","output":"none","type":"function_call_output"},{"call_id":"t2","output":"Error: broke","type":"function_call_output"},` +
			`{"content":[{"refusal":"No.","type":"refusal"}],"role":"assistant","type":"message"}]`; string(input) != want {
			t.Errorf("input:\n%s\nwant\n%s", input, want)
		}
	}
}

func TestResponsesEnds(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, event string
		reason      ai.Reason
		kind        ai.ErrorKind
	}{
		{"length", `{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[]}}`, ai.ReasonLength, 0},
		{"filter", `{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]}}`, ai.ReasonFiltered, 0},
		{"failed", `{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"slow"},"output":[]}}`, 0, ai.RateLimited},
		{"failed, no reason", `{"type":"response.failed","response":{"status":"failed","error":null,"output":[]}}`, 0, ai.Server},
		{"canceled", `{"type":"response.completed","response":{"status":"cancelled","output":[]}}`, 0, ai.Server}, //nolint:misspell // the API's word
		{"error", `{"type":"error","code":"context_length_exceeded","message":"long","param":null}`, 0, ai.TooLarge},
		{"error, nested", `{"type":"error","error":{"type":"invalid_request_error","code":"context_length_exceeded","message":"long"}}`, 0, ai.TooLarge},
		{"no status", `{"type":"response.completed","response":{"id":"r"}}`, ai.ReasonStop, 0},
		{"no end", `[DONE]`, 0, ai.Truncated},
		{"no object", `{"type":"response.completed"}`, 0, ai.Malformed},
		{"a broken item", `{"type":"response.output_item.done","output_index":1,"item":[]}`, 0, ai.Malformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			url, _ := serve(t, "text/event-stream", chunks(`{"type":"response.output_text.delta","output_index":0,"delta":"some"}`, tc.event))
			answer, err := ai.Collect(aitest.Ordered(t, responses(t, url).Generate(t.Context(), &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Hi")}})))
			failed, isError := errors.AsType[*ai.Error](err)
			if isError != (tc.kind != 0) || isError && failed.Kind != tc.kind || answer.Reason != tc.reason || answer.Text() != "some" {
				t.Errorf("got %q, %v, %v, want %v, %v", answer.Text(), answer.Reason, err, tc.reason, tc.kind)
			}
		})
	}
}

func TestResponsesUnsupported(t *testing.T) {
	t.Parallel()
	seed := int64(1)
	user := []ai.Message{ai.User("Hi")}
	for name, req := range map[string]*ai.Request{
		"seed":  {Model: "m", Messages: user, Seed: &seed},
		"stop":  {Model: "m", Messages: user, Stop: []string{"x"}},
		"audio": {Model: "m", Messages: []ai.Message{{Role: ai.RoleUser, Parts: []ai.Part{ai.File{MediaType: "audio/wav", Data: []byte("x")}}}}},
	} {
		_, err := ai.Collect(responses(t, "http://provider.test").Generate(t.Context(), req))
		if failed, ok := errors.AsType[*ai.Error](err); !ok || failed.Kind != ai.Unsupported {
			t.Errorf("%s: got %v, want kind unsupported", name, err)
		}
	}
	url, last := serve(t, "application/json", reasonedWhole)
	if _, err := ai.Collect(responses(t, url).Generate(t.Context(), &ai.Request{Model: "gpt-4.1", Messages: user, Whole: true})); err != nil || last()["include"] != nil {
		t.Errorf("a model that does not reason: got %v, %v", err, last()["include"])
	}
}

func FuzzResponse(f *testing.F) {
	aitest.Fuzz(f, aitest.OpenAIResponses, func(transport http.RoundTripper) (ai.Model, error) {
		return openai.NewResponses("key", ai.Endpoint{BaseURL: "http://provider.test", Transport: transport, MaxPiece: 1 << 16, MaxAnswer: 1 << 18})
	})
}

// A piece costs its text, and nothing else.
func TestAllocationsOfAPieceOfAResponse(t *testing.T) {
	const piece = `{"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_67c9fdcf37fc8190ba82116e33fb28c501b8b0ad29736db7","output_index":0,"content_index":0,"delta":" token","logprobs":[],"obfuscation":"wVtA"}`
	body := strings.Repeat("event: response.output_text.delta\ndata: "+piece+"\n\n", benchPieces) + chunks(`{"type":"response.completed","response":{"status":"completed","output":[]}}`)
	m, err := openai.NewResponses("key", ai.Endpoint{Transport: aitest.Canned("text/event-stream", []byte(body))})
	if err != nil {
		t.Fatal(err)
	}
	req := &ai.Request{Model: "m", Messages: []ai.Message{ai.User("Hi")}}
	got := testing.AllocsPerRun(10, func() {
		for _, err := range m.Generate(t.Context(), req) {
			if err != nil {
				t.Error(err)
			}
		}
	})
	if per := got / benchPieces; per > 1.2 {
		t.Errorf("got %.2f allocations a piece, want 1", per)
	}
}
