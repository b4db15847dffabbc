package traffic_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/modules/traffic"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const email, password = "ada@example.com", "correct horse battery staple"

// A site is an instance of a host that wears the middleware, in a bubble of
// time: time passes when everybody waits.
type site struct {
	t       *testing.T
	db      *storage.DB
	d       *dashboard.Dashboard
	module  *traffic.Module
	handler http.Handler
	mux     *http.ServeMux
}

// inBubble runs a test where clocks stand at the beginning of 2000.
func inBubble(t *testing.T, test func(t *testing.T, file string)) {
	t.Helper()
	t.Parallel()
	file := filepath.Join(t.TempDir(), "site.db")
	synctest.Test(t, func(t *testing.T) { test(t, file) })
}

func open(t *testing.T, file string) *site {
	t.Helper()
	db, err := sqlite.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	module := traffic.New()
	d, err := dashboard.New(db, dashboard.WithModules(module), dashboard.WithFirstAccount(email, password),
		dashboard.WithArgon2(auth.Argon2{MemoryKiB: 64, Passes: 1, Threads: 1}), dashboard.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, db: db, d: d, module: module, mux: http.NewServeMux()}
	s.handler = module.Middleware(s.mux)
	s.mux.HandleFunc("GET /take/{how}", func(w http.ResponseWriter, r *http.Request) {
		took, err := time.ParseDuration(r.PathValue("how"))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		<-time.After(took)
	})
	s.mux.HandleFunc("/fail", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	s.mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("boom") })
	s.waitEnabled()
	return s
}

func (s *site) close() {
	s.t.Helper()
	if err := s.d.Shutdown(context.Background()); err != nil {
		s.t.Error(err)
	}
	if err := s.db.Close(); err != nil {
		s.t.Error(err)
	}
}

// ask sends a request through the middleware.
func (s *site) ask(method, path string) {
	defer func() { _ = recover() }() // as the server does
	s.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "http://localhost"+path, nil))
}

// get reads from the dashboard, as its owner, past the middleware.
func (s *site) get(path string, out any) {
	s.t.Helper()
	if status, body := s.send("GET", path, ""); status != http.StatusOK {
		s.t.Fatalf("GET %s: got status %d: %s", path, status, body)
	} else if err := json.Unmarshal([]byte(body), out); err != nil {
		s.t.Fatalf("GET %s: %v in %s", path, err, body)
	}
}

func (s *site) send(method, path, body string) (status int, answer string) {
	s.t.Helper()
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	call := func(token, method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("If-Match", "*") // whoever changed it before
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		s.d.ServeHTTP(w, r)
		return w
	}
	login := call("", "POST", "/api/v1/auth/login", fmt.Sprintf(`{"email":%q,"password":%q,"delivery":"token"}`, email, password))
	if err := json.Unmarshal(login.Body.Bytes(), &grant); err != nil {
		s.t.Fatal(err)
	}
	w := call(grant.AccessToken, method, path, body)
	return w.Code, w.Body.String()
}

func (s *site) waitEnabled() {
	s.t.Helper()
	for range 100 {
		if status, _ := s.send("GET", "/api/v1/m/traffic/panels/requests", ""); status == http.StatusOK {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	s.t.Fatal("the module is not enabled")
}

type table struct{ Rows []row }

type row struct {
	Route         string
	Requests      float64
	ServerErrors  float64 `json:"server_errors"`
	ClientErrors  float64 `json:"client_errors"`
	P50, P95, P99 float64
	Panics        float64
}

// routes is the table of routes, over a range or live.
func (s *site) routes(over string) map[string]row {
	s.t.Helper()
	var t table
	s.get("/api/v1/m/traffic/panels/routes"+over, &t)
	out := map[string]row{}
	for _, r := range t.Rows {
		out[r.Route] = r
	}
	return out
}

type series struct {
	Times  []float64
	Series []struct {
		Name   string
		Values []*float64
	}
}

func (s *site) chart(panel, over string) (c series) {
	s.t.Helper()
	s.get("/api/v1/m/traffic/panels/"+panel+over, &c)
	for _, line := range c.Series {
		if len(line.Values) != len(c.Times) {
			s.t.Errorf("%s%s: %d values of %s at %d times", panel, over, len(line.Values), line.Name, len(c.Times))
		}
	}
	return c
}

// discard is for a server whose handlers are meant to panic.
func discard() *log.Logger { return slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) }
