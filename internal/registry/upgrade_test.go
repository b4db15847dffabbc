package registry_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/storage"
)

// migrated gives a unit migrations 1 to n that each add a row.
func migrated(u registry.Unit, n int) registry.Unit {
	table := strings.ReplaceAll(u.Manifest.ID, "-", "_") + "__rows"
	u.Migrations = func() []storage.Migration {
		list := []storage.Migration{{Version: 1, Name: "rows", SQL: "CREATE TABLE " + table + " (n BIGINT); INSERT INTO " + table + " VALUES (1)"}}
		for v := 2; v <= n; v++ {
			list = append(list, storage.Migration{Version: v, Name: "row", SQL: fmt.Sprintf("INSERT INTO %s VALUES (%d)", table, v)})
		}
		return list
	}
	u.Purge = func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Exec(ctx, "DROP TABLE "+table)
		return err
	}
	return u
}

// rows returns what the migrations of a module have added: "1 2 3".
func rows(t *testing.T, db *storage.DB, id string) string {
	t.Helper()
	rs, err := db.Query(t.Context(), "SELECT n FROM "+strings.ReplaceAll(id, "-", "_")+"__rows ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	defer rs.Close()
	var all []string
	for rs.Next() {
		var n int
		if err := rs.Scan(&n); err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(n))
	}
	if err := rs.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, " ")
}

// TestRollingDeploy upgrades a fleet of two, one after the other.
func TestRollingDeploy(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		v1 := func() registry.Unit { return migrated(j.unit("billing", "1.0.0"), 1) }
		v2 := func() registry.Unit { return migrated(j.unit("billing", "2.0.0"), 3) }
		a := start(t, db, options{InstanceID: "a"}, v1())
		b := start(t, db, options{InstanceID: "b"}, v1())
		settle(t, a, b)
		stop(t, b)
		b2 := start(t, db, options{InstanceID: "b2"}, v2())
		settle(t, b2)
		wantState(t, a, "billing", lifecycle.Enabled)
		wantState(t, b2, "billing", lifecycle.Blocked)
		v := view(t, b2, "billing")
		if in := onInstance(t, b2, "billing", "b2"); !strings.Contains(in.Detail, "waits for instance a") || !strings.Contains(in.Detail, "1.0.0") || v.State != lifecycle.Enabled {
			t.Errorf("waiting: got %+v", v)
		}
		stop(t, a)
		a2 := start(t, db, options{InstanceID: "a2"}, v2())
		eventually(t, b2, "billing", lifecycle.Enabled)
		eventually(t, a2, "billing", lifecycle.Enabled)
		if got := rows(t, db, "billing"); got != "1 2 3" {
			t.Errorf("migrations: got %s, want 1 2 3", got)
		}
		if n := j.count("upgrade billing from 1.0.0 to 2.0.0"); n != 1 {
			t.Errorf("upgrade hooks: got %d, want 1", n)
		}
		if v := view(t, a2, "billing"); v.InstalledVersion != "2.0.0" || v.Desired != lifecycle.Enabled {
			t.Errorf("view: got %+v", v)
		}
	})
}

// onInstance returns where a module stands on an instance.
func onInstance(t *testing.T, r *registry.Registry, id, instance string) registry.Instance {
	t.Helper()
	for _, in := range view(t, r, id).Instances {
		if in.ID == instance {
			return in
		}
	}
	t.Fatalf("instance %s is not there", instance)
	return registry.Instance{}
}

// TestUpgradeWhenAsked does not wait for the old instance, which goes on.
func TestUpgradeWhenAsked(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		a := start(t, db, options{InstanceID: "a"}, migrated(j.unit("billing", "1.0.0"), 1))
		settle(t, a)
		b := start(t, db, options{InstanceID: "b"}, migrated(j.unit("billing", "2.0.0"), 2))
		settle(t, b)
		wantState(t, b, "billing", lifecycle.Blocked)
		if got := act(t, b, lifecycle.OpUpgrade, "billing", registry.Request{}); !got.Changed || lifecycle.Format(got.Steps) != "1. upgrade billing 1.0.0 to 2.0.0\n" {
			t.Errorf("upgrade: got %+v", got)
		}
		settle(t, b)
		wantState(t, b, "billing", lifecycle.Enabled)
		wantState(t, a, "billing", lifecycle.Enabled)
		_, err := a.Act(t.Context(), "billing", lifecycle.OpUpgrade, registry.Request{})
		if _, refused := errors.AsType[*lifecycle.RefusedError](err); !refused || !strings.Contains(err.Error(), "downgrade") {
			t.Errorf("upgrade by old code: got %v, want a refusal", err)
		}
		stop(t, a)
		a = start(t, db, options{InstanceID: "a"}, migrated(j.unit("billing", "1.0.0"), 1))
		settle(t, a)
		if got := onInstance(t, a, "billing", "a"); got.State != lifecycle.Blocked || !strings.Contains(got.Detail, "a downgrade is not possible") {
			t.Errorf("old code started again: got %+v", got)
		}
	})
}

func TestMigrationWithoutNewVersion(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		r := start(t, db, options{}, migrated(j.unit("billing", "1.0.0"), 1))
		settle(t, r)
		stop(t, r)
		r = start(t, db, options{}, migrated(j.unit("billing", "1.0.0"), 2))
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Enabled)
		if got := rows(t, db, "billing"); got != "1 2" {
			t.Errorf("migrations: got %s, want 1 2", got)
		}
		stop(t, r)
		r = start(t, db, options{}, migrated(j.unit("billing", "1.0.0"), 1)) // from the future
		settle(t, r)
		wantFailure(t, r, "enable/begin", "version")
		act(t, r, lifecycle.OpRetry, "billing", registry.Request{})
		settle(t, r)
		if f := view(t, r, "billing").Failure; f == nil || f.Attempt != 2 {
			t.Errorf("failure: got %+v, want attempt 2", f)
		}
	})
}

func TestKeptData(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		r := start(t, db, options{}, migrated(j.unit("billing", "2.0.0"), 2))
		settle(t, r)
		act(t, r, lifecycle.OpUninstall, "billing", registry.Request{})
		settle(t, r)
		if v := view(t, r, "billing"); v.KeptVersion != "2.0.0" || v.InstalledVersion != "" || v.State != lifecycle.Available {
			t.Errorf("after uninstall: got %+v", v)
		}
		stop(t, r)
		r = start(t, db, options{}, migrated(j.unit("billing", "1.0.0"), 1))
		settle(t, r)
		_, err := r.Act(t.Context(), "billing", lifecycle.OpInstall, registry.Request{})
		if err == nil || !strings.Contains(err.Error(), "downgrade") {
			t.Errorf("install below the kept data: got %v, want a refusal", err)
		}
		stop(t, r)
		r = start(t, db, options{}, migrated(j.unit("billing", "2.1.0"), 3))
		settle(t, r)
		act(t, r, lifecycle.OpEnable, "billing", registry.Request{})
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Enabled)
		if got := rows(t, db, "billing"); got != "1 2 3" {
			t.Errorf("migrations: got %s, want 1 2 3", got)
		}
		act(t, r, lifecycle.OpUninstall, "billing", registry.Request{Purge: true})
		settle(t, r)
		act(t, r, lifecycle.OpEnable, "billing", registry.Request{})
		settle(t, r)
		if got := rows(t, db, "billing"); got != "1 2 3" {
			t.Errorf("migrations after a purge: got %s, want 1 2 3", got)
		}
	})
}

// TestUninstallWaits has an instance that takes its time to disable.
func TestUninstallWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		free := make(chan struct{})
		slow := j.unit("billing", "1.0.0")
		slow.Disable = func(context.Context) error { <-free; j.add("disable slow"); return nil }
		a := start(t, db, options{InstanceID: "a"}, j.unit("billing", "1.0.0"))
		b := start(t, db, options{InstanceID: "b", HookTimeout: time.Hour}, slow)
		settle(t, a, b)
		act(t, a, lifecycle.OpUninstall, "billing", registry.Request{})
		eventually(t, a, "billing", lifecycle.Installed)
		eventually(t, b, "billing", lifecycle.Disabling)
		pass(20 * time.Second)
		if v := view(t, a, "billing"); v.State != lifecycle.Disabling || !strings.Contains(v.Instances[0].Detail, "waits for instance b") {
			t.Errorf("meanwhile: got %+v", v)
		}
		close(free)
		eventually(t, a, "billing", lifecycle.Available)
		eventually(t, b, "billing", lifecycle.Available)
		wantOrder(t, j, "disable billing", "disable slow", "uninstall billing false")
	})
}

// TestPropagation sees that the other instance follows within a second of the
// bubble's time, by polling alone.
func TestPropagation(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		a := start(t, db, options{InstanceID: "a"}, j.unit("billing", "1.0.0"))
		b := start(t, db, options{InstanceID: "b"}, j.unit("billing", "1.0.0"))
		settle(t, a, b)
		for range 10 {
			for op, want := range map[lifecycle.Op]lifecycle.State{lifecycle.OpDisable: lifecycle.Installed, lifecycle.OpEnable: lifecycle.Enabled} {
				result := act(t, a, op, "billing", registry.Request{})
				if !result.Changed {
					continue
				}
				begin := time.Now()
				eventually(t, b, "billing", want)
				if took := time.Since(begin); took > time.Second {
					t.Errorf("%s took %v to reach the other instance", op, took)
				}
				settle(t, a, b)
			}
		}
	})
}

func TestBusWakes(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		bus := storage.NewMemoryBus()
		defer bus.Close()
		open := func(id string) *registry.Registry {
			r, err := registry.New(db, bus, storage.NewLocker(db), []registry.Unit{j.unit("billing", "1.0.0")},
				options{InstanceID: id, Poll: time.Hour, Log: testLog(t)})
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { stop(t, r) })
			return r
		}
		a, b := open("a"), open("b")
		eventually(t, a, "billing", lifecycle.Enabled)
		eventually(t, b, "billing", lifecycle.Enabled)
		begin := time.Now()
		act(t, a, lifecycle.OpDisable, "billing", registry.Request{})
		eventually(t, b, "billing", lifecycle.Installed)
		if took := time.Since(begin); took > time.Second {
			t.Errorf("took %v, want that the bus wakes it", took)
		}
	})
}

// TestInstances sees who is shown as living, and that a dead one is forgotten.
func TestInstances(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		a := start(t, db, options{InstanceID: "a", Host: "alpha"}, j.unit("billing", "1.0.0"))
		settle(t, a)
		dead := startOnly(t, db, options{InstanceID: "z", Host: "zeta"}, j.unit("billing", "1.0.0"))
		settle(t, dead)
		registry.Kill(dead)
		list := view(t, a, "billing").Instances
		if len(list) != 2 || !list[0].Current || !list[0].Live || list[0].Host != "alpha" || list[1].Current || !list[1].Live {
			t.Errorf("at first: got %+v", list)
		}
		pass(7 * time.Second)
		if list = view(t, a, "billing").Instances; len(list) != 2 || list[1].Live || list[1].State != lifecycle.Enabled {
			t.Errorf("after missed heartbeats: got %+v", list)
		}
		pass(12 * time.Minute)
		if list = view(t, a, "billing").Instances; len(list) != 1 {
			t.Errorf("at last: got %+v", list)
		}
		synctest.Wait()
	})
}

// TestTwiceTheSameInstance gives two processes one id.
func TestTwiceTheSameInstance(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		a := start(t, db, options{InstanceID: "same"}, j.unit("billing", "1.0.0"))
		b := start(t, db, options{InstanceID: "same"}, j.unit("billing", "1.0.0"))
		settle(t, a, b)
		pass(3 * time.Second)
		list := view(t, a, "billing").Instances
		if len(list) != 2 || !list[0].Live || !list[1].Live || list[0].State != lifecycle.Enabled || list[1].State != lifecycle.Enabled {
			t.Errorf("got %+v, want two", list)
		}
		stop(t, b)
		if list = view(t, a, "billing").Instances; len(list) != 1 || !list[0].Current {
			t.Errorf("after one stopped: got %+v", list)
		}
	})
}

// TestNewerCodeTakesOver kills the only instance in the install hook; newer code
// carries on once the old one is dead, with all of its own migrations.
func TestNewerCodeTakesOver(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		var old *registry.Registry
		begun, ready := make(chan struct{}), make(chan struct{})
		hook := func(point string) {
			if point == "billing/install/hook/begin" {
				close(begun)
				<-ready
				registry.Die(old)
			}
		}
		old = startOnly(t, db, options{InstanceID: "old", StepHook: hook}, migrated(j.unit("billing", "1.0.0"), 2))
		<-begun // or else the new one may be the one that installs
		passed := &journal{}
		r := start(t, db, options{InstanceID: "new", StepHook: func(point string) { passed.add("%s", point) }}, migrated(j.unit("billing", "2.0.0"), 3))
		pass(10 * time.Second)
		if got := onInstance(t, r, "billing", "new"); got.State != lifecycle.Installing {
			t.Errorf("while the old one lives: got %+v, want installing", got)
		}
		close(ready)
		registry.Kill(old)
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Enabled)
		if v := view(t, r, "billing"); v.InstalledVersion != "2.0.0" {
			t.Errorf("version: got %s, want 2.0.0", v.InstalledVersion)
		}
		if passed.count("billing/install/migration:3/done") != 1 {
			t.Errorf("points: got %s, want the install to run migration 3", passed)
		}
		if got := rows(t, db, "billing"); got != "1 2 3" {
			t.Errorf("migrations: got %s, want 1 2 3", got)
		}
	})
}

// TestUninstallWaitsForFailed has an instance that cannot disable the module.
func TestUninstallWaitsForFailed(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		u := j.unit("billing", "1.0.0")
		u.Disable = func(context.Context) error { return errBroken }
		a := start(t, db, options{InstanceID: "a"}, j.unit("billing", "1.0.0"))
		b := start(t, db, options{InstanceID: "b"}, u)
		settle(t, a, b)
		act(t, a, lifecycle.OpUninstall, "billing", registry.Request{})
		pass(10 * time.Second)
		if v := view(t, a, "billing"); v.State != lifecycle.Failed || v.InstalledVersion != "1.0.0" || j.count("uninstall billing false") != 0 {
			t.Errorf("with an instance that failed: got %+v", v)
		}
		act(t, a, lifecycle.OpForce, "billing", registry.Request{})
		eventually(t, a, "billing", lifecycle.Available)
		eventually(t, b, "billing", lifecycle.Available)
	})
}

// TestUpgradeInOrder upgrades what is required first, when the new code needs
// it in a newer version.
func TestUpgradeInOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		a := start(t, db, options{InstanceID: "a"}, j.unit("base", "1.0.0"), j.unit("app", "1.0.0", "base ^1"), j.unit("top", "1.0.0", "app"))
		settle(t, a)
		b := start(t, db, options{InstanceID: "b"}, j.unit("base", "2.0.0"), j.unit("app", "2.0.0", "base ^2"), j.unit("top", "1.0.0", "app"))
		settle(t, b)
		if got := onInstance(t, b, "app", "b"); got.State != lifecycle.Blocked || !strings.Contains(got.Detail, "base is blocked") && !strings.Contains(got.Detail, "needs base ^2, but 1.0.0 is installed") {
			t.Errorf("app on the new instance: got %+v, want blocked by base", got)
		}
		_, err := b.Act(t.Context(), "app", lifecycle.OpUpgrade, registry.Request{})
		if e, refused := errors.AsType[*lifecycle.RefusedError](err); !refused || strings.Join(e.Requires, " ") != "base" {
			t.Errorf("upgrade of app alone: got %v, want a refusal for base", err)
		}
		act(t, b, lifecycle.OpUpgrade, "app", registry.Request{Cascade: true})
		settle(t, b)
		wantState(t, b, "app", lifecycle.Enabled)
		wantOrder(t, j, "upgrade base from 1.0.0 to 2.0.0", "upgrade app from 1.0.0 to 2.0.0")
		pass(5 * time.Second)
		for _, id := range []string{"base", "app", "top"} { // the old code goes on
			wantState(t, a, id, lifecycle.Enabled)
		}
		stop(t, a)
		wantState(t, b, "top", lifecycle.Enabled)
	})
}

// TestUninstallInOrder has a module whose uninstall takes its time; what it
// requires goes after it.
func TestUninstallInOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		u := j.unit("reports", "1.0.0", "billing")
		u.Uninstall = func(context.Context, bool) error { pass(5 * time.Second); j.add("uninstall reports"); return nil }
		r := start(t, db, options{}, u, j.unit("billing", "1.0.0"))
		settle(t, r)
		act(t, r, lifecycle.OpUninstall, "billing", registry.Request{Cascade: true})
		settle(t, r)
		wantOrder(t, j, "disable reports", "disable billing", "uninstall reports", "uninstall billing false")
	})
}

// TestUninstallBeforeEnable uninstalls a module just when another instance is
// about to enable it, after the module that it requires: that must notice.
func TestUninstallBeforeEnable(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		a := start(t, db, options{InstanceID: "a"}, j.unit("base", "1.0.0"), j.unit("billing", "1.0.0", "base"))
		settle(t, a)
		asked := false
		hook := func(point string) {
			if point == "billing/enable/before" && !asked {
				asked = true
				pass(time.Second) // b has read all there is and does not look again
				act(t, a, lifecycle.OpUninstall, "billing", registry.Request{})
				eventually(t, a, "billing", lifecycle.Available)
			}
		}
		u := j.unit("billing", "1.0.0", "base")
		u.Enable = func(context.Context) error { t.Error("enabled although it is uninstalled"); return nil }
		b := start(t, db, options{InstanceID: "b", StepHook: hook, Poll: time.Hour}, j.unit("base", "1.0.0"), u)
		settle(t, b)
		wantState(t, b, "billing", lifecycle.Available)
		if !asked {
			t.Error("the moment never came")
		}
	})
}
