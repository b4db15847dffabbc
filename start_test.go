package dashboard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// unstarted is a dashboard that has not started.
func unstarted(t *testing.T, db *storage.DB, modules ...dashboard.Module) *dashboard.Dashboard {
	t.Helper()
	d, err := dashboard.New(db, dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithFastPasswords(),
		dashboard.WithFirstAccount(ownerEmail, ownerPassword), dashboard.WithModules(modules...),
		dashboard.WithMasterKeys(dashboard.MasterKey{ID: "one", Key: bytes.Repeat([]byte{1}, 32)}))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A start that is waiting for modules when it is told to stop: those that are
// enabled are disabled, before what they need ends, and Shutdown says what hangs.
func TestShutdownWhileModulesStart(t *testing.T) {
	t.Parallel()
	for name, hangs := range map[string]bool{"in time": false, "never": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stuck := make(hang)
				defer close(stuck)
				db := memory(t)
				var disabled atomic.Int32
				quick := &hooks{id: "quick", disable: func(ctx context.Context) error {
					disabled.Add(1)
					if hangs {
						return stuck.call(ctx)
					}
					return nil
				}}
				slow := &hooks{id: "slow", enable: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
				d := unstarted(t, db, quick, slow)
				started := make(chan error, 1)
				go func() { started <- d.Start(context.WithoutCancel(t.Context())) }()
				synctest.Wait() // quick is enabled, and slow is not
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				err := d.Shutdown(ctx)
				if hangs && (err == nil || !strings.Contains(err.Error(), "gave up on hooks of quick")) || !hangs && err != nil {
					t.Errorf("Shutdown: got %v", err)
				}
				if n := disabled.Load(); n != 1 {
					t.Errorf("disabled %d times, want once", n)
				}
				if err := <-started; !errors.Is(err, context.Canceled) {
					t.Errorf("Start: got %v, want %v", err, context.Canceled)
				}
				wantNobody(t, db)
			})
		})
	}
}

// An Enable that returns although it was told to end has had its effect: Disable
// takes that back.
func TestShutdownWhileEnabling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := memory(t)
		var disabled atomic.Int32
		d := unstarted(t, db, &hooks{id: "one", enable: func(ctx context.Context) error { <-ctx.Done(); return nil },
			disable: func(ctx context.Context) error { disabled.Add(1); return ctx.Err() }})
		started := make(chan error, 1)
		go func() { started <- d.Start(context.WithoutCancel(t.Context())) }()
		synctest.Wait()
		if err := d.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if n := disabled.Load(); n != 1 {
			t.Errorf("disabled %d times, want once", n)
		}
		if err := <-started; !errors.Is(err, context.Canceled) {
			t.Errorf("Start: got %v, want %v", err, context.Canceled)
		}
		wantNobody(t, db)
	})
}

// wantNobody checks that no instance has left its row behind: others would wait
// for what it seems to enable.
func wantNobody(t *testing.T, db *storage.DB) {
	t.Helper()
	var n int
	err := db.QueryRow(t.Context(), `SELECT (SELECT COUNT(*) FROM lifecycle_instances) + (SELECT COUNT(*) FROM lifecycle_actual)`).Scan(&n)
	if err != nil || n != 0 {
		t.Errorf("left %d rows of instances behind, %v", n, err)
	}
}

// moments is how many times a start is disturbed: fewer in short tests.
func moments(n int) int {
	if testing.Short() {
		return n / 3
	}
	return n
}

// A start may be told to stop at any moment.
func TestShutdownWhileStarting(t *testing.T) {
	t.Parallel()
	db := memory(t)
	for i := range moments(60) {
		var enabled, disabled atomic.Int32
		d := unstarted(t, db, &hooks{id: "one", enable: func(context.Context) error { enabled.Add(1); return nil },
			disable: func(context.Context) error { disabled.Add(1); return nil }}, &hooks{id: "two"})
		started := make(chan error, 1)
		go func() { started <- d.Start(t.Context()) }()
		if i > 0 { // the first makes the tables
			<-time.After(time.Duration(i) * 18 * time.Millisecond / time.Duration(moments(60)))
		} else if err := <-started; err != nil {
			t.Fatal(err)
		} else {
			started <- nil
		}
		if err := d.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-started; err != nil && !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "shut down") {
			t.Errorf("Start: %v", err)
		}
		if up, down := enabled.Load(), disabled.Load(); up != down {
			t.Errorf("enabled %d times, disabled %d times", up, down)
		}
		wantNobody(t, db)
	}
}

// A start whose context ends at any moment fails, or is over; and another dashboard
// can start in the same process.
func TestStartEnds(t *testing.T) {
	t.Parallel()
	db := memory(t)
	first := unstarted(t, db)
	if err := errors.Join(first.Start(t.Context()), first.Shutdown(t.Context())); err != nil {
		t.Fatal(err)
	}
	for i := range moments(30) {
		d := unstarted(t, db, &hooks{id: "one"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*15*time.Millisecond/time.Duration(moments(30)))
		if err := d.Start(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			t.Errorf("Start: %v", err)
		}
		cancel()
		if err := d.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		wantNobody(t, db)
	}
	last := unstarted(t, db, &hooks{id: "one"})
	if err := errors.Join(last.Start(t.Context()), last.Shutdown(t.Context())); err != nil {
		t.Error(err)
	}
}

// Two processes that start on a new database at once make one set of tables, keys
// and modules.
func TestTwoStartAtOnce(t *testing.T) {
	t.Parallel()
	for range moments(6) {
		file := filepath.Join(t.TempDir(), "test.db")
		var installed atomic.Int32
		var both sync.WaitGroup
		var ds []*dashboard.Dashboard
		for range 2 {
			db, err := sqlite.Open(file, sqlite.WithLazyOpen())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			d, err := dashboard.New(db, dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithFastPasswords(),
				dashboard.WithFirstAccount(ownerEmail, ownerPassword),
				dashboard.WithModules(&hooks{id: "one", install: func(context.Context) error { installed.Add(1); return nil }}))
			if err != nil {
				t.Fatal(err)
			}
			ds = append(ds, d)
			both.Go(func() {
				if err := d.Start(t.Context()); err != nil {
					t.Errorf("Start: %v", err)
				}
			})
		}
		both.Wait()
		if n := installed.Load(); n != 1 {
			t.Errorf("installed %d times, want once", n)
		}
		text := fmt.Sprintf(`{"email":%q,"password":%q,"delivery":"token"}`, ownerEmail, ownerPassword)
		for _, d := range ds {
			if w := signIn(t, d, strings.NewReader(text)); w.Code != http.StatusOK {
				t.Errorf("sign in: got %d: %s", w.Code, w.Body)
			}
		}
		for _, d := range ds {
			if err := d.Shutdown(t.Context()); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
		}
	}
}
