package ai_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
	"github.com/modular-dashboard/dashboard/ai/gemini"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

// gateway serves a directory of providers that a fault server stands for.
func gateway(t *testing.T, change ...func(*ai.Gateway)) (upstream *aitest.Server, url string, client *http.Client) {
	t.Helper()
	upstream = aitest.NewServer()
	t.Cleanup(upstream.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	d := ai.NewDirectory()
	claude, err := anthropic.New("key", ai.Endpoint{BaseURL: upstream.BaseURL(aitest.Anthropic), Transport: transport})
	google, err2 := gemini.New("key", ai.Endpoint{BaseURL: upstream.BaseURL(aitest.Gemini), Transport: transport})
	if err = errors.Join(err, err2); err == nil {
		err = errors.Join(d.Provider("anthropic", claude), d.Provider("gemini", google), d.Alias("smart", "anthropic/claude", "gemini/gemini-pro"))
	}
	if err != nil {
		t.Fatal(err)
	}
	g := &ai.Gateway{Model: d}
	for _, f := range change {
		f(g)
	}
	server := httptest.NewServer(http.StripPrefix("/ai/v1", g))
	t.Cleanup(server.Close)
	return upstream, server.URL + "/ai/v1", &http.Client{Transport: transport}
}

// Our own client of the format sees through the gateway what it would see of the
// provider.
func TestGateway(t *testing.T) {
	t.Parallel()
	upstream, url, client := gateway(t)
	model, err := openai.New("key", ai.Endpoint{BaseURL: url, Transport: client.Transport})
	if err != nil {
		t.Fatal(err)
	}
	for _, whole := range []bool{false, true} {
		for _, name := range []string{"smart", "anthropic/claude", "gemini/gemini-pro"} {
			upstream.Push(aitest.Reply{Reasoning: []string{"hm"}, Text: []string{"It is \"", "21\" 😀"}, Calls: []ai.ToolCall{{ID: "t1", Name: "find", Arguments: json.RawMessage(`{"q":1}`)}, {ID: "t2", Name: "find", Arguments: json.RawMessage(`{}`)}},
				Usage: ai.Usage{Input: 20, Output: 10, CachedInput: 4}})
			answer, err := ai.Collect(aitest.Ordered(t, model.Generate(t.Context(), &ai.Request{Model: name, Whole: whole, MaxTokens: 50,
				Messages: []ai.Message{ai.System("Be brief."), ai.User("Hi"), {Role: ai.RoleAssistant, Parts: []ai.Part{ai.ToolCall{ID: "t0", Name: "find", Arguments: json.RawMessage(`{}`)}}},
					ai.Results(ai.ToolResult{ID: "t0", Content: "a"}, ai.ToolResult{ID: "t00", Content: "b"}),
					{Role: ai.RoleUser, Parts: []ai.Part{ai.Text("and this?"), ai.Image{MediaType: "image/png", Data: []byte("png")}}}},
				Tools: []ai.Tool{{Name: "find", Parameters: json.RawMessage(`{"type":"object"}`)}}, ToolChoice: "find",
				Output: &ai.Schema{Name: "weather", Schema: json.RawMessage(`{"type":"object"}`), Strict: true}})))
			if err != nil {
				t.Fatalf("%s, whole %v: %v", name, whole, err)
			}
			calls := answer.Message.Calls()
			if answer.Text() != "It is \"21\" 😀" || len(calls) != 2 || calls[0].ID != "t1" || string(calls[0].Arguments) != `{"q":1}` || string(calls[1].Arguments) != `{}` || answer.Reason != ai.ReasonToolCalls ||
				answer.Usage.Input != 20 || answer.Usage.Output != 10 || answer.Usage.CachedInput != 4 || answer.Model != "test-model-1" {
				t.Errorf("%s, whole %v: got %+v", name, whole, answer)
			}
		}
	}
	sent := string(upstream.Requests()[0].Body)
	for _, want := range []string{`"max_tokens":50`, `"system":[{"type":"text","text":"Be brief."}]`, `"media_type":"image/png","data":"cG5n"`, `"tool_use_id":"t00"`, `"tool_choice":{"type":"tool","name":"find"}`,
		`"output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}`} {
		if !strings.Contains(sent, want) {
			t.Errorf("the provider got %s, want %s in it", sent, want)
		}
	}
}

func TestGatewayFallsBack(t *testing.T) {
	t.Parallel()
	upstream, url, client := gateway(t)
	upstream.Push(aitest.Reply{Fault: aitest.ProviderOverload}, aitest.Reply{Text: []string{"from the other"}})
	model, err := openai.New("", ai.Endpoint{BaseURL: url, Transport: client.Transport})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := ai.Collect(model.Generate(t.Context(), &ai.Request{Model: "smart", Messages: []ai.Message{ai.User("Hi")}}))
	if err != nil || answer.Text() != "from the other" {
		t.Errorf("got %q, %v", answer.Text(), err)
	}
}

// post sends a body and returns the status and the error object.
func post(t *testing.T, client *http.Client, url, body string) (int, http.Header, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		Error map[string]any `json:"error"`
	}
	if err := json.Unmarshal(raw, &out); err != nil && answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", raw, err)
	}
	return answer.StatusCode, answer.Header, out.Error
}

func TestGatewayErrors(t *testing.T) {
	t.Parallel()
	upstream, url, client := gateway(t, func(g *ai.Gateway) { g.MaxBody = 4096; g.Log = discard() })
	const plain = `{"model":"anthropic/claude","messages":[{"role":"user","content":"Hi"}]}`
	for _, tc := range []struct {
		name, body string
		fault      aitest.Fault
		status     int
		code       string
		param      string
	}{
		{"not JSON", `{"model":`, "", 400, "invalid_body", ""},
		{"an unknown field", `{"model":"m","messages":[],"top_k":3}`, "", 400, "invalid_body", ""},
		{"no messages", `{"model":"m","messages":[]}`, "", 400, "invalid_value", ""},
		{"several answers", `{"model":"m","messages":[],"n":2}`, "", 400, "unsupported_parameter", "n"},
		{"a role", `{"model":"m","messages":[{"role":"boss","content":"x"}]}`, "", 400, "invalid_value", "messages[0].role"},
		{"a part", `{"model":"m","messages":[{"role":"user","content":[{"type":"video"}]}]}`, "", 400, "unsupported_parameter", "messages[0].content[0].type"},
		{"an image", `{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,x"}}]}]}`, "", 400, "invalid_value", "messages[0].content[0].image_url.url"},
		{"a model", `{"model":"m","messages":[{"role":"user","content":"x"}]}`, "", 404, "model_not_found", ""},
		{"too large", `{"model":"` + strings.Repeat("m", 5000) + `"}`, "", 413, "request_too_large", ""},
		{"what the provider lacks", `{"model":"anthropic/claude","seed":1,"messages":[{"role":"user","content":"x"}]}`, "", 400, "unsupported", ""},
		{"busy", plain, aitest.RateLimited, 429, "rate_limit_exceeded", ""},
		{"our key", plain, aitest.Unauthorized, 502, "provider_unauthorized", ""},
		{"broken", plain, aitest.CleanCut, 502, "truncated", ""},
		{"a page", plain, aitest.BadGateway, 502, "server", ""},
		{"too long", plain, aitest.ContextTooLong, 400, "context_length_exceeded", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.fault != "" {
				upstream.Push(aitest.Reply{Fault: tc.fault})
			}
			status, header, failed := post(t, client, url+"/chat/completions", tc.body)
			if param, _ := failed["param"].(string); status != tc.status || failed["code"] != tc.code || param != tc.param {
				t.Errorf("got %d %v, want %d %s %s", status, failed, tc.status, tc.code, tc.param)
			}
			if tc.fault == aitest.RateLimited && header.Get("Retry-After") != "1" {
				t.Errorf("got Retry-After %q, want 1", header.Get("Retry-After"))
			}
			if message := fmt.Sprint(failed["message"]); strings.Contains(message, "Wrong key") || strings.Contains(message, "<html") {
				t.Errorf("the provider's words are told: %s", message)
			}
		})
	}
}

// What breaks off after it began ends with an error event and without [DONE].
func TestGatewayStreamBreaks(t *testing.T) {
	t.Parallel()
	upstream, url, client := gateway(t, func(g *ai.Gateway) { g.Log = discard() })
	upstream.Push(aitest.Reply{Fault: aitest.ErrorMidway})
	model, err := openai.New("", ai.Endpoint{BaseURL: url, Transport: client.Transport})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := ai.Collect(model.Generate(t.Context(), &ai.Request{Model: "smart", Messages: []ai.Message{ai.User("Hi")}}))
	if failed, ok := errors.AsType[*ai.Error](err); !ok || failed.Kind != ai.Server || answer.Text() == "" {
		t.Errorf("got %q, %v, want some text and kind server", answer.Text(), err)
	}
	upstream.Push(aitest.Reply{Fault: aitest.ErrorMidway})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/chat/completions", strings.NewReader(`{"model":"smart","stream":true,"messages":[{"role":"user","content":"Hi"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Body.Close()
	body, err := io.ReadAll(raw.Body)
	if text := string(body); err != nil || !strings.Contains(text, `data: {"error":{`) || strings.Contains(text, "[DONE]") || strings.Contains(text, `"finish_reason":"`) {
		t.Errorf("got %s, %v, want an error event and no end", body, err)
	}
}

func TestGatewayModels(t *testing.T) {
	t.Parallel()
	_, url, client := gateway(t)
	for path, want := range map[string]string{
		"/models":       `{"object":"list","data":[{"id":"smart","object":"model","created":0,"owned_by":"dashboard"}]}`,
		"/models/smart": `{"id":"smart","object":"model","created":0,"owned_by":"dashboard"}`,
		"/models/other": `{"error":{"message":"The model does not exist.","type":"invalid_request_error","code":"model_not_found"}}`,
		"/elsewhere":    `{"error":{"message":"There is nothing here.","type":"invalid_request_error","code":"not_found"}}`,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if string(bytes.TrimSpace(got)) != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	if status, header, _ := post(t, client, url+"/models", ""); status != http.StatusMethodNotAllowed || header.Get("Allow") != http.MethodGet {
		t.Errorf("POST: got %d, Allow %q", status, header.Get("Allow"))
	}
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	d := ai.NewDirectory()
	if err := errors.Join(d.Provider("p", play(says(nil, "a"))), d.Alias("x", "p/m")); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"twice": d.Provider("p", play(says(nil))), "slash": d.Provider("a/b", play(says(nil))), "nil": d.Provider("q", nil),
		"alias twice": d.Alias("x", "p/m"), "no target": d.Alias("y"), "unknown": d.Alias("y", "q/m"), "no model": d.Alias("y", "p/"),
	} {
		if err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	_, err := ai.Collect(d.Generate(t.Context(), &ai.Request{Model: "q/m"}))
	if failed, ok := errors.AsType[*ai.Error](err); !ok || failed.Kind != ai.NotFound {
		t.Errorf("got %v, want kind not_found", err)
	}
}

// Where there is nobody to ask it is no fault of who asks.
func TestGatewayOfAnEmptyDirectory(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	gateway := &ai.Gateway{Model: ai.NewDirectory(), Log: slog.New(slog.DiscardHandler)}
	gateway.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/chat/completions", strings.NewReader(`{"model":"m","messages":[{"role":"user","content":"x"}]}`)))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"code":"no_provider"`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func FuzzGateway(f *testing.F) {
	for _, body := range []string{`{"model":"p/m","messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"data:image/png;base64,cG5n"}}]}],"stream":true,` +
		`"tools":[{"type":"function","function":{"name":"f","parameters":{}}}],"tool_choice":{"type":"function","function":{"name":"f"}},"stop":"x","response_format":{"type":"json_object"}}`,
		`{"model":"p/m","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","content":"x","tool_call_id":"1"}]}`} {
		f.Add(body)
	}
	d := ai.NewDirectory()
	if err := d.Provider("p", play(says(nil, "a"))); err != nil {
		f.Fatal(err)
	}
	g := &ai.Gateway{Model: d, Log: discard()}
	f.Fuzz(func(t *testing.T, body string) {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/chat/completions", strings.NewReader(body)))
		if w.Code >= 500 {
			t.Errorf("%q: got %d %s", body, w.Code, w.Body)
		}
	})
}

// What ends an answer from this side is told to whoever waits for it. A client that
// closed its half of the connection may still read.
func TestGatewayTellsOfAnEndFromHere(t *testing.T) {
	t.Parallel()
	revoked := errors.New("revoked")
	ended := func(cause error) ai.Denial {
		return ai.Denial{Status: http.StatusUnauthorized, Code: "ended", Message: "Because " + cause.Error() + "."}
	}
	for _, tc := range []struct {
		name         string
		cause        error
		ended        func(error) ai.Denial
		status       int
		want, wanted string // in a whole answer, and in a stream
	}{
		{"a cause of the host's", revoked, ended, 401, `"Because revoked."`, `"Because revoked."`},
		{"nobody says why", revoked, nil, 503, "ended by the server", "ended by the server"},
		{"a deadline", context.DeadlineExceeded, nil, 504, "took too long", "took too long"},
		{"the client left", context.Canceled, ended, 499, "client_closed_request", "closed its connection"},
	} {
		for _, path := range []string{"/chat/completions", "/responses", "/chat/completions stream", "/responses stream", "/embeddings"} {
			at, stream := strings.CutSuffix(path, " stream")
			ctx, end := context.WithCancelCause(t.Context())
			model := ai.ModelFunc(func(ctx context.Context, _ *ai.Request) iter.Seq2[ai.Event, error] {
				return func(yield func(ai.Event, error) bool) {
					if yield(ai.Event{Kind: ai.EventStart}, nil) && yield(ai.Event{Kind: ai.EventText, Text: "Hel"}, nil) {
						end(tc.cause)
						yield(ai.Event{}, ctx.Err())
					}
				}
			})
			embedder := ai.EmbedderFunc(func(ctx context.Context, _ *ai.EmbedRequest) (*ai.Embeddings, error) {
				end(tc.cause)
				return nil, ctx.Err()
			})
			g := &ai.Gateway{Model: ai.WithEmbedder(embedder)(model), Ended: tc.ended, Log: slog.New(slog.DiscardHandler)}
			body := fmt.Sprintf(`{"model":"m","stream":%t,"messages":[{"role":"user","content":"Hi"}]}`, stream)
			switch at {
			case "/responses":
				body = fmt.Sprintf(`{"model":"m","stream":%t,"input":"Hi"}`, stream)
			case "/embeddings":
				body = `{"model":"m","input":"Hi"}`
			}
			w := httptest.NewRecorder()
			g.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", at, strings.NewReader(body)))
			status, want := tc.status, tc.want
			if stream {
				status, want = 200, tc.wanted
			}
			got := w.Body.String()
			if w.Code != status || !strings.Contains(got, want) || !errors.Is(tc.cause, revoked) && strings.Contains(got, "Because") {
				t.Errorf("%s: %s: got %d %s, want %d with %s", tc.name, path, w.Code, got, status, want)
			}
			end(nil)
		}
	}
}

// What cannot be read is told without names of Go types.
func TestGatewayTellsWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	g := &ai.Gateway{Model: pieces(1)}
	for _, path := range []string{"/chat/completions", "/responses", "/embeddings"} {
		for body, want := range map[string]string{
			``:                      `The request has no body.`,
			`[]`:                    `The request is no JSON object.`,
			`{"model":5}`:           `"param":"model"`,
			`{"model":"m","zzz":1}`: `zzz`,
			`{`:                     `cannot be read`,
		} {
			w := httptest.NewRecorder()
			g.ServeHTTP(w, httptest.NewRequest("POST", path, strings.NewReader(body)))
			if got := w.Body.String(); w.Code != 400 || !strings.Contains(got, want) || strings.Contains(got, "Go ") {
				t.Errorf("%s %s: got %d %s, want %s", path, body, w.Code, got, want)
			}
		}
	}
}
