package dashboard

import (
	"context"
	"io/fs"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

// A Module is one feature of a dashboard. Its life:
//
//  1. [New] reads Manifest, which must be cheap, pure and constant, hands a
//     [Provisioner] its [Host], and calls Routes once on a throwaway Router, so
//     that a mistake stops the start of the program.
//  2. Once per fleet, when the module is installed or upgraded, the migrations
//     of a [Migrator] run and then the hook of an [Installer] or [Upgrader].
//  3. On each instance, when the module is enabled, its settings are applied
//     (see [Configurable]), Routes is called with a fresh Router, the hook of an
//     [Enabler] runs, and its routes begin to answer.
//  4. On each instance, when the module is disabled, its routes stop answering,
//     requests in flight finish (10 s by default, then their contexts end), the
//     context of the Enabler ends, and the hook of a [Disabler] runs.
//  5. Once per fleet, when the module is uninstalled, the hook of an
//     [Uninstaller] runs. Data stays unless it was asked to be purged.
//
// Steps 3 and 4 repeat for as long as the process lives. A Module may also
// implement any of the capability interfaces of this file; they are looked for
// once, in New.
type Module interface {
	// Manifest describes the module. It must return the same value each time.
	Manifest() Manifest
	// Routes declares endpoints and panels. It is called at each enable with a
	// fresh Router, which must not be kept. Mistakes of single registrations
	// collect in the Router; the error returned is for anything else.
	Routes(r *Router) error
}

// A Manifest describes a [Module].
type Manifest struct {
	// ID names the module in paths, permissions and tables:
	// [a-z][a-z0-9-]{1,39}. "dashboard" is taken.
	ID string
	// Version is the semantic version of the module's code (semver.org 2.0.0).
	Version string
	// Title and Description are shown to people. Title defaults to ID.
	Title, Description string
	// Requires lists the modules this one needs; see [Need] and [Want].
	Requires []Requirement
	// Permissions lists every permission that the module's routes require. They
	// are known, and can be given to roles, also while the module is off.
	Permissions []Permission
	// Dashboard constrains the version of this library, such as ">=0.1". Empty
	// means any.
	Dashboard string
}

// A Requirement is what one module asks of another; see [Need] and [Want].
type Requirement struct {
	id, constraint string
	optional       bool
}

// Need requires that the module with the given id is enabled, in a version that
// satisfies the constraint, before this one is enabled. The constraint is
// written as for Masterminds/semver, such as "^1.2" or ">=1, <3".
func Need(id, constraint string) Requirement {
	return Requirement{id: id, constraint: constraint}
}

// Want orders only: where the other module is there, it is enabled first.
func Want(id, constraint string) Requirement {
	return Requirement{id: id, constraint: constraint, optional: true}
}

// A Provisioner is given what it may touch of the dashboard.
type Provisioner interface {
	// Provision is called once, by [New], before Routes. It must do no I/O; it
	// keeps the Host for later.
	Provision(h *Host) error
}

// A Migrator has tables. Its migrations run once per fleet before the install
// or upgrade hook, each in a transaction that also records it as done.
// Table names come from [Host.Table].
type Migrator interface {
	Migrations() []storage.Migration
}

// An Installer is called once per fleet, when the module is first installed.
// The hook may run again after a crash that fell between its effect and the
// record of it, so it must be idempotent. It has 30 s by default.
type Installer interface {
	Install(ctx context.Context) error
}

// An Upgrader is called once per fleet, after the migrations of a newer
// version, with the version that was installed. It must be idempotent.
type Upgrader interface {
	Upgrade(ctx context.Context, from string) error
}

// An Uninstaller is called once per fleet when the module is uninstalled;
// purge says whether data is to be removed as well. It must be idempotent.
type Uninstaller interface {
	Uninstall(ctx context.Context, purge bool) error
}

// An Enabler starts what runs while the module is enabled on this instance.
type Enabler interface {
	// Enable is called when the module is enabled. The context ends when the
	// module is disabled, not when Enable returns, so background work may keep
	// it; start that work with [Host.Go], and disabling waits for it.
	// [ErrSkip] means "not on this instance" and is no failure.
	Enable(ctx context.Context) error
}

// A Disabler is called on each instance after the module has stopped answering,
// its requests have ended and its background work has returned. It is called
// as well where Enable has returned nil after its context had ended.
type Disabler interface {
	Disable(ctx context.Context) error
}

// A HealthChecker reports whether the module works. It is called every few
// seconds with a context of 5 s; nil means healthy.
type HealthChecker interface {
	Health(ctx context.Context) error
}

// A Configurable module has typed settings, made by [SettingsOf].
type Configurable interface {
	Settings() Settings
}

// Assets are a module's own files for the browser, served below
// <prefix>/m/<id>/assets/ to callers who hold one of its permissions. Where
// index.js exists at the root of the file system it is the module's page: an
// ES module that exports apiVersion = 1 and mount(el, ctx).
type Assets interface {
	Assets() fs.FS
}

// ErrSkip is returned by [Enabler.Enable] for "not on this instance".
var ErrSkip = lifecycle.ErrSkip

// Func returns a Module made of a manifest and a routes function.
func Func(m Manifest, routes func(*Router) error) Module {
	return funcModule{manifest: m, routes: routes}
}

type funcModule struct {
	manifest Manifest
	routes   func(*Router) error
}

func (m funcModule) Manifest() Manifest { return m.manifest }

func (m funcModule) Routes(r *Router) error {
	if m.routes == nil {
		return nil
	}
	return m.routes(r)
}

var _ Module = funcModule{}
