package registry

import (
	"context"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

// A Unit is a module as the registry sees it. Nil functions have nothing to do.
//
// Every function is called under recover and with a context that ends after
// [Options].HookTimeout, or when the registry stops. One that does not return
// then is given up on: its step has failed, its late result is ignored, and no
// function of the unit is called until it has returned. Install, Upgrade and
// Uninstall may be called again after a crash that fell between their effect
// and the record of it, so they must be idempotent.
type Unit struct {
	Manifest lifecycle.Manifest
	// Scope is the scope of the migrations in package storage. Default: the
	// module's id.
	Scope string
	// Migrations returns the whole list, in order. It is called once, by New.
	Migrations func() []storage.Migration

	// Install runs once per fleet after the first migrations, Upgrade after
	// those of a newer version, Uninstall before the data is purged or left.
	Install   func(ctx context.Context) error
	Upgrade   func(ctx context.Context, from string) error
	Uninstall func(ctx context.Context, purge bool) error
	// Purge removes the data of the module. What it does, the record of it and
	// forgetting the migrations are one transaction.
	Purge func(ctx context.Context, tx *storage.Tx) error

	// Enable makes the module answer on this instance. [lifecycle.ErrSkip]
	// means "not here" and is no failure. An Enable that fails, or whose
	// context ends before it returns, must leave nothing behind. See [Forced].
	Enable func(ctx context.Context) error
	// Drain lets no new requests in and waits for the present ones. Nil: Disable
	// does that too.
	Drain func(ctx context.Context) error
	// Disable ends what Enable began. It is also called to roll back an Enable
	// that failed, and must then be happy to find nothing.
	Disable func(ctx context.Context) error
}

type forcedKey struct{}

// Forced reports whether an Enable is called again after it failed because a
// person asked to force it: publish the module although its own hook fails.
func Forced(ctx context.Context) bool {
	forced, _ := ctx.Value(forcedKey{}).(bool)
	return forced
}

// Defaults of [Options].
const (
	DefaultHookTimeout      = 30 * time.Second
	DefaultMigrationTimeout = 10 * time.Minute
	DefaultPoll             = 400 * time.Millisecond
	DefaultHeartbeat        = time.Second
	DefaultLease            = 5 * time.Second
)
