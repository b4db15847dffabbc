package dashboard_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/auth"
)

type madeKey struct{ ID, Key string }

// key makes an API key of a caller.
func (c caller) key(permissions ...string) madeKey {
	c.s.t.Helper()
	var made madeKey
	c.do("POST", "/api/v1/api-keys", map[string]any{"name": "deploy", "permissions": permissions}).wantStatus(http.StatusCreated).decode(&made)
	return made
}

type listedKey struct {
	ID, Name, Prefix string
	Permissions      []string
	CreatedAt        time.Time  `json:"created_at"`
	ExpiresAt        *time.Time `json:"expires_at"`
	LastUsedAt       *time.Time `json:"last_used_at"`
	RevokedAt        *time.Time `json:"revoked_at"`
	Owner            struct{ ID, Name, Email string }
}

func (c caller) keys(query string) (keys []listedKey, next string) {
	c.s.t.Helper()
	var page struct {
		Items []listedKey
		Next  string `json:"next_cursor"`
	}
	c.get("/api/v1/api-keys" + query).wantStatus(http.StatusOK).decode(&page)
	return page.Items, page.Next
}

func TestAPIKeys(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(notes()))
	s.waitState("notes", "enabled")
	reader := s.member("reader", "notes.*.*", "dashboard.modules.read")
	expires := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	var made madeKey
	answer := reader.do("POST", "/api/v1/api-keys", map[string]any{"name": "Größe 🔑", "permissions": []string{"notes.*.read"}, "expires_at": expires}).wantStatus(201)
	answer.decode(&made)
	if !auth.LooksLikeAPIKey(made.Key) || answer.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %s, %v", answer.body, answer.header)
	}
	for _, headers := range [][]string{{"Authorization", "Bearer " + made.Key}, {"X-API-Key", made.Key}} {
		nobody := s.as("")
		nobody.get("/api/v1/m/notes/notes", headers...).wantStatus(200)
		nobody.do("PUT", "/api/v1/m/notes/notes/1", map[string]string{"text": "x"}, headers...).wantProblem(403, "permission-missing")
		nobody.get("/api/v1/modules", headers...).wantProblem(403, "permission-missing")
	}
	var me struct {
		ID, Email   string
		Roles       []string
		Permissions []string
		Session     *struct{ ID string }
		APIKey      *struct {
			ID, Name  string
			ExpiresAt time.Time `json:"expires_at"`
		} `json:"api_key"`
	}
	s.as(made.Key).get("/api/v1/auth/me").wantStatus(200).decode(&me)
	if me.Email != "reader@example.com" || len(me.Roles) != 0 || !slices.Equal(me.Permissions, []string{"notes.note.read"}) || me.Session != nil ||
		me.APIKey == nil || me.APIKey.ID != made.ID || me.APIKey.Name != "Größe 🔑" || !me.APIKey.ExpiresAt.Equal(expires) {
		t.Errorf("me: got %+v", me)
	}
	keys, _ := reader.keys("")
	if len(keys) != 1 || keys[0].ID != made.ID || keys[0].Owner.Email != "reader@example.com" || !strings.HasPrefix(made.Key, keys[0].Prefix) ||
		len(keys[0].Prefix) > 12 || !keys[0].ExpiresAt.Equal(expires) || keys[0].RevokedAt != nil {
		t.Errorf("got %+v", keys)
	}
	if keys, _ := s.owner().keys(""); len(keys) != 0 {
		t.Errorf("the owner's own: got %+v", keys)
	}
	if keys, _ := s.owner().keys("?owner=all"); len(keys) != 1 || keys[0].Owner.Name != "reader" {
		t.Errorf("all: got %+v", keys)
	}
	reader.get("/api/v1/api-keys?owner=all").wantProblem(403, "permission-missing")
	reader.get("/api/v1/api-keys?owner=x").wantStatus(422)
	reader.do("DELETE", "/api/v1/api-keys/"+made.ID, nil).wantStatus(204)
	s.as(made.Key).get("/api/v1/m/notes/notes").wantProblem(401, "unauthenticated")
	reader.do("DELETE", "/api/v1/api-keys/"+made.ID, nil).wantProblem(404, "not-found")
	if keys, _ := reader.keys(""); len(keys) != 1 || keys[0].RevokedAt == nil {
		t.Errorf("revoked: got %+v", keys)
	}
}

func TestAPIKeyInputOverHTTP(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	reader := s.member("reader", "dashboard.modules.read")
	for _, tt := range []struct {
		body    map[string]any
		status  int
		pointer string
	}{
		{map[string]any{"permissions": []string{"a.b"}}, 422, "/name"},
		{map[string]any{"name": "x"}, 422, "/permissions"},
		{map[string]any{"name": "x", "permissions": []string{}}, 422, "/permissions"},
		{map[string]any{"name": "x", "permissions": []string{"no"}}, 422, "/permissions"},
		{map[string]any{"name": "\u0007", "permissions": []string{"dashboard.modules.read"}}, 422, "/name"},
		{map[string]any{"name": "x", "permissions": []string{"dashboard.modules.read"}, "expires_at": "2001-01-01T00:00:00Z"}, 422, "/expires_at"},
		{map[string]any{"name": "x", "permissions": []string{"dashboard.modules.read"}, "expires_at": "tomorrow"}, 422, "/expires_at"},
		{map[string]any{"name": "x", "permissions": []string{"*"}}, 403, "beyond-own-rights"},
		{map[string]any{"name": "x", "permissions": []string{"dashboard.modules.manage"}}, 403, "beyond-own-rights"},
	} {
		a := reader.do("POST", "/api/v1/api-keys", tt.body).wantStatus(tt.status)
		if !strings.Contains(string(a.body), tt.pointer) {
			t.Errorf("%v: got %s, want it to be about %s", tt.body, a.body, tt.pointer)
		}
	}
	s.as("").do("POST", "/api/v1/api-keys", map[string]any{"name": "x", "permissions": []string{"*"}}).wantProblem(401, "unauthenticated")
	reader.get("/api/v1/api-keys?cursor=x").wantProblem(400, "bad-cursor")
}

// What makes or ends credentials is for people.
func TestAPIKeyCannot(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	key := s.as(s.owner().key("*").Key)
	const refused = "not-with-api-key"
	for _, tt := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/api/v1/api-keys", map[string]any{"name": "x", "permissions": []string{"*"}}},
		{"DELETE", "/api/v1/api-keys/x", nil},
		{"POST", "/api/v1/auth/logout", map[string]any{}},
		{"POST", "/api/v1/auth/refresh", map[string]any{}},
		{"GET", "/api/v1/auth/sessions", nil},
		{"DELETE", "/api/v1/auth/sessions/x", nil},
		{"PATCH", "/api/v1/auth/me", map[string]any{"name": "Eve"}},
		{"POST", "/api/v1/users", map[string]any{"email": "e@example.com", "name": "e", "password": ownerPassword, "roles": []string{}}},
	} {
		key.do(tt.method, tt.path, tt.body).wantProblem(403, refused)
	}
	key.do("POST", "/api/v1/users", map[string]any{"email": "e@example.com", "name": "e", "roles": []string{"owner"}}).wantStatus(201)
	key.get("/api/v1/modules").wantStatus(200)
	key.get("/api/v1/users").wantStatus(200)
	key.get("/api/v1/api-keys?owner=all").wantStatus(200)
	s.owner().get("/api/v1/auth/me").wantStatus(200) // nobody was signed out
}

// A key sees other keys, its owner's too, only with the permission that a person
// needs to see everybody's.
func TestAPIKeySeesNoOtherKeys(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	reader := s.member("reader", "dashboard.users.read", "dashboard.modules.read")
	for name, narrow := range map[string]madeKey{
		"a member's": reader.key("dashboard.users.read"), "the owner's": s.owner().key("dashboard.*.read", "dashboard.modules.*"),
	} {
		for _, query := range []string{"", "?owner=me", "?owner=all", "?limit=1"} {
			a := s.as(narrow.Key).get("/api/v1/api-keys"+query).wantProblem(403, "permission-missing")
			if !strings.Contains(string(a.body), "dashboard.users.manage") {
				t.Errorf("%s, %q: got %s, want it to say which permission is missing", name, query, a.body)
			}
		}
		var me struct {
			APIKey struct{ ID string } `json:"api_key"`
		}
		s.as(narrow.Key).get("/api/v1/auth/me").wantStatus(200).decode(&me)
		if me.APIKey.ID != narrow.ID {
			t.Errorf("%s: got %q as its own id, want %q", name, me.APIKey.ID, narrow.ID)
		}
	}
	if keys, _ := reader.keys(""); len(keys) != 1 {
		t.Errorf("a person's own: got %+v", keys)
	}
	manager := s.as(s.owner().key("dashboard.users.manage").Key)
	if keys, _ := manager.keys("?owner=all"); len(keys) != 3 {
		t.Errorf("a key that manages accounts: got %+v", keys)
	}
	if keys, _ := manager.keys(""); len(keys) != 2 {
		t.Errorf("its owner's: got %+v", keys)
	}
}

// A key of somebody who may do everything, that may only manage accounts, makes
// nobody more than that.
func TestAPIKeyGivesNoMoreThanItHas(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	key := s.as(s.owner().key("dashboard.users.*").Key)
	const beyond = "beyond-own-rights"
	key.do("POST", "/api/v1/users", map[string]any{"email": "e@example.com", "name": "e", "roles": []string{"owner"}}).wantProblem(403, beyond)
	key.do("PUT", "/api/v1/roles/all", map[string]any{"permissions": []string{"*"}}).wantProblem(403, beyond)
	key.do("PUT", "/api/v1/roles/some", map[string]any{"permissions": []string{"dashboard.users.read"}}).wantStatus(204)
	key.do("POST", "/api/v1/users", map[string]any{"email": "e@example.com", "name": "e", "roles": []string{"some"}}).wantStatus(201)
}

// The key follows its owner: demoted, with another role, disabled, and back.
func TestAPIKeyFollowsItsOwner(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	reader := s.member("reader", "dashboard.*.read")
	key := s.as(reader.key("dashboard.*.read").Key)
	var me struct{ ID string }
	reader.get("/api/v1/auth/me").decode(&me)
	key.get("/api/v1/modules").wantStatus(200)
	change := func(body map[string]any) {
		t.Helper()
		s.owner().do("PATCH", "/api/v1/users/"+me.ID, body).wantStatus(200)
	}
	change(map[string]any{"roles": []string{}})
	key.get("/api/v1/modules").wantProblem(403, "permission-missing")
	change(map[string]any{"roles": []string{"owner"}})
	key.get("/api/v1/modules").wantStatus(200)
	key.get("/api/v1/users").wantStatus(200)                                                  // its pattern covers it, and now the owner has it
	key.do("PUT", "/api/v1/roles/x", map[string]any{}).wantProblem(403, "permission-missing") // its pattern does not
	change(map[string]any{"roles": []string{"reader"}})
	s.owner().do("PUT", "/api/v1/roles/reader", map[string]any{"permissions": []string{"dashboard.modules.*"}}).wantStatus(204)
	key.get("/api/v1/modules").wantStatus(200)
	key.get("/api/v1/users").wantProblem(403, "permission-missing")
	s.owner().do("PUT", "/api/v1/roles/reader", map[string]any{"permissions": []string{}}).wantStatus(204)
	key.get("/api/v1/modules").wantProblem(403, "permission-missing")
	change(map[string]any{"disabled": true})
	key.get("/api/v1/modules").wantProblem(401, "unauthenticated")
	change(map[string]any{"disabled": false})
	key.get("/api/v1/modules").wantProblem(403, "permission-missing")
}

// An event stream that came with a key ends with the key.
func TestAPIKeyStreamEnds(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	made := s.owner().key("dashboard.*")
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-API-Key", made.Key)
	res, err := s.Client().Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("got %v, %v", res, err)
	}
	defer func() { _ = res.Body.Close() }()
	s.owner().do("DELETE", "/api/v1/api-keys/"+made.ID, nil).wantStatus(204)
	var text bytes.Buffer
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		text.WriteString(lines.Text() + "\n")
	}
	if !strings.Contains(text.String(), "session-ended") {
		t.Errorf("got %q, want session-ended", text.String())
	}
}

// Repeating the request that made a key tells nobody the key again.
func TestAPIKeyIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	body := map[string]any{"name": "x", "permissions": []string{"dashboard.modules.read"}}
	first := s.owner().do("POST", "/api/v1/api-keys", body, "Idempotency-Key", "k1").wantStatus(201)
	var made madeKey
	first.decode(&made)
	again := s.owner().do("POST", "/api/v1/api-keys", body, "Idempotency-Key", "k1").wantStatus(409)
	if strings.Contains(string(again.body), made.Key) {
		t.Errorf("got %s", again.body)
	}
	if keys, _ := s.owner().keys(""); len(keys) != 1 {
		t.Errorf("got %d keys, want 1", len(keys))
	}
}

func TestAPIKeyAudit(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	made := s.owner().key("*")
	s.as(made.Key).do("PUT", "/api/v1/roles/x", map[string]any{}).wantStatus(204)
	s.owner().do("DELETE", "/api/v1/api-keys/"+made.ID, nil).wantStatus(204)
	var log struct {
		Items []struct {
			Action, Target, Actor string
			ActorName             string `json:"actor_name"`
		}
	}
	a := s.owner().get("/api/v1/audit?limit=10").wantStatus(200)
	a.decode(&log)
	if strings.Contains(string(a.body), made.Key[:20]) {
		t.Errorf("the audit has the key: %s", a.body)
	}
	var got []string
	for _, e := range log.Items {
		if e.Target == made.ID || e.Target == "x" {
			got = append(got, e.Action+" by "+e.ActorName)
		}
	}
	want := []string{"api-key.revoke by " + ownerEmail, "role.put by " + ownerEmail + " (API key deploy)", "api-key.create by " + ownerEmail}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAPIKeysInPages(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var want []string
	for i := range 5 {
		var made madeKey
		s.owner().do("POST", "/api/v1/api-keys", map[string]any{"name": fmt.Sprint(i), "permissions": []string{"a.b"}}).wantStatus(201).decode(&made)
		want = append([]string{made.ID}, want...)
	}
	var got []string
	for cursor := "?limit=2"; cursor != ""; {
		keys, next := s.owner().keys(cursor)
		for _, k := range keys {
			got = append(got, k.ID)
		}
		if cursor = ""; next != "" {
			cursor = "?limit=2&cursor=" + next
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestChangeOwnName(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	reader := s.member("reader", "dashboard.modules.read")
	var me struct{ Name string }
	reader.do("PATCH", "/api/v1/auth/me", map[string]any{"name": " Ada Ω "}).wantStatus(200).decode(&me)
	if me.Name != "Ada Ω" {
		t.Errorf("got %q", me.Name)
	}
	reader.get("/api/v1/auth/me").wantStatus(200).decode(&me)
	if me.Name != "Ada Ω" {
		t.Errorf("afterwards: got %q", me.Name)
	}
	reader.do("PATCH", "/api/v1/auth/me", map[string]any{"name": strings.Repeat("x", 101)}).wantStatus(422)
	reader.do("PATCH", "/api/v1/auth/me", map[string]any{"name": "x", "roles": []string{"owner"}}).wantStatus(422)
	s.as("").do("PATCH", "/api/v1/auth/me", map[string]any{"name": "x"}).wantProblem(401, "unauthenticated")
}

func TestAPIKeysAreDocumented(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var doc struct {
		Components struct {
			SecuritySchemes map[string]struct{ Type, In, Name string }
		}
		Paths map[string]map[string]any
	}
	s.owner().get("/api/v1/openapi.json").wantStatus(200).decode(&doc)
	if got := doc.Components.SecuritySchemes["apiKey"]; got.Type != "apiKey" || got.In != "header" || got.Name != "X-API-Key" {
		t.Errorf("got %+v", doc.Components.SecuritySchemes)
	}
	for path, methods := range map[string][]string{"/api-keys": {"get", "post"}, "/api-keys/{id}": {"delete"}, "/auth/me": {"get", "patch"}} {
		for _, method := range methods {
			if doc.Paths["/api/v1"+path][method] == nil && doc.Paths[path][method] == nil {
				t.Errorf("%s %s is not documented", method, path)
			}
		}
	}
}
