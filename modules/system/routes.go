package system

import (
	"context"
	"errors"
	"math"
	"net/http"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// Routes registers the panels and the endpoints.
func (m *Module) Routes(r *dashboard.Router) error {
	dashboard.Get(r, "/snapshot", m.snapshot, dashboard.Require(Read),
		dashboard.ID("snapshot"), dashboard.Summary("The machine's state at the last sample"))
	dashboard.Get(r, "/history", m.history, dashboard.Require(Read),
		dashboard.ID("history"), dashboard.Summary("One metric over time"))
	if m.kernel {
		m.kernelPanels(r)
	} else {
		r.Panel(dashboard.Markdown("kernel", "This machine", elsewhere, dashboard.Require(Read), dashboard.Width(4)))
	}
	m.runtimePanels(r)
	return nil
}

var errNotMeasured = errors.New("nothing measured yet")

// now returns the last sample.
func (m *Module) now() (*Snapshot, error) {
	s := m.latest.Load()
	if s == nil {
		return nil, &dashboard.Error{Status: http.StatusServiceUnavailable, Code: "not-measured",
			Detail: "Nothing has been measured yet.", RetryAfter: time.Second, Err: errNotMeasured}
	}
	return s, nil
}

func (m *Module) snapshot(context.Context, struct{}) (Snapshot, error) {
	s, err := m.now()
	if err != nil {
		return Snapshot{}, err
	}
	return *s, nil
}

// HistoryQuery asks for one metric. Since defaults to the window of the settings
// ago, of which this machine's samples are in memory; from further back comes
// what all machines have recorded. Points bounds how many points come back, by
// averaging neighbors.
type HistoryQuery struct {
	Metric string    `query:"metric" validate:"required,oneof=cpu cpu_user cpu_system cpu_io_wait cpu_steal memory memory_used memory_cached swap_used load_1 load_5 load_15 network_in network_out disk_read disk_write go_heap go_memory go_goroutines go_alloc_rate go_gc go_latency"`
	Since  time.Time `query:"since"`
	Points int       `query:"points" validate:"omitempty,min=2,max=5000"`
}

// History is one metric over time, oldest first. A null value is a gap.
type History struct {
	Metric          string      `json:"metric"`
	Title           string      `json:"title"`
	Unit            string      `json:"unit"`
	IntervalSeconds float64     `json:"interval_seconds"`
	WindowSeconds   float64     `json:"window_seconds"`
	Times           []time.Time `json:"times"`
	Values          []*float64  `json:"values"`
	Peaks           []*float64  `json:"peaks,omitempty" doc:"The highest values; of the recorded history only."`
	RecordedSince   *time.Time  `json:"recorded_since,omitempty" doc:"When the recorded history begins."`
}

func (m *Module) history(ctx context.Context, q HistoryQuery) (History, error) {
	i := column(m.metrics, q.Metric)
	if i < 0 {
		return History{}, dashboard.Invalid(dashboard.FieldError{Pointer: "/metric", Code: "oneof", Detail: "There is no such metric."})
	}
	points := q.Points
	if points == 0 {
		points = chartPoints
	}
	now := time.Now()
	if s := m.current(); !q.Since.IsZero() && q.Since.Before(now.Add(-s.Window)) {
		return m.longHistory(ctx, m.metrics[i], maxTime(q.Since, now.Add(-s.Keep)), now, points)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	since := maxTime(q.Since, now.Add(-m.settings.Window))
	s := m.ring.Series(since, points, i)
	return History{
		Metric: m.metrics[i].name, Title: m.metrics[i].title, Unit: m.metrics[i].unit,
		IntervalSeconds: m.settings.Interval.Seconds(), WindowSeconds: m.settings.Window.Seconds(),
		Times: s.Times, Values: gaps(s.Values[0]),
	}, nil
}

// longHistory is a metric from the database.
func (m *Module) longHistory(ctx context.Context, of metric, since, now time.Time, points int) (History, error) {
	l, err := m.recorded(ctx, since, now, points, of.name)
	if err != nil {
		return History{}, err
	}
	begins, err := m.marked(ctx, historyMark)
	return History{Metric: of.name, Title: of.title, Unit: of.unit, IntervalSeconds: l.step.Seconds(), WindowSeconds: now.Sub(since).Seconds(),
		Times: l.times, Values: gaps(l.means[0]), Peaks: gaps(l.peaks[0]), RecordedSince: begins}, err
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// chartPoints is how many points a chart gets at most.
const chartPoints = 400

// gaps turns NaN into nil: JSON has no NaN.
func gaps(values []float64) []*float64 {
	out := make([]*float64, len(values))
	for i := range values {
		if !math.IsNaN(values[i]) {
			out[i] = &values[i]
		}
	}
	return out
}
