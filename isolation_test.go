package dashboard_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/storage"
)

// hooks is a module whose every function can be replaced.
type hooks struct {
	id       string
	requires []dashboard.Requirement
	routes   func(*dashboard.Router) error
	enable   func(context.Context) error
	disable  func(context.Context) error
	install  func(context.Context) error
	health   func(context.Context) error
	migrate  []storage.Migration
}

func (m *hooks) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: m.id, Version: "1.0.0", Requires: m.requires, Permissions: []dashboard.Permission{permRead}}
}

func (m *hooks) Routes(r *dashboard.Router) error {
	dashboard.Get(r, "/ping", func(context.Context, none) (note, error) { return note{Text: m.id}, nil }, dashboard.Require(permRead))
	if m.routes != nil {
		return m.routes(r)
	}
	return nil
}

func call(ctx context.Context, fn func(context.Context) error) error {
	if fn == nil {
		return nil
	}
	return fn(ctx)
}

func (m *hooks) Enable(ctx context.Context) error      { return call(ctx, m.enable) }
func (m *hooks) Disable(ctx context.Context) error     { return call(ctx, m.disable) }
func (m *hooks) Install(ctx context.Context) error     { return call(ctx, m.install) }
func (m *hooks) Uninstall(context.Context, bool) error { return nil }
func (m *hooks) Upgrade(context.Context, string) error { return nil }
func (m *hooks) Health(ctx context.Context) error      { return call(ctx, m.health) }
func (m *hooks) Migrations() []storage.Migration       { return m.migrate }
func (m *hooks) String() string                        { return m.id }

func panics(context.Context) error { panic("boom") }

// hang does not return before it is closed, whatever its context says.
type hang chan struct{}

func (h hang) call(context.Context) error { <-h; return nil }

func TestBrokenModulesHarmNobody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		make  func(hang) *hooks
		state string
		error string
	}{
		{"panic in install", func(hang) *hooks { return &hooks{install: panics} }, "failed", "panic"},
		{"panic in enable", func(hang) *hooks { return &hooks{enable: panics} }, "failed", "panic"},
		{"error in enable", func(hang) *hooks {
			return &hooks{enable: func(context.Context) error { return errors.New("no license") }}
		}, "failed", "no license"},
		{"hang in install", func(h hang) *hooks { return &hooks{install: h.call} }, "failed", ""},
		{"hang in enable", func(h hang) *hooks { return &hooks{enable: h.call} }, "failed", ""},
		{"panic in health", func(hang) *hooks { return &hooks{health: panics} }, "enabled", ""},
		{"bad migration", func(hang) *hooks {
			return &hooks{migrate: []storage.Migration{{Version: 1, Name: "bad", SQL: "CREATE NONSENSE"}}}
		}, "failed", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hanging := make(hang)
			bad := tt.make(hanging)
			bad.id = "bad"
			opts := []dashboard.Option{dashboard.WithModules(bad, &hooks{id: "good"})}
			if strings.HasPrefix(tt.name, "hang") {
				opts = append(opts, dashboard.WithHookTimeout(300*time.Millisecond))
			}
			s := newServer(t, opts...)
			t.Cleanup(func() { close(hanging) }) // before the shutdown, which would wait
			eventually(t, "good is enabled", func() bool {
				state := s.state("good")
				if state == "failed" { // a slow machine takes longer than a hook may here
					s.owner().do("POST", "/api/v1/modules/good/retry", nil)
				}
				return state == "enabled"
			})
			s.waitState("bad", tt.state)
			s.owner().get("/api/v1/m/good/ping").wantStatus(http.StatusOK)
			if tt.state != "failed" {
				return
			}
			s.owner().get("/api/v1/m/bad/ping").wantProblem(http.StatusServiceUnavailable, "module-failed")
			var m struct {
				Failure struct{ Operation, Step, Error string }
			}
			s.owner().get("/api/v1/modules/bad").decode(&m)
			if m.Failure.Operation == "" || !strings.Contains(m.Failure.Error, tt.error) {
				t.Errorf("failure: got %+v, want an operation and an error with %q", m.Failure, tt.error)
			}
		})
	}
}

func TestDependantsAreBlocked(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	broken.Store(true)
	base := &hooks{id: "base", enable: func(context.Context) error {
		if broken.Load() {
			return errors.New("not today")
		}
		return nil
	}}
	top := &hooks{id: "top", requires: []dashboard.Requirement{dashboard.Need("base", "^1")}}
	s := newServer(t, dashboard.WithModules(top, base))
	s.waitState("base", "failed")
	eventually(t, "top is blocked by base", func() bool {
		var m struct {
			Instances []struct {
				State     string
				BlockedBy []string `json:"blocked_by"`
			}
		}
		s.owner().get("/api/v1/modules/top").decode(&m)
		return len(m.Instances) == 1 && m.Instances[0].State == "blocked" &&
			len(m.Instances[0].BlockedBy) == 1 && m.Instances[0].BlockedBy[0] == "base"
	})
	broken.Store(false)
	s.act("base", "retry", "enabled")
	s.waitState("top", "enabled")
	s.owner().do("POST", "/api/v1/modules/base/disable", nil).wantProblem(http.StatusConflict, "module-required")
	s.owner().do("POST", "/api/v1/modules/base/disable?cascade=true", nil).wantStatus(http.StatusAccepted)
	s.waitState("base", "installed")
	s.waitState("top", "installed")
}

func TestHandlersThatPanicAreQuarantined(t *testing.T) {
	t.Parallel()
	bad := &hooks{id: "bad", routes: func(r *dashboard.Router) error {
		dashboard.Get(r, "/panic", func(context.Context, none) (none, error) { panic("boom") }, dashboard.Require(permRead))
		return nil
	}}
	s := newServer(t, dashboard.WithModules(bad, &hooks{id: "good"}))
	s.waitState("bad", "enabled")
	s.waitState("good", "enabled")
	for range 3 {
		s.owner().get("/api/v1/m/bad/panic").wantProblem(http.StatusInternalServerError, "internal")
	}
	s.owner().get("/api/v1/m/bad/ping").wantStatus(http.StatusOK)
	eventually(t, "bad is quarantined", func() bool {
		a := s.owner().get("/api/v1/m/bad/panic")
		return a.status == http.StatusServiceUnavailable && strings.Contains(string(a.body), "module-quarantined")
	})
	s.owner().get("/api/v1/m/good/ping").wantStatus(http.StatusOK)
	// A quarantine is this instance's own: the fleet's state was enabled throughout.
	s.act("bad", "retry", "enabled")
	eventually(t, "bad answers again", func() bool { return s.owner().get("/api/v1/m/bad/ping").status == http.StatusOK })
}

func TestHugeAnswersAreRefused(t *testing.T) {
	t.Parallel()
	const huge = 128 << 20 // and not so much that a slow machine needs a minute, which is too long for an answer
	bad := &hooks{id: "bad", routes: func(r *dashboard.Router) error {
		dashboard.Get(r, "/huge", func(context.Context, none) (note, error) {
			return note{Text: strings.Repeat("x", huge)}, nil
		}, dashboard.Require(permRead))
		return nil
	}}
	s := newServer(t, dashboard.WithModules(bad))
	s.waitState("bad", "enabled")
	s.owner().get("/api/v1/m/bad/huge").wantProblem(http.StatusInternalServerError, "answer-too-large")
	s.owner().get("/api/v1/m/bad/ping").wantStatus(http.StatusOK)
}

// A page that is left while it loads is no failure of this server.
func TestWhoeverLeftIsAnswered499(t *testing.T) {
	t.Parallel()
	left := &hooks{id: "left", routes: func(r *dashboard.Router) error {
		dashboard.Get(r, "/left", func(context.Context, none) (note, error) {
			return note{}, fmt.Errorf("%w: read account: %w", auth.ErrUnavailable, context.Canceled)
		}, dashboard.Require(permRead))
		return nil
	}}
	s := newServer(t, dashboard.WithModules(left))
	s.waitState("left", "enabled")
	s.owner().get("/api/v1/m/left/left").wantProblem(499, "client-closed-request")
}

func TestHandlersThatHangDoNotHoldADisable(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{}, 1)
	bad := &hooks{id: "bad", routes: func(r *dashboard.Router) error {
		dashboard.Get(r, "/hang", func(ctx context.Context, _ none) (none, error) {
			entered <- struct{}{}
			<-ctx.Done()
			return none{}, ctx.Err()
		}, dashboard.Require(permRead))
		return nil
	}}
	s := newServer(t, dashboard.WithModules(bad), dashboard.WithDrainTimeout(100*time.Millisecond))
	s.waitState("bad", "enabled")
	var wg sync.WaitGroup
	wg.Go(func() { s.owner().get("/api/v1/m/bad/hang") })
	<-entered
	s.act("bad", "disable", "installed")
	wg.Wait()
}

// Toggling one module a thousand times costs another module no request, and
// itself none that it does not refuse properly.
func TestTogglingUnderLoad(t *testing.T) {
	t.Parallel()
	cycles := 1000
	if testing.Short() {
		cycles = 15
	}
	s := newServer(t, dashboard.WithModules(&hooks{id: "toggled"}, &hooks{id: "steady"}), dashboard.WithRateLimit("caller", "1000000/s"))
	s.waitState("toggled", "enabled")
	s.waitState("steady", "enabled")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var served, refused atomic.Int64
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if a := s.owner().get("/api/v1/m/steady/ping"); a.status != http.StatusOK {
					t.Errorf("steady: got status %d: %s", a.status, a.body)
					return
				}
				switch a := s.owner().get("/api/v1/m/toggled/ping"); a.status {
				case http.StatusOK:
					served.Add(1)
				case http.StatusNotFound, http.StatusServiceUnavailable:
					refused.Add(1)
				default:
					t.Errorf("toggled: got status %d: %s", a.status, a.body)
					return
				}
			}
		})
	}
	for range cycles {
		s.cycle("toggled")
	}
	eventually(t, "toggled has served and refused requests", func() bool {
		s.cycle("toggled")
		return served.Load() > 0 && refused.Load() > 0
	})
	close(stop)
	wg.Wait()
}

// cycle disables and enables, each until this instance follows.
func (s *server) cycle(module string) {
	s.t.Helper()
	for _, op := range []struct{ op, state string }{{"disable", "installed"}, {"enable", "enabled"}} {
		s.owner().do("POST", "/api/v1/modules/"+module+"/"+op.op, nil).wantStatus(http.StatusAccepted)
		eventuallyFast(s.t, module+" is "+op.state, func() bool { return s.state(module) == op.state })
	}
}

// What a module says of its failure is kept and shown to people who may see
// modules, who need not see its secrets.
func TestSecretsInFailuresAreNotShown(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	bad := &hooks{id: "bad", enable: func(context.Context) error { return errors.New("dial postgres: password=" + secret) }}
	s := newServer(t, dashboard.WithModules(bad, &hooks{id: "ailing", health: func(context.Context) error {
		return errors.New("GET https://api.example.com/?access_token=" + secret)
	}}))
	s.waitState("bad", "failed")
	s.waitState("ailing", "enabled")
	eventually(t, "the health check has failed", func() bool {
		return strings.Contains(string(s.owner().get("/api/v1/modules/ailing").body), "GET https://api.example.com")
	})
	for _, path := range []string{"/api/v1/modules", "/api/v1/system", "/api/v1/audit"} {
		a := s.owner().get(path).wantStatus(http.StatusOK)
		if strings.Contains(string(a.body), secret) {
			t.Errorf("%s shows the secret: %s", path, a.body)
		}
	}
	if a := s.owner().get("/api/v1/modules/bad"); !strings.Contains(string(a.body), "dial postgres") {
		t.Errorf("got %s, want the rest of the error", a.body)
	}
}
