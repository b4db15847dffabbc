package traffic

import (
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/modules/traffic/internal/sketch"
	"github.com/modular-dashboard/dashboard/modules/traffic/internal/status"
)

const (
	// maxRoutes is how many routes are told apart; a route takes 5 KiB where its
	// durations are spread over everything, and usually less than 2.
	maxRoutes = 200
	// maxPattern bounds the name of a route, in bytes.
	maxPattern = 200
	// forgetAfter is when a route that nobody asks for makes room for others.
	forgetAfter = time.Hour

	noRoute    = "(no route)"
	otherRoute = "(other)"
)

// A route is what is counted apart. The counters only grow; who looks after
// them remembers how far it has seen.
type route struct {
	name     string
	statuses status.Counter
	latency  sketch.Counter
	panics   atomic.Uint64

	// Of [Module.take] alone.
	seenStatuses status.Seen
	seenLatency  sketch.Seen
	seenPanics   uint64
	used         time.Time
}

type routeKey struct{ method, pattern string }

// A ledger finds routes without a lock; only a new one takes it.
type ledger struct {
	routes atomic.Pointer[map[routeKey]*route]
	other  *route
	adding sync.Mutex
}

func newLedger() *ledger {
	l := &ledger{other: &route{name: otherRoute}}
	l.routes.Store(&map[routeKey]*route{})
	return l
}

// find returns the route of a pattern, or that of all others where there are too
// many.
func (l *ledger) find(method, pattern string) *route {
	if len(pattern) > maxPattern {
		pattern = pattern[:maxPattern]
	}
	k := routeKey{pattern: pattern}
	if i := strings.IndexByte(pattern, ' '); i <= 0 || pattern[0] == '/' { // it names no method of its own
		k.method = known(method)
	}
	table := *l.routes.Load()
	if r := table[k]; r != nil {
		return r
	}
	if len(table) >= maxRoutes {
		return l.other
	}
	return l.add(k)
}

// known returns a method that is known, or one word for all others: anybody can
// make one up.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return method
	}
	return "OTHER"
}

func (l *ledger) add(k routeKey) *route {
	l.adding.Lock()
	defer l.adding.Unlock()
	old := *l.routes.Load()
	if r := old[k]; r != nil {
		return r
	}
	if len(old) >= maxRoutes {
		return l.other
	}
	k.pattern = strings.Clone(k.pattern) // it may be a piece of a whole request
	r := &route{name: nameOf(k), used: time.Now()}
	next := maps.Clone(old)
	next[k] = r
	l.routes.Store(&next)
	return r
}

// nameOf is a route as people and the database see it: never empty.
func nameOf(k routeKey) string {
	pattern := strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == '\uFFFD' {
			return '?'
		}
		return c
	}, k.pattern)
	if pattern == "" {
		pattern = noRoute
	}
	if k.method == "" {
		return pattern
	}
	return k.method + " " + pattern
}

// all returns every route there is.
func (l *ledger) all() []*route {
	table := *l.routes.Load()
	out := make([]*route, 0, len(table)+1)
	for _, r := range table {
		out = append(out, r)
	}
	return append(out, l.other)
}

// forget drops routes that nobody has asked for in a long time.
func (l *ledger) forget(now time.Time) {
	l.adding.Lock()
	defer l.adding.Unlock()
	old := *l.routes.Load()
	next := maps.Clone(old)
	maps.DeleteFunc(next, func(_ routeKey, r *route) bool { return now.Sub(r.used) > forgetAfter })
	if len(next) < len(old) {
		l.routes.Store(&next)
	}
}
