package registry_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// TestOneCallAtATime retries a hook while the call that was given up on still
// hangs: the unit is not called again before that has returned.
func TestOneCallAtATime(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		free := make(chan struct{})
		u := j.unit("billing", "1.0.0")
		u.Enable = func(context.Context) error { j.add("begin"); <-free; j.add("end"); return nil }
		r := start(t, db, options{}, u)
		settle(t, r)
		wantFailure(t, r, "enable/hook", "did not return within 30s")
		act(t, r, lifecycle.OpRetry, "billing", registry.Request{})
		settle(t, r)
		wantFailure(t, r, "enable/hook", "has still not returned after another 30s")
		if f := view(t, r, "billing").Failure; f.Attempt != 2 {
			t.Errorf("attempt: got %d, want 2", f.Attempt)
		}
		act(t, r, lifecycle.OpRetry, "billing", registry.Request{})
		pass(10 * time.Second)
		close(free) // the next attempt was waiting for that
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Enabled)
		if got := j.String(); got != "install billing, begin, end, begin, end" {
			t.Errorf("calls: got %s", got)
		}
	})
}

// TestHookThatEndsItsGoroutine must not be waited for.
func TestHookThatEndsItsGoroutine(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		u := j.unit("billing", "1.0.0")
		u.Enable = func(context.Context) error { runtime.Goexit(); return nil }
		r := start(t, db, options{}, u)
		settle(t, r)
		wantFailure(t, r, "enable/hook", "runtime.Goexit")
	})
}

// TestErrorsAreBounded keeps what a module says short and valid.
func TestErrorsAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		u := j.unit("billing", "1.0.0")
		u.Enable = func(context.Context) error {
			return fmt.Errorf("bad \x00 byte \xff, %s", strings.Repeat("long ", 1<<16))
		}
		r := start(t, db, options{}, u)
		settle(t, r)
		wantFailure(t, r, "enable/hook", "bad  byte \uFFFD")
		if n := len(view(t, r, "billing").Failure.Error); n > 1100 {
			t.Errorf("error: got %d bytes, want about 1000", n)
		}
	})
}

// TestDatabaseGone closes the database under a running registry: what runs goes
// on, and Stop works and says so.
func TestDatabaseGone(t *testing.T) {
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "gone.db"))
	if err != nil {
		t.Fatal(err)
	}
	j := &journal{}
	r := startOnly(t, db, options{Poll: time.Millisecond, Heartbeat: time.Millisecond}, j.unit("billing", "1.0.0"))
	settle(t, r)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Act(t.Context(), "billing", lifecycle.OpDisable, registry.Request{}); err == nil {
		t.Error("act without a database: got no error")
	}
	if got := r.Actual("billing"); got != lifecycle.Enabled {
		t.Errorf("actual: got %s, want enabled", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := r.Stop(ctx); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("stop: got %v, want that the database is closed", err)
	}
	if j.count("disable billing") != 1 {
		t.Errorf("hooks: got %s, want disable", j)
	}
}

// TestStalledWriters has a transaction keep all heartbeats waiting: that makes
// nobody look dead.
func TestStalledWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := sqlite.Open(filepath.Join(t.TempDir(), "stalled.db"))
		if err != nil {
			t.Fatal(err)
		}
		j := &journal{}
		a := startOnly(t, db, options{InstanceID: "a"}, j.unit("billing", "1.0.0"))
		b := startOnly(t, db, options{InstanceID: "b"}, j.unit("billing", "1.0.0"))
		settle(t, a, b)
		err = db.Update(t.Context(), func(*storage.Tx) error {
			pass(15 * time.Second)
			if in := onInstance(t, a, "billing", "b"); !in.Live {
				t.Errorf("while nobody can write: got %+v, want live", in)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		stop(t, a)
		stop(t, b)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestStopWaitsForTheDatabase has another transaction hold a stop up: it takes as
// long as its context allows, and a little longer than that.
func TestStopWaitsForTheDatabase(t *testing.T) {
	for name, c := range map[string]struct{ allowed, held, took time.Duration }{
		"in time":      {time.Minute, 10 * time.Second, 10 * time.Second},
		"last words":   {time.Second, 2 * time.Second, 2 * time.Second},
		"not for long": {time.Second, 20 * time.Second, 3 * time.Second},
		"nor for ever": {10 * time.Second, 20 * time.Second, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
				r := startOnly(t, db, options{}) // no module that would have to be disabled
				settle(t, r)
				var holder sync.WaitGroup
				holder.Go(func() {
					if err := db.Update(context.Background(), func(*storage.Tx) error { pass(c.held); return nil }); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
				begun := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), c.allowed)
				defer cancel()
				err := r.Stop(ctx)
				if took := time.Since(begun); took != c.took || errors.Is(err, context.DeadlineExceeded) != (c.took != c.held) || err != nil && c.took == c.held {
					t.Errorf("got %v after %v, want to wait for %v", err, took, c.took)
				}
				holder.Wait()
			})
		})
	}
}

// TestStartFails leaves nothing behind.
func TestStartFails(t *testing.T) {
	db := openMemory(t)
	j := &journal{}
	r, err := registry.New(db, nil, storage.NewLocker(db), []registry.Unit{j.unit("billing", "1.0.0")},
		options{Audit: func(context.Context, *storage.Tx, registry.AuditEvent) error { return errBroken }})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context()); err == nil {
		t.Error("start: got no error")
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestManyCycles enables and disables one module while another one, and what
// the fleet knows of it, stays untouched.
func TestManyCycles(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		r := start(t, db, options{}, j.unit("billing", "1.0.0"), j.unit("other", "1.0.0"))
		settle(t, r)
		before := view(t, r, "other")
		begin := time.Now()
		for range 100 {
			act(t, r, lifecycle.OpDisable, "billing", registry.Request{})
			settle(t, r)
			act(t, r, lifecycle.OpEnable, "billing", registry.Request{})
			settle(t, r)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("100 cycles waited for %v of the bubble's time: something polls", took)
		}
		after := view(t, r, "other")
		if after.Generation != before.Generation || after.Instances[0].Since != before.Instances[0].Since || j.count("enable other") != 1 {
			t.Errorf("the other module: got %+v, want %+v", after, before)
		}
		if j.count("enable billing") != 101 || j.count("disable billing") != 100 {
			t.Error("a cycle is missing")
		}
	})
}

// BenchmarkCycle is one disable and enable on a file, as seen by who asks.
func BenchmarkCycle(b *testing.B) {
	db, err := sqlite.Open(filepath.Join(b.TempDir(), "bench.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	u := registry.Unit{Manifest: lifecycle.Manifest{ID: "billing", Version: "1.0.0"}}
	r, err := registry.New(db, nil, storage.NewLocker(db), []registry.Unit{u}, options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	if err := r.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer r.Stop(context.Background())
	for b.Loop() {
		for _, op := range []lifecycle.Op{lifecycle.OpDisable, lifecycle.OpEnable} {
			if _, err := r.Act(b.Context(), "billing", op, registry.Request{}); err != nil {
				b.Fatal(err)
			}
			if err := r.Settle(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkStart is the first start of a dashboard with 50 modules, to rest.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		db, err := sqlite.Open(filepath.Join(b.TempDir(), "bench.db"))
		if err != nil {
			b.Fatal(err)
		}
		var units []registry.Unit
		for i := range 50 {
			units = append(units, registry.Unit{Manifest: lifecycle.Manifest{ID: fmt.Sprintf("module%d", i), Version: "1.0.0"}})
		}
		r, err := registry.New(db, nil, storage.NewLocker(db), units, options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		if err := r.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := r.Settle(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := r.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
		db.Close()
	}
}
