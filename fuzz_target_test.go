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
	if a.Code != 200 {
		return fmt.Errorf("sign in: %d %s", a.Code, a.Body)
	}
	if err := json.Unmarshal(a.Body.Bytes(), &out); err != nil {
		return fmt.Errorf("sign in: %w", err)
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
	case h.Get("Location") != "" && (h.Get("Location")[0] != '/' || strings.HasPrefix(h.Get("Location"), "//")):
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
