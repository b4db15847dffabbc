package registry

import (
	"context"
	"errors"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

// A Registry reconciles this instance's modules with the database. Its methods
// are safe for concurrent use.
type Registry struct {
	db     *storage.DB
	bus    storage.Bus
	locker storage.Locker
	opts   Options
}

// New returns a registry of the units. It validates manifests together (see
// [lifecycle.Check]) and migrations, and does no I/O. bus may be nil: then the
// fleet follows by polling alone.
func New(db *storage.DB, bus storage.Bus, locker storage.Locker, units []Unit, opts Options) (*Registry, error) {
	return &Registry{db: db, bus: bus, locker: locker, opts: opts.withDefaults()}, nil
}

// Start brings the registry's tables up to date, registers this instance and
// the modules it sees for the first time, which are wanted enabled, and starts
// to reconcile. It does not wait for modules, so none can hold up the start;
// see [Registry.Settle]. ctx bounds Start only.
func (r *Registry) Start(ctx context.Context) error { return errors.ErrUnsupported }

// Stop disables what is enabled on this instance, in order, without changing
// what is desired, and ends every goroutine. Hooks of the fleet are canceled;
// another instance, or the next start, carries on. When ctx ends first, Stop
// gives up on hooks that hang and returns its error. Stop is idempotent, and
// valid without Start.
func (r *Registry) Stop(ctx context.Context) error { return nil }

// Settle waits until every module of this instance has come as far as it can
// for now: what is left waits for a person or for others.
func (r *Registry) Settle(ctx context.Context) error { return errors.ErrUnsupported }

// A Request is the fine print of an action.
type Request struct {
	// Cascade does it with the modules that need it, or that it needs, too.
	Cascade bool
	// Purge makes an uninstall remove the module's data; never that of modules
	// that go with it.
	Purge bool
	// IfGeneration, unless nil, is the generation that the caller has seen.
	IfGeneration *int64
	// Actor is who asks, for the audit log.
	Actor string
}

// A Result is the answer to an action.
type Result struct {
	// Generation is the module's generation now. Every instance reports the
	// generation that it has settled.
	Generation int64
	// Changed is false when there was nothing to do.
	Changed bool
	Steps   []lifecycle.Step
}

// Act records what is desired, in one transaction with its audit, and returns;
// the instances follow. Errors: [ErrUnknown], [ErrNoCode],
// [*lifecycle.RefusedError], [*GenerationError].
func (r *Registry) Act(ctx context.Context, id string, op lifecycle.Op, req Request) (Result, error) {
	return Result{}, errors.ErrUnsupported
}

// Preview returns what Act would do, or its error, and changes nothing.
func (r *Registry) Preview(ctx context.Context, id string, op lifecycle.Op, req Request) ([]lifecycle.Step, error) {
	return nil, errors.ErrUnsupported
}

// List returns every module of this program or the database, by id.
func (r *Registry) List(ctx context.Context) ([]View, error) { return nil, errors.ErrUnsupported }

// View returns one module, or [ErrUnknown].
func (r *Registry) View(ctx context.Context, id string) (View, error) {
	return View{}, errors.ErrUnsupported
}

// Actual returns where the module stands on this instance, without I/O.
// Modules that this program has no code for are available.
func (r *Registry) Actual(id string) lifecycle.State { return lifecycle.Available }

// Quarantine withdraws an enabled module on this instance until it is retried
// or disabled. It reports whether the module was enabled. It does no I/O and
// may be called from a request.
func (r *Registry) Quarantine(id, reason string) bool { return false }

// SetHealth reports the health of a module on this instance. It does no I/O;
// the next heartbeat carries it.
func (r *Registry) SetHealth(id string, h Health) {}

// Subscribe calls fn for changes of modules, one at a time. Changes of one
// module that follow each other quickly come as one. stop returns when fn is
// not running and will not be called again; it must not be called from fn.
func (r *Registry) Subscribe(fn func(Event)) (stop func()) { return func() {} }
