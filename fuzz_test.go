package dashboard_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// handlerOutput is in every answer of the module under fuzz, and in no other.
const handlerOutput = "only-for-those-who-may-5b1f"

var fuzzRead = dashboard.NewPermission("thing.read", "Read things")

type fuzzIn struct {
	ID    string        `path:"id"`
	Limit int           `query:"limit" default:"5" validate:"min=1,max=9"`
	Since time.Time     `query:"since"`
	Tags  []string      `query:"tag" validate:"max=3,dive,max=5"`
	Wait  time.Duration `query:"wait" validate:"max=1m"`
	Match string        `header:"If-Match"`
}

type fuzzBody struct {
	ID     string            `path:"id" json:"-"`
	Name   string            `json:"name" validate:"required,max=9"`
	Price  *float64          `json:"price"`
	Labels map[string]string `json:"labels" validate:"max=3"`
	Parts  []struct {
		At   time.Time     `json:"at"`
		Took time.Duration `json:"took"`
		Any  any           `json:"any"`
	} `json:"parts"`
	Raw json.RawMessage `json:"raw"`
}

type fuzzOut struct {
	Text string `json:"text"`
	In   any    `json:"in"`
}

// fuzzed is a module with an endpoint of each kind, whose handlers never fail.
type fuzzed struct {
	mu      sync.Mutex
	applied fuzzSettings
}

func (*fuzzed) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "fuzz", Version: "1.0.0", Permissions: []dashboard.Permission{fuzzRead}}
}

func (*fuzzed) Routes(r *dashboard.Router) error {
	dashboard.Get(r, "/things/{id}", func(_ context.Context, in fuzzIn) (fuzzOut, error) {
		return fuzzOut{handlerOutput, in}, nil
	}, dashboard.Require(fuzzRead))
	dashboard.Put(r, "/things/{id}", func(_ context.Context, in fuzzBody) (fuzzOut, error) {
		return fuzzOut{handlerOutput, in}, nil
	}, dashboard.Require(fuzzRead))
	dashboard.Get(r, "/any", func(context.Context, none) (fuzzOut, error) {
		return fuzzOut{Text: handlerOutput}, nil
	}, dashboard.Authenticated())
	dashboard.Get(r, "/file", func(context.Context, none) (dashboard.Blob, error) {
		return dashboard.Blob{ContentType: "text/plain", Name: "a.txt", Body: strings.NewReader(handlerOutput)}, nil
	}, dashboard.Require(fuzzRead))
	dashboard.Get(r, "/stream", func(context.Context, none) (dashboard.Stream, error) {
		return func(_ context.Context, send func(string, any) error) error { return send("x", handlerOutput) }, nil
	}, dashboard.Require(fuzzRead))
	r.Panel(dashboard.Markdown("text", "Text", func(context.Context) (dashboard.MarkdownData, error) {
		return dashboard.MarkdownData{Markdown: handlerOutput}, nil
	}, dashboard.Require(fuzzRead)))
	return nil
}

type fuzzSettings struct {
	Every time.Duration    `json:"every" validate:"min=1s,max=1h"`
	Limit int              `json:"limit" validate:"min=1,max=100"`
	Ratio *float64         `json:"ratio" validate:"omitempty,min=0,max=1"`
	Hosts []string         `json:"hosts" validate:"max=2,dive,min=1,max=5"`
	Names map[string]int8  `json:"names" validate:"max=2"`
	Token dashboard.Secret `json:"token"`
	Inner struct {
		Level string `json:"level" validate:"oneof=low high"`
	} `json:"inner"`
}

// check says the same as the tags.
func (s fuzzSettings) check() error {
	switch {
	case s.Every < time.Second || s.Every > time.Hour, s.Limit < 1 || s.Limit > 100, len(s.Hosts) > 2, len(s.Names) > 2,
		s.Ratio != nil && (*s.Ratio < 0 || *s.Ratio > 1), s.Inner.Level != "low" && s.Inner.Level != "high":
		return fmt.Errorf("%+v breaks the rules", s)
	}
	for _, h := range s.Hosts {
		if n := len([]rune(h)); n < 1 || n > 5 {
			return fmt.Errorf("%+v breaks the rules of hosts", s)
		}
	}
	return nil
}

// text is all of it, the secret too.
func (s fuzzSettings) text() string {
	raw, err := json.Marshal(s)
	return fmt.Sprintf("%s %q %v", raw, s.Token.Reveal(), err)
}

func (m *fuzzed) Settings() dashboard.Settings {
	defaults := fuzzSettings{Every: time.Minute, Limit: 10}
	defaults.Inner.Level = "low"
	return dashboard.SettingsOf(defaults, func(_ context.Context, s fuzzSettings) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.applied = s
		return nil
	})
}

// inForce is what was applied last.
func (m *fuzzed) inForce() fuzzSettings {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.applied
}

// target is a dashboard under fuzz.
type target struct {
	*dashboard.Dashboard
	module *fuzzed
	prefix string
	token  string
	db     *storage.DB
}

func newTarget(prefix string) (*target, error) {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		return nil, err
	}
	m := &fuzzed{}
	opts := []dashboard.Option{
		dashboard.WithModules(m, dashboard.Func(dashboard.Manifest{ID: "other", Version: "1.0.0"}, nil)),
		dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithFastPasswords(),
		dashboard.WithFirstAccount(ownerEmail, ownerPassword),
	}
	if prefix != "" {
		opts = append(opts, dashboard.WithPrefix(prefix), dashboard.WithPublicURL("https://ops.example.com"),
			dashboard.WithTrustedProxies("192.0.2.0/24"))
	}
	d, err := dashboard.New(db, opts...)
	if err == nil {
		err = d.Start(context.Background())
	}
	if err != nil {
		return nil, err
	}
	t := &target{Dashboard: d, module: m, prefix: prefix, db: db}
	return t, t.login()
}

func (t *target) stop() error {
	return errors.Join(t.Shutdown(context.Background()), t.db.Close())
}

// targets are dashboards that end with f.
func targets(f *testing.F, prefixes ...string) []*target {
	f.Helper()
	var all []*target
	for _, prefix := range prefixes {
		t, err := newTarget(prefix)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, t)
	}
	f.Cleanup(func() {
		for _, t := range all {
			if err := t.stop(); err != nil {
				f.Error(err)
			}
		}
	})
	return all
}

// login gets the owner's token.
func (t *target) login() error {
	a := t.serve(t.request("POST", "/api/v1/auth/login", "Content-Type: application/json", fmt.Appendf(nil,
		`{"email":%q,"password":%q,"delivery":"token"}`, ownerEmail, ownerPassword)))
	var out struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(a.Body.Bytes(), &out); err != nil || a.Code != 200 {
		return fmt.Errorf("sign in: %d %s %w", a.Code, a.Body, err)
	}
	t.token = out.AccessToken
	return nil
}

// asOwner serves a request of the owner, whose session may have ended.
func (t *target) asOwner(r *http.Request, body []byte) (*httptest.ResponseRecorder, error) {
	for again := true; ; again = false {
		r.Header.Set("Authorization", "Bearer "+t.token)
		r.Body = io.NopCloser(bytes.NewReader(body))
		a := t.serve(r)
		if a.Code != http.StatusUnauthorized || !again {
			return a, nil
		}
		if err := t.login(); err != nil {
			return nil, err
		}
	}
}

// request is one as net/http's server makes it of what came in, nil where it
// answers 400 itself.
func (t *target) request(method, path, header string, body []byte) *http.Request {
	head := method + " " + t.prefix + path + " HTTP/1.1\r\n"
	for line := range strings.SplitSeq(header, "\n") {
		if line != "" {
			head += line + "\r\n"
		}
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + "\r\n")))
	if err != nil || r.ProtoMajor != 1 {
		return nil
	}
	if r.Host == "" {
		r.Host = "localhost"
	}
	r.RemoteAddr = "192.0.2.1:1234"
	r.Body, r.ContentLength = http.NoBody, 0
	if len(body) > 0 {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	return r
}

// serve answers a request; a stream is left by its client after the first event.
func (t *target) serve(r *http.Request) *httptest.ResponseRecorder {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w := leaving{httptest.NewRecorder(), cancel}
	t.ServeHTTP(w, r.WithContext(ctx))
	return w.ResponseRecorder
}

// leaving is a client that has seen enough once something was flushed to it.
type leaving struct {
	*httptest.ResponseRecorder
	leave context.CancelFunc
}

func (w leaving) Flush() {
	w.ResponseRecorder.Flush()
	w.leave()
}

// public are the endpoints that answer without credentials.
var public = map[string]bool{"/api/v1/setup": true, "/api/v1/auth/logout": true}

// checkAnswer says what is wrong with an answer, whatever the request was.
func (t *target) checkAnswer(r *http.Request, a *httptest.ResponseRecorder, signedIn bool) error {
	h, body := a.Header(), a.Body.Bytes()
	path := strings.TrimPrefix(r.URL.Path, t.prefix)
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	switch {
	case a.Code >= 500 && a.Code != 503:
		return fmt.Errorf("got status %d: %s", a.Code, body)
	case h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Request-Id") == "" || h.Get("Content-Security-Policy") == "":
		return fmt.Errorf("security headers are missing: %v", h)
	case !signedIn && bytes.Contains(body, []byte(handlerOutput)):
		return fmt.Errorf("handler output without credentials: %s", body)
	case !signedIn && a.Code < 300 && strings.HasPrefix(path, "/api/") && !public[path]:
		return fmt.Errorf("got status %d without credentials: %s", a.Code, body)
	case strings.HasPrefix(h.Get("Location"), "//") || strings.Contains(h.Get("Location"), ":"):
		return fmt.Errorf("leads elsewhere: %s", h.Get("Location"))
	case a.Code >= 400 && kind != "application/problem+json" && kind != "text/html":
		return fmt.Errorf("status %d comes as %q: %s", a.Code, kind, body)
	}
	for name, values := range h {
		if strings.ContainsAny(name+strings.Join(values, ""), "\r\n\x00") {
			return fmt.Errorf("header %q has a line break: %q", name, values)
		}
	}
	if r.Method == http.MethodHead || len(body) == 0 {
		return nil
	}
	switch kind {
	case "application/problem+json":
		var p struct {
			Type   string
			Status int
		}
		if json.Unmarshal(body, &p) != nil || p.Status != a.Code || !strings.HasPrefix(p.Type, "urn:dashboard:problem:") {
			return fmt.Errorf("status %d is not a problem document: %s", a.Code, body)
		}
	case "application/json":
		if !json.Valid(body) {
			return fmt.Errorf("not JSON: %s", body)
		}
	case "text/html":
		if !bytes.Contains(bytes.ToLower(body), []byte("<!doctype html>")) || bytes.Contains(body, []byte("<canary")) {
			return fmt.Errorf("not our HTML: %s", body)
		}
	}
	return nil
}

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
		"/api/v1/openapi.json", "/api/v1/docs", "/api/v1/events", "//localhost/", "/%", "/a?b=%zz",
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
	add("OPTIONS", "*", "Accept-Encoding: br, gzip\nIf-None-Match: *\nRange: bytes=0-1", "")

	all := targets(f, "", "/admin")
	f.Fuzz(func(t *testing.T, method, path, header string, body []byte, flags byte) {
		at, owner := int(flags&1), flags&2 != 0
		d := all[at]
		r := d.request(method, path, header, body)
		if r == nil {
			return
		}
		a := httptest.NewRecorder()
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
		`{"hosts":["a","b","c"]}`, `{"names":{"a":300}}`, `{"ratio":1e999}`, `{"every":"2s"}}`, "{\"hosts\":[\"\xff\"]}", `{"hosts":["\ud800"]}`,
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
