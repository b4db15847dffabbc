package registry_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/storage"
)

// way is how a hook goes wrong.
type way struct {
	name string
	run  func(ctx context.Context, free <-chan struct{}) error
	want string // in the error kept
}

func ways() []way {
	return []way{
		{"error", func(context.Context, <-chan struct{}) error { return errBroken }, "broken on purpose"},
		{"panic", func(context.Context, <-chan struct{}) error { panic("oh no") }, "panic: oh no"},
		{"hang", func(_ context.Context, free <-chan struct{}) error { <-free; return nil }, "did not return within 30s"},
		{"slow", func(ctx context.Context, _ <-chan struct{}) error { <-ctx.Done(); return ctx.Err() }, "did not finish within 30s"},
	}
}

// breakHook makes one hook of u go wrong while *broken.
func breakHook(u *registry.Unit, step string, broken func() bool, w way, free <-chan struct{}) {
	wrap := func(fn func(context.Context) error) func(context.Context) error {
		return func(ctx context.Context) error {
			if broken() {
				return w.run(ctx, free)
			}
			return fn(ctx)
		}
	}
	switch step {
	case "install/hook":
		u.Install = wrap(u.Install)
	case "enable/hook":
		u.Enable = wrap(u.Enable)
	case "disable/drain":
		u.Drain = wrap(u.Drain)
	case "disable/hook":
		u.Disable = wrap(u.Disable)
	case "upgrade/hook":
		up := u.Upgrade
		u.Upgrade = func(ctx context.Context, from string) error {
			return wrap(func(ctx context.Context) error { return up(ctx, from) })(ctx)
		}
	case "uninstall/hook":
		un := u.Uninstall
		u.Uninstall = func(ctx context.Context, purge bool) error {
			return wrap(func(ctx context.Context) error { return un(ctx, purge) })(ctx)
		}
	}
}

// route leads a module into the step that is broken.
var routes = []struct {
	step   string
	before []lifecycle.Op // from enabled, with the hook still whole
	op     lifecycle.Op   // with it broken; empty: at the first start
	state  lifecycle.State

	retried, rolledBack, forced lifecycle.State
}{
	{"install/hook", nil, "", lifecycle.Failed, lifecycle.Enabled, lifecycle.Available, lifecycle.Enabled},
	{"enable/hook", nil, "", lifecycle.Failed, lifecycle.Enabled, lifecycle.Installed, lifecycle.Enabled},
	{"disable/drain", nil, lifecycle.OpDisable, lifecycle.Failed, lifecycle.Installed, lifecycle.Enabled, lifecycle.Installed},
	{"disable/hook", nil, lifecycle.OpDisable, lifecycle.Failed, lifecycle.Installed, lifecycle.Enabled, lifecycle.Installed},
	{"uninstall/hook", []lifecycle.Op{lifecycle.OpDisable}, lifecycle.OpUninstall, lifecycle.Failed,
		lifecycle.Available, lifecycle.Installed, lifecycle.Available},
}

// TestFailures breaks every hook in every way, sees that the failure is kept
// and harms nobody else, and mends it in each of the three ways.
func TestFailures(t *testing.T) {
	n := 0
	for _, route := range routes {
		for _, w := range ways() {
			for _, mend := range []lifecycle.Op{lifecycle.OpRetry, lifecycle.OpRollback, lifecycle.OpForce} {
				if n++; testing.Short() && n%2 == 0 { // three ways to mend: each is still tried, at each step and for each failure
					continue
				}
				t.Run(strings.ReplaceAll(route.step, "/", " ")+"/"+w.name+"/"+string(mend), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						want := map[lifecycle.Op]lifecycle.State{lifecycle.OpRetry: route.retried,
							lifecycle.OpRollback: route.rolledBack, lifecycle.OpForce: route.forced}[mend]
						testFailure(t, route.step, route.before, route.op, w, mend, want)
					})
				})
			}
		}
	}
}

func testFailure(t *testing.T, step string, before []lifecycle.Op, op lifecycle.Op, w way, mend lifecycle.Op, want lifecycle.State) {
	db, j, free := openMemory(t), &journal{}, make(chan struct{})
	whole := op != ""
	broken := func() bool { return !whole }
	u := j.unit("billing", "1.0.0")
	breakHook(&u, step, broken, w, free)
	r := start(t, db, options{}, u, j.unit("other", "1.0.0"), j.unit("reports", "1.0.0", "billing"))
	for _, o := range before {
		settle(t, r)
		act(t, r, o, "billing", registry.Request{Cascade: true})
	}
	settle(t, r)
	if op != "" {
		whole = false
		act(t, r, op, "billing", registry.Request{Cascade: true})
		settle(t, r)
	}
	wantFailure(t, r, step, w.want)
	wantState(t, r, "other", lifecycle.Enabled)
	if op == "" {
		wantBlocked(t, r, "reports", "billing")
	}
	attempts := view(t, r, "billing").Failure.Attempt
	if attempts != 1 {
		t.Errorf("attempts: got %d, want 1", attempts)
	}
	if w.name == "hang" {
		close(free) // what comes late is ignored
		synctest.Wait()
		wantFailure(t, r, step, w.want)
	}
	if mend != lifecycle.OpForce || step == "enable/hook" {
		whole = true
	}
	act(t, r, mend, "billing", registry.Request{Cascade: true})
	settle(t, r)
	wantState(t, r, "billing", want)
	if f := view(t, r, "billing").Failure; f != nil {
		t.Errorf("failure after %s: got %+v, want none", mend, *f)
	}
}

func wantFailure(t *testing.T, r *registry.Registry, step, text string) {
	t.Helper()
	v := view(t, r, "billing")
	if v.Failure == nil {
		t.Fatalf("failure: got none, want one at %s (%+v)", step, v)
	}
	op, _, _ := strings.Cut(step, "/")
	if got := v.Failure; string(got.Operation) != op || got.Step != step || !strings.Contains(got.Error, text) || got.Since.IsZero() {
		t.Errorf("failure: got %+v, want %s with %q", *got, step, text)
	}
	if v.State != lifecycle.Failed {
		t.Errorf("fleet state: got %s, want failed", v.State)
	}
	if got := v.Instances[0]; got.State != lifecycle.Failed || got.Failure == nil || !strings.Contains(got.Detail, text) {
		t.Errorf("instance: got %+v, want failed with %q", got, text)
	}
}

func wantBlocked(t *testing.T, r *registry.Registry, id string, by ...string) {
	t.Helper()
	v := view(t, r, id)
	if got := v.Instances[0]; got.State != lifecycle.Blocked || strings.Join(got.BlockedBy, " ") != strings.Join(by, " ") || got.Detail == "" {
		t.Errorf("instance of %s: got %+v, want blocked by %v", id, got, by)
	}
}

func TestUpgradeFailures(t *testing.T) {
	for _, w := range ways() {
		for mend, want := range map[lifecycle.Op]string{lifecycle.OpRetry: "2.0.0", lifecycle.OpRollback: "1.0.0", lifecycle.OpForce: "2.0.0"} {
			t.Run(w.name+"/"+string(mend), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testUpgradeFailure(t, w, mend, want) })
			})
		}
	}
}

func testUpgradeFailure(t *testing.T, w way, mend lifecycle.Op, want string) {
	db, j, free := openMemory(t), &journal{}, make(chan struct{})
	defer func() { close(free) }()
	r := start(t, db, options{}, j.unit("billing", "1.0.0"))
	settle(t, r)
	stop(t, r)
	whole := false
	u := j.unit("billing", "2.0.0")
	breakHook(&u, "upgrade/hook", func() bool { return !whole }, w, free)
	r = start(t, db, options{}, u)
	settle(t, r)
	wantFailure(t, r, "upgrade/hook", w.want)
	if w.name == "hang" {
		free <- struct{}{}
	}
	whole = mend == lifecycle.OpRetry
	act(t, r, mend, "billing", registry.Request{})
	settle(t, r)
	v := view(t, r, "billing")
	if v.InstalledVersion != want || v.Failure != nil {
		t.Errorf("after %s: got %+v, want version %s", mend, v, want)
	}
	if mend != lifecycle.OpRollback {
		wantState(t, r, "billing", lifecycle.Enabled)
		return
	}
	wantBlocked(t, r, "billing")
	if got := v.Instances[0].Detail; !strings.Contains(got, "rolled back") {
		t.Errorf("detail: got %q, want that the upgrade was rolled back", got)
	}
	whole = true
	act(t, r, lifecycle.OpUpgrade, "billing", registry.Request{})
	settle(t, r)
	wantState(t, r, "billing", lifecycle.Enabled)
}

func TestMigrationFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, j := openMemory(t), &journal{}
		whole := false
		u := j.unit("billing", "1.0.0")
		u.Migrations = func() []storage.Migration {
			return []storage.Migration{
				{Version: 1, Name: "one", SQL: "CREATE TABLE billing__a (n BIGINT)"},
				{Version: 2, Name: "two", Up: func(ctx context.Context, tx *storage.Tx) error {
					if !whole {
						panic("half way")
					}
					_, err := tx.Exec(ctx, "INSERT INTO billing__a VALUES (1)")
					return err
				}},
				{Version: 7, Name: "seven", SQL: "INSERT INTO billing__a VALUES (2)"},
			}
		}
		r := start(t, db, options{}, u)
		settle(t, r)
		wantFailure(t, r, "install/migration:2", "panic: half way")
		_, err := r.Act(t.Context(), "billing", lifecycle.OpForce, registry.Request{})
		if _, refused := errors.AsType[*lifecycle.RefusedError](err); !refused {
			t.Errorf("force past a migration: got %v, want a refusal", err)
		}
		whole = true
		act(t, r, lifecycle.OpRetry, "billing", registry.Request{})
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Enabled)
		var n int
		if err := db.QueryRow(t.Context(), "SELECT COUNT(*) FROM billing__a").Scan(&n); err != nil || n != 2 {
			t.Errorf("rows: got %d, %v, want 2", n, err)
		}
	})
}

// TestHangingHookHarmsNobody has a module hang for ever in each hook while
// another one is enabled and disabled, and stops the registry meanwhile.
func TestHangingHookHarmsNobody(t *testing.T) {
	for _, route := range routes {
		t.Run(strings.ReplaceAll(route.step, "/", " "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, j, free := openMemory(t), &journal{}, make(chan struct{})
				defer close(free)
				whole := route.op != ""
				u := j.unit("billing", "1.0.0")
				breakHook(&u, route.step, func() bool { return !whole }, ways()[2], free)
				r := startOnly(t, db, options{HookTimeout: 1000 * time.Hour}, u, j.unit("other", "1.0.0"))
				if route.op != "" {
					settle(t, r)
					for _, o := range route.before {
						act(t, r, o, "billing", registry.Request{})
						settle(t, r)
					}
					whole = false
					act(t, r, route.op, "billing", registry.Request{})
				}
				eventually(t, r, "other", lifecycle.Enabled)
				for range 20 {
					act(t, r, lifecycle.OpDisable, "other", registry.Request{})
					eventually(t, r, "other", lifecycle.Installed)
					act(t, r, lifecycle.OpEnable, "other", registry.Request{})
					eventually(t, r, "other", lifecycle.Enabled)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				begin := time.Now()
				err := r.Stop(ctx)
				if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "billing") {
					t.Errorf("stop: got %v, want that its time ended, for billing", err)
				}
				if took := time.Since(begin); took > 6*time.Second {
					t.Errorf("stop took %v, want 5s", took)
				}
				if again := r.Stop(t.Context()); again == nil || again.Error() != err.Error() {
					t.Errorf("second stop: got %v, want the same", again)
				}
				wantState(t, r, "other", lifecycle.Installed)
			})
		})
	}
}

// eventually waits for the state that a module has on the registry's instance.
func eventually(t *testing.T, r *registry.Registry, id string, want lifecycle.State) {
	t.Helper()
	changed := make(chan struct{}, 1)
	stop := r.Subscribe(func(registry.Event) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	defer stop()
	deadline := time.After(time.Minute)
	for r.Actual(id) != want {
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("actual state of %s: got %s, want %s", id, r.Actual(id), want)
		}
	}
}
