package ai

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// An Order says which of several routes is asked first, and which ones where it
// fails.
type Order uint8

// The orders.
const (
	// InOrder asks routes as they are listed.
	InOrder Order = iota
	// ByWeight shares requests out by [Route.Weight], at random.
	ByWeight
	// ByLatency draws two routes by weight and asks the one that is expected to
	// answer sooner: mean time to the first content times requests under way. What
	// fails counts as slow. A route that was slow, or failed, is tried again after
	// some time, since its mean halves every 10 seconds in which nothing is heard
	// of it.
	ByLatency
)

// router is routes in an order.
type router struct {
	order  Order
	routes []Route
	gauges []*gauge // beside routes, where the order is by latency
}

func newRouter(what string, order Order, routes []Route) (*router, error) {
	if len(routes) == 0 {
		return nil, errors.New(what + ": no routes")
	}
	if order > ByLatency {
		return nil, fmt.Errorf("%s: order %d is unknown", what, order)
	}
	r := &router{order: order, routes: append([]Route(nil), routes...)}
	for i := range r.routes {
		route := &r.routes[i]
		switch {
		case route.Model == nil:
			return nil, fmt.Errorf("%s: route %d has no model", what, i)
		case !(route.Weight >= 0) || math.IsInf(route.Weight, 1):
			return nil, fmt.Errorf("%s: route %d has a weight of %v", what, i, route.Weight)
		case route.Weight == 0:
			route.Weight = 1
		}
		if order == ByLatency {
			g := new(gauge)
			r.gauges = append(r.gauges, g)
			route.Model = g.around(route.Model)
		}
	}
	return r, nil
}

// pick returns the places of the routes in the order to ask them, nil: as listed.
func (r *router) pick() []int {
	if r.order == InOrder || len(r.routes) == 1 {
		return nil
	}
	order := make([]int, len(r.routes))
	for i := range order {
		order[i] = i
	}
	drawn := len(order)
	if r.order == ByLatency {
		drawn = 2
	}
	for i := range drawn {
		n := i + r.draw(order[i:])
		order[i], order[n] = order[n], order[i]
	}
	if r.order == ByLatency && r.gauges[order[1]].sooner(r.gauges[order[0]], time.Now()) {
		order[0], order[1] = order[1], order[0]
	}
	return order
}

// draw returns one of some routes by weight.
func (r *router) draw(from []int) int {
	sum := 0.0
	for _, i := range from {
		sum += r.routes[i].Weight
	}
	at := rand.Float64() * sum //nolint:gosec // only to spread the load
	for n, i := range from {
		if at -= r.routes[i].Weight; at < 0 {
			return n
		}
	}
	return len(from) - 1
}

// at is the nth route of an order that pick returned.
func (r *router) at(order []int, n int) *Route {
	if order != nil {
		n = order[n]
	}
	return &r.routes[n]
}

// gauge measures how soon a route answers.
type gauge struct {
	mu   sync.Mutex
	pace pace
}

// halfLife is how long it takes until half of what is known of a route's slowness
// is forgotten while nothing is heard of it.
const halfLife = 10 * time.Second

// expected returns the time to the first content that is expected, 0 where nothing
// is known, and the requests under way.
func (g *gauge) expected(now time.Time) (first float64, inFlight int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pace.at.IsZero() {
		return 0, g.pace.inFlight
	}
	return float64(g.pace.first) * math.Exp2(-float64(now.Sub(g.pace.at))/float64(halfLife)), g.pace.inFlight
}

// sooner reports whether g is expected to answer sooner than other. What nothing
// is known of is expected to be like the other.
func (g *gauge) sooner(other *gauge, now time.Time) bool {
	a, m := g.expected(now)
	b, n := other.expected(now)
	if a == 0 || b == 0 {
		return m < n || m == n && a == 0 && b > 0
	}
	return a*float64(m+1) < b*float64(n+1)
}

func (g *gauge) around(next Model) Model {
	return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
		return func(yield func(Event, error) bool) { g.run(next.Generate(ctx, req), yield) }
	})
}

func (g *gauge) run(events iter.Seq2[Event, error], yield func(Event, error) bool) {
	begun, known := time.Now(), false
	g.change(func(p *pace) { p.inFlight++ })
	defer g.change(func(p *pace) { p.inFlight-- })
	for e, err := range events {
		switch {
		case err != nil:
			g.learn(begun, known, typed(err))
		case !known && (e.isContent() || e.Kind == EventEnd):
			known = true
			g.learn(begun, false, nil)
		}
		if !yield(e, err) {
			return
		}
	}
}

func (g *gauge) change(f func(*pace)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f(&g.pace)
}

// How slow a failure counts as: four times what is known, in these bounds.
const (
	leastFailure = time.Second
	mostFailure  = time.Minute
)

func (g *gauge) learn(begun time.Time, known bool, err *Error) {
	now := time.Now()
	took := max(1, now.Sub(begun))
	g.change(func(p *pace) {
		switch {
		case err == nil:
			p.took(took, now)
		case err.theirs() || err.Kind == NotFound:
			p.took(min(max(took, 4*p.first, leastFailure), mostFailure), now)
		case err.Kind == Canceled && !known && took > p.first:
			p.took(took, now) // it would have taken longer, as the other of a hedge did not
		}
	})
}
