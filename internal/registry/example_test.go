package registry_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// An action records what is desired; the instances of the fleet follow.
func Example() {
	ctx := context.Background()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	say := func(what string) func(context.Context) error {
		return func(context.Context) error { fmt.Println(what); return nil }
	}
	billing := registry.Unit{
		Manifest: lifecycle.Manifest{ID: "billing", Version: "1.0.0"},
		Install:  say("once per fleet: install"),
		Enable:   say("on each instance: enable"),
		Disable:  say("on each instance: disable"),
	}
	r, err := registry.New(db, storage.NewMemoryBus(), storage.NewLocker(db), []registry.Unit{billing},
		registry.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := r.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer r.Stop(ctx)
	_ = r.Settle(ctx)
	fmt.Println(r.Actual("billing"))

	result, err := r.Act(ctx, "billing", lifecycle.OpDisable, registry.Request{Actor: "ann"})
	_ = r.Settle(ctx)
	fmt.Println(r.Actual("billing"), "at generation", result.Generation, err)
	// Output:
	// once per fleet: install
	// on each instance: enable
	// enabled
	// on each instance: disable
	// installed at generation 2 <nil>
}
