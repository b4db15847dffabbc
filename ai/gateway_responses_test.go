package ai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

// Our own client of the Responses format sees through the gateway what it would
// see of the provider, and what a provider wants back of its reasoning gets there.
func TestGatewayResponses(t *testing.T) {
	t.Parallel()
	upstream, url, client := gateway(t)
	model, err := openai.NewResponses("key", ai.Endpoint{BaseURL: url, Transport: client.Transport})
	if err != nil {
		t.Fatal(err)
	}
	for _, whole := range []bool{false, true} {
		for _, name := range []string{"smart", "gemini/gemini-pro"} {
			upstream.Push(aitest.Reply{Reasoning: []string{"hm"}, Text: []string{"It is \"", "21\" 😀"}, Calls: []ai.ToolCall{{ID: "t1", Name: "find", Arguments: json.RawMessage(`{"q":1}`)}, {ID: "t2", Name: "find", Arguments: json.RawMessage(`{}`)}},
				Usage: ai.Usage{Input: 20, Output: 10, CachedInput: 4}})
			ask := &ai.Request{Model: name, Whole: whole, MaxTokens: 50, Messages: []ai.Message{ai.System("Be brief."), ai.User("Hi"), {Role: ai.RoleUser, Parts: []ai.Part{ai.Text("and this?"), ai.Image{MediaType: "image/png", Data: []byte("png")}}}},
				Tools: []ai.Tool{{Name: "find", Parameters: json.RawMessage(`{"type":"object"}`)}}, ToolChoice: "find", Output: &ai.Schema{Name: "weather", Schema: json.RawMessage(`{"type":"object"}`), Strict: true}}
			answer, err := ai.Collect(aitest.Ordered(t, model.Generate(t.Context(), ask)))
			if err != nil {
				t.Fatalf("%s, whole %v: %v", name, whole, err)
			}
			calls := answer.Message.Calls()
			if answer.Text() != "It is \"21\" 😀" || len(calls) != 2 || calls[0].ID != "t1" || string(calls[0].Arguments) != `{"q":1}` || string(calls[1].Arguments) != `{}` || answer.Reason != ai.ReasonToolCalls ||
				answer.Usage.Input != 20 || answer.Usage.Output != 10 || answer.Usage.CachedInput != 4 || answer.Model != "test-model-1" || len(answer.Message.Parts) != 4 {
				t.Errorf("%s, whole %v: got %+v", name, whole, answer)
			}
			ask.Messages = append(ask.Messages, answer.Message, ai.Results(ai.ToolResult{ID: "t1", Content: "a"}, ai.ToolResult{ID: "t2", Content: "b"}))
			if _, err := ai.Collect(model.Generate(t.Context(), ask)); err != nil {
				t.Fatalf("%s, whole %v: %v", name, whole, err)
			}
		}
	}
	sent := string(upstream.Requests()[1].Body)
	for _, want := range []string{`"max_tokens":50`, `"system":[{"type":"text","text":"Be brief."}]`, `"media_type":"image/png","data":"cG5n"`, `"tool_choice":{"type":"tool","name":"find"}`,
		`"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}`, `{"type":"thinking","thinking":"hm","signature":"c2ln"}`, `"tool_use_id":"t2"`} {
		if !strings.Contains(sent, want) {
			t.Errorf("the provider got %s, want %s in it", sent, want)
		}
	}
}

// stream posts a body and returns the events.
func stream(t *testing.T, h http.Handler, body string) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/responses", strings.NewReader(body)))
	return w.Body.String()
}

// The events come in the order in which the format has them.
func TestGatewayResponsesEvents(t *testing.T) {
	t.Parallel()
	answer := play(func(yield func(ai.Event, error) bool) {
		for _, e := range []ai.Event{{Kind: ai.EventStart, Start: &ai.Start{ID: "x", Format: "gemini", Model: "m-1"}}, {Kind: ai.EventReasoning, Text: "hm", ID: "0"}, {Kind: ai.EventReasoning, Signature: "sig", ID: "0"},
			{Kind: ai.EventText, Text: "a"}, {Kind: ai.EventText, Text: "b"}, {Kind: ai.EventRefusal, Text: "no"}, {Kind: ai.EventToolCall, ID: "c0", Name: "f", Signature: "s0"},
			{Kind: ai.EventToolCall, ID: "c1", Name: "g", Index: 1}, {Kind: ai.EventToolArguments, Text: "{}", Index: 1}, {Kind: ai.EventToolArguments, Text: `{"q":1}`},
			{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 3, Output: 2}}, {Kind: ai.EventEnd, Reason: ai.ReasonToolCalls}} {
			if !yield(e, nil) {
				return
			}
		}
	})
	g := &ai.Gateway{Model: answer}
	body := stream(t, g, `{"model":"p/m","input":"Hi","stream":true,"include":["reasoning.encrypted_content"]}`)
	var got []string
	for i, event := range strings.Split(strings.TrimSpace(body), "\n\n") {
		var o struct {
			Type     string
			Sequence int             `json:"sequence_number"`
			Output   int             `json:"output_index"`
			Content  int             `json:"content_index"`
			ItemID   string          `json:"item_id"`
			Item     json.RawMessage `json:"item"`
			Delta    string          `json:"delta"`
		}
		name, data, _ := strings.Cut(event, "\n")
		if err := json.Unmarshal([]byte(strings.TrimPrefix(data, "data: ")), &o); err != nil || name != "event: "+o.Type || o.Sequence != i {
			t.Fatalf("event %d: %s, %v", i, event, err)
		}
		got = append(got, fmt.Sprintf("%s %d %d %s %s %s", strings.TrimPrefix(o.Type, "response."), o.Output, o.Content, o.ItemID, o.Delta, o.Item))
	}
	const want = `created 0 0   
in_progress 0 0   
output_item.added 0 0   {"id":"rs_x_0","type":"reasoning","summary":[]}
reasoning_summary_part.added 0 0 rs_x_0  
reasoning_summary_text.delta 0 0 rs_x_0 hm 
reasoning_summary_text.done 0 0 rs_x_0  
reasoning_summary_part.done 0 0 rs_x_0  
output_item.done 0 0   {"id":"rs_x_0","type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"ai1.eyJmIjoiZ2VtaW5pIiwiaSI6IjAiLCJzIjoic2lnIn0"}
output_item.added 1 0   {"id":"msg_x_1","type":"message","status":"in_progress","role":"assistant","content":[]}
content_part.added 1 0 msg_x_1  
output_text.delta 1 0 msg_x_1 a 
output_text.delta 1 0 msg_x_1 b 
output_text.done 1 0 msg_x_1  
content_part.done 1 0 msg_x_1  
content_part.added 1 1 msg_x_1  
refusal.delta 1 1 msg_x_1 no 
refusal.done 1 1 msg_x_1  
content_part.done 1 1 msg_x_1  
output_item.done 1 0   {"id":"msg_x_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"ab","annotations":[],"logprobs":[]},{"type":"refusal","refusal":"no"}]}
output_item.added 2 0   {"id":"fc_x_2~s0","type":"function_call","status":"in_progress","call_id":"c0","name":"f","arguments":""}
output_item.added 3 0   {"id":"fc_x_3","type":"function_call","status":"in_progress","call_id":"c1","name":"g","arguments":""}
function_call_arguments.delta 3 0 fc_x_3 {} 
function_call_arguments.delta 2 0 fc_x_2~s0 {"q":1} 
function_call_arguments.done 2 0 fc_x_2~s0  
output_item.done 2 0   {"id":"fc_x_2~s0","type":"function_call","status":"completed","call_id":"c0","name":"f","arguments":"{\"q\":1}"}
function_call_arguments.done 3 0 fc_x_3  
output_item.done 3 0   {"id":"fc_x_3","type":"function_call","status":"completed","call_id":"c1","name":"g","arguments":"{}"}
completed 0 0   `
	if s := strings.Join(got, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
	if !strings.Contains(body, `"usage":{"input_tokens":3,"input_tokens_details":{"cached_tokens":0},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":5}`) || strings.Contains(body, "[DONE]") {
		t.Errorf("got %s", body)
	}
	// What the last event has is what a client that wants no stream gets.
	var last, whole struct {
		Status string
		Output json.RawMessage
	}
	_, data, _ := strings.Cut(body[strings.LastIndex(body, "event: "):], `"response":`)
	if err := errors.Join(json.Unmarshal([]byte(strings.TrimSuffix(strings.TrimSpace(data), "}")), &last),
		json.Unmarshal([]byte(stream(t, g, `{"model":"p/m","input":"Hi","include":["reasoning.encrypted_content"]}`)), &whole)); err != nil || last.Status != "completed" || string(last.Output) != string(whole.Output) {
		t.Errorf("got %s %s\nand whole %s, %v", last.Status, last.Output, whole.Output, err)
	}
	if body := stream(t, g, `{"model":"p/m","input":"Hi"}`); strings.Contains(body, "encrypted_content") {
		t.Errorf("nobody asked for encrypted reasoning: %s", body)
	}
}

func TestGatewayResponsesReads(t *testing.T) {
	t.Parallel()
	var asked *ai.Request
	g := &ai.Gateway{Model: ai.ModelFunc(func(_ context.Context, r *ai.Request) iter.Seq2[ai.Event, error] {
		asked = r
		return says(nil, "a")
	})}
	body := stream(t, g, `{"model":"m","instructions":"Be brief.","input":[{"role":"developer","content":"x"},{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"},
		{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,cGRm"},{"type":"input_image","image_url":"https://i.test/x","detail":"low"}]},
		{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"one"},{"type":"summary_text","text":"two"}],"encrypted_content":"gAAA"},{"type":"reasoning","id":"rs_2","summary":[]},
		{"type":"message","role":"assistant","id":"msg_1","status":"completed","content":[{"type":"output_text","text":"a","annotations":[],"parsed":null}]},
		{"type":"function_call","id":"fc_1~sig","call_id":"c1","name":"f","arguments":"{}","parsed_arguments":{}},{"type":"function_call_output","call_id":"c1","output":"r"},{"type":"function_call_output","call_id":"c2","output":[{"type":"input_text","text":"s"}]}],
		"reasoning":{"effort":"low","summary":"auto"},"store":false,"parallel_tool_calls":true,"truncation":"disabled","max_output_tokens":7,"safety_identifier":"u","text":{"format":{"type":"json_object"}},"metadata":{"a":"b"}}`)
	want := []ai.Message{ai.System("Be brief."), ai.System("x"), {Role: ai.RoleUser, Parts: []ai.Part{ai.Text("Hi"), ai.File{Name: "a.pdf", MediaType: "application/pdf", Data: []byte("pdf")}, ai.Image{URL: "https://i.test/x", Detail: "low"}}},
		{Role: ai.RoleAssistant, Parts: []ai.Part{ai.Reasoning{Format: "openai-responses", ID: "rs_1", Text: "one\n\ntwo", Opaque: "gAAA"}, ai.Text("a"), ai.ToolCall{ID: "c1", Name: "f", Arguments: json.RawMessage("{}"), Signature: "sig"}}},
		ai.Results(ai.ToolResult{ID: "c1", Content: "r"}, ai.ToolResult{ID: "c2", Content: "s"})}
	if asked == nil || fmt.Sprintf("%+v", asked.Messages) != fmt.Sprintf("%+v", want) || asked.Effort != "low" || asked.MaxTokens != 7 || asked.User != "u" || string(asked.Output.Schema) != `{"type":"object"}` {
		t.Errorf("got  %+v\nwant %+v\n%s", asked, want, body)
	}
	for _, part := range []string{`"instructions":"Be brief."`, `"metadata":{"a":"b"}`, `"reasoning":{"effort":"low","summary":null}`, `"store":false`, `"text":{"format":{"type":"json_object"}}`, `"output":[{"id":"msg_1_0"`} {
		if !strings.Contains(body, part) {
			t.Errorf("got %s, want %s in it", body, part)
		}
	}
}

func TestGatewayResponsesRefuses(t *testing.T) {
	t.Parallel()
	upstream, url, client := gateway(t, func(g *ai.Gateway) { g.Log = discard() })
	for _, tc := range []struct {
		name, more  string
		fault       aitest.Fault
		status      int
		code, param string
	}{
		{"an unknown field", `"n":2`, "", 400, "invalid_body", ""},
		{"stored", `"store":true`, "", 400, "unsupported_parameter", "store"},
		{"an answer before", `"previous_response_id":"resp_1"`, "", 400, "unsupported_parameter", "previous_response_id"},
		{"in the background", `"background":true`, "", 400, "unsupported_parameter", "background"},
		{"a conversation", `"conversation":"conv_1"`, "", 400, "unsupported_parameter", "conversation"},
		{"a prompt", `"prompt":{"id":"p"}`, "", 400, "unsupported_parameter", "prompt"},
		{"a tool of the provider's", `"tools":[{"type":"web_search"}]`, "", 400, "unsupported_parameter", "tools[0].type"},
		{"a choice of tools", `"tool_choice":{"type":"allowed_tools"}`, "", 400, "unsupported_parameter", "tool_choice"},
		{"probabilities", `"include":["message.output_text.logprobs"]`, "", 400, "unsupported_parameter", "include"},
		{"a format", `"text":{"format":{"type":"grammar"}}`, "", 400, "unsupported_parameter", "text.format"},
		{"an item", `"input":[{"type":"item_reference","id":"x"}]`, "", 400, "unsupported_parameter", "input[0].type"},
		{"a role", `"input":[{"role":"boss","content":"x"}]`, "", 400, "invalid_value", "input[0].role"},
		{"a part", `"input":[{"role":"user","content":[{"type":"input_audio"}]}]`, "", 400, "unsupported_parameter", "input[0].content[0].type"},
		{"a picture by id", `"input":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]`, "", 400, "unsupported_parameter", "input[0].content[0].file_id"},
		{"a picture", `"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:x"}]}]`, "", 400, "invalid_value", "input[0].content[0].image_url"},
		{"nothing", `"input":[]`, "", 400, "invalid_value", "input"},
		{"a number", `"input":3`, "", 400, "invalid_value", "input"},
		{"busy", `"user":"u"`, aitest.RateLimited, 429, "rate_limit_exceeded", ""},
		{"broken", `"user":"u"`, aitest.CleanCut, 502, "truncated", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.fault != "" {
				upstream.Push(aitest.Reply{Fault: tc.fault})
			}
			status, header, failed := post(t, client, url+"/responses", `{"model":"anthropic/claude","input":"Hi",`+tc.more+`}`)
			if param, _ := failed["param"].(string); status != tc.status || failed["code"] != tc.code || param != tc.param {
				t.Errorf("got %d %v, want %d %s %s", status, failed, tc.status, tc.code, tc.param)
			}
			if tc.fault == aitest.RateLimited && header.Get("Retry-After") != "1" {
				t.Errorf("got Retry-After %q, want 1", header.Get("Retry-After"))
			}
		})
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		r, err := http.NewRequestWithContext(t.Context(), method, url+"/responses/resp_1", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil || answer.StatusCode != http.StatusNotFound || !strings.Contains(string(body), `"code":"response_not_found"`) {
			t.Errorf("%s: got %d %s, %v", method, answer.StatusCode, body, err)
		}
	}
}

// What breaks off after it began ends with an event that says so.
func TestGatewayResponsesBreaks(t *testing.T) {
	t.Parallel()
	upstream, url, client := gateway(t, func(g *ai.Gateway) { g.Log = discard() })
	model, err := openai.NewResponses("", ai.Endpoint{BaseURL: url, Transport: client.Transport})
	if err != nil {
		t.Fatal(err)
	}
	for fault, kind := range map[aitest.Fault]ai.ErrorKind{aitest.ErrorMidway: ai.Server, aitest.CleanCut: ai.Server, aitest.ProviderOverload: ai.Overloaded} {
		upstream.Push(aitest.Reply{Fault: fault})
		answer, err := ai.Collect(model.Generate(t.Context(), &ai.Request{Model: "anthropic/claude", Messages: []ai.Message{ai.User("Hi")}}))
		if failed, ok := errors.AsType[*ai.Error](err); !ok || failed.Kind != kind || answer.Text() == "" != (fault == aitest.ProviderOverload) {
			t.Errorf("%s: got %q, %v, want kind %v", fault, answer.Text(), err, kind)
		}
	}
	upstream.Push(aitest.Reply{Reason: ai.ReasonLength})
	answer, err := ai.Collect(model.Generate(t.Context(), &ai.Request{Model: "anthropic/claude", Messages: []ai.Message{ai.User("Hi")}}))
	if err != nil || answer.Reason != ai.ReasonLength {
		t.Errorf("got %v, %v, want the reason length", answer.Reason, err)
	}
}

func FuzzGatewayResponses(f *testing.F) {
	for _, body := range []string{`{"model":"p/m","stream":true,"input":[{"role":"user","content":[{"type":"input_text","text":"x"},{"type":"input_image","image_url":"data:image/png;base64,cG5n"}]},` +
		`{"type":"reasoning","summary":[{"text":"x"}],"encrypted_content":"ai1.eyJmIjoiZ2VtaW5pIn0"},{"type":"function_call","call_id":"1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"1","output":"x"}],` +
		`"tools":[{"type":"function","name":"f","parameters":{}}],"tool_choice":{"type":"function","name":"f"},"text":{"format":{"type":"json_schema","name":"x","schema":{}}}}`,
		`{"model":"p/m","input":"x","instructions":null,"include":["reasoning.encrypted_content"]}`} {
		f.Add(body)
	}
	d := ai.NewDirectory()
	if err := d.Provider("p", play(says(nil, "a"))); err != nil {
		f.Fatal(err)
	}
	g := &ai.Gateway{Model: d, Log: discard()}
	f.Fuzz(func(t *testing.T, body string) {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/responses", strings.NewReader(body)))
		if w.Code >= 500 {
			t.Errorf("%q: got %d %s", body, w.Code, w.Body)
		}
		if w.Code == http.StatusOK && w.Header().Get("Content-Type") == "application/json" && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q: got %s", body, w.Body)
		}
	})
}
