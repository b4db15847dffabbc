package dashboard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestMain(m *testing.M) {
	if raw := os.Getenv(crashEnv); raw != "" {
		fmt.Fprintln(os.Stderr, crashServer(raw))
		os.Exit(1)
	}
	// Most tests wait for a fleet rather than for a processor.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	leaktest.Main(m)
}

const (
	ownerEmail    = "ada@example.com"
	ownerPassword = "correct horse battery staple"
)

// server is a dashboard behind a real HTTP server, with its owner signed in.
type server struct {
	URL   string
	t     *testing.T
	token string
	http  *http.Client
	d     *dashboard.Dashboard // nil of a remote one
}

func (s *server) Client() *http.Client { return s.http }

// remoteServer speaks to a dashboard that somebody else started.
func remoteServer(t *testing.T, url string) *server {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &server{URL: url, t: t, http: &http.Client{Transport: insistent{transport}}}
}

// patience is how long what must come may take on a busy machine.
const patience = 3 * time.Minute

// insistent sends a request again that was not let in because the machine is so
// busy that no change of accounts was read for seconds.
type insistent struct{ *http.Transport }

func (i insistent) RoundTrip(r *http.Request) (*http.Response, error) {
	for began := time.Now(); ; {
		res, err := i.Transport.RoundTrip(r)
		if err != nil || res.StatusCode != http.StatusServiceUnavailable || time.Since(began) > patience {
			return res, err
		}
		body, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			return nil, err
		}
		if res.Body = io.NopCloser(bytes.NewReader(body)); !bytes.Contains(body, []byte("Sign-in cannot be checked")) {
			return res, nil
		}
		<-time.After(100 * time.Millisecond)
		if r = r.Clone(r.Context()); r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

// newServer starts a dashboard on a fresh database file.
func newServer(t *testing.T, opts ...dashboard.Option) *server {
	t.Helper()
	return openServer(t, filepath.Join(t.TempDir(), "test.db"), opts...)
}

// openServer starts a dashboard on a database file.
func openServer(t *testing.T, file string, opts ...dashboard.Option) *server {
	t.Helper()
	db, err := sqlite.Open(file)
	if err != nil {
		t.Fatalf("open %s: %v", file, err)
	}
	opts = append([]dashboard.Option{
		dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithFastPasswords(),
		dashboard.WithFirstAccount(ownerEmail, ownerPassword),
	}, opts...)
	d, err := dashboard.New(db, opts...)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	web := httptest.NewServer(d)
	s := remoteServer(t, web.URL)
	s.d = d
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		s.http.CloseIdleConnections()
		web.Close()
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	if err := d.Start(t.Context()); err != nil {
		t.Fatalf("Start: %v", err)
	}
	s.token = s.login(ownerEmail, ownerPassword)
	return s
}

func (s *server) login(email, password string) string {
	s.t.Helper()
	var out struct {
		AccessToken string `json:"access_token"`
	}
	a := s.as("").do("POST", "/api/v1/auth/login", map[string]string{"email": email, "password": password, "delivery": "token"})
	a.wantStatus(http.StatusOK)
	a.decode(&out)
	return out.AccessToken
}

// caller sends requests with one token; "" sends none.
type caller struct {
	s     *server
	token string
}

func (s *server) as(token string) caller { return caller{s, token} }

func (s *server) owner() caller { return caller{s, s.token} }

// member makes an account with a role that holds the permissions, signed in.
func (s *server) member(name string, permissions ...string) caller {
	s.t.Helper()
	s.owner().do("PUT", "/api/v1/roles/"+name, map[string]any{"permissions": permissions}).wantStatus(http.StatusNoContent)
	s.owner().do("POST", "/api/v1/users", map[string]any{"email": name + "@example.com", "name": name,
		"password": ownerPassword, "roles": []string{name}}).wantStatus(http.StatusCreated)
	return s.as(s.login(name+"@example.com", ownerPassword))
}

// answer is a response, read whole.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
}

func (c caller) do(method, path string, body any, headers ...string) answer {
	t := c.s.t
	t.Helper()
	var reader io.Reader
	if body != nil {
		raw, ok := body.([]byte)
		if !ok {
			var err error
			if raw, err = json.Marshal(body); err != nil {
				t.Fatalf("encode body: %v", err)
			}
		}
		reader = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, c.s.URL+path, reader)
	if err != nil {
		t.Fatalf("request %s %s: %v", method, path, err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.s.Client().Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: read answer: %v", method, path, err)
	}
	return answer{t: t, what: method + " " + path, status: res.StatusCode, header: res.Header, body: raw}
}

func (c caller) get(path string, headers ...string) answer {
	c.s.t.Helper()
	return c.do("GET", path, nil, headers...)
}

func (a answer) wantStatus(want int) answer {
	a.t.Helper()
	if a.status != want {
		a.t.Fatalf("%s: got status %d, want %d: %s", a.what, a.status, want, a.body)
	}
	return a
}

// wantProblem checks the status and the slug of a problem document.
func (a answer) wantProblem(status int, slug string) answer {
	a.t.Helper()
	a.wantStatus(status)
	var p struct{ Type string }
	a.decode(&p)
	if got, want := p.Type, "urn:dashboard:problem:"+slug; got != want {
		a.t.Fatalf("%s: got problem %s, want %s: %s", a.what, got, want, a.body)
	}
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Errorf("%s: got content type %s, want application/problem+json", a.what, got)
	}
	return a
}

func (a answer) decode(v any) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.t.Fatalf("%s: decode %s: %v", a.what, a.body, err)
	}
}

// eventually waits for a condition: the assertion is the state that comes, not
// how soon.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	poll(t, what, 20*time.Millisecond, condition)
}

// eventuallyFast is eventually for what comes within a millisecond or two.
func eventuallyFast(t *testing.T, what string, condition func() bool) {
	t.Helper()
	poll(t, what, time.Millisecond, condition)
}

func poll(t *testing.T, what string, every time.Duration, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			t.Fatalf("timed out waiting until %s", what)
		case <-tick.C:
		}
	}
}

// state is a module's fleet state as the API tells it.
func (s *server) state(module string) string {
	s.t.Helper()
	var m struct{ State string }
	s.owner().get("/api/v1/modules/" + module).wantStatus(http.StatusOK).decode(&m)
	return m.State
}

func (s *server) waitState(module, want string) {
	s.t.Helper()
	eventually(s.t, module+" is "+want, func() bool { return s.state(module) == want })
}

// act does something to a module and waits for the state it leads to.
func (s *server) act(module, op, want string) {
	s.t.Helper()
	a := s.owner().do("POST", "/api/v1/modules/"+module+"/"+op, nil)
	if a.status != http.StatusAccepted && a.status != http.StatusOK {
		s.t.Fatalf("%s: got status %d: %s", a.what, a.status, a.body)
	}
	s.waitState(module, want)
}

// memory is a database in memory.
func memory(t *testing.T) *storage.DB {
	t.Helper()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
