package dashboard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func FuzzRequest(f *testing.F) {
	const asJSON = "Content-Type: application/json"
	add := func(method, path, header, body string) {
		for flags := range byte(4) {
			f.Add(method, path, header, []byte(body), flags)
		}
	}
	for _, path := range []string{
		"/", "/modules", "/livez", "/readyz", "/.well-known/jwks.json", "/assets/x", "/m/fuzz/assets/index.js", "/api/v1/setup",
		"/api/v1/m/fuzz/things/1?limit=3&tag=a&tag=b&wait=1s&since=2026-01-02T03:04:05Z", "/api/v1/m/fuzz/any", "/api/v1/m/fuzz/file",
		"/api/v1/m/fuzz/stream", "/api/v1/m/fuzz/panels/text", "/api/v1/m/fuzz/things/%2e%2e%2fany", "/api/v1//m/fuzz/any", "/api/v1/m/fuzz",
		"/api/v1/modules", "/api/v1/modules/fuzz", "/api/v1/modules/fuzz/plan?op=disable", "/api/v1/modules/fuzz/settings", "/api/v1/panels",
		"/api/v1/modules/fuzz/settings/schema", "/api/v1/modules/fuzz/settings/history", "/api/v1/audit?limit=3&cursor=x&action=y",
		"/api/v1/users?limit=1", "/api/v1/roles", "/api/v1/permissions", "/api/v1/auth/me", "/api/v1/auth/me/modules", "/api/v1/auth/sessions",
		"/api/v1/users/%ff", "/api/v1/users?cursor=%ff", "/api/v1/audit?action=%00", "/api/v1/m/fuzz/things/a%2Fb", "/api/v1/openapi.json", "/api/v1/docs", "/api/v1/events", "//localhost/", "/%", "/a?b=%zz",
	} {
		add("GET", path, "Accept: text/html", "")
	}
	add("PUT", "/api/v1/m/fuzz/things/1", asJSON,
		`{"name":"a","price":1.5,"labels":{"a":"b"},"parts":[{"at":"2026-01-02T03:04:05Z","took":"2s","any":[1,null]}],"raw":{"x":1}}`)
	add("PUT", "/api/v1/modules/fuzz/settings", asJSON+"\nIf-Match: *", `{"values":{"every":"2s","limit":1,"inner":{"level":"low"}}}`)
	add("POST", "/api/v1/modules/fuzz/settings/rollback", asJSON, `{"version":1}`)
	add("POST", "/api/v1/modules/other/disable?cascade=true", "If-Match: \"1\"", "")
	add("POST", "/api/v1/auth/login", asJSON, `{"email":"ada@example.com","password":"guess","delivery":"token"}`)
	add("POST", "/api/v1/auth/refresh", asJSON, `{"refresh_token":"a.b"}`)
	add("POST", "/api/v1/auth/logout", "Sec-Fetch-Site: cross-site\nOrigin: null", "")
	add("POST", "/api/v1/setup", asJSON, `{"token":"t","email":"a@example.com","password":"guessguessguess","name":""}`)
	add("POST", "/api/v1/users", asJSON, `{"email":"b@example.com","name":"B","password":"correct horse battery","roles":["viewer"]}`)
	add("PATCH", "/api/v1/users/x", asJSON, `{"name":"B","roles":["viewer"],"disabled":true}`)
	add("PUT", "/api/v1/roles/r", asJSON, `{"title":"R","permissions":["fuzz.*.read"],"inherits":["viewer"]}`)
	add("DELETE", "/api/v1/auth/sessions/x", "Authorization: Bearer a.b.c", "")
	add("GET", "/", "Host: ops.example.com\nX-Forwarded-Proto: https\nX-Forwarded-For: 198.51.100.1, 192.0.2.1\nX-Forwarded-Prefix: /<canary>", "")
	add("GET", "", "X-Forwarded-Prefix: //evil.example.com", "")
	add("PUT", "/api/v1/roles/loop", asJSON, `{"permissions":["\u0000"],"inherits":["loop"]}`)
	add("OPTIONS", "*", "Accept-Encoding: br, gzip\nIf-None-Match: *\nRange: bytes=0-1", "")

	all := targets(f, "", "/admin")
	f.Fuzz(func(t *testing.T, method, path, header string, body []byte, flags byte) {
		at, owner := int(flags&1), flags&2 != 0
		d := all[at]
		r := d.request(method, path, header, body)
		if r == nil {
			return
		}
		var a *httptest.ResponseRecorder
		if !owner {
			a = d.serve(r)
		} else {
			var err error
			if a, err = d.asOwner(r, body); err != nil { // the owner is no more: begin anew
				if err := d.stop(); err != nil {
					t.Fatal(err)
				}
				if all[at], err = newTarget(d.prefix); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
		if err := d.checkAnswer(r, a, owner); err != nil {
			t.Errorf("%s %s (owner: %t): %v", r.Method, r.RequestURI, owner, err)
		}
	})
}

func FuzzCookies(f *testing.F) {
	for _, cookie := range []string{
		"$", "dashboard-access=$", "dashboard-refresh=%", "__Host-dashboard-access=$; dashboard-refresh=%", "dashboard-access=\"$\"",
		"dashboard-access=$$", "dashboard-access=; dashboard-access=$", "dashboard-access=%; dashboard-refresh=$", "=", ";;;",
		"dashboard-access=a.b.c; dashboard-refresh=a.b", "dashboard-access=eyJhbGciOiJub25lIn0.e30.",
	} {
		for _, at := range []uint16{0, 3, 9, 40, 200} {
			f.Add(cookie, at, byte(1))
			f.Add(cookie, at, byte(0x20))
		}
	}
	d := targets(f, "")[0]
	good := map[string]string{} // the cookies of a session, by name
	for _, c := range d.serve(d.request("POST", "/api/v1/auth/login", "Content-Type: application/json\nSec-Fetch-Site: same-origin",
		fmt.Appendf(nil, `{"email":%q,"password":%q}`, ownerEmail, ownerPassword))).Result().Cookies() {
		good[c.Name] = c.Value
	}
	me := func(cookie string) *httptest.ResponseRecorder {
		r := d.request("GET", "/api/v1/auth/me", "", nil)
		r.Header.Set("Cookie", cookie)
		return d.serve(r)
	}
	if a := me("dashboard-access=" + good["dashboard-access"]); a.Code != 200 || good["dashboard-refresh"] == "" {
		f.Fatalf("cookies %v: got %d %s", good, a.Code, a.Body)
	}
	// In the cookie, $ and % are the good tokens with one byte spoiled.
	f.Fuzz(func(t *testing.T, cookie string, at uint16, spoil byte) {
		if spoil == 0 {
			return
		}
		spoiled := func(token string) string {
			b := []byte(token)
			b[int(at)%len(b)] ^= spoil
			return string(b)
		}
		cookie = strings.NewReplacer("$", spoiled(good["dashboard-access"]), "%", spoiled(good["dashboard-refresh"])).Replace(cookie)
		if a := me(cookie); a.Code != http.StatusUnauthorized {
			t.Errorf("Cookie: %q\nme: got %d %s, want 401", cookie, a.Code, a.Body)
		}
		r := d.request("POST", "/api/v1/auth/refresh", "Content-Type: application/json\nSec-Fetch-Site: same-origin", []byte("{}"))
		r.Header.Set("Cookie", cookie)
		if a := d.serve(r); a.Code != http.StatusUnauthorized {
			t.Errorf("Cookie: %q\nrefresh: got %d %s, want 401", cookie, a.Code, a.Body)
		}
	})
}

func FuzzSettings(f *testing.F) {
	for _, tag := range []string{"*", "", `"0"`, `W/"1"`, `"-1"`, `"99999999999999999999"`} {
		f.Add(tag, []byte(`{"every":"2s","limit":5,"ratio":0.5,"hosts":["a","b"],"names":{"a":1},"token":"secret-5b1f","inner":{"level":"high"}}`))
	}
	for _, values := range []string{
		"", "null", "[]", `""`, "{}", "0", "{", `{"every":1}`, `{"every":"9h"}`, `{"every":"1e3s"}`, `{"limit":1e2,"every":"1s"}`, `{"limit":1.5}`,
		`{"Limit":5}`, `{"limit":5,"limit":900}`, `{"ratio":null,"token":null,"hosts":null}`, `{"token":""}`, `{"inner":null}`, `{"inner":{"level":"up"}}`,
		`{"hosts":["a","b","c"]}`, `{"names":{"a":300}}`, `{"ratio":1e999}`, `{"every":"2s"}}`,
		`{"limit":1e999999999}`, `{"limit":` + strings.Repeat("9", 400) + `}`, `{"ratio":-0.0}`, strings.Repeat(`{"inner":`, 2000), "{\"hosts\":[\"\xff\"]}", `{"hosts":["\ud800"]}`,
	} {
		f.Add("*", []byte(values))
	}
	d := targets(f, "")[0]
	const path = "/api/v1/modules/fuzz/settings"
	f.Fuzz(func(t *testing.T, tag string, values []byte) {
		body := append(append([]byte(`{"values":`), values...), '}')
		r := d.request("PUT", path, "Content-Type: application/json", body)
		r.Header.Set("If-Match", tag)
		before := d.module.inForce()
		a, err := d.asOwner(r, body)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.checkAnswer(r, a, true); err != nil {
			t.Fatalf("PUT %s with %q: %v", values, tag, err)
		}
		after := d.module.inForce()
		if err := after.check(); err != nil {
			t.Fatalf("PUT %s: got %d and applied: %v", values, a.Code, err)
		}
		if got, want := after.text(), before.text(); a.Code != 200 && got != want {
			t.Fatalf("PUT %s: got %d, but %s became %s", values, a.Code, want, got)
		}
		checkStored(t, d, a)
	})
}

// checkStored reads back what a PUT of settings answered.
func checkStored(t *testing.T, d *target, put *httptest.ResponseRecorder) {
	t.Helper()
	get, err := d.asOwner(d.request("GET", "/api/v1/modules/fuzz/settings", "", nil), nil)
	if err != nil || get.Code != 200 {
		t.Fatalf("GET: got %d %s, %v", get.Code, get.Body, err)
	}
	if put.Code == 200 && !bytes.Equal(get.Body.Bytes(), put.Body.Bytes()) {
		t.Errorf("GET: got %s, want what PUT answered, %s", get.Body, put.Body)
	}
	var v struct{ Values, Secrets map[string]json.RawMessage }
	if err := json.Unmarshal(get.Body.Bytes(), &v); err != nil {
		t.Fatalf("GET: %v in %s", err, get.Body)
	}
	if got, ok := v.Values["token"]; ok {
		t.Errorf("the answer holds the secret: %s", got)
	}
	s := d.module.inForce()
	if got, want := string(v.Values["limit"]), strconv.Itoa(s.Limit); got != want {
		t.Errorf("stored limit: got %s, want %s as applied", got, want)
	}
	if got, want := string(v.Secrets["token"]), strconv.FormatBool(s.Token.Reveal() != ""); got != want {
		t.Errorf("stored token: got %s, want %s as applied", got, want)
	}
}

var (
	goodID    = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)
	goodTable = regexp.MustCompile(`^[a-z][a-z0-9_]{1,39}__x$`)
)

func FuzzManifest(f *testing.F) {
	f.Add("mail", "1.0.0", "customers", "^1.2", "mail.send", ">=0.1", "GET /things/{id}")
	f.Add("m", "1", "", "", "", "", "")
	f.Add("dashboard", "1.0.0-rc.1+x", "dashboard", "*", "a.b", "<0", "GET /{a}/{a}")
	f.Add("a--", "v1.0.0", "a--", "1 || 2", "A.b", ">=", "POST /panels/x")
	f.Add("ab", "1.0.0", "other", ">=1, <3", "thing.read", "", "GET /{$}")
	f.Add("ab", "99999999999999999999.0.0", "other", ">=1 - <", "thing.*", "x", "GET example.com/{rest...}")
	f.Add("ab", "1.0.0", "other", "", "thing.read", "", "get /a{b}/{}")
	db, err := sqlite.Open(":memory:")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = db.Close() })
	f.Fuzz(func(t *testing.T, id, version, needs, constraint, permission, library, pattern string) {
		p := dashboard.NewPermission(permission, "")
		m := &hostKeeper{Module: dashboard.Func(dashboard.Manifest{ID: id, Version: version, Title: id, Description: version,
			Requires:    []dashboard.Requirement{dashboard.Need(needs, constraint), dashboard.Want(id+"x", constraint)},
			Permissions: []dashboard.Permission{p}, Dashboard: library,
		}, func(r *dashboard.Router) error {
			r.Handle(pattern, http.NotFoundHandler(), dashboard.Require(p))
			dashboard.Get(r, "/"+pattern, func(context.Context, none) (none, error) { return none{}, nil }, dashboard.Public())
			r.Panel(dashboard.Markdown(needs, id, func(context.Context) (dashboard.MarkdownData, error) {
				return dashboard.MarkdownData{}, nil
			}, dashboard.Public()))
			return nil
		})}
		d, err := dashboard.New(db, dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithModules(m,
			dashboard.Func(dashboard.Manifest{ID: "other", Version: "1.0.0"}, nil)))
		if err != nil {
			return
		}
		if !goodID.MatchString(id) || id == "dashboard" || id == "other" {
			t.Errorf("New took the id %q", id)
		}
		if got := m.host.Table("x"); !goodTable.MatchString(got) {
			t.Errorf("id %q: got table %q, want a plain name", id, got)
		}
		if err := d.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
}

// hostKeeper is a module that keeps its host.
type hostKeeper struct {
	dashboard.Module
	host *dashboard.Host
}

func (m *hostKeeper) Provision(h *dashboard.Host) error {
	m.host = h
	return nil
}
