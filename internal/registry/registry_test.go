package registry_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/storage"
)

func TestLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, j := openMemory(t), &journal{}
		r := start(t, db, options{}, j.unit("reports", "1.0.0", "billing ^1"), j.unit("billing", "1.2.0"))
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Enabled)
		wantState(t, r, "reports", lifecycle.Enabled)
		if got := act(t, r, lifecycle.OpDisable, "billing", registry.Request{Cascade: true}); got.Generation != 2 || !got.Changed {
			t.Errorf("disable: got %+v", got)
		}
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Installed)
		wantState(t, r, "reports", lifecycle.Installed)
		act(t, r, lifecycle.OpUninstall, "billing", registry.Request{Cascade: true, Purge: true})
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Available)
		wantState(t, r, "reports", lifecycle.Available)
		wantOrder(t, j, "install billing", "install reports", "enable reports")
		wantOrder(t, j, "install billing", "enable billing", "enable reports", "drain reports", "disable reports",
			"drain billing", "disable billing", "uninstall reports false", "uninstall billing true", "purge billing")
	})
}

func TestStopWithoutStart(t *testing.T) {
	db := openMemory(t)
	r, err := registry.New(db, nil, nil, nil, registry.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
	if err := r.Start(t.Context()); !errors.Is(err, registry.ErrStopped) {
		t.Errorf("start after stop: got %v, want %v", err, registry.ErrStopped)
	}
}

// wantOrder checks that the lines are in the journal, each once, in order.
func wantOrder(t *testing.T, j *journal, lines ...string) {
	t.Helper()
	last := -1
	for _, line := range lines {
		j.mu.Lock()
		at := slices.Index(j.lines, line)
		j.mu.Unlock()
		if at <= last || j.count(line) != 1 {
			t.Errorf("journal: got %s\nwant %q once, in the order of %q", j, line, lines)
		}
		last = at
	}
}

// TestPoints compares the points that are passed with those announced.
func TestPoints(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		var mu sync.Mutex
		var got []string
		hook := func(point string) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, strings.TrimPrefix(point, "billing/"))
		}
		r := start(t, db, options{StepHook: hook}, migrated(j.unit("billing", "1.0.0"), 2))
		settle(t, r)
		act(t, r, lifecycle.OpUninstall, "billing", registry.Request{Purge: true})
		settle(t, r)
		var want []string
		for _, op := range []struct {
			op   lifecycle.Op
			work lifecycle.Work
		}{
			{lifecycle.OpInstall, lifecycle.Work{Migrations: []int{1, 2}, Hook: true}},
			{lifecycle.OpEnable, lifecycle.Work{Hook: true}},
			{lifecycle.OpDisable, lifecycle.Work{Drain: true, Hook: true}},
			{lifecycle.OpUninstall, lifecycle.Work{Hook: true, Purge: true}},
		} {
			want = append(want, lifecycle.Points(lifecycle.Steps(op.op, op.work))...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("points:\ngot  %v\nwant %v", got, want)
		}
	})
}
