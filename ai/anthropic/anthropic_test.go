package anthropic_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestFaults(t *testing.T) {
	t.Parallel()
	aitest.Run(t, aitest.Anthropic, func(url string, transport http.RoundTripper) (ai.Model, error) {
		return anthropic.New("sk-ant-test", ai.Endpoint{BaseURL: url, Transport: transport, MaxPiece: 2 << 20, MaxAnswer: 8 << 20})
	})
}

func TestRequestAndAnswer(t *testing.T) {
	t.Parallel()
	server := aitest.NewServer()
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	model, err := anthropic.New("sk-ant-test", ai.Endpoint{BaseURL: server.BaseURL(aitest.Anthropic), Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	server.Push(aitest.Reply{Reasoning: []string{"Let me ", "see."}, Text: []string{"It is ", "sunny."},
		Calls: []ai.ToolCall{{ID: "t1", Name: "weather", Arguments: json.RawMessage(`{"city":"Bern"}`)}, {ID: "t2", Name: "time", Arguments: json.RawMessage(`{}`)}},
		Usage: ai.Usage{Input: 30, Output: 12, CachedInput: 10, CacheWrite: 5}})
	request := &ai.Request{
		Model: "claude", Effort: "low", Stop: []string{"END"}, ToolChoice: ai.ToolRequired, User: "u1",
		Messages: []ai.Message{ai.System("Be brief."), {Role: ai.RoleUser, Parts: []ai.Part{ai.Text("look"), ai.Image{MediaType: "image/png", Data: []byte("png")}}},
			{Role: ai.RoleAssistant, Parts: []ai.Part{ai.Reasoning{Format: "anthropic", Text: "hm", Signature: "s"}, ai.Reasoning{Text: "another's", Signature: "x"}, ai.ToolCall{ID: "t0", Name: "time"}}},
			ai.Results(ai.ToolResult{ID: "t0", Content: "noon"}, ai.ToolResult{ID: "t9", Content: "broke", IsError: true})},
		Tools:  []ai.Tool{{Name: "weather", Description: "Weather.", Parameters: json.RawMessage(`{"type":"object"}`)}, {Name: "time"}},
		Output: &ai.Schema{Schema: json.RawMessage(`{"type":"object"}`)},
	}
	answer, err := ai.Collect(model.Generate(t.Context(), request))
	if err != nil {
		t.Fatal(err)
	}
	want := ai.Answer{Start: ai.Start{ID: "msg_1", Provider: "anthropic", Format: "anthropic", Model: "test-model-1"}, Reason: ai.ReasonToolCalls,
		Usage: ai.Usage{Input: 30, Output: 12, CachedInput: 10, CacheWrite: 5},
		Message: ai.Message{Role: ai.RoleAssistant, Parts: []ai.Part{ai.Reasoning{Format: "anthropic", ID: "0", Text: "Let me see.", Signature: "c2ln"}, ai.Text("It is sunny."),
			ai.ToolCall{ID: "t1", Name: "weather", Arguments: json.RawMessage(`{"city":"Bern"}`)}, ai.ToolCall{ID: "t2", Name: "time", Arguments: json.RawMessage(`{}`)}}}}
	if fmt.Sprintf("%+v", *answer) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", *answer, want)
	}
	came := server.Requests()[0]
	if got := came.Header.Get("X-Api-Key") + " " + came.Header.Get("Anthropic-Version"); got != "sk-ant-test 2023-06-01" {
		t.Errorf("header: got %q", got)
	}
	const wantBody = `{"model":"claude","max_tokens":8192,"system":[{"type":"text","text":"Be brief."}],"messages":[{"role":"user","content":[` +
		`{"type":"text","text":"look"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"cG5n"}}]},` +
		`{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"tool_use","id":"t0","name":"time","input":{}}]},` +
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"t0","content":"noon"},{"type":"tool_result","tool_use_id":"t9","content":"broke","is_error":true}]}],` +
		`"stream":true,"tools":[{"name":"weather","description":"Weather.","input_schema":{"type":"object"}},{"name":"time","input_schema":{"type":"object","properties":{}}}],` +
		`"tool_choice":{"type":"any"},"output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type":"object"}}},"stop_sequences":["END"],"metadata":{"user_id":"u1"}}`
	if string(came.Body) != wantBody {
		t.Errorf("body:\n%s\nwant\n%s", came.Body, wantBody)
	}
	seed := int64(1)
	request.Seed = &seed
	_, err = ai.Collect(model.Generate(t.Context(), request))
	if failed, ok := errors.AsType[*ai.Error](err); !ok || failed.Kind != ai.Unsupported || !failed.Elsewhere() {
		t.Errorf("a seed: got %v, want kind unsupported", err)
	}
	if got := fmt.Sprintf("%+v %#v", model, model); strings.Contains(got, "sk-ant") {
		t.Errorf("the key is in %s", got)
	}
}
