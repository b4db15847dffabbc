package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"net/http"
	"strings"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/audit"
	"github.com/modular-dashboard/dashboard/internal/events"
	"github.com/modular-dashboard/dashboard/internal/jobs"
	"github.com/modular-dashboard/dashboard/internal/layout"
	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/internal/settings"
	"github.com/modular-dashboard/dashboard/storage"
)

// newAuth makes the authority of accounts and tokens.
func (d *Dashboard) newAuth() (*auth.Authority, error) {
	opts := []auth.Option{
		auth.WithLogger(d.log),
		auth.WithKeySource(d.loadKeys),
		auth.WithBus(d.bus),
		auth.WithAudit(d.auditAuth),
		auth.WithCookies(d.cookiesFor),
		auth.WithLimiter(signInLimiter{d}),
	}
	if u := d.config.publicURL; u != nil {
		opts = append(opts, auth.WithIssuer(u.String()+d.config.prefix), auth.WithTrustedOrigins(u.String()))
	}
	if d.config.argon2 != (auth.Argon2{}) {
		opts = append(opts, auth.WithArgon2(d.config.argon2))
	}
	return auth.New(d.db, opts...)
}

// cookiesFor names the cookies of a request by its mount.
func (d *Dashboard) cookiesFor(r *http.Request) auth.Cookies {
	s := stateOf(r.Context())
	if s == nil {
		return auth.Cookies{Insecure: auth.LoopbackHTTP(r)}
	}
	_, port, _ := net.SplitHostPort(s.host) // none: the scheme's own
	return auth.Cookies{Mount: auth.MountName("dashboard", s.base), Insecure: !s.secure, Port: port}
}

// auditAuth records what auth did; the default layout of a role goes with it.
func (d *Dashboard) auditAuth(ctx context.Context, tx *storage.Tx, e auth.AuditEvent) error {
	if e.Action == "role.delete" {
		if err := layout.Forget(ctx, tx, layout.Owner{Kind: layout.Role, ID: e.Target}); err != nil {
			return err
		}
	}
	detail := make(map[string]string, len(e.Detail))
	maps.Copy(detail, e.Detail)
	return d.auditAs(ctx, tx, e.Actor, e.Action, e.Target, detail)
}

// composeStores makes settings, events and the registry of modules.
func (d *Dashboard) composeStores(locker storage.Locker) error {
	d.events = events.New(d.bus, events.Options{Log: d.log})
	var err error
	if d.auditLog, err = audit.New(d.db, func() []byte { return d.vault.subkey("audit cursor") }); err != nil {
		return err
	}
	d.settings, err = settings.New(d.db, settings.Options{
		Box: &d.vault, Bus: d.bus, Log: d.log, ApplyTimeout: d.config.hookTimeout, Audit: d.audit,
		OnChange: func(_ context.Context, id string, version int64) {
			d.publish("settings", map[string]any{"id": id, "version": version}, events.Audience{Permission: coreModule + "." + permSettingsRead.name})
		},
	})
	if err != nil {
		return err
	}
	if err := d.configure(); err != nil {
		return err
	}
	units := make([]registry.Unit, len(d.order))
	for i, m := range d.order {
		units[i] = d.unit(m)
	}
	d.registry, err = registry.New(d.db, d.bus, locker, units, registry.Options{
		Log: d.log, Dashboard: Version, HookTimeout: d.config.hookTimeout, Redact: d.redactor.Text, StepHook: d.config.stepHook, Lease: d.config.lease, Audit: d.auditModule,
		OnLive: d.limiting.onLive(),
	})
	if err != nil {
		return err
	}
	d.jobs = jobs.New(d.db, locker, jobs.Options{Log: d.log, Instance: d.registry.Instance, Lease: d.config.lease, Redact: d.redactor.Text, Ready: d.started, Panicked: d.jobPanicked})
	return nil
}

func (d *Dashboard) auditModule(ctx context.Context, tx *storage.Tx, e registry.AuditEvent) error {
	detail := map[string]any{"generation": e.Generation}
	if e.Version != "" {
		detail["version"] = e.Version
	}
	if e.Error != "" {
		detail["error"] = e.Error
	}
	if len(e.Steps) > 0 {
		detail["steps"] = stepInfos(e.Steps)
	}
	return d.auditAs(ctx, tx, e.Actor, e.Action, e.Module, detail)
}

func (d *Dashboard) startEvents(ctx context.Context) error {
	if err := d.events.Start(ctx); err != nil {
		return err
	}
	stopModules := d.registry.Subscribe(func(e registry.Event) {
		d.document.forget()
		d.publish("module", map[string]any{"id": e.Module, "state": e.State, "generation": e.Generation}, events.Audience{Module: e.Module})
	})
	stopChanges := d.followRights()
	d.stopFollowing = func() { stopModules(); stopChanges() }
	return nil
}

func (d *Dashboard) stopEvents(ctx context.Context) error {
	d.stopFollowing()
	return d.events.Shutdown(ctx)
}

func (d *Dashboard) publish(name string, data any, to events.Audience) {
	body, err := json.Marshal(data)
	if err == nil {
		err = d.events.Publish(context.Background(), events.Event{Name: name, Data: body, Audience: to})
	}
	if err != nil && !errors.Is(err, events.ErrClosed) {
		d.log.Warn("cannot publish an event", "event", name, "error", err)
	}
}

// followRights ends the streams of sessions that were revoked and refreshes
// the rights that the others are judged by.
func (d *Dashboard) followRights() (stop func()) {
	wake := make(chan struct{}, 1)
	quit, done := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	unsubscribe := d.auth.OnChange(func(auth.Change) {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			case <-wake:
				d.streams.recheck(ctx)
			}
		}
	}()
	return func() { unsubscribe(); cancel(); close(quit); <-done }
}

// ensureAccount makes the first account where the host gave one.
func (d *Dashboard) ensureAccount(ctx context.Context) error {
	c := d.config.account
	if c == nil {
		return nil
	}
	created, err := d.auth.EnsureAccount(ctx, auth.NewUser{Email: c.email, Password: c.password})
	if err == nil && created {
		d.log.InfoContext(ctx, "made the first account")
	}
	return err
}

// offerSetup makes the set-up link while there is no account.
func (d *Dashboard) offerSetup(ctx context.Context) error {
	token, err := d.auth.SetupToken(ctx)
	if errors.Is(err, auth.ErrSetupDone) {
		return nil
	}
	if err != nil {
		return err
	}
	d.redactor.Know("set-up", token)
	d.config.setupLink(d.setupBase(ctx) + "/setup#" + token)
	return nil
}

// setupBase is where the set-up link leads: to the public URL, or else to where
// the request came that started the dashboard.
func (d *Dashboard) setupBase(ctx context.Context) string {
	if s := stateOf(ctx); s != nil {
		return d.origin(s) + strings.TrimSuffix(s.base, "/")
	}
	if d.config.publicURL != nil {
		return d.config.publicURL.String() + d.config.prefix
	}
	return "http://localhost:8080" + d.config.prefix
}

func stepInfos(steps []lifecycle.Step) []stepInfo {
	out := make([]stepInfo, len(steps))
	for i, s := range steps {
		out[i] = stepInfo{Module: s.Module, Op: string(s.Op)}
	}
	return out
}
