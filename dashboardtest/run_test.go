package dashboardtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/dashboardtest"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage"
)

var read = dashboard.NewPermission("note.read", "Read notes")

type none struct{}

// notes is a module with a table, a hook, an endpoint of each kind of access
// and a panel. What is set to be broken is.
type notes struct {
	broken string
	host   *dashboard.Host
	once   sync.Once
	calls  int
}

func (n *notes) Manifest() dashboard.Manifest {
	m := dashboard.Manifest{ID: "notes", Version: "1.0.0", Permissions: []dashboard.Permission{read}}
	if n.broken == "manifest" {
		m.Description = time.Now().String()
	}
	return m
}

func (n *notes) Provision(h *dashboard.Host) error {
	n.host = h
	return nil
}

func (n *notes) Migrations() []storage.Migration {
	return []storage.Migration{{Version: 1, Name: "notes", SQL: "CREATE TABLE notes__note (text TEXT NOT NULL)"}}
}

func (n *notes) Install(ctx context.Context) error {
	n.calls++
	if n.broken == "hook" && n.calls > 3 {
		return errors.New("installed already")
	}
	_, err := n.host.DB().Exec(ctx, "INSERT INTO notes__note (text) VALUES ('hello')")
	return err
}

func (n *notes) Enable(context.Context) error {
	if n.broken == "leak" {
		n.once.Do(func() { go func() { select {} }() })
	}
	switch n.broken {
	case "enable":
		return errors.New("no power")
	case "stop":
		return n.host.Go(func(context.Context) { select {} })
	}
	return nil
}

func (n *notes) Jobs() []dashboard.Job {
	return []dashboard.Job{{Name: "tidy", Schedule: "@yearly", Run: func(ctx context.Context) error {
		switch n.broken {
		case "job":
			panic("nothing to tidy")
		case "deaf job":
			select {}
		}
		return ctx.Err()
	}}}
}

type note struct {
	ID string `path:"id" json:"id"`
}

func (n *notes) Routes(r *dashboard.Router) error {
	dashboard.Get(r, "/notes/{id}", func(_ context.Context, in note) (note, error) {
		if n.broken == "panic" && len(in.ID) > 100 {
			panic("too long")
		}
		return in, nil
	}, dashboard.Require(read))
	dashboard.Get(r, "/welcome", func(context.Context, none) (note, error) { return note{ID: "1"}, nil }, dashboard.Public())
	dashboard.Get(r, "/mine", func(context.Context, none) (note, error) { return note{ID: "2"}, nil }, dashboard.Authenticated())
	dashboard.Get(r, "/follow", func(context.Context, none) (dashboard.Stream, error) {
		return func(ctx context.Context, _ func(string, any) error) error {
			switch n.broken {
			case "stream":
				panic("no such note")
			case "deaf stream":
				select {}
			}
			<-ctx.Done()
			return nil
		}, nil
	}, dashboard.Require(read))
	if n.broken == "open" {
		dashboard.Get(r, "/open", func(context.Context, none) (note, error) { return note{}, nil })
	}
	r.Panel(dashboard.Stat("count", "Notes", func(ctx context.Context) (dashboard.StatData, error) {
		if n.broken == "panel" && dashboard.RangeOf(ctx) > 0 {
			return dashboard.StatData{}, errors.New("no such range")
		}
		return dashboard.StatData{Value: 1}, nil
	}, dashboard.Require(read), dashboard.Ranges(time.Hour)))
	return nil
}

func TestAGoodModule(t *testing.T) {
	dashboardtest.Run(t, func() dashboard.Module { return &notes{} })
}

func TestAModuleThatRequiresAnother(t *testing.T) {
	dashboardtest.Run(t, func() dashboard.Module {
		return dashboard.Func(dashboard.Manifest{ID: "more", Version: "1.0.0",
			Requires: []dashboard.Requirement{dashboard.Need("notes", "^1")}}, func(*dashboard.Router) error { return nil })
	}, dashboard.WithModules(&notes{}))
}

const brokenEnv = "DASHBOARDTEST_BROKEN"

// TestBroken is the test of a module's author, run by TestRunFindsWhatIsBroken
// in a process of its own, where it may fail.
func TestBroken(t *testing.T) {
	if broken := os.Getenv(brokenEnv); broken != "" {
		dashboardtest.Run(t, func() dashboard.Module { return &notes{broken: broken} }, dashboard.WithDrainTimeout(time.Second))
	}
}

func TestRunFindsWhatIsBroken(t *testing.T) {
	t.Parallel()
	for broken, tt := range map[string]struct{ check, want string }{
		"manifest":    {"", "the manifest is not constant"},
		"open":        {"closed", "GET /open names neither a permission nor Authenticated nor Public"},
		"enable":      {"closed", "module notes failed"},
		"hook":        {"lifecycle", "the install hook, run again: installed already"},
		"panic":       {"senseless", "GET /api/v1/m/notes/notes/xxx"},
		"panel":       {"panels", `panel count, range "1h": got status 500`},
		"leak":        {"panels", "goroutine"},
		"stop":        {"jobs", "run_test.go"}, // where the goroutine stands that goes on
		"stream":      {"jobs", "panic: no such note"},
		"deaf stream": {"jobs", "stream /api/v1/m/notes/follow goes on after its module was disabled"},
		"job":         {"jobs", "job tidy: panic: nothing to tidy"},
		"deaf job":    {"jobs", "job tidy goes on after its module was disabled"},
	} {
		t.Run(broken, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBroken$/"+tt.check)
			cmd.Env = append(os.Environ(), brokenEnv+"="+broken, leaktest.Patience+"=2s")
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), tt.want) {
				t.Errorf("got %v and\n%s\nwant a failure with %q", err, out, tt.want)
			}
		})
	}
}

func TestClients(t *testing.T) {
	t.Parallel()
	s := dashboardtest.New(t, dashboard.WithModules(&notes{}))
	const path = "/api/v1/m/notes/notes/7"
	for name, tc := range map[string]struct {
		client *dashboardtest.Client
		want   int
	}{
		"owner":     {s.Owner(), http.StatusOK},
		"reader":    {s.As("notes.note.read"), http.StatusOK},
		"stranger":  {s.As(), http.StatusNotFound},
		"anonymous": {s.Anonymous(), http.StatusUnauthorized},
	} {
		if got := tc.client.Get(path).Status; got != tc.want {
			t.Errorf("%s: got %d, want %d", name, got, tc.want)
		}
	}
	s.Act("notes", "disable", "installed")
	if got := s.State("notes"); got != "installed" {
		t.Errorf("got state %s, want installed", got)
	}
	s.Owner().Get(path).Want(http.StatusNotFound)
}

// While no change of accounts was read for seconds, as on a machine that is too busy
// for it, nobody is let in: clients wait for that.
func TestClientsAskAgain(t *testing.T) {
	t.Parallel()
	s := dashboardtest.New(t)
	rename := func(from, to string) {
		t.Helper()
		if _, err := s.DB.Exec(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to); err != nil {
			t.Fatal(err)
		}
	}
	rename("auth_feed", "away")
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for refused := false; !refused; <-time.After(20 * time.Millisecond) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/v1/auth/me", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer nonsense")
		res, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close() // it says no more
		refused = res.StatusCode == http.StatusServiceUnavailable
	}
	var back sync.WaitGroup
	back.Go(func() {
		<-time.After(300 * time.Millisecond)
		rename("away", "auth_feed")
	})
	s.Owner().Get("/api/v1/auth/me").Want(http.StatusOK)
	back.Wait()
}

func TestHost(t *testing.T) {
	t.Parallel()
	h := dashboardtest.Host(t, "billing")
	if got, want := h.Table("invoice"), "billing__invoice"; got != want {
		t.Errorf("got table %s, want %s", got, want)
	}
	if _, err := h.DB().Exec(t.Context(), fmt.Sprintf("CREATE TABLE %s (id INTEGER)", h.Table("invoice"))); err != nil {
		t.Error(err)
	}
	ran := make(chan struct{})
	if err := h.Go(func(context.Context) { close(ran) }); err != nil {
		t.Error(err)
	}
	<-ran
}
