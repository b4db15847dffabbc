package traffic

import (
	"time"

	"github.com/modular-dashboard/dashboard/modules/traffic/internal/sketch"
	"github.com/modular-dashboard/dashboard/modules/traffic/internal/status"
)

// A tally is what was counted of some requests. The zero value is empty.
type tally struct {
	statuses status.Counts
	panics   uint64
	latency  sketch.Sketch
	minutes  int // that were measured; 0 where nobody has to know
}

func (t *tally) merge(other *tally) {
	t.statuses.Merge(other.statuses)
	t.panics += other.panics
	t.latency.Merge(&other.latency)
}

func (t *tally) requests() uint64 { return t.statuses.Total() }

// failed is how many requests the server failed.
func (t *tally) failed() uint64 { return t.statuses.Class(5) }

// percent is the share of some requests in all.
func (t *tally) percent(of uint64) float64 {
	if n := t.requests(); n > 0 {
		return 100 * float64(of) / float64(n)
	}
	return 0
}

// since returns what a route has counted since the last call.
func (r *route) since(now time.Time) tally {
	panics := r.panics.Load()
	t := tally{statuses: r.statuses.Since(&r.seenStatuses), latency: r.latency.Since(&r.seenLatency), panics: panics - r.seenPanics}
	r.seenPanics = panics
	if t.requests() > 0 {
		r.used = now
	}
	return t
}

// A slot is what all routes together have counted until a moment.
type slot struct {
	until time.Time
	took  time.Duration
	tally
}

const (
	slotLength = 5 * time.Second
	liveWindow = 10 * time.Minute
	liveSlots  = int(liveWindow / slotLength)
)

// live holds the last minutes of this instance, oldest first. It is not safe for
// concurrent use.
type live struct {
	slots []slot
}

func (l *live) add(s slot) {
	if len(l.slots) == liveSlots {
		copy(l.slots, l.slots[1:])
		l.slots = l.slots[:liveSlots-1]
	}
	l.slots = append(l.slots, s)
}

// last sums up the slots of a time until now.
func (l *live) last(d time.Duration, now time.Time) (sum tally, took time.Duration) {
	for i := len(l.slots) - 1; i >= 0 && now.Sub(l.slots[i].until) < d; i-- {
		sum.merge(&l.slots[i].tally)
		took += l.slots[i].took
	}
	return sum, took
}
