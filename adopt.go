package dashboard

import (
	"context"
	"errors"
	"fmt"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/storage"
)

// adoptOne takes a module in: manifest, host, permissions, settings, assets,
// and the routes once on a throwaway router.
func (d *Dashboard) adoptOne(module Module) error {
	manifest := module.Manifest()
	id := manifest.ID
	if err := lifecycle.ValidateManifest(manifest.lifecycle()); err != nil {
		return err
	}
	if id == coreModule || d.modules[id] != nil {
		return fmt.Errorf("module %s: the id is taken", id)
	}
	for _, other := range d.order {
		if tablePrefix(other.id) == tablePrefix(id) {
			return fmt.Errorf("module %s: its tables would be those of module %s", id, other.id)
		}
	}
	m := &hosted{id: id, manifest: manifest, module: module, host: newHost(d, id)}
	if err := d.adoptPermissions(m); err != nil {
		return fmt.Errorf("module %s: %w", id, err)
	}
	if p, ok := module.(Provisioner); ok {
		if err := guard(func() error { return p.Provision(m.host) }); err != nil {
			return fmt.Errorf("provision module %s: %w", id, located(err))
		}
	}
	if a, ok := module.(Assets); ok {
		var err error
		if m.assets, err = loadAssets(a.Assets()); err != nil {
			return fmt.Errorf("module %s: %w", id, err)
		}
	}
	if err := m.adoptJobs(); err != nil {
		return fmt.Errorf("module %s: %w", id, located(err))
	}
	tried, err := d.newSlot(m)
	if err != nil {
		return located(err)
	}
	m.flags = tried.flags
	d.modules[id] = m
	d.order = append(d.order, m)
	return nil
}

func (d *Dashboard) adoptPermissions(m *hosted) error {
	seen := map[string]bool{}
	for _, p := range m.manifest.Permissions {
		if err := p.check(); err != nil {
			return err
		}
		if seen[p.name] {
			return fmt.Errorf("permission %q is listed twice", p.name)
		}
		seen[p.name] = true
		perm, err := d.auth.RegisterPermission(m.id + "." + p.name)
		if err != nil {
			return err
		}
		m.permissions = append(m.permissions, perm)
	}
	return nil
}

func (m *hosted) title() string {
	if m.manifest.Title != "" {
		return m.manifest.Title
	}
	return m.id
}

// capabilities lists the optional interfaces that the module implements.
func (m *hosted) capabilities() []string {
	out := []string{}
	add := func(name string, has bool) {
		if has {
			out = append(out, name)
		}
	}
	is := m.module
	_, migrates := is.(Migrator)
	_, installs := is.(Installer)
	_, upgrades := is.(Upgrader)
	_, uninstalls := is.(Uninstaller)
	_, enables := is.(Enabler)
	_, disables := is.(Disabler)
	_, health := is.(HealthChecker)
	add("migrations", migrates)
	add("install", installs)
	add("upgrade", upgrades)
	add("uninstall", uninstalls)
	add("enable", enables)
	add("disable", disables)
	add("health", health)
	add("settings", m.settings != nil)
	add("assets", m.assets != nil)
	add("jobs", len(m.jobs) > 0)
	return out
}

// unit is the module as the registry drives it.
func (d *Dashboard) unit(m *hosted) registry.Unit {
	u := registry.Unit{
		Manifest: m.manifest.lifecycle(),
		Scope:    "module_" + m.id, // no scope of our own has an underscore
		Enable:   d.observed(m, "enable", func(ctx context.Context) error { return d.enable(ctx, m) }),
		Drain:    d.observed(m, "drain", func(ctx context.Context) error { return d.drain(ctx, m) }),
		Disable:  d.observed(m, "disable", func(ctx context.Context) error { return d.disable(ctx, m) }),
		Purge: func(ctx context.Context, tx *storage.Tx) error {
			return d.observed(m, "purge", func(ctx context.Context) error { return d.purge(ctx, tx, m) })(ctx)
		},
	}
	if x, ok := m.module.(Migrator); ok {
		u.Migrations = x.Migrations
	}
	if x, ok := m.module.(Installer); ok {
		u.Install = d.observed(m, "install", x.Install)
	}
	if x, ok := m.module.(Upgrader); ok {
		u.Upgrade = func(ctx context.Context, from string) error {
			return d.observed(m, "upgrade", func(ctx context.Context) error { return x.Upgrade(ctx, from) })(ctx)
		}
	}
	if x, ok := m.module.(Uninstaller); ok {
		u.Uninstall = func(ctx context.Context, purge bool) error {
			return d.observed(m, "uninstall", func(ctx context.Context) error { return x.Uninstall(ctx, purge) })(ctx)
		}
	}
	return u
}

// purge drops the module's tables and its settings.
func (d *Dashboard) purge(ctx context.Context, tx *storage.Tx, m *hosted) error {
	if err := tx.DropTables(ctx, tablePrefix(m.id)); err != nil {
		return fmt.Errorf("purge module %s: %w", m.id, err)
	}
	if err := d.jobs.Purge(ctx, tx, m.id); err != nil {
		return err
	}
	if m.settings == nil {
		return nil
	}
	return d.settings.Purge(ctx, tx, m.id)
}

// configure finds the modules' settings, once the stores are there.
func (d *Dashboard) configure() error {
	var errs []error
	for _, m := range d.order {
		c, ok := m.module.(Configurable)
		if !ok {
			continue
		}
		err := guard(func() error {
			s := c.Settings()
			m.settings = &s
			return d.registerSettings(m)
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("module %s: %w", m.id, located(err)))
		}
	}
	return errors.Join(errs...)
}
