package dashboard_test

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/anthropic"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

// modelServer is a dashboard in front of a provider that a fault server stands
// for, and a key that may ask models.
func modelServer(t *testing.T, opts ...dashboard.Option) (upstream *aitest.Server, s *server, key string) {
	t.Helper()
	upstream = aitest.NewServer()
	t.Cleanup(upstream.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	claude, err := anthropic.New("key", ai.Endpoint{BaseURL: upstream.BaseURL(aitest.Anthropic), Transport: transport})
	models := ai.NewDirectory()
	if err = errors.Join(err, models.Provider("anthropic", claude), models.Alias("smart", "anthropic/claude")); err != nil {
		t.Fatal(err)
	}
	s = newServer(t, append([]dashboard.Option{dashboard.WithModels(models)}, opts...)...)
	_, key = newKey(t, s.owner(), "dashboard.ai.use")
	return upstream, s, key
}

// askModel is a client of OpenAI's format, such as any.
func askModel(t *testing.T, s *server, key string, whole bool) (*ai.Answer, error) {
	t.Helper()
	model, err := openai.New(key, ai.Endpoint{BaseURL: s.URL + "/ai/v1", Transport: s.http.Transport})
	if err != nil {
		t.Fatal(err)
	}
	return ai.Collect(model.Generate(t.Context(), &ai.Request{Model: "smart", Whole: whole, Messages: []ai.Message{ai.User("Hi")}}))
}

func TestModels(t *testing.T) {
	t.Parallel()
	_, s, key := modelServer(t)
	for _, whole := range []bool{true, false} {
		for _, credential := range []string{key, s.token} {
			if answer, err := askModel(t, s, credential, whole); err != nil || answer.Text() != "Hello, wörld 😀" || answer.Usage.Total() != 21 {
				t.Errorf("whole %v: got %q, %v", whole, answer.Text(), err)
			}
		}
	}
	if a := s.as("").get("/ai/v1/models", "X-API-Key", key).wantStatus(http.StatusOK); !strings.Contains(string(a.body), `"id":"smart"`) {
		t.Errorf("got %s", a.body)
	}
	s.as("").get("/ai/v1/elsewhere", "X-API-Key", key).wantStatus(http.StatusNotFound)
}

func TestModelsAreForThoseWhoMay(t *testing.T) {
	t.Parallel()
	_, s, key := modelServer(t)
	_, other := newKey(t, s.owner(), "dashboard.flags.read")
	signed := s.as("").do("POST", "/api/v1/auth/login", map[string]string{"email": ownerEmail, "password": ownerPassword}, "Sec-Fetch-Site", "same-origin").wantStatus(http.StatusOK)
	var cookies []string
	for _, c := range (&http.Response{Header: signed.header}).Cookies() {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	for _, tc := range []struct {
		name    string
		headers []string
		status  int
		code    string
	}{
		{"nobody", nil, 401, "invalid_api_key"},
		{"a bad key", []string{"Authorization", "Bearer " + key + "x"}, 401, "invalid_api_key"},
		{"a cookie", []string{"Cookie", strings.Join(cookies, "; "), "Sec-Fetch-Site", "same-origin"}, 401, "invalid_api_key"},
		{"without the permission", []string{"X-API-Key", other}, 403, "permission_denied"},
	} {
		a := s.as("").do("POST", "/ai/v1/chat/completions", map[string]any{"model": "smart"}, tc.headers...).wantStatus(tc.status)
		if !strings.Contains(string(a.body), `"code":"`+tc.code+`"`) || tc.status == 401 && a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: got %s", tc.name, a.body)
		}
	}
}

func TestModelsAreLimited(t *testing.T) {
	t.Parallel()
	_, s, key := modelServer(t, dashboard.WithRateLimit("ai", "2/h"))
	for range 2 {
		if _, err := askModel(t, s, key, true); err != nil {
			t.Fatal(err)
		}
	}
	_, err := askModel(t, s, key, true)
	if failed, ok := errors.AsType[*ai.Error](err); !ok || failed.Kind != ai.RateLimited || failed.RetryAfter <= 0 {
		t.Errorf("the third: got %v, want kind rate_limited with Retry-After", err)
	}
}

// A program asks for many answers at once with one key.
func TestModelsAnswerManyAtOnce(t *testing.T) {
	t.Parallel()
	const many = 40
	upstream, s, key := modelServer(t, dashboard.WithRateLimit("ai", "1000/m"), dashboard.WithRateLimit("caller", "1000/m"))
	var under sync.WaitGroup // all at once
	under.Add(many)
	upstream.Decide(func(int, aitest.Request) aitest.Reply {
		under.Done()
		under.Wait()
		return aitest.Reply{}
	})
	var asked sync.WaitGroup
	for range many {
		asked.Go(func() {
			if _, err := askModel(t, s, key, false); err != nil {
				t.Error(err)
				under.Done()
			}
		})
	}
	asked.Wait()
}

// Answers that have ended, or failed, make room for others: as many as can be under
// way at once are asked for, and one more.
func TestModelsForgetAnswersThatEnded(t *testing.T) {
	t.Parallel()
	s := newServer(t, echoing(t), dashboard.WithRateLimit("ai", "100000/s"), dashboard.WithRateLimit("caller", "100000/s"), dashboard.WithRateLimit("ai-tokens", "1000000000/s"))
	_, key := newKey(t, s.owner(), "dashboard.ai.use")
	ask := map[string]any{"model": "here/m", "messages": []any{map[string]string{"role": "user", "content": "Hi"}}}
	unknown := map[string]any{"model": "nowhere/m", "messages": ask["messages"]}
	const most = 256
	for name, c := range map[string]struct {
		path   string
		body   any
		status int
		header []string
	}{
		"gateway":        {"/ai/v1/chat/completions", ask, http.StatusOK, nil},
		"chat, whole":    {"/api/v1/ai/chat", ask, http.StatusOK, nil},
		"chat, streamed": {"/api/v1/ai/chat", ask, http.StatusOK, []string{"Accept", "text/event-stream"}},
		"chat, failed":   {"/api/v1/ai/chat", unknown, http.StatusNotFound, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for range most + 1 {
				s.as(key).do("POST", c.path, c.body, c.header...).wantStatus(c.status)
			}
		})
	}
}

// A client of the gateway can say what it thinks of an answer.
func TestModelsAnswersCanBeRated(t *testing.T) {
	t.Parallel()
	_, s, key := modelServer(t)
	a := s.as(key).do("POST", "/ai/v1/chat/completions", map[string]any{"model": "smart", "messages": []any{map[string]any{"role": "user", "content": "Hi"}}}).
		wantStatus(http.StatusOK)
	s.as(key).do("POST", "/api/v1/ai/feedback", map[string]any{"request_id": a.header.Get("X-Request-Id"), "thumb": "up"}).wantStatus(http.StatusOK)
}

// Who waits for an answer is told when it is ended from here, in every format.
func TestModelAnswersSayThatTheyWereEnded(t *testing.T) {
	t.Parallel()
	upstream, s, _ := modelServer(t)
	messages := []map[string]string{{"role": "user", "content": "Hi"}}
	for _, tc := range []struct {
		path, want string
		body       map[string]any
		status     int
	}{
		{"chat/completions", `{"error":{"message":"The session has ended."`, map[string]any{"messages": messages}, 401},
		{"chat/completions", `data: {"error":{"message":"The session has ended."`, map[string]any{"messages": messages, "stream": true}, 200},
		{"responses", `{"error":{"message":"The session has ended."`, map[string]any{"input": "Hi"}, 401},
		{"responses", `event: response.failed`, map[string]any{"input": "Hi", "stream": true}, 200},
	} {
		id, key := newKey(t, s.owner(), "dashboard.ai.use")
		begun := make(chan struct{})
		upstream.Decide(func(int, aitest.Request) aitest.Reply {
			close(begun)
			return aitest.Reply{Fault: aitest.Stall}
		})
		tc.body["model"] = "smart"
		var revoking sync.WaitGroup
		revoking.Go(func() {
			<-begun
			s.owner().do("DELETE", "/api/v1/api-keys/"+id, nil).wantStatus(http.StatusNoContent)
		})
		a := s.as("").do("POST", "/ai/v1/"+tc.path, tc.body, "X-API-Key", key)
		revoking.Wait()
		// The stream may have ended before its first piece.
		if a.status != tc.status && a.status != http.StatusUnauthorized || !strings.Contains(string(a.body), "The session has ended.") ||
			a.status == tc.status && !strings.Contains(string(a.body), tc.want) {
			t.Errorf("%s %v: got %d %s", tc.path, tc.body["stream"], a.status, a.body)
		}
	}
}

// An answer ends when the right to it does.
func TestModelStreamsEndWithTheKey(t *testing.T) {
	t.Parallel()
	upstream, s, _ := modelServer(t)
	id, key := newKey(t, s.owner(), "dashboard.ai.use")
	upstream.Push(aitest.Reply{Fault: aitest.Stall})
	model, err := openai.New(key, ai.Endpoint{BaseURL: s.URL + "/ai/v1", Transport: s.http.Transport})
	if err != nil {
		t.Fatal(err)
	}
	var last error
	revoked := false
	for e, err := range model.Generate(t.Context(), &ai.Request{Model: "smart", Messages: []ai.Message{ai.User("Hi")}}) {
		if last = err; e.Kind == ai.EventText && !revoked {
			revoked = true
			s.owner().do("DELETE", "/api/v1/api-keys/"+id, nil).wantStatus(http.StatusNoContent)
		}
	}
	if last == nil {
		t.Error("the answer went on after its key was revoked")
	}
}

// A name can lead to a model that is no provider's.
func TestModelWithoutProvider(t *testing.T) {
	t.Parallel()
	models := ai.NewDirectory()
	own := ai.ModelFunc(func(context.Context, *ai.Request) iter.Seq2[ai.Event, error] {
		return func(yield func(ai.Event, error) bool) {
			if yield(ai.Event{Kind: ai.EventText, Text: "Hello"}, nil) {
				yield(ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}, nil)
			}
		}
	})
	if err := models.Name("own", own); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, dashboard.WithModels(models))
	_, key := newKey(t, s.owner(), "dashboard.ai.use")
	body := map[string]any{"model": "own", "messages": []any{map[string]string{"role": "user", "content": "x"}}}
	s.as("").do("POST", "/ai/v1/chat/completions", body, "X-API-Key", key).wantStatus(http.StatusOK)
	s.owner().do("POST", "/api/v1/ai/chat", body).wantStatus(http.StatusOK)
	s.owner().get("/api/v1/ai/models").wantStatus(http.StatusOK)
}

func TestNoModels(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	_, key := newKey(t, s.owner(), "dashboard.ai.use")
	body := map[string]any{"model": "gpt-5", "messages": []any{map[string]string{"role": "user", "content": "x"}}}
	for _, a := range []answer{
		s.as("").do("POST", "/ai/v1/chat/completions", body, "X-API-Key", key), s.as("").do("GET", "/ai/v1/models", nil, "X-API-Key", key),
	} {
		var told struct {
			Error struct{ Message, Type, Code string }
		}
		a.wantStatus(http.StatusServiceUnavailable).decode(&told)
		if e := told.Error; e.Code != "no_provider" || e.Type != "server_error" || !strings.Contains(e.Message, "dashboard.WithModels") || !strings.Contains(e.Message, "OPENAI_API_KEY") ||
			a.header.Get("X-Should-Retry") != "false" {
			t.Errorf("got %s, %v", a.body, a.header)
		}
		var same struct{ Detail string }
		s.owner().do("POST", "/api/v1/ai/chat", say("Hi")).wantStatus(http.StatusServiceUnavailable).decode(&same)
		if same.Detail != told.Error.Message {
			t.Errorf("got %q in one format and %q in the other", told.Error.Message, same.Detail)
		}
	}
	s.as("").do("GET", "/ai/v1/models", nil).wantStatus(http.StatusUnauthorized)
	if _, err := dashboard.New(memory(t), dashboard.WithModels(nil)); err == nil {
		t.Error("WithModels(nil): got no error")
	}
	d, err := dashboard.New(memory(t))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://evil.example.com/ai/v1/models", nil)
	if d.ServeHTTP(w, r); w.Code != http.StatusMisdirectedRequest {
		t.Errorf("another host: got %d, want 421", w.Code)
	}
}
