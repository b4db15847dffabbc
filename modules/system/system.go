package system

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/modules/system/internal/history"
)

// Read lets a caller see the panels and use the endpoints of the module. Its
// full name is system.metrics.read.
var Read = dashboard.NewPermission("metrics.read", "See this machine's live state")

// warmUp is how long after the module is enabled the second sample comes: rates
// need two, and nobody should wait a minute for the first.
const warmUp = 500 * time.Millisecond

// Module shows the machine it runs on. Make it with [New] and pass it to one
// dashboard. It is safe for concurrent use.
type Module struct {
	host    *dashboard.Host
	log     *slog.Logger
	kernel  bool // there is a kernel that can be read
	metrics []metric

	sampling  sync.Mutex // held while collecting
	collector *collector
	latest    atomic.Pointer[Snapshot]

	mu       sync.RWMutex // guards what follows
	settings Settings
	ring     *history.Ring
	sums     means         // since the last rows that were written
	changed  chan struct{} // holds one: the interval is another
}

// An Option adjusts a [Module]; see [WithProc] and [WithCgroup].
type Option interface{ apply(*config) }

type option func(*config)

func (f option) apply(c *config) { f(c) }

type config struct {
	proc, cgroup fs.FS
	statfs       func(string) (usage, error)
}

// WithProc reads the kernel's figures below fsys instead of /proc. In a
// container that has the machine's own mounted, os.DirFS("/host/proc") shows the
// machine's processes and network.
func WithProc(fsys fs.FS) Option {
	return option(func(c *config) { c.proc = fsys })
}

// WithCgroup reads the limits of the container below fsys instead of
// /sys/fs/cgroup (cgroup v2). Nil ignores limits.
func WithCgroup(fsys fs.FS) Option {
	return option(func(c *config) { c.cgroup = fsys })
}

// New returns the module. It reads nothing before it is enabled.
func New(opts ...Option) *Module {
	c := config{proc: platformProc(), cgroup: platformCgroup(), statfs: statfs}
	for _, o := range opts {
		o.apply(&c)
	}
	m := &Module{
		log:       slog.New(slog.DiscardHandler),
		kernel:    c.proc != nil,
		metrics:   measured(),
		collector: newCollector(c.proc, c.cgroup, c.statfs),
		settings:  Defaults(),
		changed:   make(chan struct{}, 1),
	}
	m.ring = history.New(len(m.metrics), m.settings.Window, m.settings.Interval)
	m.sums = newMeans(len(m.metrics))
	return m
}

// Manifest describes the module.
func (m *Module) Manifest() dashboard.Manifest {
	return dashboard.Manifest{
		ID:          "system",
		Version:     "0.2.0",
		Title:       "System",
		Description: "CPU, memory, disks, network, load and processes of this machine, and the Go runtime.",
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
	return dashboard.SettingsOf(Defaults(), m.apply)
}

// apply makes the history fit and lets the sampler know.
func (m *Module) apply(_ context.Context, next Settings) error {
	if next.Interval <= 0 || next.Window < next.Interval || next.TopProcesses < 1 {
		return fmt.Errorf("apply settings: an interval of %s does not fit a history of %s with %d processes",
			next.Interval, next.Window, next.TopProcesses)
	}
	m.mu.Lock()
	if next.Interval != m.settings.Interval || next.Window != m.settings.Window {
		m.ring = m.ring.Resize(next.Window, next.Interval)
	}
	m.settings = next
	m.mu.Unlock()
	select {
	case m.changed <- struct{}{}:
	default: // the sampler has not seen the change before: it will see this one too
	}
	return nil
}

func (m *Module) current() Settings {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.settings
}

// Enable measures once and goes on in the background.
func (m *Module) Enable(context.Context) error {
	m.begin()
	return m.host.Go(m.run)
}

// begin takes the first sample, whose counters the next one is compared with. The
// processes are counted a moment later: there may be thousands of them, and the
// start of a program waits for this.
func (m *Module) begin() {
	m.sampling.Lock()
	m.collector.forget()
	m.collector.processes.postponed = true
	m.sampling.Unlock()
	m.sample(time.Now())
}

// countAfter is when the processes are counted first.
const countAfter = warmUp / 5

func (m *Module) countProcesses(now time.Time) {
	m.sampling.Lock()
	defer m.sampling.Unlock()
	m.collector.countProcesses(now)
}

// run samples until the module is disabled.
func (m *Module) run(ctx context.Context) {
	ticker := time.NewTicker(min(warmUp, m.current().Interval))
	defer ticker.Stop()
	count := time.NewTimer(countAfter)
	defer count.Stop()
	for first := true; ; {
		select {
		case <-ctx.Done():
			return
		case now := <-count.C:
			m.countProcesses(now)
		case <-m.changed:
			if !first {
				ticker.Reset(m.current().Interval)
			}
		case now := <-ticker.C:
			m.sample(now)
			if first {
				first = false
				ticker.Reset(m.current().Interval)
			}
		}
	}
}

// sample measures, publishes and remembers.
func (m *Module) sample(now time.Time) {
	m.sampling.Lock()
	defer m.sampling.Unlock()
	s := m.collector.collect(now, m.current().TopProcesses)
	row := make([]float32, len(m.metrics))
	for i := range m.metrics {
		row[i] = float32(m.metrics[i].value(s))
	}
	m.mu.Lock()
	m.ring.Append(now, row)
	m.sums.add(row)
	m.mu.Unlock()
	before := m.latest.Swap(s)
	if len(s.Unavailable) > 0 && (before == nil || !slices.Equal(before.Unavailable, s.Unavailable)) {
		m.log.Warn("some of the machine cannot be measured", "parts", strings.Join(s.Unavailable, ", "))
	}
}

// Health fails when sampling stands still, or when not even CPU and memory can
// be read.
func (m *Module) Health(context.Context) error {
	s := m.latest.Load()
	if s == nil {
		return errors.New("nothing measured yet")
	}
	interval := m.current().Interval
	if age := time.Since(s.At); age > 3*interval+5*time.Second {
		return fmt.Errorf("the last sample is %s old, expected one every %s", age.Round(time.Second), interval)
	}
	for _, part := range s.Unavailable {
		if part == "cpu" || part == "memory" {
			return fmt.Errorf("the kernel's figures cannot be read: %s", strings.Join(s.Unavailable, ", "))
		}
	}
	return nil
}

// Interface guards.
var (
	_ dashboard.Module        = (*Module)(nil)
	_ dashboard.Provisioner   = (*Module)(nil)
	_ dashboard.Configurable  = (*Module)(nil)
	_ dashboard.Migrator      = (*Module)(nil)
	_ dashboard.Installer     = (*Module)(nil)
	_ dashboard.Upgrader      = (*Module)(nil)
	_ dashboard.JobRunner     = (*Module)(nil)
	_ dashboard.Enabler       = (*Module)(nil)
	_ dashboard.HealthChecker = (*Module)(nil)
)
