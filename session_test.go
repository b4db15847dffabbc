package dashboard_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
)

func bufferOf(b []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(b)) }

// browser keeps cookies and sends what a browser sends.
func browser(t *testing.T, url string) func(method, path string, body any, headers ...string) answer {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := remoteServer(t, url)
	s.http.Jar = jar
	return func(method, path string, body any, headers ...string) answer {
		t.Helper()
		return s.as("").do(method, path, body, append([]string{"Sec-Fetch-Site", "same-origin"}, headers...)...)
	}
}

// A person opens the set-up link, makes the account, and is signed in; the link
// works once.
func TestFirstRun(t *testing.T) {
	t.Parallel()
	link := ""
	d, err := dashboard.New(memory(t), dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithFastPasswords(),
		dashboard.WithSetupLink(func(l string) { link = l }))
	if err != nil {
		t.Fatal(err)
	}
	web := serveStarted(t, d, d).URL
	_, token, ok := strings.Cut(link, "/setup#")
	if !ok {
		t.Fatalf("set-up link: got %q", link)
	}
	do := browser(t, web)
	var state struct{ Required bool }
	do("GET", "/api/v1/setup", nil).wantStatus(200).decode(&state)
	if !state.Required {
		t.Error("set-up required: got false, want true")
	}
	account := map[string]string{"token": token, "email": ownerEmail, "password": ownerPassword, "name": "Ada"}
	bad := map[string]string{"token": "wrong", "email": ownerEmail, "password": ownerPassword, "name": "Ada"}
	do("POST", "/api/v1/setup", bad).wantProblem(401, "setup-token-invalid")
	short := map[string]string{"token": token, "email": ownerEmail, "password": "short", "name": "Ada"}
	do("POST", "/api/v1/setup", short).wantProblem(422, "invalid-input")
	a := do("POST", "/api/v1/setup", account).wantStatus(201)
	if bytes.Contains(a.body, []byte("access_token")) {
		t.Errorf("set-up answers tokens to a browser: %s", a.body)
	}
	for _, c := range a.header.Values("Set-Cookie") {
		if !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=") {
			t.Errorf("cookie without HttpOnly or SameSite: %s", c)
		}
	}
	var me struct {
		Email       string
		Permissions []string
		Session     struct{ Current bool }
	}
	do("GET", "/api/v1/auth/me", nil).wantStatus(200).decode(&me)
	if me.Email != ownerEmail || len(me.Permissions) == 0 || !me.Session.Current {
		t.Errorf("me: got %+v", me)
	}
	do("POST", "/api/v1/setup", account).wantProblem(409, "setup-done")
	do("GET", "/api/v1/setup", nil).wantStatus(200).decode(&state)
	if state.Required {
		t.Error("set-up required afterwards: got true, want false")
	}
	do("POST", "/api/v1/auth/refresh", map[string]string{}).wantStatus(200)
	do("POST", "/api/v1/auth/logout", map[string]string{}).wantStatus(204)
	do("GET", "/api/v1/auth/me", nil).wantProblem(401, "unauthenticated")
	do("POST", "/api/v1/auth/refresh", map[string]string{}).wantProblem(401, "unauthenticated")
}

// A cookie alone does not make a write: other sites can send cookies too.
func TestCrossOriginWrites(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	do := browser(t, s.URL)
	do("POST", "/api/v1/auth/login", map[string]string{"email": ownerEmail, "password": ownerPassword}).wantStatus(200)
	body := map[string]any{"permissions": []string{}}
	tests := []struct {
		name    string
		headers []string
		status  int
	}{
		{"same origin", nil, 204},
		{"cross site", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"same site", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"no word of the browser", []string{"Sec-Fetch-Site", ""}, 403},
		{"another origin", []string{"Sec-Fetch-Site", "", "Origin", "https://evil.example.com"}, 403},
		{"our origin", []string{"Sec-Fetch-Site", "", "Origin", s.URL}, 204},
		{"form", []string{"Content-Type", "application/x-www-form-urlencoded"}, 403},
		{"text", []string{"Content-Type", "text/plain"}, 403},
	}
	for _, tt := range tests {
		if a := do("PUT", "/api/v1/roles/tester", body, tt.headers...); a.status != tt.status &&
			!(tt.status == 403 && a.status == http.StatusUnsupportedMediaType) {
			t.Errorf("%s: got %d %s, want %d", tt.name, a.status, a.body, tt.status)
		}
	}
	s.owner().do("PUT", "/api/v1/roles/tester", body, "Sec-Fetch-Site", "cross-site").wantStatus(204)
}

// Credentials in a header count alone: with bad ones, or other ones, no cookie is
// refreshed or signed out, least of all for another site.
func TestHeaderNeverFallsBackToCookies(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	do := browser(t, s.URL)
	do("POST", "/api/v1/auth/login", map[string]string{"email": ownerEmail, "password": ownerPassword}).wantStatus(200)
	for _, header := range [][]string{
		{"Authorization", "Bearer x"}, {"Authorization", "Basic eDp5"}, {"X-Api-Key", "x"}, {"Authorization", "Bearer " + s.token},
	} {
		do("POST", "/api/v1/auth/refresh", nil, header...).wantProblem(401, "unauthenticated")
		a := do("POST", "/api/v1/auth/logout", nil, header...).wantStatus(204)
		if c := a.header.Values("Set-Cookie"); len(c) > 0 {
			t.Errorf("logout with %q changed cookies: %q", header, c)
		}
		do("GET", "/api/v1/auth/me", nil).wantStatus(200)
	}
	s.owner().get("/api/v1/auth/me").wantProblem(401, "unauthenticated") // signed out by its own logout
	do("POST", "/api/v1/auth/refresh", nil).wantStatus(200)
}

func TestRightsCannotBeEscalated(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(notes()))
	clerk := s.member("clerk", "dashboard.users.read", "dashboard.users.manage")
	var users struct{ Items []struct{ ID, Email string } }
	clerk.get("/api/v1/users").wantStatus(200).decode(&users)
	ids := map[string]string{}
	for _, u := range users.Items {
		ids[u.Email] = u.ID
	}
	tests := []struct {
		name, method, path string
		body               any
	}{
		{"make an owner", "POST", "/api/v1/users", map[string]any{"email": "x@example.com", "name": "x", "password": ownerPassword, "roles": []string{"owner"}}},
		{"become an owner", "PATCH", "/api/v1/users/" + ids["clerk@example.com"], map[string]any{"roles": []string{"owner"}}},
		{"disable an owner", "PATCH", "/api/v1/users/" + ids[ownerEmail], map[string]any{"disabled": true}},
		{"widen a role", "PUT", "/api/v1/roles/clerk", map[string]any{"permissions": []string{"*"}}},
		{"widen by a pattern", "PUT", "/api/v1/roles/clerk", map[string]any{"permissions": []string{"notes.*"}}},
		{"widen by inheritance", "PUT", "/api/v1/roles/clerk", map[string]any{"inherits": []string{"owner"}}},
		{"empty another's role", "PUT", "/api/v1/roles/writer", map[string]any{"permissions": []string{}}},
		{"delete another's role", "DELETE", "/api/v1/roles/unused", nil},
	}
	s.owner().do("PUT", "/api/v1/roles/writer", map[string]any{"permissions": []string{"notes.note.write"}}).wantStatus(204)
	s.owner().do("PUT", "/api/v1/roles/unused", map[string]any{"permissions": []string{"notes.note.write"}}).wantStatus(204)
	for _, tt := range tests {
		clerk.do(tt.method, tt.path, tt.body).wantProblem(http.StatusForbidden, "beyond-own-rights")
	}
	clerk.do("POST", "/api/v1/users", map[string]any{"email": "y@example.com", "name": "y", "password": ownerPassword, "roles": []string{"clerk"}}).wantStatus(201)
}

func TestUserPages(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, name := range []string{"a", "b", "c"} {
		s.member(name, "dashboard.users.read")
	}
	seen := map[string]bool{}
	for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
		var page struct {
			Items      []struct{ ID string }
			NextCursor string `json:"next_cursor"`
		}
		s.owner().get("/api/v1/users?limit=3&cursor=" + cursor).wantStatus(200).decode(&page)
		for _, u := range page.Items {
			seen[u.ID] = true
		}
		if cursor = page.NextCursor; pages > 3 {
			t.Fatal("the pages do not end")
		}
	}
	if len(seen) != 4 {
		t.Errorf("accounts on all pages: got %d, want 4", len(seen))
	}
	forged := base64.RawURLEncoding.EncodeToString([]byte("0123456789abthe-id-of-somebody"))
	for _, cursor := range []string{"zz", "AAAA", "%00", forged} {
		s.owner().get("/api/v1/users?cursor="+cursor).wantProblem(400, "bad-cursor")
	}
}

// event is one server-sent event.
type event struct{ id, name, data string }

// listen reads an event stream until it ends.
func (c caller) listen(ctx context.Context, path string) (<-chan event, error) {
	return c.listenAfter(ctx, path, "")
}

// listenAfter reads an event stream on from an id.
func (c caller) listenAfter(ctx context.Context, path, id string) (<-chan event, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.s.URL+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if id != "" {
		r.Header.Set("Last-Event-ID", id)
	}
	res, err := c.s.http.Do(r)
	if err != nil {
		return nil, err
	}
	out := make(chan event, 100)
	go func() {
		defer close(out)
		defer func() { _ = res.Body.Close() }()
		readEvents(ctx, res.Body, out)
	}()
	return out, nil
}

// next waits for an event of a name.
func next(t *testing.T, stream <-chan event, name string) event {
	t.Helper()
	for e := range stream {
		if e.name == name {
			return e
		}
	}
	t.Fatalf("the stream ended without %s", name)
	return event{}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(notes()))
	s.waitState("notes", "enabled")
	reader := s.member("reader", "notes.note.read")
	stranger := s.member("stranger", "dashboard.audit.read")
	mine, err := reader.listen(t.Context(), "/api/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := stranger.listen(t.Context(), "/api/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	s.act("notes", "disable", "installed")
	for {
		var m struct{ ID, State string }
		if err := json.Unmarshal([]byte(next(t, mine, "module").data), &m); err != nil || m.ID != "notes" {
			t.Fatalf("module event: %+v, %v", m, err)
		}
		if m.State == "installed" {
			break
		}
	}
	// The session ends, and so do its streams, with a word why.
	for _, c := range []struct {
		caller
		stream <-chan event
	}{{reader, mine}, {stranger, theirs}} {
		var me struct{ Session struct{ ID string } }
		c.get("/api/v1/auth/me").wantStatus(200).decode(&me)
		c.do("DELETE", "/api/v1/auth/sessions/"+me.Session.ID, nil).wantStatus(204)
		for e := range c.stream {
			if e.name == "module" && c.token == stranger.token {
				t.Errorf("a stranger was told of a module: %s", e.data)
			}
			if e.name == "session-ended" {
				me.Session.ID = ""
			}
		}
		if me.Session.ID != "" {
			t.Error("the stream ended without session-ended")
		}
		c.get("/api/v1/auth/me").wantProblem(401, "unauthenticated")
	}
}

// A module's own stream ends with module-disabled and does not hold up the
// drain; one at shutdown says so.
func TestModuleStreams(t *testing.T) {
	t.Parallel()
	m := &hooks{id: "ticker", routes: func(r *dashboard.Router) error {
		dashboard.Get(r, "/ticks", func(context.Context, none) (dashboard.Stream, error) {
			return func(ctx context.Context, send func(string, any) error) error {
				if err := send("tick", map[string]int{"n": 1}); err != nil {
					return err
				}
				<-ctx.Done()
				return nil
			}, nil
		}, dashboard.Require(permRead))
		return nil
	}}
	// A drain that waited for streams would not end before the hook's time is up.
	s := newServer(t, dashboard.WithModules(m), dashboard.WithDrainTimeout(time.Hour), dashboard.WithHookTimeout(30*time.Second))
	s.waitState("ticker", "enabled")
	stream, err := s.owner().listen(t.Context(), "/api/v1/m/ticker/ticks")
	if err != nil {
		t.Fatal(err)
	}
	if got := next(t, stream, "tick").data; got != `{"n":1}` {
		t.Errorf("tick: got %s", got)
	}
	s.act("ticker", "disable", "installed")
	next(t, stream, "module-disabled")
}
