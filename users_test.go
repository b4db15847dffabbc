package dashboard_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestUsersAreAResource(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.member("carl", "dashboard.users.read")
	reader := s.member("bea", "dashboard.users.read")
	type user struct {
		ID, Email, Name string
		Roles           []string
		Disabled        bool
	}
	emails := func(query string) string {
		t.Helper()
		var page struct{ Items []user }
		s.owner().get("/api/v1/users?" + query).wantStatus(http.StatusOK).decode(&page)
		var out []string
		for _, u := range page.Items {
			out = append(out, strings.TrimSuffix(u.Email, "@example.com"))
		}
		return fmt.Sprint(out)
	}
	for _, tt := range []struct{ query, want string }{
		{"", "[ada bea carl]"},
		{"sort=-email", "[carl bea ada]"},
		{"sort=created_at", "[ada carl bea]"},
		{"q=be", "[bea]"},
		{"filter=roles%3Acarl", "[carl]"},
		{"filter=disabled%3Dtrue", "[]"},
		{"filter=" + url.QueryEscape(`email = CARL@example.com OR name = "Bea"`), "[bea carl]"},
	} {
		if got := emails(tt.query); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.query, got, tt.want)
		}
	}
	var page struct{ Items []user }
	s.owner().get("/api/v1/users?q=carl").decode(&page)
	carl := "/api/v1/users/" + page.Items[0].ID
	tag := s.owner().get(carl).wantStatus(http.StatusOK).header.Get("ETag")
	s.owner().do("PATCH", carl, map[string]any{"name": "Carl the second"}, "If-Match", tag).wantStatus(http.StatusOK)
	s.owner().do("PATCH", carl, map[string]any{"name": "x"}, "If-Match", tag).wantProblem(http.StatusPreconditionFailed, "changed-meanwhile")
	s.owner().do("PATCH", carl, map[string]any{"email": "x@example.com"}).wantProblem(http.StatusUnprocessableEntity, "invalid-input")
	s.owner().do("PATCH", carl, map[string]any{"roles": []string{"ghost"}}).wantProblem(http.StatusUnprocessableEntity, "invalid-input")

	a := s.owner().do("POST", "/api/v1/users/actions/disable", map[string]any{"ids": []string{page.Items[0].ID, "ghost"}}).wantStatus(http.StatusOK)
	if !strings.Contains(string(a.body), `"ok":true`) || !strings.Contains(string(a.body), `"not-found"`) {
		t.Errorf("got %s", a.body)
	}
	if got := emails("filter=disabled%3Dtrue"); got != "[carl]" {
		t.Errorf("got %s", got)
	}
	s.owner().do("POST", "/api/v1/users", map[string]any{"email": "dan@example.com", "name": "Dan"}).wantStatus(http.StatusCreated)
	s.owner().do("POST", "/api/v1/users", map[string]any{"email": "DAN@example.com"}).wantProblem(http.StatusConflict, "email-taken")
	if csv := string(s.owner().get("/api/v1/users.csv").wantStatus(http.StatusOK).body); strings.Count(csv, "\r\n") != 5 || strings.Contains(csv, "assword") {
		t.Errorf("got %s", csv)
	}
	if a := reader.get("/api/v1/resources/dashboard/users").wantStatus(http.StatusOK); !strings.Contains(string(a.body), `"path":"api/v1/users"`) ||
		strings.Contains(string(a.body), "create_schema") {
		t.Errorf("got %s", a.body)
	}
}

func TestRolesAreAResource(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	owner := s.owner()
	made := owner.do("POST", "/api/v1/roles", map[string]any{"name": "clerk", "title": "Clerk", "permissions": []string{"dashboard.audit.read"}}).wantStatus(http.StatusCreated)
	if got := made.header.Get("Location"); got != "/api/v1/roles/clerk" {
		t.Errorf("got Location %q", got)
	}
	owner.do("POST", "/api/v1/roles", map[string]any{"name": "clerk"}).wantProblem(http.StatusConflict, "taken")
	tag := owner.get("/api/v1/roles/clerk").wantStatus(http.StatusOK).header.Get("ETag")
	if tag == "" || tag != made.header.Get("ETag") {
		t.Errorf("got ETag %q, made with %q", tag, made.header.Get("ETag"))
	}
	owner.do("PATCH", "/api/v1/roles/clerk", map[string]any{"title": "First clerk"}, "If-Match", tag).wantStatus(http.StatusOK)
	for _, method := range []string{"PATCH", "PUT"} {
		owner.do(method, "/api/v1/roles/clerk", map[string]any{"title": "x"}, "If-Match", tag).wantProblem(http.StatusPreconditionFailed, "changed-meanwhile")
	}
	owner.do("PUT", "/api/v1/roles/clerk", map[string]any{"title": "Clerk", "permissions": []string{"dashboard.audit.read"}}).wantStatus(http.StatusNoContent)
	owner.do("PATCH", "/api/v1/roles/owner", map[string]any{"title": "x"}).wantProblem(http.StatusConflict, "role-built-in")
	owner.do("PATCH", "/api/v1/roles/ghost", map[string]any{"title": "x"}).wantProblem(http.StatusNotFound, "not-found")
	var page struct{ Items []struct{ Name string } }
	owner.get("/api/v1/roles?filter=" + url.QueryEscape("built_in = false AND permissions:dashboard.audit.read")).wantStatus(http.StatusOK).decode(&page)
	if len(page.Items) != 1 || page.Items[0].Name != "clerk" {
		t.Errorf("got %+v", page)
	}
	owner.do("DELETE", "/api/v1/roles/clerk", nil, "If-Match", tag).wantProblem(http.StatusPreconditionFailed, "changed-meanwhile")
	owner.do("DELETE", "/api/v1/roles/clerk", nil).wantStatus(http.StatusNoContent)
	owner.do("DELETE", "/api/v1/roles/clerk", nil).wantProblem(http.StatusNotFound, "not-found")
}

// A person changes their own password with the one they have and stays signed
// in where they did; every other session ends.
func TestChangeOwnPassword(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.member("bea", "dashboard.users.read")
	here, there := browser(t, s.URL), browser(t, s.URL)
	const path, other = "/api/v1/auth/password", "another 9 long password"
	in := map[string]string{"email": "bea@example.com", "password": ownerPassword}
	here("POST", "/api/v1/auth/login", in).wantStatus(http.StatusOK)
	there("POST", "/api/v1/auth/login", in).wantStatus(http.StatusOK)

	for _, tt := range []struct{ present, password, pointer string }{
		{"wrong", other, `"/present"`}, {ownerPassword, "short", `"/password"`}, {ownerPassword, "", `"/password"`},
	} {
		a := here("POST", path, map[string]string{"present": tt.present, "password": tt.password}).wantProblem(http.StatusUnprocessableEntity, "invalid-input")
		if !strings.Contains(string(a.body), tt.pointer) {
			t.Errorf("%+v: got %s", tt, a.body)
		}
	}
	here("GET", "/api/v1/auth/me", nil).wantStatus(http.StatusOK)
	a := here("POST", path, map[string]string{"present": ownerPassword, "password": other}).wantStatus(http.StatusOK)
	if strings.Contains(string(a.body), "access_token") {
		t.Errorf("got %s, want no token that scripts can read", a.body)
	}
	here("GET", "/api/v1/auth/me", nil).wantStatus(http.StatusOK)
	there("GET", "/api/v1/auth/me", nil).wantProblem(http.StatusUnauthorized, "unauthenticated")
	there("POST", "/api/v1/auth/login", in).wantProblem(http.StatusUnauthorized, "invalid-credentials")
	s.as("").do("POST", path, map[string]string{"present": other, "password": ownerPassword}).wantProblem(http.StatusUnauthorized, "unauthenticated")
	s.as(s.login("bea@example.com", other)).get("/api/v1/auth/me").wantStatus(http.StatusOK)
}

// Who manages accounts sets the password of somebody who forgot theirs, but of
// nobody who may do more than they, and their own only with the present one.
func TestSetPasswordOfAnother(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	bea := s.member("bea", "dashboard.users.read")
	help := s.member("help", "dashboard.users.read", "dashboard.users.manage")
	id := func(q string) string {
		t.Helper()
		var page struct{ Items []struct{ ID string } }
		s.owner().get("/api/v1/users?q=" + q).wantStatus(http.StatusOK).decode(&page)
		return "/api/v1/users/" + page.Items[0].ID + "/password"
	}
	in := map[string]string{"password": "another 9 long password"}
	bea.do("PUT", id("help"), in).wantProblem(http.StatusForbidden, "permission-missing")
	help.do("PUT", id(strings.TrimSuffix(ownerEmail, "@example.com")), in).wantProblem(http.StatusForbidden, "beyond-own-rights")
	help.do("PUT", id("help"), in).wantProblem(http.StatusConflict, "own-password")
	help.do("PUT", "/api/v1/users/ghost/password", in).wantProblem(http.StatusNotFound, "not-found")
	help.do("PUT", id("bea"), map[string]string{"password": "short"}).wantProblem(http.StatusUnprocessableEntity, "invalid-input")
	help.do("PUT", id("bea"), in).wantStatus(http.StatusNoContent)
	bea.get("/api/v1/auth/me").wantProblem(http.StatusUnauthorized, "unauthenticated")
	s.as(s.login("bea@example.com", in["password"])).get("/api/v1/auth/me").wantStatus(http.StatusOK)
}
