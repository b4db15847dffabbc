package system

import (
	"context"
	"math"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// sparkPoints is how many points the small line of a stat has.
const sparkPoints = 40

// spark is a metric over the whole window, drawn small; gaps are left out.
func (m *Module) spark(name string) []float64 {
	m.mu.RLock()
	s := m.ring.Series(time.Now().Add(-m.settings.Window), sparkPoints, column(m.metrics, name))
	m.mu.RUnlock()
	out := make([]float64, 0, len(s.Times))
	for _, v := range s.Values[0] {
		if !math.IsNaN(v) {
			out = append(out, v)
		}
	}
	return out
}

// ranges are what charts can show of the long history.
func ranges() dashboard.PanelOption {
	return dashboard.Ranges(time.Hour, 24*time.Hour, 7*24*time.Hour, 30*24*time.Hour)
}

// longChart is a chart over a range of time, from the database.
func (m *Module) longChart(ctx context.Context, span time.Duration, columns []int) (dashboard.TimeseriesData, error) {
	now := time.Now()
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = m.metrics[c].name
	}
	l, err := m.recorded(ctx, now.Add(-span), now, chartPoints, names...)
	if err != nil {
		return dashboard.TimeseriesData{}, err
	}
	out := dashboard.TimeseriesData{Unit: m.metrics[columns[0]].unit, Times: make([]float64, len(l.times)),
		Series: make([]dashboard.Series, len(columns)), AsOf: now.UTC()}
	for i, t := range l.times {
		out.Times[i] = float64(t.Unix())
	}
	for i, c := range columns {
		out.Series[i] = dashboard.Series{Name: m.metrics[c].title, Values: gaps(l.means[i])}
	}
	return out, nil
}

// chart returns the data function of a panel with some metrics of one unit: of
// this machine over the whole window, or of the fleet over a range.
func (m *Module) chart(names ...string) func(context.Context) (dashboard.TimeseriesData, error) {
	columns := make([]int, len(names))
	for i, name := range names {
		columns[i] = column(m.metrics, name)
	}
	return func(ctx context.Context) (dashboard.TimeseriesData, error) {
		if span := dashboard.RangeOf(ctx); span > 0 {
			return m.longChart(ctx, span, columns)
		}
		last, err := m.now()
		if err != nil {
			return dashboard.TimeseriesData{}, err
		}
		m.mu.RLock()
		s := m.ring.Series(time.Now().Add(-m.settings.Window), chartPoints, columns...)
		m.mu.RUnlock()
		out := dashboard.TimeseriesData{
			Unit: m.metrics[columns[0]].unit, Times: make([]float64, len(s.Times)),
			Series: make([]dashboard.Series, len(columns)), AsOf: last.At,
		}
		for i, t := range s.Times {
			out.Times[i] = float64(t.UnixMilli()) / 1000
		}
		for i, c := range columns {
			out.Series[i] = dashboard.Series{Name: m.metrics[c].title, Values: gaps(s.Values[i])}
		}
		return out, nil
	}
}
