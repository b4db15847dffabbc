package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/open-feature/go-sdk/openfeature"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/flags"
)

// A FlagOption puts a flag before an endpoint, a panel or a resource; see [Flag].
type FlagOption interface {
	EndpointOption
	PanelOption
	ResourceOption
}

type flagOption string

func (o flagOption) applyEndpoint(c *endpointConfig) { c.flags = append(c.flags, string(o)) }
func (o flagOption) applyPanel(c *panelConfig)       { c.flags = append(c.flags, string(o)) }
func (o flagOption) applyResource(c *resourceConfig) { c.flags = append(c.flags, string(o)) }

// Flag puts a boolean flag before an endpoint, a panel or a whole resource. To
// callers for whom the flag is off it does not exist: it answers what an unknown
// path does, before any permission is asked for, and it is in neither the API
// document nor the lists of panels and resources that these callers read. A flag
// that nobody has defined, that is disabled or that is not boolean is off. Event
// streams end when it is switched off. Given more than once, all flags must be
// on.
func Flag(key string) FlagOption { return flagOption(key) }

// Flag puts a boolean flag before the whole module, as [Flag] does for one
// endpoint: to callers for whom it is off, the module does not exist. Its hooks,
// jobs and other work go on: they are no caller's. A flag of the module must be
// named at each call of Routes alike.
func (r *Router) Flag(key string) {
	if err := checkFlag(key); err != nil {
		r.fail("the module: %w", err)
		return
	}
	r.flags = append(r.flags, key)
}

func checkFlag(key string) error {
	if key == "" || len(key) > flags.MaxKey || strings.TrimSpace(key) != key {
		return fmt.Errorf("flag %q is no key of a flag", key)
	}
	return nil
}

// allOn reports whether all flags are on for who asks in ctx.
func (d *Dashboard) allOn(ctx context.Context, keys []string) bool {
	for _, key := range keys {
		if !d.flags.Bool(ctx, key, false) {
			return false
		}
	}
	return true
}

// here reports whether the module exists for who asks in ctx.
func (d *Dashboard) here(ctx context.Context, m *hosted) bool {
	return len(m.flags) == 0 || d.allOn(ctx, m.flags)
}

// Flags returns the flags that the dashboard evaluates, for the host's own
// handlers. Who is asking is said by [featureflag.WithContext]; below the
// dashboard's own handler it is the caller.
func (d *Dashboard) Flags() *featureflag.Flags { return d.flags }

// Flags returns the flags of the dashboard. With the context of a request they
// are evaluated for its caller: the targeting key is the account's id, and the
// attributes are id, email, email_domain, name, roles (a list) and api_key (a
// boolean). [featureflag.Bool] and its friends find them in such a context, and
// in that of [Host.Go], of hooks and of jobs, by themselves.
func (h *Host) Flags() *featureflag.Flags { return h.d.flags }

// WithFlags has the dashboard evaluate flags of the host's own, such as those of
// a file that the host has opened or of another provider, in place of those in
// its database. The API shows them; they cannot be changed there.
func WithFlags(f *featureflag.Flags) Option {
	return option(func(c *config) error {
		if f == nil {
			return errors.New("nil flags")
		}
		return c.setFlags(flagSource{given: f, name: "file"})
	})
}

// WithFlagProvider has the dashboard evaluate its flags through a provider of
// OpenFeature, in place of those in its database. The API does not know what
// flags there are then, and changes none.
func WithFlagProvider(p openfeature.FeatureProvider) Option {
	return option(func(c *config) error {
		if p == nil {
			return errors.New("nil provider of flags")
		}
		return c.setFlags(flagSource{provider: p, name: "provider"})
	})
}

// WithFlagFile reads definitions of flags from a file in flagd's format, and
// again whenever it changes. They are the defaults: one that is edited in the UI
// is taken from the database from then on, until that is deleted there. A file
// that cannot be read or is not valid fails [Dashboard.Start]; later on, what was
// good before stays.
func WithFlagFile(path string) Option {
	return option(func(c *config) error {
		if path == "" {
			return errors.New("flag file: no path")
		}
		return c.setFlags(flagSource{path: path})
	})
}

// WithFlagOrigins names web origins, such as "https://shop.example.com", whose
// pages may ask for flags at /ofrep/v1 (CORS). They send an API key with their
// requests; cookies are neither asked for nor heeded. The default is none.
func WithFlagOrigins(origins ...string) Option {
	return option(func(c *config) error {
		c.flagOrigins = append(c.flagOrigins, origins...)
		return nil
	})
}

// flagSource is where flags come from; zero is the database alone.
type flagSource struct {
	given    *featureflag.Flags
	provider openfeature.FeatureProvider
	path     string
	name     string // what the API calls it, "" for the database
}

func (c *config) setFlags(s flagSource) error {
	if c.flagSource != (flagSource{}) {
		return errors.New("flags are given twice: WithFlags, WithFlagProvider and WithFlagFile exclude each other")
	}
	c.flagSource = s
	return nil
}

// composeFlags makes the flags and, unless they are elsewhere, their store.
func (d *Dashboard) composeFlags() error {
	switch s := d.config.flagSource; {
	case s.given != nil:
		d.flags = s.given
	case s.provider != nil:
		delegate, err := featureflag.FromOpenFeature(s.provider)
		if err != nil {
			return err
		}
		d.flags, d.flagging.delegate = delegate.Flags(), delegate
	default:
		d.flags = featureflag.New()
		d.flagging.store = flags.New(d.db, d.flags, flags.Options{Bus: d.bus, Log: d.log})
	}
	return nil
}

// startFlags opens what flags come from.
func (d *Dashboard) startFlags(ctx context.Context) error {
	f := &d.flagging
	if path := d.config.flagSource.path; path != "" {
		file, err := featureflag.Open(path, featureflag.WithLogger(d.log))
		if err != nil {
			return fmt.Errorf("flag file: %w", err)
		}
		f.file = file
		f.store.Over(file.Flags())
	}
	if f.store != nil {
		if err := f.store.Start(ctx); err != nil {
			return errors.Join(err, f.close(ctx))
		}
	}
	if f.delegate != nil {
		d.startProvider(ctx)
	}
	f.unwatch = d.flags.Watch(d.flagsChanged)
	return nil
}

// startProvider starts the provider of another's flags. One that is not ready
// does not hold up the dashboard: flags have the defaults of the code until it
// is.
func (d *Dashboard) startProvider(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, providerPatience)
	defer cancel()
	if err := d.flagging.delegate.Start(ctx); err != nil {
		d.log.ErrorContext(ctx, "flags have the defaults of the code until their provider is ready", "error", err)
	}
}

// providerPatience is how long a start waits for a provider of flags.
const providerPatience = 10 * time.Second

func (d *Dashboard) stopFlags(ctx context.Context) error { return d.flagging.close(ctx) }

// flagRequest answers package featureflag for a request: with the flags of the
// dashboard and, once somebody asks, with who the caller is.
type flagRequest struct {
	flags *featureflag.Flags
	once  sync.Once
	who   *featureflag.Context
}

// Flags implements [featureflag.Requester].
func (s *request) Flags() *featureflag.Flags { return s.asked.flags }

// FlagContext implements [featureflag.Requester].
func (s *request) FlagContext() *featureflag.Context {
	if s.principal == nil { // it may be known later
		return nil
	}
	s.asked.once.Do(func() { s.asked.who = flagContextOf(s.principal) })
	return s.asked.who
}

// flagContextOf tells flags who a principal is.
func flagContextOf(p *auth.Principal) *featureflag.Context {
	return flagContext(p.ID, p.Email, p.Name, p.Roles, p.KeyID != "")
}

func flagContext(id, email, name string, roles []string, key bool) *featureflag.Context {
	list := make([]any, len(roles))
	for i, role := range roles {
		list[i] = role
	}
	_, domain, _ := strings.Cut(email, "@")
	return &featureflag.Context{TargetingKey: id, Attributes: map[string]any{
		"id": id, "email": email, "email_domain": strings.ToLower(domain), "name": name, "roles": list, "api_key": key,
	}}
}

// gated is the place of an endpoint behind flags: where one is off, nothing is
// there.
func (d *Dashboard) gated(e *endpoint, off, on http.Handler) http.Handler {
	if len(e.config.flags) == 0 {
		return on
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !d.allOn(r.Context(), e.config.flags) {
			off.ServeHTTP(w, r)
			return
		}
		on.ServeHTTP(w, r)
	})
}

// behindOff reports whether a stream is behind a flag that is off for who reads
// it.
func (d *Dashboard) behindOff(o *openStream) bool {
	keys := o.endpoint.config.flags
	if m := d.modules[o.endpoint.module]; m != nil {
		keys = append(slices.Clip(keys), m.flags...)
	}
	if len(keys) == 0 {
		return false
	}
	ctx := context.Background()
	if p := o.principal.Load(); p != nil {
		ctx = featureflag.WithContext(ctx, *flagContextOf(p))
	}
	return !d.allOn(ctx, keys)
}

// absentFor names the flags of this instance that are off for who asks in ctx,
// as a key of what they may read.
func (d *Dashboard) absentFor(ctx context.Context) string {
	seen := map[string]bool{}
	for _, m := range d.order {
		for _, key := range m.flags {
			seen[key] = true
		}
		s := m.live()
		if s == nil {
			continue
		}
		for _, e := range s.endpoints {
			for _, key := range e.config.flags {
				seen[key] = true
			}
		}
	}
	var off []string
	for key := range seen {
		if !d.flags.Bool(ctx, key, false) {
			off = append(off, key)
		}
	}
	slices.Sort(off)
	return strings.Join(off, "\x00")
}
