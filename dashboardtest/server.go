package dashboardtest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing" //nolint:depguard // it is for tests
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

const (
	ownerEmail = "owner@example.com"
	password   = "correct horse battery staple"

	// patience is how long an expected state may take on a busy machine.
	patience = time.Minute

	// farewell is how long handlers may take to return after the shutdown has
	// ended their contexts.
	farewell = 20 * time.Second
)

// A Server is a dashboard that runs for one test, behind a real HTTP server on a
// loopback address. It may be used by several goroutines.
type Server struct {
	// URL is the address without a trailing slash.
	URL       string
	Dashboard *dashboard.Dashboard
	// DB is the database, in memory.
	DB *storage.DB

	t     testing.TB
	http  *http.Client
	owner *Client
}

// New starts a dashboard on an empty database in memory and waits until its
// modules are enabled; one that fails to is an error of the test. It logs to the
// test's output. Options come after those of New, so they win. The server ends
// with the test.
func New(t testing.TB, opts ...dashboard.Option) *Server {
	t.Helper()
	s := start(t, opts...)
	for _, id := range s.modules() {
		s.WaitState(id, "enabled")
	}
	return s
}

// start is New without waiting for modules.
func start(t testing.TB, opts ...dashboard.Option) *Server {
	t.Helper()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	opts = append([]dashboard.Option{
		dashboard.WithLogger(slog.New(slog.NewTextHandler(t.Output(), nil))),
		dashboard.WithFirstAccount(ownerEmail, password),
		// As cheap as can be: a test signs in more often than a person.
		dashboard.WithArgon2(auth.Argon2{MemoryKiB: 64, Passes: 1, Threads: 1}),
	}, opts...)
	d, err := dashboard.New(db, opts...)
	if err != nil {
		t.Fatalf("new dashboard: %v", err)
	}
	web := httptest.NewServer(d)
	transport := &http.Transport{}
	s := &Server{URL: web.URL, Dashboard: d, DB: db, t: t, http: &http.Client{Transport: insistent{transport}}}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Errorf("shut down: %v", err)
		}
		transport.CloseIdleConnections()
		closed := make(chan struct{})
		go func() { web.Close(); close(closed) }()
		select {
		case <-closed:
		case <-time.After(farewell): // else the test would hang until it is killed
			t.Errorf("a request is still being handled %s after the shutdown", farewell)
		}
	})
	if err := d.Start(t.Context()); err != nil {
		t.Fatalf("start dashboard: %v", err)
	}
	s.owner = s.signIn(ownerEmail)
	return s
}

func (s *Server) modules() []string {
	s.t.Helper()
	var list struct {
		Items []struct{ ID string }
	}
	s.owner.Get("/api/v1/modules").Want(http.StatusOK).JSON(&list)
	ids := make([]string, len(list.Items))
	for i, m := range list.Items {
		ids[i] = m.ID
	}
	return ids
}

// Owner returns a client of the first account, which may do everything.
func (s *Server) Owner() *Client { return s.owner }

// Anonymous returns a client that is not signed in.
func (s *Server) Anonymous() *Client { return &Client{s: s} }

// As returns a client of a new account that holds just the given permissions,
// by their full names, such as "notes.note.read"; none is valid.
func (s *Server) As(permissions ...string) *Client {
	s.t.Helper()
	if permissions == nil {
		permissions = []string{}
	}
	name := "test-" + strings.ToLower(randomText())
	s.owner.Do(http.MethodPut, "/api/v1/roles/"+name, map[string]any{"permissions": permissions}).Want(http.StatusNoContent)
	email := name + "@example.com"
	s.owner.Do(http.MethodPost, "/api/v1/users", map[string]any{"email": email, "name": name, "password": password,
		"roles": []string{name}}).Want(http.StatusCreated)
	return s.signIn(email)
}

func (s *Server) signIn(email string) *Client {
	s.t.Helper()
	var out struct {
		AccessToken string `json:"access_token"`
	}
	s.Anonymous().Do(http.MethodPost, "/api/v1/auth/login",
		map[string]string{"email": email, "password": password, "delivery": "token"}).Want(http.StatusOK).JSON(&out)
	return &Client{s: s, token: out.AccessToken}
}

// State returns where the module stands, such as "enabled".
func (s *Server) State(module string) string {
	s.t.Helper()
	var m struct{ State string }
	s.owner.Get("/api/v1/modules/" + module).Want(http.StatusOK).JSON(&m)
	return m.State
}

// WaitState waits until the module has come to a state; after a minute, or
// where it has failed, the test ends with the module's error.
func (s *Server) WaitState(module, want string) {
	s.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		got := s.State(module)
		if got == want {
			return
		}
		if got == "failed" {
			s.t.Fatalf("module %s failed: %s", module, s.owner.Get("/api/v1/modules/"+module).Body)
		}
		select {
		case <-deadline.C:
			s.t.Fatalf("module %s is still %s, want %s", module, got, want)
		case <-tick.C:
		}
	}
}

// Act asks for an operation on a module, such as "disable", and waits for the
// state that it leads to. A query is allowed: "uninstall?purge=true".
func (s *Server) Act(module, operation, state string) {
	s.t.Helper()
	a := s.owner.Do(http.MethodPost, "/api/v1/modules/"+module+"/"+operation, nil)
	if a.Status != http.StatusAccepted && a.Status != http.StatusOK {
		s.t.Fatalf("%s module %s: got status %d: %s", operation, module, a.Status, a.Body)
	}
	s.WaitState(module, state)
}
