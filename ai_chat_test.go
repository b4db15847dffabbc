package dashboard_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
)

// say is the body of a question.
func say(text string) map[string]any {
	return map[string]any{"model": "smart", "messages": []any{map[string]string{"role": "user", "content": text}}}
}

// chatEvent is one event of a streamed answer.
type chatEvent struct {
	name string
	data map[string]any
}

func (e chatEvent) text(field string) string {
	text, _ := e.data[field].(string)
	return text
}

// readChat reads a stream to its end, and calls each for every event.
func readChat(t *testing.T, res *http.Response, each func(chatEvent)) (all []chatEvent) {
	t.Helper()
	var e chatEvent
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, "event: "):
			e = chatEvent{name: line[len("event: "):]}
		case strings.HasPrefix(line, "data: "):
			if err := json.Unmarshal([]byte(line[len("data: "):]), &e.data); err != nil {
				t.Fatalf("event %s: %v", line, err)
			}
			all = append(all, e)
			if each != nil {
				each(e)
			}
		}
	}
	return all
}

// stream asks for an answer in events.
func (c caller) stream(ctx context.Context, body any, each func(chatEvent)) (*http.Response, []chatEvent) {
	t := c.s.t
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.s.URL+"/api/v1/ai/chat", strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Authorization", "Bearer "+c.token)
	res, err := c.s.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	return res, readChat(t, res, each)
}

func TestChatWhole(t *testing.T) {
	t.Parallel()
	_, s, _ := modelServer(t)
	var out struct {
		ID, Provider, Model, Text, Reason, Cache string
		Usage                                    struct{ Input, Output int }
	}
	s.owner().do("POST", "/api/v1/ai/chat", say("Hi")).wantStatus(http.StatusOK).decode(&out)
	if out.ID == "" || out.Provider != "anthropic" || out.Model == "" || out.Text != "Hello, wörld 😀" || out.Reason != "stop" || out.Usage.Input+out.Usage.Output != 21 {
		t.Errorf("got %+v", out)
	}
}

func TestChatStream(t *testing.T) {
	t.Parallel()
	upstream, s, _ := modelServer(t)
	upstream.Push(aitest.Reply{Reasoning: []string{"hm"}, Text: []string{"It is ", "21"}, Usage: ai.Usage{Input: 20, Output: 10}})
	res, all := s.owner().stream(t.Context(), say("Hi"), nil)
	var names, text []string
	for _, e := range all {
		names = append(names, e.name)
		if e.name == "text" {
			text = append(text, e.text("text"))
		}
	}
	if got := strings.Join(names, " "); res.StatusCode != http.StatusOK || got != "start reasoning text text usage end" || strings.Join(text, "") != "It is 21" {
		t.Fatalf("got %d, events %s with text %q", res.StatusCode, got, text)
	}
	if first, last := all[0], all[len(all)-1]; first.text("id") == "" || first.text("provider") != "anthropic" || last.text("reason") != "stop" {
		t.Errorf("got %v … %v", first, last)
	}
}

// What fails before the first piece is a problem; what fails later an event.
func TestChatFails(t *testing.T) {
	t.Parallel()
	upstream, s, _ := modelServer(t)
	for _, tc := range []struct {
		name   string
		body   any
		fault  aitest.Fault
		status int
		code   string
	}{
		{"no such model", map[string]any{"model": "nobody/m", "messages": []any{map[string]string{"role": "user", "content": "Hi"}}}, "", 404, "model-not-found"},
		{"a field that is not there", map[string]any{"model": "smart", "modell": 1}, "", 422, "invalid"},
		{"no messages", map[string]any{"model": "smart", "messages": []any{}}, "", 422, "invalid"},
		{"a role", map[string]any{"model": "smart", "messages": []any{map[string]string{"role": "tool", "content": "Hi"}}}, "", 422, "invalid"},
		{"busy", say("Hi"), aitest.RateLimited, 503, "provider-rate-limited"},
		{"our key", say("Hi"), aitest.Unauthorized, 502, "provider-unauthorized"},
		{"broken", say("Hi"), aitest.CleanCut, 502, "provider-failed"},
		{"too long", say("Hi"), aitest.ContextTooLong, 422, "model-request-too-long"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.fault != "" {
				upstream.Push(aitest.Reply{Fault: tc.fault})
			}
			a := s.owner().do("POST", "/api/v1/ai/chat", tc.body)
			if a.status != tc.status || !strings.Contains(string(a.body), tc.code) || strings.Contains(string(a.body), "Wrong key") {
				t.Errorf("got %d %s, want %d %s", a.status, a.body, tc.status, tc.code)
			}
		})
	}
	upstream.Push(aitest.Reply{Fault: aitest.RateLimited})
	if res, all := s.owner().stream(t.Context(), say("Hi"), nil); res.StatusCode != 503 || len(all) != 0 {
		t.Errorf("before the first piece: got %d, %v", res.StatusCode, all)
	}
	upstream.Push(aitest.Reply{Fault: aitest.ErrorMidway})
	res, all := s.owner().stream(t.Context(), say("Hi"), nil)
	if last := all[len(all)-1]; res.StatusCode != 200 || last.name != "error" || !strings.Contains(toJSON(t, last.data), `"type":"urn:dashboard:problem:provider-failed"`) {
		t.Errorf("midway: got %d, %v", res.StatusCode, all)
	}
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestChatIsLimited(t *testing.T) {
	t.Parallel()
	_, s, key := modelServer(t, dashboard.WithRateLimit("ai", "2/h"))
	if _, err := askModel(t, s, key, true); err != nil {
		t.Fatal(err)
	}
	s.as("").do("POST", "/api/v1/ai/chat", say("Hi"), "X-API-Key", key).wantStatus(http.StatusOK)
	a := s.as("").do("POST", "/api/v1/ai/chat", say("Hi"), "X-API-Key", key).wantStatus(http.StatusTooManyRequests)
	if a.header.Get("Retry-After") == "" {
		t.Errorf("got no Retry-After: %s", a.body)
	}
	s.as("").get("/api/v1/ai/models", "X-API-Key", key).wantStatus(http.StatusOK)
}

// An answer ends when the right to it does.
func TestChatEndsWithTheKey(t *testing.T) {
	t.Parallel()
	upstream, s, _ := modelServer(t)
	id, key := newKey(t, s.owner(), "dashboard.ai.use")
	upstream.Push(aitest.Reply{Fault: aitest.Stall})
	revoked := false
	_, all := s.as(key).stream(t.Context(), say("Hi"), func(e chatEvent) {
		if e.name == "text" && !revoked {
			revoked = true
			s.owner().do("DELETE", "/api/v1/api-keys/"+id, nil).wantStatus(http.StatusNoContent)
		}
	})
	if last := all[len(all)-1]; last.name != "error" || !strings.Contains(toJSON(t, last.data), "session-ended") {
		t.Errorf("got %v last", last)
	}
}

func TestChatIsForThoseWhoMay(t *testing.T) {
	t.Parallel()
	_, s, _ := modelServer(t)
	s.as("").do("POST", "/api/v1/ai/chat", say("Hi")).wantStatus(http.StatusUnauthorized)
	other := s.member("reader", "dashboard.flags.read")
	other.do("POST", "/api/v1/ai/chat", say("Hi")).wantStatus(http.StatusForbidden)
	other.get("/api/v1/ai/models").wantStatus(http.StatusForbidden)
	if a := s.owner().get("/api/v1/ai/models").wantStatus(http.StatusOK); string(a.body) != `{"items":[{"name":"smart","kind":"alias"}]}`+"\n" && !strings.Contains(string(a.body), `"name":"smart"`) {
		t.Errorf("got %s", a.body)
	}
}

func TestChatWithoutProvider(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.owner().do("POST", "/api/v1/ai/chat", say("Hi")).wantProblem(http.StatusServiceUnavailable, "no-provider")
	// A list of none is no failure of the server, which would be counted as one.
	if a := s.owner().get("/api/v1/ai/models").wantStatus(http.StatusOK); strings.TrimSpace(string(a.body)) != `{"items":[]}` {
		t.Errorf("got %s", a.body)
	}
}

// A module asks with the records of the dashboard, on behalf of its caller.
func TestModelOfModule(t *testing.T) {
	t.Parallel()
	var host *dashboard.Host
	type out struct {
		Text string `json:"text"`
	}
	m := provisioned("asks", func(h *dashboard.Host) { host = h }, func(r *dashboard.Router) {
		dashboard.Get(r, "/ask", func(ctx context.Context, _ none) (out, error) {
			a, err := ai.Collect(host.Model().Generate(ctx, &ai.Request{Model: "smart", Messages: []ai.Message{ai.User("Hi")}}))
			if err != nil {
				return out{}, err
			}
			return out{Text: a.Text()}, nil
		}, dashboard.Authenticated())
	})
	upstream, s, _ := modelServer(t, dashboard.WithModules(m))
	var got out
	s.owner().get("/api/v1/m/asks/ask").wantStatus(http.StatusOK).decode(&got)
	if got.Text != "Hello, wörld 😀" {
		t.Errorf("got %q", got.Text)
	}
	upstream.Push(aitest.Reply{Fault: aitest.RateLimited})
	s.owner().get("/api/v1/m/asks/ask").wantStatus(http.StatusServiceUnavailable)
	without := newServer(t, dashboard.WithModules(m))
	without.owner().get("/api/v1/m/asks/ask").wantProblem(http.StatusServiceUnavailable, "no-provider")
}

// provisioned is a module that is given its host.
func provisioned(id string, take func(*dashboard.Host), routes func(*dashboard.Router)) dashboard.Module {
	return &provisionedModule{id: id, take: take, routes: routes}
}

type provisionedModule struct {
	id     string
	take   func(*dashboard.Host)
	routes func(*dashboard.Router)
}

func (m *provisionedModule) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: m.id, Version: "1.0.0"}
}

func (m *provisionedModule) Provision(h *dashboard.Host) error {
	m.take(h)
	return nil
}

func (m *provisionedModule) Routes(r *dashboard.Router) error {
	m.routes(r)
	return nil
}
