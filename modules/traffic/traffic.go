package traffic

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// Read lets a caller see the panels of the module. Its full name is
// traffic.requests.read.
var Read = dashboard.NewPermission("requests.read", "See the traffic of this server")

// Module shows the traffic of its host. Make it with [New], pass it to one
// dashboard, and wrap the host's handler with [Module.Middleware]. It is safe for
// concurrent use.
type Module struct {
	host   *dashboard.Host
	log    *slog.Logger
	route  func(*http.Request) string
	ledger *ledger

	mu       sync.Mutex // guards what follows
	settings Settings
	instance string // in rows; a new one each time the module is enabled
	taken    time.Time
	minute   time.Time // that pending is of
	pending  map[string]*tally
	live     live
	failing  bool
}

// An Option adjusts a [Module]; see [WithRoute].
type Option interface{ apply(*Module) }

type option func(*Module)

func (f option) apply(m *Module) { f(m) }

// WithRoute tells the route of a request once it was answered, in place of
// [http.Request.Pattern]: for routers that keep the pattern elsewhere. It must
// answer with the pattern, such as "/orders/{id}", not with the path, and be
// safe for concurrent use. Nil stands for the default.
func WithRoute(route func(*http.Request) string) Option {
	return option(func(m *Module) {
		if route != nil {
			m.route = route
		}
	})
}

// New returns the module. Its middleware works at once.
func New(opts ...Option) *Module {
	m := &Module{log: slog.New(slog.DiscardHandler), route: pattern, ledger: newLedger(), settings: Defaults(),
		pending: map[string]*tally{}}
	for _, o := range opts {
		o.apply(m)
	}
	return m
}

// Settings are what a person can change while the module runs.
type Settings struct {
	Keep time.Duration `json:"keep" validate:"min=48h,max=17520h" title:"Keep" doc:"How far back the panels reach: 48h to 17520h (two years)."`
}

// Defaults are the settings of a module that nobody has changed: 90 days.
func Defaults() Settings { return Settings{Keep: 90 * 24 * time.Hour} }

// Manifest describes the module.
func (m *Module) Manifest() dashboard.Manifest {
	return dashboard.Manifest{
		ID:          "traffic",
		Version:     "0.1.0",
		Title:       "Traffic",
		Description: "Requests, errors and latency of this server, by route and over time.",
		Permissions: []dashboard.Permission{Read},
	}
}

// Provision keeps what the dashboard hands to the module.
func (m *Module) Provision(h *dashboard.Host) error {
	m.host, m.log = h, h.Log()
	return nil
}

// Settings are typed by [Settings] and applied in place.
func (m *Module) Settings() dashboard.Settings {
	return dashboard.SettingsOf(Defaults(), func(_ context.Context, next Settings) error {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.settings = next
		return nil
	})
}

// Enable begins to look at what the middleware counts.
func (m *Module) Enable(context.Context) error {
	m.begin(time.Now())
	return m.host.Go(m.run)
}

// begin leaves out what was counted before.
func (m *Module) begin(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.ledger.all() {
		r.since(now)
	}
	m.instance = strings.ToLower(rand.Text()[:12])
	m.taken, m.minute, m.pending, m.live = now, now.Truncate(time.Minute), map[string]*tally{}, live{}
}

// run takes what was counted every few seconds, and writes every minute, until
// the module is disabled.
func (m *Module) run(ctx context.Context) {
	ticker := time.NewTicker(slotLength)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			m.leave(ctx)
			return
		case now := <-ticker.C:
			m.take(now)
			m.write(ctx, now)
		}
	}
}

// lastWords is how long the rows of the last minute may take.
const lastWords = 3 * time.Second

func (m *Module) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	now := time.Now()
	m.take(now)
	m.write(ctx, now.Add(time.Minute)) // as if the minute was over
}

// take moves what was counted from the routes to the rows of this minute, and to
// the live panels.
func (m *Module) take(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := slot{until: now, took: now.Sub(m.taken)}
	for _, r := range m.ledger.all() {
		t := r.since(now)
		if t.requests() == 0 {
			continue
		}
		s.merge(&t)
		m.due(r.name).merge(&t)
	}
	m.taken = now
	m.live.add(s)
	m.ledger.forget(now)
}

// write stores the rows of a minute that is over. What cannot be written goes
// with the next minute: counts are not lost, only late.
func (m *Module) write(ctx context.Context, now time.Time) {
	next := now.Truncate(time.Minute)
	m.mu.Lock()
	minute, rows := m.minute, m.pending
	if !next.After(minute) {
		m.mu.Unlock()
		return
	}
	m.minute, m.pending = next, map[string]*tally{}
	m.mu.Unlock()
	patience, cancel := context.WithTimeout(ctx, writePatience)
	defer cancel()
	err := m.insert(patience, minute, rows)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil && !m.failing && ctx.Err() == nil {
		m.log.ErrorContext(ctx, "cannot write the traffic of a minute; trying on", "error", err)
	}
	if m.failing = err != nil; m.failing {
		for route, t := range rows {
			m.due(route).merge(t)
		}
	}
}

// writePatience bounds the wait for the database: meanwhile nothing is live.
const writePatience = 10 * time.Second

// due returns the row of a route that is to be written next.
func (m *Module) due(route string) *tally {
	row := m.pending[route]
	if row == nil {
		row = &tally{}
		m.pending[route] = row
	}
	return row
}

// Health fails while traffic cannot be written.
func (m *Module) Health(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing {
		return errors.New("the traffic of the last minutes could not be written")
	}
	return nil
}

// keep is how far back rows reach.
func (m *Module) keep() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.settings.Keep
}

var (
	_ dashboard.Module        = (*Module)(nil)
	_ dashboard.Provisioner   = (*Module)(nil)
	_ dashboard.Configurable  = (*Module)(nil)
	_ dashboard.Migrator      = (*Module)(nil)
	_ dashboard.Enabler       = (*Module)(nil)
	_ dashboard.HealthChecker = (*Module)(nil)
	_ dashboard.JobRunner     = (*Module)(nil)
)

// Jobs lists the one that adds up hours and drops what is old.
func (m *Module) Jobs() []dashboard.Job {
	return []dashboard.Job{{
		Name: "compact", Title: "Add up hours, drop old minutes", Schedule: "10 * * * *",
		Missed: dashboard.MissedRunOnce, Timeout: 10 * time.Minute, Run: m.compact,
	}}
}

// compact is the job.
func (m *Module) compact(ctx context.Context) error {
	now := time.Now()
	if err := m.addUp(ctx, now); err != nil {
		return fmt.Errorf("add up hours: %w", err)
	}
	return m.drop(ctx, now)
}
