package dashboard_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard"
)

var (
	permRead  = dashboard.NewPermission("note.read", "Read notes")
	permWrite = dashboard.NewPermission("note.write", "Write notes")
)

type none struct{}

type note struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

type noteIn struct {
	ID   string `path:"id" validate:"max=20"`
	Text string `json:"text" validate:"required,max=100"`
}

// notes is a module with one endpoint of each kind of access.
func notes() dashboard.Module {
	return dashboard.Func(dashboard.Manifest{ID: "notes", Version: "1.0.0", Title: "Notes",
		Permissions: []dashboard.Permission{permRead, permWrite}}, func(r *dashboard.Router) error {
		dashboard.Get(r, "/public", func(context.Context, none) (note, error) { return note{Text: "public"}, nil }, dashboard.Public())
		dashboard.Get(r, "/any", func(context.Context, none) (note, error) { return note{Text: "any"}, nil }, dashboard.Authenticated())
		dashboard.Get(r, "/notes", func(context.Context, none) (dashboard.Page[note], error) {
			return dashboard.Page[note]{}, nil
		}, dashboard.Require(permRead))
		dashboard.Put(r, "/notes/{id}", func(_ context.Context, in noteIn) (note, error) {
			return note(in), nil
		}, dashboard.Require(permWrite))
		r.Panel(dashboard.Stat("count", "Notes", func(context.Context) (dashboard.StatData, error) {
			return dashboard.StatData{Value: 3}, nil
		}, dashboard.Require(permRead)))
		return nil
	})
}

func TestAccess(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(notes()))
	s.waitState("notes", "enabled")
	nobody := s.as("")
	reader := s.member("reader", "notes.note.read")
	stranger := s.member("stranger", "dashboard.modules.read")
	callers := map[string]caller{"nobody": nobody, "reader": reader, "stranger": stranger, "owner": s.owner(), "forger": s.as("abc.def.ghi")}
	const base = "/api/v1/m/notes"
	tests := []struct {
		caller, method, path string
		status               int
		slug                 string
	}{
		{"nobody", "GET", base + "/public", 200, ""},
		{"stranger", "GET", base + "/public", 200, ""},
		{"nobody", "GET", base + "/any", 401, "unauthenticated"},
		{"stranger", "GET", base + "/any", 200, ""},
		{"nobody", "GET", base + "/notes", 401, "unauthenticated"},
		{"forger", "GET", base + "/notes", 401, "unauthenticated"},
		{"forger", "GET", base + "/public", 401, "unauthenticated"},
		{"stranger", "GET", base + "/notes", 404, "not-found"},
		{"reader", "GET", base + "/notes", 200, ""},
		{"owner", "GET", base + "/notes", 200, ""},
		{"reader", "PUT", base + "/notes/1", 403, "permission-missing"},
		{"stranger", "PUT", base + "/notes/1", 404, "not-found"},
		{"reader", "GET", base + "/panels/count", 200, ""},
		{"stranger", "GET", base + "/panels/count", 404, "not-found"},
		{"nobody", "GET", base + "/nothing", 401, "unauthenticated"},
		{"stranger", "GET", base + "/nothing", 404, "not-found"},
		{"reader", "GET", base + "/nothing", 404, "not-found"},
		{"reader", "DELETE", base + "/notes", 405, "method-not-allowed"},
		{"nobody", "DELETE", base + "/notes", 401, "unauthenticated"},
		{"nobody", "GET", "/api/v1/m/ghost/notes", 401, "unauthenticated"},
		{"stranger", "GET", "/api/v1/m/ghost/notes", 404, "not-found"},
		{"nobody", "GET", "/api/v1/modules", 401, "unauthenticated"},
		{"reader", "GET", "/api/v1/modules", 403, "permission-missing"},
		{"stranger", "GET", "/api/v1/modules", 200, ""},
		{"stranger", "POST", "/api/v1/modules/notes/disable", 403, "permission-missing"},
		{"nobody", "GET", "/api/v1/nothing", 401, "unauthenticated"},
		{"owner", "GET", "/api/v1/nothing", 404, "not-found"},
	}
	for _, tt := range tests {
		t.Run(tt.caller+" "+tt.method+" "+tt.path, func(t *testing.T) {
			var body any
			if tt.method == "PUT" {
				body = map[string]string{"text": "x"}
			}
			a := callers[tt.caller].do(tt.method, tt.path, body)
			a.t = t
			if tt.slug == "" {
				a.wantStatus(tt.status)
				return
			}
			a.wantProblem(tt.status, tt.slug)
			if tt.status == 401 && a.header.Get("WWW-Authenticate") == "" {
				t.Error("401 without WWW-Authenticate")
			}
			if tt.status == 405 && a.header.Get("Allow") == "" {
				t.Error("405 without Allow")
			}
		})
	}
}

// A caller with none of a module's permissions cannot tell a module that exists
// from one that does not, whatever its state.
func TestModulesCannotBeProbed(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(notes()))
	s.waitState("notes", "enabled")
	stranger := s.member("stranger", "dashboard.audit.read")
	same := func(when string) {
		t.Helper()
		for _, c := range []caller{stranger, s.as("")} {
			have := c.get("/api/v1/m/notes/notes")
			want := c.get("/api/v1/m/ghost/notes")
			if have.status != want.status || !bytes.Equal(scrub(have), scrub(want)) {
				t.Errorf("%s: got %d %s, want %d %s", when, have.status, scrub(have), want.status, scrub(want))
			}
		}
	}
	same("enabled")
	s.act("notes", "disable", "installed")
	same("disabled")
	s.owner().get("/api/v1/m/notes/notes").wantProblem(http.StatusNotFound, "module-disabled")
	s.act("notes", "enable", "enabled")
	s.owner().get("/api/v1/m/notes/notes").wantStatus(http.StatusOK)
}

// scrub takes the request id out of a problem.
func scrub(a answer) []byte {
	if i := bytes.Index(a.body, []byte(`"request_id"`)); i >= 0 {
		return a.body[:i]
	}
	return a.body
}

func TestRegistrationErrors(t *testing.T) {
	t.Parallel()
	ok := func(context.Context, none) (note, error) { return note{}, nil }
	other := dashboard.NewPermission("other.read", "Not listed")
	tests := []struct {
		name   string
		routes func(*dashboard.Router) error
		want   string
	}{
		{"no access rule", func(r *dashboard.Router) error { dashboard.Get(r, "/x", ok); return nil },
			"GET /x names neither a permission nor Authenticated nor Public"},
		{"two access rules", func(r *dashboard.Router) error {
			dashboard.Get(r, "/x", ok, dashboard.Public(), dashboard.Authenticated())
			return nil
		}, "GET /x names 2 access rules"},
		{"permission not listed", func(r *dashboard.Router) error { dashboard.Get(r, "/x", ok, dashboard.Require(other)); return nil },
			`requires permission "other.read", which the manifest does not list`},
		{"conflict", func(r *dashboard.Router) error {
			dashboard.Get(r, "/x/{a}", func(context.Context, struct {
				A string `path:"a"`
			}) (note, error) {
				return note{}, nil
			}, dashboard.Public())
			dashboard.Get(r, "/x/{b}", func(context.Context, struct {
				B string `path:"b"`
			}) (note, error) {
				return note{}, nil
			}, dashboard.Public())
			return nil
		}, "conflicts with pattern"},
		{"reserved", func(r *dashboard.Router) error { dashboard.Get(r, "/panels/x", ok, dashboard.Public()); return nil },
			"/panels is reserved"},
		{"panel without access", func(r *dashboard.Router) error {
			r.Panel(dashboard.Markdown("x", "X", func(context.Context) (dashboard.MarkdownData, error) {
				return dashboard.MarkdownData{}, nil
			}))
			return nil
		}, `panel "x" names neither`},
		{"path without field", func(r *dashboard.Router) error { dashboard.Get(r, "/x/{id}", ok, dashboard.Public()); return nil }, "id"},
		{"twice", func(r *dashboard.Router) error {
			dashboard.Get(r, "/x", ok, dashboard.Public())
			dashboard.Get(r, "/x", ok, dashboard.Public())
			return nil
		}, "GET /x is registered twice"},
		{"panic", func(*dashboard.Router) error { panic("boom") }, "panic: boom"},
		{"where", func(*dashboard.Router) error { panic("boom") }, "access_test.go:"},
		{"where a nil pointer was followed", func(*dashboard.Router) error {
			var books *dashboard.SQLTable[note]
			_ = books.Name()
			return nil
		}, "access_test.go:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db := memory(t)
			_, err := dashboard.New(db, dashboard.WithModules(dashboard.Func(dashboard.Manifest{ID: "bad", Version: "1.0.0"}, tt.routes)))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New: got %v, want an error with %q", err, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), "module bad") {
				t.Errorf("New: the error does not name the module: %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "registered at") {
				t.Errorf("New: the error names a line of ours: %v", err)
			}
		})
	}
}

// A subtree is not betrayed by a redirect from its path without the slash.
func TestSubtreeWithoutSlash(t *testing.T) {
	t.Parallel()
	ok := func(context.Context, none) (none, error) { return none{}, nil }
	m := &hooks{id: "tree", routes: func(r *dashboard.Router) error {
		dashboard.Get(r, "/dir/", ok, dashboard.Require(permRead))
		dashboard.Get(r, "/end/{$}", ok, dashboard.Require(permRead))
		dashboard.Get(r, "/both", ok, dashboard.Require(permRead))
		dashboard.Get(r, "/both/", ok, dashboard.Require(permRead))
		return nil
	}}
	s := newServer(t, dashboard.WithModules(m))
	s.waitState("tree", "enabled")
	stranger := s.member("stranger", "dashboard.audit.read")
	for path, status := range map[string]int{"dir": 404, "end": 404, "dir/": 204, "dir/x": 204, "end/": 204, "end/x": 404, "both": 204, "both/": 204} {
		path = "/api/v1/m/tree/" + path
		s.as("").get(path).wantProblem(401, "unauthenticated")
		stranger.get(path).wantProblem(404, "not-found")
		s.owner().get(path).wantStatus(status)
	}
}
