package system

import (
	"context"
	"io/fs"
	"time"
)

// A Sampler measures recorded machines without a dashboard around it.
type Sampler struct{ c *collector }

// NewSampler measures the file systems given; disks are told by size in bytes,
// of which half is used.
func NewSampler(procFS, cgroupFS fs.FS, disks map[string]uint64) *Sampler {
	c := newCollector(procFS, cgroupFS, func(mount string) (usage, error) {
		total, ok := disks[mount]
		if !ok {
			return usage{}, fs.ErrNotExist
		}
		return usage{total: total, free: total / 2, available: total / 4}, nil
	})
	c.page = 4096
	return &Sampler{c}
}

// Sample measures now.
func (s *Sampler) Sample(now time.Time, top int) *Snapshot { return s.c.collect(now, top) }

// Forget makes the next sample the first.
func (s *Sampler) Forget() { s.c.forget() }

// MetricNames lists the columns of the history.
func MetricNames() []string {
	var names []string
	for _, m := range measured() {
		names = append(names, m.name)
	}
	return names
}

// Text helpers, for their tables of cases.
var (
	BytesText    = bytesText
	DurationText = durationText
	Clean        = clean
	Quantile     = quantile
	Busiest      = busiest
	Statfs       = func(mount string) error { _, err := statfs(mount); return err }
)

// RunForTest samples as an enabled module does, until ctx ends.
func (m *Module) RunForTest(ctx context.Context) {
	m.begin()
	m.run(ctx)
}

// ApplyForTest changes the settings as the dashboard does.
func (m *Module) ApplyForTest(ctx context.Context, s Settings) error { return m.apply(ctx, s) }

// TimesForTest returns when samples were taken.
func (m *Module) TimesForTest() []time.Time {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.ring.Series(time.Time{}, m.ring.Cap(), 0).Times
}

// SetHostForTest names the machine, before the module is enabled.
func (m *Module) SetHostForTest(name string) { m.collector.host = name }
