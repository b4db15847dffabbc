package registry_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/storage"
)

// inBubble runs the test on a synthetic clock, which the database follows.
func inBubble(t *testing.T, f func(t *testing.T, db *storage.DB, j *journal)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, openMemory(t), &journal{}) })
}

// pass lets the bubble's time pass.
func pass(d time.Duration) { <-time.After(d) }

func TestBlockedByWhom(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		whole := false
		base := j.unit("base", "1.0.0")
		base.Enable = func(context.Context) error {
			if whole {
				return nil
			}
			return errBroken
		}
		r := start(t, db, options{}, base, j.unit("other", "1.0.0"),
			j.unit("middle", "1.0.0", "base"), j.unit("top", "1.0.0", "middle"), j.unit("wish", "1.0.0", "?base"))
		settle(t, r)
		wantState(t, r, "other", lifecycle.Enabled)
		wantState(t, r, "wish", lifecycle.Enabled)
		wantBlocked(t, r, "middle", "base")
		wantBlocked(t, r, "top", "middle")
		if got := view(t, r, "middle").Instances[0].Detail; !strings.Contains(got, "base failed at enable/hook") {
			t.Errorf("detail: got %q", got)
		}
		if got := view(t, r, "middle"); got.State != lifecycle.Installed || got.InstalledVersion != "1.0.0" {
			t.Errorf("fleet: got %+v, want installed", got)
		}
		whole = true
		act(t, r, lifecycle.OpRetry, "base", registry.Request{})
		settle(t, r)
		for _, id := range []string{"base", "middle", "top"} {
			wantState(t, r, id, lifecycle.Enabled)
		}
		if !r.Quarantine("base", "too many panics") {
			t.Error("quarantine: got false")
		}
		settle(t, r)
		synctest.Wait()
		wantState(t, r, "base", lifecycle.Quarantined)
		wantBlocked(t, r, "middle", "base")
		wantBlocked(t, r, "top", "middle")
		act(t, r, lifecycle.OpRetry, "base", registry.Request{})
		settle(t, r)
		synctest.Wait()
		wantState(t, r, "top", lifecycle.Enabled)
	})
}

func TestQuarantine(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		r := start(t, db, options{}, j.unit("billing", "1.0.0"))
		settle(t, r)
		if r.Quarantine("nobody", "") {
			t.Error("quarantine of a module that is not there: got true")
		}
		if !r.Quarantine("billing", "12 panics in a minute") || r.Quarantine("billing", "again") {
			t.Error("quarantine: want true once")
		}
		wantState(t, r, "billing", lifecycle.Quarantined) // at once
		synctest.Wait()
		v := view(t, r, "billing")
		if got := v.Instances[0]; got.State != lifecycle.Quarantined || got.Detail != "12 panics in a minute" || v.State != lifecycle.Enabled {
			t.Errorf("view: got %+v", v)
		}
		_, err := r.Act(t.Context(), "billing", lifecycle.OpForce, registry.Request{})
		if _, refused := errors.AsType[*lifecycle.RefusedError](err); !refused {
			t.Errorf("force: got %v, want a refusal", err)
		}
		act(t, r, lifecycle.OpRetry, "billing", registry.Request{})
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Enabled)
		r.Quarantine("billing", "again")
		act(t, r, lifecycle.OpDisable, "billing", registry.Request{})
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Installed)
		wantOrder(t, j, "install billing")
		if n := j.count("disable billing"); n != 2 {
			t.Errorf("disable hooks: got %d, want 2", n)
		}
	})
}

func TestSkip(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		skip := true
		u := j.unit("billing", "1.0.0")
		u.Enable = func(context.Context) error {
			j.add("asked")
			if skip {
				return lifecycle.ErrSkip
			}
			return nil
		}
		r := start(t, db, options{}, u, j.unit("reports", "1.0.0", "billing"))
		settle(t, r)
		pass(10 * time.Second)
		v := view(t, r, "billing")
		if in := v.Instances[0]; in.State != lifecycle.Installed || in.Detail != "not on this instance" || v.Failure != nil || j.count("asked") != 1 {
			t.Errorf("got %+v after %s, want installed, not on this instance, asked once", v, j)
		}
		wantBlocked(t, r, "reports", "billing")
		skip = false
		act(t, r, lifecycle.OpDisable, "billing", registry.Request{Cascade: true})
		act(t, r, lifecycle.OpEnable, "billing", registry.Request{})
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Enabled)
	})
}

func TestStoredStateIsHonored(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		r := start(t, db, options{}, j.unit("billing", "1.0.0"), j.unit("crm", "1.0.0"))
		settle(t, r)
		act(t, r, lifecycle.OpDisable, "billing", registry.Request{})
		settle(t, r)
		stop(t, r)
		r = start(t, db, options{}, j.unit("billing", "1.0.0"), j.unit("fresh", "1.0.0"))
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Installed)
		wantState(t, r, "fresh", lifecycle.Enabled)
		v := view(t, r, "crm")
		if v.Known || v.Version != "" || v.InstalledVersion != "1.0.0" || v.State != lifecycle.Installed || v.Desired != lifecycle.Enabled {
			t.Errorf("a module whose code is gone: got %+v", v)
		}
		if _, err := r.Act(t.Context(), "crm", lifecycle.OpUninstall, registry.Request{}); !errors.Is(err, registry.ErrNoCode) {
			t.Errorf("uninstall without code: got %v, want %v", err, registry.ErrNoCode)
		}
		if _, err := r.Act(t.Context(), "nobody", lifecycle.OpEnable, registry.Request{}); !errors.Is(err, registry.ErrUnknown) {
			t.Errorf("unknown: got %v, want %v", err, registry.ErrUnknown)
		}
		if _, err := r.View(t.Context(), "nobody"); !errors.Is(err, registry.ErrUnknown) {
			t.Errorf("unknown: got %v, want %v", err, registry.ErrUnknown)
		}
		all, err := r.List(t.Context())
		if err != nil || len(all) != 3 || all[0].ID != "billing" || all[1].ID != "crm" || all[2].ID != "fresh" {
			t.Errorf("list: got %+v, %v", all, err)
		}
	})
}

func TestAct(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		var trail []string
		fail := false
		audit := func(_ context.Context, _ *storage.Tx, e registry.AuditEvent) error {
			if fail {
				return errBroken
			}
			trail = append(trail, e.Actor+" "+e.Action+" "+e.Module)
			return nil
		}
		r := start(t, db, options{Audit: audit}, j.unit("billing", "1.0.0"))
		settle(t, r)
		zero, one := int64(0), int64(1)
		_, err := r.Act(t.Context(), "billing", lifecycle.OpDisable, registry.Request{IfGeneration: &zero})
		if e, ok := errors.AsType[*registry.GenerationError](err); !ok || e.Have != 1 || e.Want != 0 {
			t.Errorf("stale generation: got %v", err)
		}
		fail = true
		if _, err := r.Act(t.Context(), "billing", lifecycle.OpDisable, registry.Request{}); !errors.Is(err, errBroken) {
			t.Errorf("broken audit: got %v, want %v", err, errBroken)
		}
		if v := view(t, r, "billing"); v.Generation != 1 || v.Desired != lifecycle.Enabled {
			t.Errorf("after a broken audit: got %+v, want no change", v)
		}
		fail = false
		steps, err := r.Preview(t.Context(), "billing", lifecycle.OpDisable, registry.Request{})
		if err != nil || lifecycle.Format(steps) != "1. disable billing\n" {
			t.Errorf("preview: got %v, %v", steps, err)
		}
		if got := act(t, r, lifecycle.OpDisable, "billing", registry.Request{IfGeneration: &one, Actor: "ann"}); got.Generation != 2 || !got.Changed || len(got.Steps) != 1 {
			t.Errorf("disable: got %+v", got)
		}
		if got := act(t, r, lifecycle.OpDisable, "billing", registry.Request{}); got.Generation != 2 || got.Changed || len(got.Steps) != 0 {
			t.Errorf("disable again: got %+v, want nothing to do", got)
		}
		settle(t, r)
		want := " module.discover billing,  module.install.done billing, ann module.disable billing"
		if got := strings.Join(trail, ", "); got != want {
			t.Errorf("audit: got %q, want %q", got, want)
		}
		stop(t, r)
		if _, err := r.Act(t.Context(), "billing", lifecycle.OpEnable, registry.Request{}); !errors.Is(err, registry.ErrStopped) {
			t.Errorf("after stop: got %v, want %v", err, registry.ErrStopped)
		}
	})
}

// TestActMeanwhile asks for the contrary while a hook runs.
func TestActMeanwhile(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		u := j.unit("billing", "1.0.0")
		begun, free := make(chan struct{}, 1), make(chan struct{})
		install := u.Install
		u.Install = func(ctx context.Context) error { begun <- struct{}{}; <-free; return install(ctx) }
		r := start(t, db, options{}, u)
		<-begun
		wantState(t, r, "billing", lifecycle.Installing)
		for range 3 {
			act(t, r, lifecycle.OpUninstall, "billing", registry.Request{Purge: true})
			act(t, r, lifecycle.OpEnable, "billing", registry.Request{})
		}
		act(t, r, lifecycle.OpUninstall, "billing", registry.Request{Purge: true})
		close(free)
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Available)
		if got := j.String(); got != "install billing, uninstall billing true, purge billing" {
			t.Errorf("journal: got %s", got)
		}
	})
}

func TestEvents(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		r := start(t, db, options{}, j.unit("billing", "1.0.0"))
		settle(t, r)
		synctest.Wait()
		var last registry.Event
		n := 0
		cancel := r.Subscribe(func(e registry.Event) { last, n = e, n+1; panic("subscriber") })
		defer cancel()
		act(t, r, lifecycle.OpDisable, "billing", registry.Request{})
		settle(t, r)
		synctest.Wait()
		if want := (registry.Event{Module: "billing", State: lifecycle.Installed, Generation: 2}); last != want || n == 0 {
			t.Errorf("last of %d events: got %+v, want %+v", n, last, want)
		}
		before := n
		r.SetHealth("billing", registry.Health{Status: "failing", Detail: "no disk", Panics: 2})
		r.SetHealth("nobody", registry.Health{})
		pass(2 * time.Second) // the next heartbeat carries it
		synctest.Wait()
		if n == before {
			t.Error("health: got no event")
		}
		if got := view(t, r, "billing").Instances[0].Health; got.Status != "failing" || got.Panics != 2 {
			t.Errorf("health: got %+v", got)
		}
		cancel()
		cancel()
		before = n
		act(t, r, lifecycle.OpEnable, "billing", registry.Request{})
		settle(t, r)
		if n != before {
			t.Error("event after the subscription ended")
		}
	})
}

// Every instance is told how many live: of one that comes or leaves with its next
// heartbeat, of one that dies when it counts as dead.
func TestOnLive(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		var mu sync.Mutex
		var told []int
		want := func(what string, want ...int) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(told, want) {
				t.Errorf("%s: told %v, want %v", what, told, want)
			}
			told = nil
		}
		start(t, db, options{InstanceID: "i1", OnLive: func(n int) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, n)
		}}, j.unit("billing", "1.0.0"))
		want("alone", 1)
		i2 := startOnly(t, db, options{InstanceID: "i2"}, j.unit("billing", "1.0.0"))
		i3 := startOnly(t, db, options{InstanceID: "i3"}, j.unit("billing", "1.0.0"))
		pass(registry.DefaultHeartbeat + time.Millisecond)
		want("three", 3)
		stop(t, i2)
		pass(registry.DefaultHeartbeat)
		want("one has left", 2)
		registry.Kill(i3)
		pass(3 * registry.DefaultHeartbeat)
		want("one is late")
		pass(3 * registry.DefaultHeartbeat)
		want("one is dead", 1)
	})
}

func TestNewRefuses(t *testing.T) {
	db, j := openMemory(t), &journal{}
	bad := j.unit("billing", "1.0.0")
	bad.Migrations = func() []storage.Migration { return []storage.Migration{{Version: 2}, {Version: 1}} }
	for want, units := range map[string][]registry.Unit{
		"aa -> bb -> aa":         {j.unit("aa", "1.0.0", "bb"), j.unit("bb", "1.0.0", "aa")},
		"but billing is 1.0.0":   {j.unit("aa", "1.0.0", "billing ^2"), j.unit("billing", "1.0.0")},
		"is there twice":         {j.unit("aa", "1.0.0"), j.unit("aa", "1.0.0")},
		"migration 1 () comes":   {bad},
		"not a semantic version": {j.unit("aa", "one")},
	} {
		if _, err := registry.New(db, nil, nil, units, options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestActualIsCheap(t *testing.T) {
	db, j := openMemory(t), &journal{}
	r := start(t, db, options{}, j.unit("billing", "1.0.0"))
	settle(t, r)
	if n := testing.AllocsPerRun(100, func() { r.Actual("billing"); r.Actual("nobody") }); n != 0 {
		t.Errorf("allocations: got %v, want 0", n)
	}
}

func BenchmarkActual(b *testing.B) {
	j := &journal{}
	r, err := registry.New(nil, nil, nil, []registry.Unit{j.unit("billing", "1.0.0")}, options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Actual("billing")
	}
}
