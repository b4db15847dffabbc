package dashboard_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
)

// usage is an answer of /ai/usage.
type usage struct {
	Items []struct {
		Key                     string
		Requests, Input, Output int64
		Errors                  int64
	}
	Total struct{ Requests, Errors, Input, Output int64 }
}

// await asks until an answer is as it should be: records are written a moment after
// the answer.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// Two instances see what both have answered.
func TestModelUsage(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "test.db")
	models := func() dashboard.Option {
		d := ai.NewDirectory()
		if err := d.Provider("here", fixedModel("Hello")); err != nil {
			t.Fatal(err)
		}
		return dashboard.WithModels(d)
	}
	s, other := openServer(t, file, models()), openServer(t, file, models())
	question := func(model string) map[string]any {
		return map[string]any{"model": model, "messages": []any{map[string]string{"role": "user", "content": "Hi"}}}
	}
	ada := s.member("eve", "dashboard.ai.use")
	ada.do("POST", "/api/v1/ai/chat", question("here/m")).wantStatus(http.StatusOK)
	await(t, "rights on the other instance", func() bool { return other.as(ada.token).get("/api/v1/ai/models").status == http.StatusOK })
	other.as(ada.token).do("POST", "/api/v1/ai/chat", question("here/m")).wantStatus(http.StatusOK)
	s.owner().do("POST", "/api/v1/ai/chat", question("here/other")).wantStatus(http.StatusOK)
	s.owner().do("POST", "/api/v1/ai/chat", question("nowhere/m")).wantStatus(http.StatusNotFound)
	get := func(c caller, query string) (u usage) {
		c.get("/api/v1/ai/usage" + query).wantStatus(http.StatusOK).decode(&u)
		return u
	}
	await(t, "usage of all", func() bool { return get(other.owner(), "").Total.Requests == 4 })
	if u := get(s.owner(), "?by=model"); u.Items[0].Key != "m" || u.Items[0].Requests != 2 || u.Total.Errors != 1 || u.Total.Input == 0 {
		t.Errorf("got %+v", u)
	}
	if u := get(ada, "?by=user"); len(u.Items) != 1 || u.Total.Requests != 2 {
		t.Errorf("somebody's own: got %+v", u)
	}
	ada.get("/api/v1/ai/usage?user=somebody").wantStatus(http.StatusForbidden)
	ada.get("/api/v1/ai/requests").wantStatus(http.StatusForbidden)
	s.member("bob", "dashboard.flags.read").get("/api/v1/ai/usage").wantStatus(http.StatusForbidden)
	for _, query := range []string{"?by=color", "?from=yesterday", "?from=2026-01-02&to=2026-01-01", "?from=2020-01-01"} {
		s.owner().get("/api/v1/ai/usage" + query).wantStatus(http.StatusUnprocessableEntity)
	}
	if u := get(s.owner(), "?from=2026-01-01T00:00:00Z&to=2026-01-02"); u.Total.Requests != 0 || u.Items == nil {
		t.Errorf("got %+v", u)
	}
	var page struct {
		Items      []struct{ ID, User, Model, Error string }
		NextCursor string `json:"next_cursor"`
	}
	s.owner().get("/api/v1/ai/requests?limit=3").wantStatus(http.StatusOK).decode(&page)
	if len(page.Items) != 3 || page.NextCursor == "" || page.Items[0].Error != "not_found" {
		t.Errorf("got %+v", page)
	}
	s.owner().get("/api/v1/ai/requests?filter=" + "model%20=%20other").wantStatus(http.StatusOK).decode(&page)
	if len(page.Items) != 1 {
		t.Errorf("filtered: got %+v", page)
	}
	s.owner().get("/api/v1/ai/requests?filter=color%20=%20red").wantStatus(http.StatusBadRequest)
	s.owner().get("/api/v1/ai/requests?cursor=x").wantStatus(http.StatusBadRequest)
}

// fixedModel says one thing.
func fixedModel(text string) ai.Model {
	return ai.ModelFunc(func(_ context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
		return func(yield func(ai.Event, error) bool) {
			_ = yield(ai.Event{Kind: ai.EventStart, Start: &ai.Start{Provider: "here", Model: req.Model}}, nil) &&
				yield(ai.Event{Kind: ai.EventText, Text: text}, nil) &&
				yield(ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 7, Output: 3}}, nil) &&
				yield(ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}, nil)
		}
	})
}

func TestFeedback(t *testing.T) {
	t.Parallel()
	_, s, _ := modelServer(t)
	ada, bob := s.member("eve", "dashboard.ai.use"), s.member("bob", "dashboard.ai.use")
	var asked struct{ ID string }
	ada.do("POST", "/api/v1/ai/chat", say("a secret question")).wantStatus(http.StatusOK).decode(&asked)
	give := func(c caller, body map[string]any) answer { return c.do("POST", "/api/v1/ai/feedback", body) }
	give(ada, map[string]any{"request_id": asked.ID, "thumb": "up", "comment": "good"}).wantStatus(http.StatusOK)
	give(ada, map[string]any{"request_id": asked.ID, "thumb": "down", "score": 0.2, "correction": "=1+1"}).wantStatus(http.StatusOK)
	give(bob, map[string]any{"request_id": asked.ID, "thumb": "up"}).wantStatus(http.StatusNotFound)
	give(ada, map[string]any{"request_id": "nothing", "thumb": "up"}).wantStatus(http.StatusNotFound)
	for _, body := range []map[string]any{{"request_id": asked.ID}, {"request_id": asked.ID, "thumb": "sideways"}, {"request_id": asked.ID, "score": 1.5}, {"thumb": "up"},
		{"request_id": asked.ID, "comment": strings.Repeat("x", 4001)}} {
		give(ada, body).wantStatus(http.StatusUnprocessableEntity)
	}
	give(s.owner(), map[string]any{"request_id": asked.ID, "thumb": "up"}).wantStatus(http.StatusOK)
	ada.get("/api/v1/ai/feedback").wantStatus(http.StatusForbidden)
	ada.get("/api/v1/ai/feedback/export").wantStatus(http.StatusForbidden)
	var page struct {
		Items []struct {
			RequestID                            string `json:"request_id"`
			Thumb, Comment, Correction, Provider string
			Score                                *float64
		}
	}
	s.owner().get("/api/v1/ai/feedback?filter=thumb%20=%20down").wantStatus(http.StatusOK).decode(&page)
	if len(page.Items) != 1 || page.Items[0].RequestID != asked.ID || *page.Items[0].Score != 0.2 || page.Items[0].Comment != "" || page.Items[0].Provider != "anthropic" {
		t.Errorf("got %+v", page)
	}
	a := s.owner().get("/api/v1/ai/feedback/export").wantStatus(http.StatusOK)
	lines := strings.Split(strings.TrimSpace(string(a.body)), "\n")
	if a.header.Get("Content-Type") != "application/x-ndjson" || len(lines) != 2 || strings.Contains(string(a.body), "secret question") {
		t.Fatalf("got %s: %s", a.header.Get("Content-Type"), a.body)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &line); err != nil || line["correction"] != "=1+1" {
		t.Errorf("got %s, %v", lines[0], err)
	}
	s.owner().get("/api/v1/ai/feedback/export?filter=x").wantStatus(http.StatusBadRequest)
}

func TestWithModelRecords(t *testing.T) {
	t.Parallel()
	if _, err := dashboard.New(memory(t), dashboard.WithModelRecords(time.Minute)); err == nil {
		t.Error("records for a minute: got no error")
	}
	if _, err := dashboard.New(memory(t), dashboard.WithModelRecords(30*24*time.Hour)); err != nil {
		t.Error(err)
	}
}

func TestModelProviders(t *testing.T) {
	t.Parallel()
	models := ai.NewDirectory()
	models.Health = ai.NewHealth(ai.Breaker{})
	broken := ai.ModelFunc(func(context.Context, *ai.Request) iter.Seq2[ai.Event, error] {
		return ai.Fail(&ai.Error{Kind: ai.Server})
	})
	err := errors.Join(models.Provider("bad", models.Health.Watch("bad", "")(broken)), models.Provider("good", models.Health.Watch("good", "")(fixedModel("Hi"))),
		models.Provider("idle", fixedModel("Hi")), models.Alias("smart", "bad/m", "good/m"))
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, dashboard.WithModels(models))
	s.owner().do("POST", "/api/v1/ai/chat", say("Hi")).wantStatus(http.StatusOK)
	var out struct {
		Items []struct {
			Name, State        string
			Requests, Failures int
			LastError          *struct{ Kind string } `json:"last_error"`
		}
		Fallbacks int
	}
	await(t, "the record", func() bool {
		s.owner().get("/api/v1/ai/providers").wantStatus(http.StatusOK).decode(&out)
		return out.Fallbacks == 1
	})
	if len(out.Items) != 3 || out.Items[0].Failures != 1 || out.Items[0].LastError == nil || out.Items[0].LastError.Kind != "server" ||
		out.Items[1].State != "up" || out.Items[1].Requests != 1 || out.Items[2].State != "unknown" {
		t.Errorf("got %+v", out)
	}
	if a := newServer(t).owner().get("/api/v1/ai/providers").wantStatus(http.StatusOK); !strings.HasPrefix(string(a.body), `{"items":[],`) || strings.Contains(string(a.body), "null") {
		t.Errorf("got %s", a.body)
	}
}
