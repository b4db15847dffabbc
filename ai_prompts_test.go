package dashboard_test

import (
	"context"
	"iter"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
)

// echoModel answers with what it was asked.
func echoModel() ai.Model {
	return ai.ModelFunc(func(ctx context.Context, req *ai.Request) iter.Seq2[ai.Event, error] {
		var text []string
		for _, m := range req.Messages {
			text = append(text, string(m.Role)+": "+m.Text())
		}
		return fixedModel(strings.Join(text, "; ")).Generate(ctx, req)
	})
}

func echoing(t *testing.T) dashboard.Option {
	t.Helper()
	models := ai.NewDirectory()
	if err := models.Provider("here", echoModel()); err != nil {
		t.Fatal(err)
	}
	return dashboard.WithModels(models)
}

func greeting(text string) map[string]any {
	return map[string]any{"messages": []any{map[string]string{"role": "system", "content": text}}, "variables": []string{"who"}, "model": "here/m", "flag": "greeting-version"}
}

func TestPrompts(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "test.db")
	s, other := openServer(t, file, echoing(t)), openServer(t, file, echoing(t))
	const path = "/api/v1/ai/prompts/greeting"
	owner := s.owner()
	owner.do("PUT", path, greeting("Greet {{who}}.")).wantStatus(http.StatusPreconditionRequired)
	first := owner.do("PUT", path, greeting("Greet {{who}}."), "If-None-Match", "*").wantStatus(http.StatusCreated)
	owner.do("PUT", path, greeting("Greet."), "If-None-Match", "*").wantStatus(http.StatusPreconditionFailed)
	a := owner.do("PUT", path, greeting("Greet {{nobody}}."), "If-Match", `"1"`).wantStatus(http.StatusUnprocessableEntity)
	if !strings.Contains(string(a.body), `"pointer":"/messages/0/content"`) || first.header.Get("ETag") != `"1"` {
		t.Errorf("got %s, ETag %s", a.body, first.header.Get("ETag"))
	}
	owner.do("PUT", path, greeting("Greet {{who}} warmly."), "If-Match", `"1"`).wantStatus(http.StatusOK)
	owner.do("PUT", path, greeting("Greet {{who}} coldly."), "If-Match", `"1"`).wantStatus(http.StatusPreconditionFailed)
	owner.do("PUT", "/api/v1/ai/prompts/a%20b", greeting("x"), "If-None-Match", "*").wantStatus(http.StatusUnprocessableEntity)

	ask := func(c caller, prompt map[string]any) answer {
		prompt["name"] = "greeting"
		return c.do("POST", "/api/v1/ai/chat", map[string]any{"prompt": prompt, "messages": []any{map[string]string{"role": "user", "content": "Go."}}})
	}
	text := func(c caller, version int) string {
		var out struct{ Text string }
		ask(c, map[string]any{"version": version, "variables": map[string]string{"who": "{{who}}"}}).wantStatus(http.StatusOK).decode(&out)
		return out.Text
	}
	await(t, "the other instance", func() bool { return strings.Contains(string(other.owner().get(path).body), "warmly") })
	if got := text(other.owner(), 0); got != "system: Greet {{who}} warmly.; user: Go." {
		t.Errorf("got %s", got)
	}
	if got := text(other.owner(), 1); got != "system: Greet {{who}}.; user: Go." {
		t.Errorf("version 1: got %s", got)
	}
	ask(owner, map[string]any{"version": 9}).wantStatus(http.StatusNotFound)
	ask(owner, map[string]any{"variables": map[string]string{"whom": "Ada"}}).wantStatus(http.StatusUnprocessableEntity)
	s.setFlag("greeting-version", `{"state":"ENABLED","variants":{"old":"1","new":"2"},"defaultVariant":"old"}`)
	if got := text(owner, 0); got != "system: Greet {{who}}.; user: Go." {
		t.Errorf("by flag: got %s", got)
	}
	s.setFlag("greeting-version", `{"state":"ENABLED","variants":{"odd":"seven"},"defaultVariant":"odd"}`)
	if got := text(owner, 0); got != "system: Greet {{who}} warmly.; user: Go." {
		t.Errorf("by a flag of no version: got %s", got)
	}
	await(t, "the records", func() bool {
		return strings.Count(string(owner.get("/api/v1/ai/requests?filter=prompt%20=%20%22greeting@1%22").body), `"id"`) == 2
	})

	owner.do("POST", path+"/rollback", map[string]any{"version": 1, "comment": "too warm"}, "If-Match", `"2"`).wantStatus(http.StatusOK)
	var versions struct {
		Items []struct {
			Version int64
			Comment string
			By      struct{ Name string }
		}
	}
	owner.get(path + "/versions").wantStatus(http.StatusOK).decode(&versions)
	if len(versions.Items) != 3 || versions.Items[0].Version != 3 || versions.Items[0].Comment != "too warm" || versions.Items[0].By.Name == "" {
		t.Errorf("got %+v", versions)
	}
	reader := s.member("reader", "dashboard.ai.read")
	reader.get("/api/v1/ai/prompts").wantStatus(http.StatusOK)
	reader.do("DELETE", path, nil, "If-Match", "*").wantStatus(http.StatusForbidden)
	owner.do("DELETE", path, nil).wantStatus(http.StatusPreconditionRequired)
	owner.do("DELETE", path, nil, "If-Match", `"3"`).wantStatus(http.StatusNoContent)
	owner.get(path).wantStatus(http.StatusNotFound)
	audit := string(owner.get("/api/v1/audit?target=greeting").wantStatus(http.StatusOK).body)
	for _, action := range []string{"ai.prompt.put", "ai.prompt.rollback", "ai.prompt.delete"} {
		if !strings.Contains(audit, action) {
			t.Errorf("%s is not in the audit log", action)
		}
	}
}

func TestChatNeedsModelAndMessages(t *testing.T) {
	t.Parallel()
	s := newServer(t, echoing(t))
	for _, body := range []map[string]any{{"model": "here/m"}, {"messages": []any{map[string]string{"role": "user", "content": "Go."}}}, {"model": "here/m", "prompt": map[string]any{}}} {
		s.owner().do("POST", "/api/v1/ai/chat", body).wantStatus(http.StatusUnprocessableEntity)
	}
}
