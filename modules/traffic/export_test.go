package traffic

import "time"

// MaxRoutes is how many routes are told apart.
const MaxRoutes = maxRoutes

// Counted is what a route was counted.
type Counted struct {
	Requests, Failed, Timed, Panics uint64
	Median                          time.Duration
}

// CountedForTest returns what the middleware has counted since the last call.
func (m *Module) CountedForTest() map[string]Counted {
	out := map[string]Counted{}
	for _, r := range m.ledger.all() {
		if t := r.since(time.Now()); t.requests() > 0 {
			out[r.name] = Counted{t.requests(), t.failed(), t.latency.Count(), t.panics, t.latency.Quantile(0.5)}
		}
	}
	return out
}

// ForgetForTest drops routes as if it was that time.
func (m *Module) ForgetForTest(now time.Time) { m.ledger.forget(now) }
