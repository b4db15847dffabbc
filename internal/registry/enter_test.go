package registry_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// makeOnly returns a registry that has not started.
func makeOnly(t *testing.T, db *storage.DB, o options, units ...registry.Unit) *registry.Registry {
	t.Helper()
	o.Log = testLog(t)
	r, err := registry.New(db, nil, storage.NewLocker(db), units, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// entered returns a registry that has entered the fleet.
func entered(t *testing.T, db *storage.DB, o options, units ...registry.Unit) *registry.Registry {
	t.Helper()
	r := makeOnly(t, db, o, units...)
	for range 2 {
		if err := r.Enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// installed has the units installed, and nobody there.
func installed(t *testing.T, db *storage.DB, units ...registry.Unit) {
	t.Helper()
	r := startOnly(t, db, options{InstanceID: "first"}, units...)
	settle(t, r)
	stop(t, r)
}

func instances(t *testing.T, db *storage.DB) []string {
	t.Helper()
	peers, err := makeOnly(t, db, options{InstanceID: "nobody"}).Peers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(peers))
	for i, p := range peers {
		ids[i] = p.ID
	}
	slices.Sort(ids)
	return ids
}

// TestStopAfterEnter: who leaves before it has started leaves no trace, also when
// nobody has time for it.
func TestStopAfterEnter(t *testing.T) {
	for name, patience := range map[string]time.Duration{"with time": time.Minute, "without": 0} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
				installed(t, db, j.unit("billing", "1.0.0"))
				other := start(t, db, options{InstanceID: "other"}, j.unit("billing", "1.0.0"))
				settle(t, other)
				r := entered(t, db, options{InstanceID: "i1"}, j.unit("billing", "1.0.0"))
				if got, want := instances(t, db), []string{"i1", "other"}; !slices.Equal(got, want) {
					t.Errorf("entered: got %v, want %v", got, want)
				}
				if _, err := r.Act(t.Context(), "billing", lifecycle.OpDisable, registry.Request{}); !errors.Is(err, registry.ErrNotStarted) {
					t.Errorf("act: got %v, want %v", err, registry.ErrNotStarted)
				}
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				for range 2 {
					if err := r.Stop(ctx); err != nil {
						t.Error(err)
					}
				}
				if got, want := instances(t, db), []string{"other"}; !slices.Equal(got, want) {
					t.Errorf("stopped: got %v, want %v", got, want)
				}
				if list := view(t, other, "billing").Instances; len(list) != 1 {
					t.Errorf("instances of the module: got %+v, want the other's", list)
				}
				for _, again := range []func(context.Context) error{r.Enter, r.Start} {
					if err := again(t.Context()); !errors.Is(err, registry.ErrStopped) {
						t.Errorf("after stop: got %v, want %v", err, registry.ErrStopped)
					}
				}
				if n := j.count("enable billing"); n != 2 {
					t.Errorf("enabled %d times, want once by each of those that started", n)
				}
			})
		})
	}
}

// TestEnterBeginsTogether: what is installed begins to be enabled in the turn that
// registers the instance; what needs another module waits for that.
func TestEnterBeginsTogether(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		units := []registry.Unit{j.unit("ma", "1.0.0"), j.unit("mb", "1.0.0"), migrated(j.unit("mc", "1.0.0"), 2), j.unit("md", "1.0.0", "ma")}
		installed(t, db, units...)
		turns := func() (n int) {
			if err := db.QueryRow(t.Context(), `SELECT n FROM lifecycle_revision`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := turns()
		r := entered(t, db, options{InstanceID: "i1"}, units...)
		if n := turns() - before; n != 1 {
			t.Errorf("entered in %d turns, want 1", n)
		}
		for id, want := range map[string]lifecycle.State{"ma": lifecycle.Enabling, "mb": lifecycle.Enabling, "mc": lifecycle.Enabling, "md": lifecycle.Installed} {
			wantState(t, r, id, want)
			if got := onInstance(t, r, id, "i1"); got.State != want {
				t.Errorf("the database has %s %s, want %s", id, got.State, want)
			}
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer stop(t, r)
		settle(t, r)
		for _, id := range []string{"ma", "mb", "mc", "md"} {
			wantState(t, r, id, lifecycle.Enabled)
			if n := j.count("enable " + id); n != 2 {
				t.Errorf("%s was enabled %d times, want once by each instance", id, n)
			}
		}
	})
}

// TestStartLongAfterEnter: nothing says meanwhile that the instance lives, so the
// fleet goes on without it, and it must look again.
func TestStartLongAfterEnter(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		other := start(t, db, options{InstanceID: "other"}, j.unit("billing", "1.0.0"), j.unit("mail", "1.0.0"))
		settle(t, other)
		billing := j.unit("billing", "1.0.0")
		billing.Enable = func(context.Context) error { t.Error("enabled although it is uninstalled"); return nil }
		r := entered(t, db, options{InstanceID: "i1"}, billing, j.unit("mail", "1.0.0"))
		wantState(t, r, "billing", lifecycle.Enabling)
		r.SetHealth("mail", registry.Health{Status: "failing", Detail: "no relay"})
		pass(8 * registry.DefaultHeartbeat)
		if onInstance(t, other, "billing", "i1").Live {
			t.Error("lives after eight heartbeats without any")
		}
		act(t, other, lifecycle.OpUninstall, "billing", registry.Request{})
		eventually(t, other, "billing", lifecycle.Available)
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer stop(t, r)
		if got := onInstance(t, other, "mail", "i1"); !got.Live || got.Health.Detail != "no relay" {
			t.Errorf("started: got %+v, want it alive, with what was said of its health", got)
		}
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Available)
		wantState(t, r, "mail", lifecycle.Enabled)
	})
}

// TestLateStartFails: the instance is still registered from the first time.
func TestLateStartFails(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		r := entered(t, db, options{InstanceID: "i1"}, j.unit("billing", "1.0.0"))
		pass(8 * registry.DefaultHeartbeat)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Start(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("start: got %v, want %v", err, context.Canceled)
		}
		wantState(t, r, "billing", lifecycle.Available)
		stop(t, r)
		if got := instances(t, db); len(got) != 0 {
			t.Errorf("left: got %v, want nobody", got)
		}
	})
}

// TestUninstallAfterEnter: another instance uninstalls a module that has begun to
// be enabled here, before anything has come of that.
func TestUninstallAfterEnter(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		other := start(t, db, options{InstanceID: "other"}, j.unit("billing", "1.0.0"))
		settle(t, other)
		slow := j.unit("billing", "1.0.0")
		slow.Disable = func(context.Context) error { j.add("disable here"); return nil }
		r := entered(t, db, options{InstanceID: "i1"}, slow)
		act(t, other, lifecycle.OpUninstall, "billing", registry.Request{})
		eventually(t, other, "billing", lifecycle.Installed)
		if n := j.count("uninstall billing false"); n != 0 {
			t.Error("uninstalled while an instance enables it")
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer stop(t, r)
		eventually(t, r, "billing", lifecycle.Available)
		settle(t, r, other)
		wantOrder(t, j, "disable billing", "disable here", "uninstall billing false")
	})
}

// TestEnterFails: what fails in the turn leaves nothing begun, here or in the
// database, and the next attempt is as good as the first.
func TestEnterFails(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		installed(t, db, j.unit("billing", "1.0.0"))
		failing := true
		audit := func(context.Context, *storage.Tx, registry.AuditEvent) error {
			if failing {
				return errBroken
			}
			return nil
		}
		r := makeOnly(t, db, options{InstanceID: "i1", Audit: audit}, j.unit("billing", "1.0.0"), j.unit("new", "1.0.0"))
		r.SetHealth("billing", registry.Health{Status: "failing", Detail: "no relay"})
		for _, attempt := range []func(context.Context) error{r.Enter, r.Start} {
			if err := attempt(t.Context()); !errors.Is(err, errBroken) {
				t.Errorf("got %v, want %v", err, errBroken)
			}
			wantState(t, r, "billing", lifecycle.Available)
			if got := instances(t, db); len(got) != 0 {
				t.Errorf("registered: got %v, want nobody", got)
			}
		}
		failing = false
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer stop(t, r)
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Enabled)
		wantState(t, r, "new", lifecycle.Enabled)
		if n := j.count("enable billing"); n != 2 {
			t.Errorf("enabled %d times, want once before and once now", n)
		}
		if got := onInstance(t, r, "billing", "i1").Health.Detail; got != "no relay" {
			t.Errorf("health: got %q, want what was said before", got)
		}
	})
}

// TestEnterRegistersAndFails: the instance is known, although what comes after that
// fails; then Stop takes it back, and Start goes on.
func TestEnterRegistersAndFails(t *testing.T) {
	for name, goesOn := range map[string]bool{"stop": false, "start": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, err := sqlite.Open(":memory:", sqlite.WithReaders(1))
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				j := &journal{}
				installed(t, db, j.unit("billing", "1.0.0"))
				r := makeOnly(t, db, options{InstanceID: "i1", OnLive: func(int) {}}, j.unit("billing", "1.0.0"))
				reading, err := db.Query(t.Context(), `SELECT 1`) // keeps others from counting the instances
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				defer cancel()
				if err := r.Enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("enter: got %v, want %v", err, context.DeadlineExceeded)
				}
				if err := errors.Join(reading.Err(), reading.Close()); err != nil {
					t.Fatal(err)
				}
				if goesOn {
					if err := r.Start(t.Context()); err != nil {
						t.Fatal(err)
					}
					settle(t, r)
					wantState(t, r, "billing", lifecycle.Enabled)
				}
				stop(t, r)
				if got := instances(t, db); len(got) != 0 {
					t.Errorf("left: got %v, want nobody", got)
				}
			})
		})
	}
}

// TestHealthAfterEnter is carried by the first heartbeat.
func TestHealthAfterEnter(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		r := entered(t, db, options{InstanceID: "i1"}, j.unit("billing", "1.0.0"))
		r.SetHealth("billing", registry.Health{Status: "failing", Detail: "no relay"})
		if r.Quarantine("billing", "too early") {
			t.Error("quarantined what is not enabled")
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer stop(t, r)
		settle(t, r)
		pass(registry.DefaultHeartbeat + time.Millisecond)
		if got := onInstance(t, r, "billing", "i1").Health.Detail; got != "no relay" {
			t.Errorf("health: got %q, want what was said", got)
		}
	})
}

// TestTwoEnterAtOnce install each module once.
func TestTwoEnterAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		var rs []*registry.Registry
		failed := make(chan error, 2)
		for _, id := range []string{"i1", "i2"} {
			r := makeOnly(t, db, options{InstanceID: id}, migrated(j.unit("billing", "1.0.0"), 2), j.unit("mail", "1.0.0", "billing"))
			rs = append(rs, r)
			go func() {
				failed <- errors.Join(r.Enter(t.Context()), r.Start(t.Context()))
			}()
			defer stop(t, r)
		}
		for range rs {
			if err := <-failed; err != nil {
				t.Fatal(err)
			}
		}
		settle(t, rs...)
		for _, r := range rs {
			wantState(t, r, "mail", lifecycle.Enabled)
		}
		for line, want := range map[string]int{"install billing": 1, "install mail": 1, "enable billing": 2, "enable mail": 2} {
			if n := j.count(line); n != want {
				t.Errorf("%s: %d times, want %d", line, n, want)
			}
		}
	})
}

// TestEnterManyModules reports on more of them than go into a statement.
func TestEnterManyModules(t *testing.T) {
	db := openMemory(t)
	units := make([]registry.Unit, 120)
	for i := range units {
		units[i].Manifest = lifecycle.Manifest{ID: fmt.Sprintf("m%d", i), Version: "1.0.0"}
	}
	r := entered(t, db, options{InstanceID: "i1"}, units...)
	defer stop(t, r)
	var n int
	if err := db.QueryRow(t.Context(), `SELECT COUNT(*) FROM lifecycle_actual WHERE instance = 'i1'`).Scan(&n); err != nil || n != len(units) {
		t.Errorf("reported on %d modules, %v; want %d", n, err, len(units))
	}
	if got := onInstance(t, r, "m119", "i1"); !strings.HasPrefix(got.Version, "1") {
		t.Errorf("got %+v, want a report on the last", got)
	}
}
