// Package broken is an example module that is broken on purpose: its page
// throws, its panel fails, its health check fails, and its endpoints panic or
// hang. It shows, and lets tests check, that the rest goes on unharmed.
package broken

import (
	"context"
	"embed"
	"errors"
	"io/fs"

	"github.com/modular-dashboard/dashboard"
)

// Read is the one right that the module knows.
var Read = dashboard.NewPermission("fault.read", "See what is broken")

var errBroken = errors.New("broken on purpose")

// Module is broken.
type Module struct{}

// New returns the module.
func New() *Module { return &Module{} }

// Manifest describes the module.
func (m *Module) Manifest() dashboard.Manifest {
	return dashboard.Manifest{
		ID: "broken", Version: "1.0.0", Title: "Broken",
		Description: "An example of a module that fails wherever it can.",
		Permissions: []dashboard.Permission{Read},
	}
}

// Health always fails.
func (m *Module) Health(context.Context) error { return errBroken }

//go:embed assets
var files embed.FS

// Assets hold a page that throws.
func (m *Module) Assets() fs.FS {
	sub, err := fs.Sub(files, "assets")
	if err != nil {
		return files // the folder is embedded above: it is there
	}
	return sub
}

// Routes declares endpoints that misbehave, each in its own way.
func (m *Module) Routes(r *dashboard.Router) error {
	dashboard.Get(r, "/panic", func(context.Context, struct{}) (struct{}, error) {
		panic("broken on purpose")
	}, dashboard.Require(Read), dashboard.Summary("Panics"))
	dashboard.Get(r, "/hang", func(ctx context.Context, _ struct{}) (struct{}, error) {
		<-ctx.Done()
		return struct{}{}, ctx.Err()
	}, dashboard.Require(Read), dashboard.Summary("Hangs until its request ends"))
	r.Panel(dashboard.Stat("fails", "A panel that fails", func(context.Context) (dashboard.StatData, error) {
		return dashboard.StatData{}, errBroken
	}, dashboard.Require(Read)))
	return nil
}

// Interface guards.
var (
	_ dashboard.Module        = (*Module)(nil)
	_ dashboard.HealthChecker = (*Module)(nil)
	_ dashboard.Assets        = (*Module)(nil)
)
