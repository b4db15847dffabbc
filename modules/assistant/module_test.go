package assistant_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/dashboardtest"
	"github.com/modular-dashboard/dashboard/modules/assistant"
)

func TestConformance(t *testing.T) {
	fresh := func() dashboard.Module { return assistant.New() }
	t.Run("without models", func(t *testing.T) { dashboardtest.Run(t, fresh) })
	t.Run("with models", func(t *testing.T) { dashboardtest.Run(t, fresh, dashboard.WithModels(directory(t, &script{}))) })
}

// A conversation is there for its person, and for nobody else.
func TestConversation(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	ada, bob := s.As("assistant.chat.use"), s.As("assistant.chat.use")
	_ = bob
	s.model.says(ai.ReasonStop, ai.Event{Kind: ai.EventReasoning, Text: "hm"}, text("Hello"), text(" there."))
	e := s.chat(ada, "", "  Say hello,\nplease ").want("start reasoning text text end")
	id := e.conversation()
	out := s.wantSaid(ada, id, "person:   Say hello,\nplease \nmodel: hm Hello there.")
	if a := out.Turns[1].Answer; out.Title != "Say hello, please" || out.Model != "quick" || a == nil || a.Request == "" || a.Provider != "fake" || a.Usage.Output != 2 {
		t.Errorf("got %+v, %+v", out, a)
	}
	s.model.says(ai.ReasonStop, text("Again."))
	s.chat(ada, id, "And again").want("start text end")
	if m := s.model.last().Messages; len(m) != 4 || m[0].Role != ai.RoleSystem || m[2].Text() != "Hello there." || m[3].Text() != "And again" {
		t.Errorf("the model was asked %+v", m)
	}
	for _, who := range []*dashboardtest.Client{bob, s.Owner()} {
		who.Get(base + "/conversations/" + id).Want(http.StatusNotFound)
		who.Do("PATCH", base+"/conversations/"+id, map[string]string{"title": "Mine"}).Want(http.StatusNotFound)
		who.Do("DELETE", base+"/conversations/"+id, nil).Want(http.StatusNotFound)
		who.Do("POST", base+"/chat", map[string]string{"conversation": id, "message": "Hi"}).Want(http.StatusNotFound)
		if got := string(who.Get(base + "/conversations").Want(http.StatusOK).Body); strings.Contains(got, id) {
			t.Errorf("somebody else's list has it: %s", got)
		}
	}
	ada.Do("PATCH", base+"/conversations/"+id, map[string]string{"title": "Greetings"}).Want(http.StatusNoContent)
	var list struct {
		Items      []struct{ ID, Title string }
		NextCursor string `json:"next_cursor"`
	}
	for i := range 2 {
		s.model.says(ai.ReasonStop, text("Yes."))
		s.chat(ada, "", fmt.Sprint("Number ", i)).want("start text end")
	}
	titles, cursor := []string{}, ""
	for range 3 {
		list.NextCursor = ""
		ada.Get(base + "/conversations?limit=1&cursor=" + cursor).Want(http.StatusOK).JSON(&list)
		titles, cursor = append(titles, list.Items[0].Title), list.NextCursor
	}
	if got := strings.Join(titles, " "); cursor != "" || !strings.Contains(got, "Greetings") || !strings.Contains(got, "Number 0") || !strings.Contains(got, "Number 1") {
		t.Errorf("got %q, cursor %q", got, cursor)
	}
	ada.Get(base + "/conversations?cursor=nonsense").Want(http.StatusBadRequest)
	ada.Do("DELETE", base+"/conversations/"+id, nil).Want(http.StatusNoContent)
	ada.Get(base + "/conversations/" + id).Want(http.StatusNotFound)
}

func TestInput(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	for name, body := range map[string]map[string]any{
		"nothing":       {},
		"blank":         {"message": " \n"},
		"retry nothing": {"retry": true},
		"both":          {"retry": true, "message": "Hi", "conversation": "x"},
		"too long":      {"message": strings.Repeat("x", 16_001)},
	} {
		if got := s.Owner().Do("POST", base+"/chat", body); got.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: got status %d: %s", name, got.Status, got.Body)
		}
	}
	s.Owner().Do("POST", base+"/chat", map[string]any{"message": "Hi", "conversation": "nobody"}).Want(http.StatusNotFound)
	s.As("notes.note.read").Do("POST", base+"/chat", map[string]any{"message": "Hi"}).Want(http.StatusNotFound)
	s.model.says(ai.ReasonStop, text("Hi"))
	id := s.chat(s.Owner(), "", "Hi").conversation()
	// Somebody else answers it right now, or did when a process died.
	busy := func(until time.Time) {
		if _, err := s.DB.Exec(t.Context(), `UPDATE assistant__conversations SET busy_until = $1`, until.Unix()); err != nil {
			t.Fatal(err)
		}
	}
	busy(time.Now().Add(time.Minute))
	s.Owner().Do("POST", base+"/chat", map[string]any{"message": "Hi", "conversation": id}).Want(http.StatusConflict)
	busy(time.Now().Add(-time.Minute))
	s.model.says(ai.ReasonStop, text("Hi"))
	s.chat(s.Owner(), id, "Hi again").want("start text end")
}

func TestWithoutProvider(t *testing.T) {
	t.Parallel()
	s := dashboardtest.New(t, dashboard.WithModules(assistant.New()))
	var status struct {
		Ready   bool
		Problem string
	}
	s.Owner().Get(base + "/status").Want(http.StatusOK).JSON(&status)
	if status.Ready || !strings.Contains(status.Problem, "No provider") {
		t.Errorf("got %+v", status)
	}
	a := s.Owner().Do("POST", base+"/chat", map[string]any{"message": "Hi"}).Want(http.StatusServiceUnavailable)
	if !strings.Contains(string(a.Body), "no-provider") {
		t.Errorf("got %s", a.Body)
	}
	if got := s.State("assistant"); got != "enabled" {
		t.Errorf("got state %s, want enabled", got)
	}
}

// What came before a failure stays, and can be asked for again.
func TestBrokenAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.model.does(func(_ context.Context, yield func(ai.Event, error) bool) {
		if yield(text("Half an"), nil) {
			yield(ai.Event{}, &ai.Error{Kind: ai.Truncated})
		}
	})
	e := s.chat(s.Owner(), "", "Hi").want("start text error")
	var problem struct{ Code, Detail string }
	e.last("error", &problem)
	if problem.Code != "provider-failed" || problem.Detail == "" {
		t.Errorf("got %+v", problem)
	}
	id := e.conversation()
	s.wantSaid(s.Owner(), id, "person: Hi\nmodel: Half an (provider-failed)")
	s.model.does(func(_ context.Context, yield func(ai.Event, error) bool) {
		yield(ai.Event{}, &ai.Error{Kind: ai.RateLimited, RetryAfter: 1500 * time.Millisecond})
	})
	var limited struct {
		Code       string
		RetryAfter int `json:"retry_after"`
	}
	s.retry(s.Owner(), id).want("start error").last("error", &limited)
	if limited.Code != "provider-rate-limited" || limited.RetryAfter != 2 {
		t.Errorf("got %+v", limited)
	}
	s.wantSaid(s.Owner(), id, "person: Hi")
	s.model.says(ai.ReasonStop, text("Whole"))
	s.retry(s.Owner(), id).want("start text end")
	s.wantSaid(s.Owner(), id, "person: Hi\nmodel: Whole")
}

// To try again is to ask again, also where answers of models are cached.
func TestRetryAsksAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, dashboard.WithModelCache(ai.CacheOptions{TTL: time.Minute}))
	s.model.says(ai.ReasonStop, text("One"))
	s.model.says(ai.ReasonStop, text("Two"))
	id := s.chat(s.Owner(), "", "Hi").want("start text end").conversation()
	s.retry(s.Owner(), id).want("start text end")
	s.wantSaid(s.Owner(), id, "person: Hi\nmodel: Two")
}

// A person who leaves stops the answer, and what they have seen of it stays.
func TestStop(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	stopped := make(chan struct{})
	s.model.does(func(ctx context.Context, yield func(ai.Event, error) bool) {
		defer close(stopped)
		if yield(text("I will go on for"), nil) {
			<-ctx.Done()
			yield(ai.Event{}, &ai.Error{Kind: ai.Canceled, Err: ctx.Err()})
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	token := s.token("assistant.chat.use")
	res := s.open(ctx, token, "/chat", `{"message":"Hi"}`)
	seen := ""
	buffer := make([]byte, 1000)
	for !strings.Contains(seen, "go on for") {
		n, err := res.Body.Read(buffer)
		if seen += string(buffer[:n]); err != nil {
			t.Fatalf("%v after %s", err, seen)
		}
	}
	stop()
	_ = res.Body.Close()
	<-stopped
	id := read(t, []byte(seen)).conversation()
	s.eventually("the answer is stored", func() bool {
		got := s.open(t.Context(), token, "/conversations/"+id, "")
		defer got.Body.Close()
		return strings.Contains(bodyOf(t, got), `"broken":"stopped"`)
	})
	s.model.says(ai.ReasonStop, text("Yes."))
	res = s.open(t.Context(), token, "/chat", `{"conversation":"`+id+`","message":"Go on"}`)
	defer res.Body.Close()
	read(t, []byte(bodyOf(t, res))).want("start text end")
	if m := s.model.last().Messages; len(m) != 4 || m[2].Text() != "I will go on for" {
		t.Errorf("the model was asked %+v", m)
	}
}

// Nothing of what was said reaches the database.
func TestKeepNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *assistant.Settings) { c.Keep = false })
	s.model.says(ai.ReasonToolCalls, calls("notes_post-notes", `{"body":{"text":"chartreuse"}}`)...)
	e := s.chat(s.Owner(), "", "Note chartreuse down").want("start call confirm")
	var q struct{ ID string }
	e.last("confirm", &q)
	if got := s.dump(); strings.Contains(got, "chartreuse") {
		t.Errorf("the database has\n%s", got)
	}
	if got := string(s.Owner().Get(base + "/conversations").Want(http.StatusOK).Body); strings.Contains(got, e.conversation()) {
		t.Errorf("it is listed: %s", got)
	}
	s.model.says(ai.ReasonStop, text("Done with chartreuse."))
	read(t, s.confirm(s.Owner(), e.conversation(), q.ID, true).Want(http.StatusOK).Body).want("start result text end")
	s.wantSaid(s.Owner(), e.conversation(), "person: Note chartreuse down\nmodel: notes_post-notes=done\nmodel: Done with chartreuse.")
	if got := s.dump(); strings.Contains(got, "chartreuse") {
		t.Errorf("the database has\n%s", got)
	}
	s.age(2 * time.Hour)
	s.forget()
	s.Owner().Get(base + "/conversations/" + e.conversation()).Want(http.StatusNotFound)
}

// The job deletes what nobody has written to for long.
func TestForget(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *assistant.Settings) { c.KeepFor = 48 * time.Hour })
	s.model.says(ai.ReasonStop, text("Hi"))
	id := s.chat(s.Owner(), "", "Hi").conversation()
	s.age(47 * time.Hour)
	s.forget()
	s.wantSaid(s.Owner(), id, "person: Hi\nmodel: Hi")
	s.age(2 * time.Hour)
	s.forget()
	s.Owner().Get(base + "/conversations/" + id).Want(http.StatusNotFound)
}

// The job deletes what belonged to an account that is there no more, and nothing of
// one that is disabled.
func TestForgetAccountsThatAreGone(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{true, false} {
		s := newSite(t, func(c *assistant.Settings) { c.Keep = keep })
		s.model.says(ai.ReasonStop, text("Hi"))
		own := s.chat(s.Owner(), "", "Mine").conversation()
		s.model.says(ai.ReasonStop, text("Hi"))
		res := s.open(t.Context(), s.token("assistant.chat.use"), "/chat", `{"message":"Hers"}`)
		read(t, []byte(bodyOf(t, res))).want("start text end")
		_ = res.Body.Close()
		const eve = `(SELECT id FROM auth_users WHERE email = 'eve@example.com')`
		count := func() (n int) {
			if err := s.DB.QueryRow(t.Context(), `SELECT count(*) FROM assistant__conversations`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		change := func(statements ...string) {
			for _, one := range statements {
				if _, err := s.DB.Exec(t.Context(), one); err != nil {
					t.Fatalf("%s: %v", one, err)
				}
			}
			s.forget()
		}
		if change(`UPDATE auth_users SET disabled = 1 WHERE id = ` + eve); count() != 2 {
			t.Errorf("keep %t: of a disabled account: got %d conversations, want 2", keep, count())
		}
		change(`DELETE FROM auth_sessions WHERE user_id = `+eve, `DELETE FROM auth_user_roles WHERE user_id = `+eve, `DELETE FROM auth_users WHERE id = `+eve)
		if got := s.dump(); count() != 1 || strings.Contains(got, "Hers") {
			t.Errorf("keep %t: got %d conversations, want 1: %s", keep, count(), got)
		}
		s.wantSaid(s.Owner(), own, "person: Mine\nmodel: Hi")
	}
}

// Names of models that somebody may not ask for are not told, and none of them is
// picked.
func TestModelsThatRolesMayNotAskForAreLeftOut(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.Owner().Do("PUT", "/api/v1/ai/access/*", map[string]any{"models": []string{"fake/other"}}).Want(http.StatusCreated)
	var status struct {
		Ready  bool
		Model  string
		Models []string
	}
	s.As("assistant.chat.use").Get(base + "/status").Want(http.StatusOK).JSON(&status)
	if !status.Ready || status.Model != "" || len(status.Models) != 0 {
		t.Errorf("got %+v, want no model", status)
	}
	s.As("assistant.chat.use").Do("POST", base+"/chat", map[string]any{"message": "Hi"}).Want(http.StatusUnprocessableEntity)
}

// An answer without end is cut, and the person is told why.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.model.does(func(_ context.Context, yield func(ai.Event, error) bool) {
		for yield(text(strings.Repeat("x", 100_000)), nil) {
		}
	})
	var failed struct{ Code, Detail string }
	s.chat(s.Owner(), "", "Hi").last("error", &failed)
	if failed.Code != "answer-too-long" || !strings.Contains(failed.Detail, "answer is longer") {
		t.Errorf("got %+v", failed)
	}
}
