package dashboard_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
	"github.com/modular-dashboard/dashboard/ai/openai"
)

const (
	budgetsPath = "/api/v1/ai/budgets"
	accessPath  = "/api/v1/ai/access"
)

type budgetAnswer struct {
	Name, Scope, Subject, Period string
	Tokens, Version              int64
	Models                       []string
	Used                         struct{ Tokens, Micros int64 }
	By                           []struct {
		Subject string
		Tokens  int64
	}
}

func TestBudgetsOfModels(t *testing.T) {
	t.Parallel()
	_, s, key := modelServer(t)
	o := s.owner()
	// An answer uses 21 tokens; what is set aside is four thousand and some.
	made := o.do("PUT", budgetsPath+"/everybody", map[string]any{"scope": "user", "subject": "*", "period": "day", "tokens": 4150}).wantStatus(http.StatusCreated)
	var b budgetAnswer
	made.decode(&b)
	if b.Version == 0 || made.header.Get("ETag") == "" || b.Models == nil {
		t.Errorf("got %+v", b)
	}
	for i := range 3 {
		_, err := askModel(t, s, key, i == 0)
		if i < 2 && err != nil {
			t.Errorf("%d: %v", i, err)
		}
		if e, ok := errors.AsType[*ai.Error](err); i == 2 && ok {
			t.Errorf("refused too early: %v", e)
		}
	}
	o.do("GET", budgetsPath+"/everybody", nil).wantStatus(http.StatusOK).decode(&b)
	if b.Used.Tokens != 63 || len(b.By) != 1 || b.By[0].Tokens != 63 {
		t.Errorf("got %+v used", b)
	}
	changed := o.do("PUT", budgetsPath+"/everybody", map[string]any{"scope": "user", "subject": "*", "period": "day", "tokens": 4100}, "If-Match", made.header.Get("ETag")).wantStatus(http.StatusOK)
	o.do("PUT", budgetsPath+"/everybody", map[string]any{"scope": "all", "period": "day", "tokens": 1}, "If-Match", made.header.Get("ETag")).wantStatus(http.StatusPreconditionFailed)
	o.do("PUT", budgetsPath+"/everybody", map[string]any{"scope": "all", "period": "day", "tokens": 1}, "If-None-Match", "*").wantStatus(http.StatusPreconditionFailed)
	refused := s.as("").do("POST", "/ai/v1/chat/completions", map[string]any{"model": "smart", "messages": []any{map[string]string{"role": "user", "content": "Hi"}}}, "X-API-Key", key).
		wantStatus(http.StatusTooManyRequests)
	if text := string(refused.body); !strings.Contains(text, `"insufficient_quota"`) || !strings.Contains(text, `"budget_exceeded"`) || !strings.Contains(text, "everybody") ||
		refused.header.Get("X-Should-Retry") != "false" || refused.header.Get("Retry-After") != "" {
		t.Errorf("got %s, %v", text, refused.header)
	}
	o.do("POST", "/api/v1/ai/chat", say("Hi")).wantProblem(http.StatusTooManyRequests, "budget-exceeded")
	o.do("DELETE", budgetsPath+"/everybody", nil, "If-Match", made.header.Get("ETag")).wantStatus(http.StatusPreconditionFailed)
	o.do("DELETE", budgetsPath+"/everybody", nil, "If-Match", changed.header.Get("ETag")).wantStatus(http.StatusNoContent)
	o.do("DELETE", budgetsPath+"/everybody", nil).wantStatus(http.StatusNotFound)
	if _, err := askModel(t, s, key, true); err != nil {
		t.Errorf("without a budget: %v", err)
	}
	var log struct {
		Items []struct{ Action, Target string }
	}
	o.get("/api/v1/audit?limit=20").wantStatus(http.StatusOK).decode(&log)
	seen := map[string]int{}
	for _, e := range log.Items {
		if e.Target == "everybody" {
			seen[e.Action]++
		}
	}
	if seen["ai-budget.put"] != 2 || seen["ai-budget.delete"] != 1 {
		t.Errorf("audited: %v", seen)
	}
}

// Of several that make the same thing at once one has made it. The others have
// replaced it, as they asked, and the audit log says what.
func TestOneOfSeveralMakesARule(t *testing.T) {
	t.Parallel()
	const times = 8
	_, s, _ := modelServer(t)
	for path, body := range map[string]map[string]any{
		budgetsPath + "/contended": {"scope": "all", "period": "day", "tokens": 4000},
		accessPath + "/owner":      {"models": []string{"fake/*"}},
	} {
		answers := make(chan int, times)
		for range times {
			go func() { answers <- s.owner().do("PUT", path, body).status }()
		}
		got := map[int]int{}
		for range times {
			got[<-answers]++
		}
		if got[http.StatusCreated] != 1 || got[http.StatusOK] != times-1 {
			t.Errorf("%s: got %v, want one 201 and else 200", path, got)
		}
	}
	var log struct {
		Items []struct {
			Action string
			Detail struct{ Before any }
		}
	}
	s.owner().get("/api/v1/audit?limit=100").wantStatus(http.StatusOK).decode(&log)
	fresh := map[string]int{}
	for _, e := range log.Items {
		if e.Detail.Before == nil {
			fresh[e.Action]++
		}
	}
	if fresh["ai-budget.put"] != 1 || fresh["ai-access.put"] != 1 {
		t.Errorf("audited as new: %v, want one of each", fresh)
	}
}

func TestBudgetsAreRefused(t *testing.T) {
	t.Parallel()
	_, s, key := modelServer(t)
	o := s.owner()
	for name, body := range map[string]map[string]any{
		"no scope":     {"period": "day", "tokens": 1},
		"no amount":    {"scope": "all", "period": "day"},
		"no period":    {"scope": "all", "tokens": 1},
		"no account":   {"scope": "user", "subject": "nobody", "period": "day", "tokens": 1},
		"no mail":      {"scope": "user", "subject": "nobody@example.com", "period": "day", "tokens": 1},
		"no role":      {"scope": "role", "subject": "nobodies", "period": "day", "tokens": 1},
		"no module":    {"scope": "module", "subject": "none", "period": "day", "tokens": 1},
		"odd currency": {"scope": "all", "period": "day", "micros": 1, "currency": "usd"},
		"odd model":    {"scope": "all", "period": "day", "tokens": 1, "models": []string{"*a*b*c*d*"}},
	} {
		if a := o.do("PUT", budgetsPath+"/b", body); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: got %d %s", name, a.status, a.body)
		}
	}
	s.as("").get(budgetsPath, "X-API-Key", key).wantStatus(http.StatusForbidden)
	s.as("").get(accessPath, "X-API-Key", key).wantStatus(http.StatusForbidden)
	var b budgetAnswer
	o.do("PUT", budgetsPath+"/b", map[string]any{"scope": "user", "subject": ownerEmail, "period": "month", "tokens": 1}).wantStatus(http.StatusCreated).decode(&b)
	if b.Subject == "" || strings.Contains(b.Subject, "@") {
		t.Errorf("got the subject %q", b.Subject)
	}
	if _, err := askModel(t, s, key, true); err == nil { // the key is the owner's
		t.Error("the budget of a key's owner does not hold its key")
	}
}

func TestModelsOfRoles(t *testing.T) {
	t.Parallel()
	_, s, key := modelServer(t)
	o := s.owner()
	o.do("PUT", accessPath+"/nobodies", map[string]any{"models": []string{"*"}}).wantStatus(http.StatusUnprocessableEntity)
	o.do("PUT", accessPath+"/owner", map[string]any{"models": []string{" x"}}).wantStatus(http.StatusUnprocessableEntity)
	made := o.do("PUT", accessPath+"/owner", map[string]any{"models": []string{"openai/*"}}, "If-None-Match", "*").wantStatus(http.StatusCreated)
	for _, credential := range []string{key, s.token} { // a key has the roles of its owner
		_, err := askModel(t, s, credential, true)
		if e, ok := errors.AsType[*ai.Error](err); !ok || e.Kind != ai.NotFound {
			t.Errorf("got %v", err)
		}
	}
	if a := s.as("").get("/ai/v1/models", "X-API-Key", key).wantStatus(http.StatusOK); strings.Contains(string(a.body), "smart") {
		t.Errorf("a hidden model is listed: %s", a.body)
	}
	if a := o.get("/api/v1/ai/models").wantStatus(http.StatusOK); strings.Contains(string(a.body), "smart") {
		t.Errorf("a hidden model is listed: %s", a.body)
	}
	o.do("PUT", accessPath+"/owner", map[string]any{"models": []string{"anthropic/*"}}, "If-Match", made.header.Get("ETag")).wantStatus(http.StatusOK)
	if _, err := askModel(t, s, key, true); err != nil {
		t.Error(err)
	}
	if a := o.get(accessPath).wantStatus(http.StatusOK); !strings.Contains(string(a.body), "anthropic/*") {
		t.Errorf("got %s", a.body)
	}
	o.do("DELETE", accessPath+"/owner", nil, "If-Match", made.header.Get("ETag")).wantStatus(http.StatusPreconditionFailed)
	o.do("DELETE", accessPath+"/owner", nil).wantStatus(http.StatusNoContent)
	o.get(accessPath + "/owner").wantStatus(http.StatusNotFound)
	o.do("PUT", accessPath+"/*", map[string]any{"models": []string{}}).wantStatus(http.StatusCreated)
	if _, err := askModel(t, s, key, true); err == nil {
		t.Error("everybody's rule does not hold")
	}
}

func TestTokenLimit(t *testing.T) {
	t.Parallel()
	_, s, key := modelServer(t, dashboard.WithRateLimit("ai-tokens", "4200/h"))
	for i := range 8 { // each uses 21, and needs four thousand and some to begin with
		_, err := askModel(t, s, key, true)
		if i < 4 && err != nil {
			t.Errorf("%d: %v", i, err)
		}
		if e, ok := errors.AsType[*ai.Error](err); i == 7 && (!ok || e.Kind != ai.RateLimited || e.RetryAfter <= 0) {
			t.Errorf("got %v", err)
		}
	}
	s.owner().do("POST", "/api/v1/ai/chat", say("Hi")).wantStatus(http.StatusOK) // another caller
	if a := s.owner().get("/api/v1/limits/ai-tokens").wantStatus(http.StatusOK); !strings.Contains(string(a.body), "4200/h") {
		t.Errorf("got %s", a.body)
	}
}

func TestModelPrices(t *testing.T) {
	t.Parallel()
	prices, err := ai.ParsePrices([]byte(`{"date":"2026-01-01","currency":"EUR","prices":[{"provider":"anthropic","models":["*"],"input":1000,"output":1000}]}`))
	if err != nil {
		t.Fatal(err)
	}
	_, s, key := modelServer(t, dashboard.WithModelPrices(func() *ai.Prices { return prices }))
	o := s.owner()
	o.do("PUT", budgetsPath+"/usd", map[string]any{"scope": "all", "period": "day", "micros": 1e12}).wantStatus(http.StatusCreated)
	_, err = askModel(t, s, key, true)
	if e, ok := errors.AsType[*ai.Error](err); !ok || e.Code != "price_unknown" {
		t.Errorf("in another currency: %v", err)
	}
	var b budgetAnswer
	o.do("PUT", budgetsPath+"/usd", map[string]any{"scope": "all", "period": "day", "micros": 1e12, "currency": "EUR"}).wantStatus(http.StatusOK)
	if _, err = askModel(t, s, key, true); err != nil {
		t.Error(err)
	}
	o.get(budgetsPath + "/usd").wantStatus(http.StatusOK).decode(&b)
	if b.Used.Micros != 21_000 {
		t.Errorf("got %+v used", b.Used)
	}
}

func TestModelGuards(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	upstream, s, key := modelServer(t, dashboard.WithModelGuards(ai.Redact(ai.Redaction{Personal: true})), dashboard.WithModelContentLog(),
		dashboard.WithLogger(slog.New(slog.NewTextHandler(lockedWriter{&log}, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	upstream.Push(aitest.Reply{Text: []string{"write to an", "n@exam", "ple.com"}})
	model, err := openai.New(key, ai.Endpoint{BaseURL: s.URL + "/ai/v1", Transport: s.http.Transport})
	if err != nil {
		t.Fatal(err)
	}
	a, err := ai.Collect(model.Generate(t.Context(), &ai.Request{Model: "smart", Messages: []ai.Message{ai.User("I am bob@example.com")}}))
	if err != nil || a.Text() != "write to [redacted email]" {
		t.Errorf("got %q, %v", a.Text(), err)
	}
	logWrites.Lock()
	defer logWrites.Unlock()
	if text := log.String(); strings.Contains(text, "bob@example.com") || strings.Contains(text, "ann@example.com") || !strings.Contains(text, "I am [redacted email]") {
		t.Errorf("the log has %s", text)
	}
}

var logWrites sync.Mutex

// lockedWriter is written to by many.
type lockedWriter struct{ w io.Writer }

func (l lockedWriter) Write(b []byte) (int, error) {
	logWrites.Lock()
	defer logWrites.Unlock()
	return l.w.Write(b)
}
