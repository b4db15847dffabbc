package traffic

import (
	"context"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

const (
	// fineChart and fineTable are the longest ranges that are read of minutes;
	// longer ones are of hours. A chart has one row a minute, a table one a route.
	fineChart = 24 * time.Hour
	fineTable = 6 * time.Hour
	// points is about how many points a chart has.
	points = 300
)

// A point is what the fleet counted in a step of time.
type point struct{ tally }

// perSecond is how many requests came per second of the time that was measured.
func (p *point) perSecond() float64 {
	return float64(p.requests()) / (60 * float64(max(p.minutes, 1)))
}

// A chart is what the fleet counted over a range, in steps from first on. Of a
// step that is nil nothing is known.
type chart struct {
	first time.Time
	step  time.Duration
	steps []*point
}

// at returns when a step begins, in seconds since 1970.
func (c *chart) at(i int) float64 { return float64(c.first.Add(time.Duration(i) * c.step).Unix()) }

// steps reads a chart.
func (m *Module) steps(ctx context.Context, span time.Duration, now time.Time) (*chart, error) {
	c := &chart{step: time.Hour}
	if span <= fineChart {
		c.step = max((span / points).Round(time.Minute), time.Minute)
	}
	c.first = now.Add(-span).Truncate(c.step).Add(c.step)
	c.steps = make([]*point, int(now.Sub(c.first)/c.step)+1)
	measured := map[int64]bool{}
	err := m.read(ctx, span > fineChart, span, now, `route = $2 AND `, []any{allRoutes}, func(_ string, at int64, t *tally) {
		i := int(time.Unix(at, 0).Sub(c.first) / c.step)
		if at < c.first.Unix() || i >= len(c.steps) {
			return
		}
		if c.steps[i] == nil {
			c.steps[i] = &point{}
		}
		c.steps[i].merge(t)
		minutes := t.minutes
		if minutes == 0 && !measured[at] { // of a minute, the first instance's
			minutes, measured[at] = 1, true
		}
		c.steps[i].minutes += minutes
	})
	if n := len(c.steps); c.steps[n-1] == nil { // nothing is written of the step that goes on
		c.steps = c.steps[:n-1]
	}
	return c, err
}

// routes returns what the fleet counted over a range by route, and in all.
func (m *Module) routes(ctx context.Context, span time.Duration, now time.Time) (byRoute map[string]*tally, all tally, err error) {
	byRoute = map[string]*tally{}
	err = m.read(ctx, span > fineTable, span, now, ``, nil, func(route string, _ int64, t *tally) {
		if route == allRoutes {
			all.merge(t)
			return
		}
		if byRoute[route] == nil {
			byRoute[route] = &tally{}
		}
		byRoute[route].merge(t)
	})
	return byRoute, all, err
}

// read calls fn for the rows of a range: hours where they will do and were added
// up, minutes for the rest.
func (m *Module) read(ctx context.Context, hours bool, span time.Duration, now time.Time, where string, args []any, fn func(string, int64, *tally)) error {
	since := now.Add(-span)
	return m.host.DB().View(ctx, func(tx *storage.Tx) error {
		if hours {
			end, err := m.hoursEnd(ctx, tx)
			if err != nil {
				return err
			}
			err = each(ctx, tx, fn, columns+`minutes FROM `+m.host.Table("hours")+` WHERE `+where+`at >= $1`,
				append([]any{since.Truncate(time.Hour).Unix()}, args...)...)
			if err != nil {
				return err
			}
			if end.After(since) {
				since = end
			}
		}
		return each(ctx, tx, fn, columns+`0 FROM `+m.host.Table("minutes")+` WHERE `+where+`at >= $1`,
			append([]any{since.Unix()}, args...)...)
	})
}
