package dashboard_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
)

var nextLink = regexp.MustCompile(`^<(/[^>]*)>; rel="next"$`)

// next returns the path that a page links to, "" on the last one. It checks that
// it leads to the cursor of the body.
func (a answer) next() string {
	a.t.Helper()
	var page struct {
		NextCursor string `json:"next_cursor"`
	}
	a.decode(&page)
	link := a.header.Get("Link")
	if page.NextCursor == "" && link == "" {
		return ""
	}
	m := nextLink.FindStringSubmatch(link)
	if m == nil {
		a.t.Fatalf("%s: next_cursor %q and Link %q", a.what, page.NextCursor, link)
	}
	u, err := url.Parse(m[1])
	if err != nil || u.Query().Get("cursor") != page.NextCursor {
		a.t.Fatalf("%s: next_cursor %q and Link %q", a.what, page.NextCursor, link)
	}
	return m[1]
}

func (a answer) items() (out []string) {
	a.t.Helper()
	var page struct{ Items []json.RawMessage }
	a.decode(&page)
	for _, item := range page.Items {
		out = append(out, string(item))
	}
	return out
}

// Every list of data is read in pages by its links, below any prefix, and takes
// the same limits and no cursor but its own.
func TestListsInPages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prefix string
		mount  func(http.Handler) http.Handler
		opts   []dashboard.Option
	}{
		"root":     {"", func(h http.Handler) http.Handler { return h }, nil},
		"prefix":   {"/a%20b", func(h http.Handler) http.Handler { return http.StripPrefix("/a b", h) }, nil},
		"prefixed": {"/admin", func(h http.Handler) http.Handler { return h }, []dashboard.Option{dashboard.WithPrefix("/admin")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := mounted(t, c.mount, c.opts...)
			s := remoteServer(t, web.URL+c.prefix)
			s.token = s.login(ownerEmail, ownerPassword)
			populate(s)
			other := ""
			for _, list := range []string{"/api/v1/users", "/api/v1/users?sort=-email", "/api/v1/roles", "/api/v1/audit", "/api/v1/audit?action=account.create",
				"/api/v1/auth/sessions", "/api/v1/api-keys?owner=me"} {
				other = checkList(t, s, web, list, other)
			}
		})
	}
}

// populate makes five of everything.
func populate(s *server) {
	for _, n := range []string{"a", "b", "c", "d", "e"} {
		s.owner().do("POST", "/api/v1/users", map[string]any{"email": n + "@example.com", "name": n, "password": ownerPassword}).wantStatus(201)
		s.owner().do("PUT", "/api/v1/roles/"+n, map[string]any{"title": n, "permissions": []string{}}).wantStatus(204)
		s.owner().do("POST", "/api/v1/api-keys", map[string]any{"name": n, "permissions": []string{"notes.note.read"}}).wantStatus(201)
		s.login(ownerEmail, ownerPassword)
	}
}

// checkList reads a list in pages and returns a cursor of it. other is a cursor
// of another list.
func checkList(t *testing.T, s *server, web *httptest.Server, list, other string) (cursor string) {
	t.Helper()
	plus := "?"
	if strings.Contains(list, "?") {
		plus = "&"
	}
	whole := s.owner().get(list + plus + "limit=200")
	all := whole.wantStatus(200).items()
	if whole.next() != "" || len(all) < 5 {
		t.Fatalf("%s: %d items and Link %q in one page", list, len(all), whole.header.Get("Link"))
	}
	root := remoteServer(t, web.URL)
	root.token = s.token
	page := s.owner().get(list + plus + "limit=2").wantStatus(200)
	head := s.owner().do("HEAD", list+plus+"limit=2", nil).wantStatus(200)
	if head.header.Get("Link") == "" {
		t.Errorf("HEAD %s has no Link", list)
	}
	var got []string
	for {
		got = append(got, page.items()...)
		next := page.next()
		if next == "" {
			break
		}
		u, _ := url.Parse(next)
		cursor = u.Query().Get("cursor")
		if u.Query().Get("limit") != "2" || strings.Contains(list, "action=") && u.Query().Get("action") != "account.create" {
			t.Fatalf("%s links to %s", list, next)
		}
		page = root.owner().get(next).wantStatus(200)
		if n := len(page.items()); n > 2 || n == 0 || len(got) > len(all) {
			t.Fatalf("%s: a page of %d", next, n)
		}
	}
	if !slices.Equal(got, all) {
		t.Errorf("%s:\nin pages %v\nat once  %v", list, got, all)
	}
	for _, limit := range []string{"0", "201", "-1", "x", "1.5"} {
		s.owner().get(list+plus+"limit="+limit).wantProblem(422, "invalid-input")
	}
	for _, bad := range []string{other, "x", cursor[:len(cursor)-1], cursor + "A"} {
		if bad != "" {
			s.owner().get(list+plus+"cursor="+url.QueryEscape(bad)).wantProblem(400, "bad-cursor")
		}
	}
	return cursor
}

// A cursor of one query is none of another of the same list.
func TestCursorOfAnotherQuery(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	populate(s)
	cursor := func(list string) string {
		u, err := url.Parse(s.owner().get(list).wantStatus(200).next())
		if err != nil {
			t.Fatal(err)
		}
		return url.QueryEscape(u.Query().Get("cursor"))
	}
	users := cursor("/api/v1/users?limit=2&sort=email&filter=disabled%3Dfalse")
	s.owner().get("/api/v1/users?limit=3&sort=email&filter=disabled+%3D+false&cursor=" + users).wantStatus(200)
	audit := cursor("/api/v1/audit?limit=2&action=account.create")
	for _, path := range []string{
		"/api/v1/users?sort=email&cursor=" + users, "/api/v1/users?sort=-email&filter=disabled%3Dfalse&cursor=" + users,
		"/api/v1/users?sort=email&filter=disabled%3Dtrue&cursor=" + users, "/api/v1/users?sort=email&filter=disabled%3Dfalse&q=a&cursor=" + users,
		"/api/v1/audit?cursor=" + audit, "/api/v1/audit?action=account.update&cursor=" + audit, "/api/v1/audit?action=account.create&actor=x&cursor=" + audit,
	} {
		s.owner().get(path).wantProblem(400, "bad-cursor")
	}
}

// A page that a POST answers has no address of its own.
func TestLinkOfPages(t *testing.T) {
	t.Parallel()
	type searchOut struct {
		dashboard.Page[string]
		Took int `json:"took"`
	}
	search := func(context.Context, struct {
		Cursor string     `query:"cursor"`
		Rest   url.Values `query:"*"`
	},
	) (searchOut, error) {
		return searchOut{Page: dashboard.Page[string]{Items: []string{"a"}, NextCursor: `a>;&"b`}}, nil
	}
	s := newServer(t, dashboard.WithModules(&hooks{id: "find", routes: func(r *dashboard.Router) error {
		dashboard.Get(r, "/search/{rest}", func(ctx context.Context, in struct {
			Rest   string     `path:"rest"`
			Cursor string     `query:"cursor"`
			Other  url.Values `query:"*"`
		},
		) (searchOut, error) {
			return searchOut{Page: dashboard.Page[string]{Items: []string{"a"}, NextCursor: `a>;&"b`}}, nil
		}, dashboard.Require(permRead), dashboard.Sunset(time.Unix(0, 0)))
		dashboard.Post(r, "/search", search, dashboard.Require(permRead))
		return nil
	}}))
	s.waitState("find", "enabled")
	a := s.owner().get("/api/v1/m/find/search/x%2Fy%3E?b=%3E%22&a=1&a=2&cursor=old").wantStatus(200)
	if got, want := a.header.Get("Link"), `</api/v1/m/find/search/x%2Fy%3E?a=1&a=2&b=%3E%22&cursor=a%3E%3B%26%22b>; rel="next"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if a.header.Get("Sunset") != "Thu, 01 Jan 1970 00:00:00 GMT" || a.header.Get("Deprecation") != "" {
		t.Errorf("got %v", a.header)
	}
	if a := s.owner().do("POST", "/api/v1/m/find/search?a=1", nil).wantStatus(200); a.header.Get("Link") != "" {
		t.Errorf("POST: got Link %q", a.header.Get("Link"))
	}
}

func TestDeprecationIsChecked(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for want, opts := range map[string][]dashboard.EndpointOption{
		"deprecated since no time":       {dashboard.Deprecated(time.Time{})},
		"sunset at no time":              {dashboard.Sunset(time.Time{})},
		"sunset before it is deprecated": {dashboard.Sunset(day), dashboard.Deprecated(day.Add(time.Second))},
	} {
		_, err := dashboard.New(memory(t), dashboard.WithModules(&hooks{id: "old", routes: func(r *dashboard.Router) error {
			dashboard.Get(r, "/x", func(context.Context, none) (none, error) { return none{}, nil }, append(opts, dashboard.Require(permRead))...)
			return nil
		}}))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// The API document tells of it all.
func TestConventionsInOpenAPI(t *testing.T) {
	t.Parallel()
	m := &hooks{id: "old", routes: func(r *dashboard.Router) error {
		dashboard.Patch(r, "/x/{id}", func(_ context.Context, in noteIn) (note, error) { return note(in), nil }, dashboard.Require(permRead),
			dashboard.Deprecated(time.Unix(1767225600, 0)), dashboard.Sunset(time.Unix(1767225600, 0)))
		dashboard.Post(r, "/x/{id}", func(_ context.Context, in noteIn) (note, error) { return note(in), nil }, dashboard.Require(permRead))
		return nil
	}}
	s := newServer(t, dashboard.WithModules(m))
	s.waitState("old", "enabled")
	var doc struct {
		Paths map[string]map[string]struct {
			Deprecated  bool
			Since       string `json:"x-deprecated-since"`
			Sunset      string `json:"x-sunset"`
			Parameters  []struct{ Name, In string }
			RequestBody struct{ Content map[string]any }
			Responses   map[string]struct{ Headers map[string]any }
		}
	}
	s.owner().get("/api/v1/openapi.json").wantStatus(200).decode(&doc)
	patch := doc.Paths["/api/v1/m/old/x/{id}"]["patch"]
	if !patch.Deprecated || patch.Since != "2026-01-01T00:00:00Z" || patch.Sunset != patch.Since ||
		patch.RequestBody.Content["application/merge-patch+json"] == nil || patch.RequestBody.Content["application/json"] == nil ||
		patch.Responses["200"].Headers["Deprecation"] == nil || patch.Responses["200"].Headers["Sunset"] == nil {
		t.Errorf("PATCH: got %+v", patch)
	}
	keyed := func(path, method string) bool {
		for _, p := range doc.Paths[path][method].Parameters {
			if p.Name == "Idempotency-Key" && p.In == "header" {
				return true
			}
		}
		return false
	}
	if !keyed("/api/v1/m/old/x/{id}", "post") || keyed("/api/v1/m/old/x/{id}", "patch") || keyed("/api/v1/auth/login", "post") || keyed("/api/v1/setup", "post") {
		t.Error("Idempotency-Key is not where it should be")
	}
	if doc.Paths["/api/v1/audit"]["get"].Responses["200"].Headers["Link"] == nil {
		t.Error("a list does not tell of its Link")
	}

	s.owner().do("PATCH", "/api/v1/m/old/x/1", map[string]string{"text": "a"}, "Content-Type", "application/merge-patch+json").wantStatus(200)
	s.owner().do("POST", "/api/v1/m/old/x/1", map[string]string{"text": "a"}, "Content-Type", "application/merge-patch+json").wantProblem(415, "unsupported-media-type")
}
