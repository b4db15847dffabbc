package traffic

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/modular-dashboard/dashboard"
)

const (
	refresh = 5 * time.Second
	// recent is what a live number is of.
	recent = time.Minute
	// maxRows bounds the table of routes.
	maxRows = 100
	// ofRequests is the unit of rates.
	ofRequests = "req/s"
)

// Routes registers the panels.
func (m *Module) Routes(r *dashboard.Router) error {
	rule, often := dashboard.Require(Read), dashboard.Refresh(refresh)
	ranges := dashboard.Ranges(15*time.Minute, time.Hour, 24*time.Hour, 7*24*time.Hour, 30*24*time.Hour)
	r.Panel(dashboard.Stat("requests", "Requests", m.requestStat, rule, often, dashboard.Unit(ofRequests)))
	r.Panel(dashboard.Stat("errors", "Server errors", m.errorStat, rule, often, dashboard.Unit(dashboard.UnitPercent)))
	r.Panel(dashboard.Stat("latency", "Latency, 95 %", m.latencyStat, rule, often, dashboard.Unit(dashboard.UnitSeconds)))
	r.Panel(dashboard.Timeseries("requests-history", "Requests over time", m.chart(ofRequests, requestLines), rule, often, ranges,
		dashboard.Unit(ofRequests), dashboard.About("Live: this instance. Over a range: the whole fleet.")))
	r.Panel(dashboard.Timeseries("errors-history", "Errors over time", m.chart(dashboard.UnitPercent, errorLines), rule, often, ranges,
		dashboard.Unit(dashboard.UnitPercent), dashboard.About("The share of requests that were answered with an error.")))
	r.Panel(dashboard.Timeseries("latency-history", "Latency over time", m.chart(dashboard.UnitSeconds, latencyLines), rule, often, ranges,
		dashboard.Unit(dashboard.UnitSeconds), dashboard.About("How long half, 95 % and 99 % of the requests took at most, to within 1 %.")))
	r.Panel(dashboard.Bar("statuses", "Statuses", m.statusBars, rule, often, ranges, dashboard.Unit(dashboard.UnitCount)))
	r.Panel(dashboard.Table("routes", "Routes", m.routeTable, rule, often, ranges, dashboard.Width(4),
		dashboard.About("The busiest first. Live: the last minutes of this instance.")))
	return nil
}

// rate is requests per second; 0 where no time has passed.
func rate(t *tally, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(t.requests()) / took.Seconds()
}

// stat makes a live number, and its line of the last minutes.
func (m *Module) stat(unit string, value func(t *tally, took time.Duration) float64, note func(t *tally) string) (dashboard.StatData, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	sum, took := m.live.last(recent, now)
	out := dashboard.StatData{Value: value(&sum, took), Unit: unit, Note: note(&sum), Spark: make([]float64, 0, len(m.live.slots)), AsOf: m.taken.UTC()}
	for i := range m.live.slots {
		s := &m.live.slots[i]
		out.Spark = append(out.Spark, value(&s.tally, s.took))
	}
	return out, nil
}

func (m *Module) requestStat(context.Context) (dashboard.StatData, error) {
	return m.stat(ofRequests, rate, func(t *tally) string { return strconv.FormatUint(t.requests(), 10) + " in the last minute" })
}

func (m *Module) errorStat(context.Context) (dashboard.StatData, error) {
	return m.stat(dashboard.UnitPercent, func(t *tally, _ time.Duration) float64 { return t.percent(t.failed()) },
		func(t *tally) string { return fmt.Sprintf("%d of %d in the last minute", t.failed(), t.requests()) })
}

func (m *Module) latencyStat(context.Context) (dashboard.StatData, error) {
	return m.stat(dashboard.UnitSeconds, func(t *tally, _ time.Duration) float64 { return t.latency.Quantile(0.95).Seconds() },
		func(t *tally) string { return "half within " + short(t.latency.Quantile(0.5)) })
}

// short writes a duration for people, with three digits.
func short(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// A line is one series of a chart; ok says whether there is a value.
type line struct {
	name  string
	value func(t *tally, perSecond float64) (v float64, ok bool)
}

func requestLines() []line {
	return []line{{"Requests", func(_ *tally, perSecond float64) (float64, bool) { return perSecond, true }}}
}

func errorLines() []line {
	of := func(class int) func(*tally, float64) (float64, bool) {
		return func(t *tally, _ float64) (float64, bool) { return t.percent(t.statuses.Class(class)), t.requests() > 0 }
	}
	return []line{{"Server errors (5xx)", of(5)}, {"Client errors (4xx)", of(4)}}
}

func latencyLines() []line {
	at := func(q float64) func(*tally, float64) (float64, bool) {
		return func(t *tally, _ float64) (float64, bool) {
			return t.latency.Quantile(q).Seconds(), t.latency.Count() > 0
		}
	}
	return []line{{"50 %", at(0.5)}, {"95 %", at(0.95)}, {"99 %", at(0.99)}}
}

// chart returns the data function of a panel: live from memory, over a range
// from the database.
func (m *Module) chart(unit string, lines func() []line) func(context.Context) (dashboard.TimeseriesData, error) {
	return func(ctx context.Context) (dashboard.TimeseriesData, error) {
		now := time.Now()
		out := dashboard.TimeseriesData{Unit: unit, Times: []float64{}, AsOf: now.UTC()}
		for _, l := range lines() {
			out.Series = append(out.Series, dashboard.Series{Name: l.name, Values: []*float64{}})
		}
		add := func(at float64, t *tally, perSecond float64) {
			out.Times = append(out.Times, at)
			for i, l := range lines() {
				var value *float64
				if t != nil {
					if v, ok := l.value(t, perSecond); ok {
						value = &v
					}
				}
				out.Series[i].Values = append(out.Series[i].Values, value)
			}
		}
		span := dashboard.RangeOf(ctx)
		if span == 0 {
			m.eachSlot(add)
			return out, nil
		}
		c, err := m.steps(ctx, span, now)
		for i, p := range c.steps {
			if p == nil {
				add(c.at(i), nil, 0)
				continue
			}
			add(c.at(i), &p.tally, p.perSecond())
		}
		return out, err
	}
}

// eachSlot calls add for the live slots.
func (m *Module) eachSlot(add func(at float64, t *tally, perSecond float64)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.live.slots {
		s := &m.live.slots[i]
		add(float64(s.until.UnixMilli())/1000, &s.tally, rate(&s.tally, s.took))
	}
}

// over returns what was counted by route, over the range of ctx: live is what
// this instance wrote of the last minutes, and what it will write next.
func (m *Module) over(ctx context.Context) (byRoute map[string]*tally, all tally, err error) {
	span := dashboard.RangeOf(ctx)
	if span > 0 {
		return m.routes(ctx, span, time.Now())
	}
	byRoute = map[string]*tally{}
	add := func(route string, t *tally) {
		if byRoute[route] == nil {
			byRoute[route] = &tally{}
		}
		byRoute[route].merge(t)
		all.merge(t)
	}
	m.mu.Lock()
	instance := m.instance
	for route, t := range m.pending {
		add(route, t)
	}
	m.mu.Unlock()
	err = each(ctx, m.host.DB(), func(route string, _ int64, t *tally) { add(route, t) },
		columns+`0 FROM `+m.host.Table("minutes")+` WHERE at >= $1 AND instance = $2 AND route <> $3`,
		time.Now().Add(-liveWindow).Unix(), instance, allRoutes)
	return byRoute, all, err
}

func (m *Module) statusBars(ctx context.Context) (dashboard.BarData, error) {
	_, all, err := m.over(ctx)
	out := dashboard.BarData{Unit: dashboard.UnitCount, Bars: []dashboard.BarValue{}, AsOf: time.Now().UTC()}
	all.statuses.Each(func(code int, n uint64) {
		out.Bars = append(out.Bars, dashboard.BarValue{Label: strconv.Itoa(code), Value: float64(n)})
	})
	slices.SortStableFunc(out.Bars, func(a, b dashboard.BarValue) int { return cmp.Compare(b.Value, a.Value) })
	out.Bars = out.Bars[:min(len(out.Bars), maxBars)]
	return out, err
}

// maxBars bounds the bars of one panel.
const maxBars = 16

func (m *Module) routeTable(ctx context.Context) (dashboard.TableData, error) {
	byRoute, _, err := m.over(ctx)
	out := dashboard.TableData{AsOf: time.Now().UTC(), Rows: []map[string]any{}, Columns: []dashboard.Column{
		{Key: "route", Title: "Route", Kind: "text"},
		{Key: "requests", Title: "Requests", Kind: "number"},
		{Key: "server_errors", Title: "5xx", Kind: "percent"},
		{Key: "client_errors", Title: "4xx", Kind: "percent"},
		{Key: "p50", Title: "50 %", Kind: "duration"},
		{Key: "p95", Title: "95 %", Kind: "duration"},
		{Key: "p99", Title: "99 %", Kind: "duration"},
		{Key: "panics", Title: "Panics", Kind: "number"},
	}}
	names := slices.SortedFunc(maps.Keys(byRoute), func(a, b string) int {
		return cmp.Or(cmp.Compare(byRoute[b].requests(), byRoute[a].requests()), cmp.Compare(a, b))
	})
	for _, name := range names[:min(len(names), maxRows)] {
		t := byRoute[name]
		out.Rows = append(out.Rows, map[string]any{
			"route": name, "requests": t.requests(), "panics": t.panics,
			"server_errors": t.percent(t.failed()), "client_errors": t.percent(t.statuses.Class(4)),
			"p50": t.latency.Quantile(0.5).Seconds(), "p95": t.latency.Quantile(0.95).Seconds(), "p99": t.latency.Quantile(0.99).Seconds(),
		})
	}
	return out, err
}
