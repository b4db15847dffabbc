package registry_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
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
		want := "install billing, enable billing, install reports, enable reports, " +
			"drain reports, disable reports, drain billing, disable billing, " +
			"uninstall reports false, uninstall billing true, purge billing"
		if got := j.String(); got != want {
			t.Errorf("hooks: got %s\nwant %s", got, want)
		}
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
	if err := r.Start(t.Context()); err != registry.ErrStopped {
		t.Errorf("start after stop: got %v, want %v", err, registry.ErrStopped)
	}
}
