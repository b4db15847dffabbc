package ai

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A HealthState says whether an upstream is of use.
type HealthState uint8

// The states.
const (
	HealthUnknown  HealthState = iota // nobody asked lately
	HealthUp                          // it answers
	HealthDegraded                    // it fails now and then, or part of it is left alone
	HealthOpen                        // it is left alone: it failed too often, or its key is of no use for now
)

var healthStates = [...]string{"unknown", "up", "degraded", "open"}

// String returns the state, such as "degraded".
func (s HealthState) String() string {
	if int(s) < len(healthStates) {
		return healthStates[s]
	}
	return healthStates[HealthUnknown]
}

// UpstreamHealth is how one model of a provider does by one key, in the last 15
// minutes.
type UpstreamHealth struct {
	Model, Key string
	State      HealthState
	Free       time.Time // of one that is left alone: until when
	Requests   int       // that have ended; those the caller gave up do not count
	Failures   int       // of them, of the provider or its key: a request that is too long is none
	InFlight   int
	// First is the mean time to the first content, the last ones counting most; P50
	// and P95 are quantiles of it, to about a tenth. 0 where nothing was answered.
	First, P50, P95 time.Duration
	LastError       ErrorKind // of the failures
	LastErrorAt     time.Time // zero: there was none
}

// ProviderHealth is how a provider does in all.
type ProviderHealth struct {
	Name        string
	State       HealthState // degraded where some of it is left alone, open where all of it is
	Requests    int
	Failures    int
	InFlight    int
	P50, P95    time.Duration // of the time to the first content
	LastError   ErrorKind
	LastErrorAt time.Time // zero: there was none
	Keys        []KeyHealth
	Upstreams   []UpstreamHealth // by model and key
}

// KeyHealth is how one key of a provider does, over all models.
type KeyHealth struct {
	Name  string // empty where the provider has one key without a name
	State HealthState
}

// failing is the share of failures from which on an upstream is degraded.
const failing = 0.1

// Providers returns how all upstreams do that were asked, by provider, sorted by
// name. A nil Health has none.
func (h *Health) Providers() []ProviderHealth {
	if h == nil {
		return nil
	}
	now := time.Now()
	var providers []ProviderHealth
	var sums tally
	for i, v := range h.sorted() {
		if i == 0 || providers[len(providers)-1].Name != v.provider {
			providers, sums = append(providers, ProviderHealth{Name: v.provider}), tally{}
		}
		p := &providers[len(providers)-1]
		p.add(v.health(now, &sums))
		p.P50, p.P95 = sums.quantile(0.5), sums.quantile(0.95)
	}
	for i := range providers {
		providers[i].judge()
	}
	return providers
}

func (h *Health) sorted() []*vital {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*vital, 0, len(h.vitals))
	for _, v := range h.vitals {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b *vital) int {
		return cmp.Or(strings.Compare(a.provider, b.provider), strings.Compare(a.model, b.model), strings.Compare(a.key, b.key))
	})
	return list
}

// health returns what is known, and adds it to the sums of the provider.
func (v *vital) health(now time.Time, sums *tally) UpstreamHealth {
	free := v.free(now)
	v.mu.Lock()
	defer v.mu.Unlock()
	var own tally
	v.recent.sum(v.since, now, &own)
	sums.requests += own.requests
	sums.failures += own.failures
	for i, n := range own.counts {
		sums.counts[i] += n
	}
	u := UpstreamHealth{Model: v.model, Key: v.key, Free: free, Requests: own.requests, Failures: own.failures, InFlight: v.pace.inFlight,
		First: v.pace.first, P50: own.quantile(0.5), P95: own.quantile(0.95), LastError: v.lastKind, LastErrorAt: v.lastAt}
	switch {
	case !free.IsZero() || !v.circuit.until.IsZero():
		u.State = HealthOpen
	case own.requests == 0:
	case float64(own.failures) >= failing*float64(own.requests):
		u.State = HealthDegraded
	default:
		u.State = HealthUp
	}
	return u
}

func (p *ProviderHealth) add(u UpstreamHealth) {
	p.Requests += u.Requests
	p.Failures += u.Failures
	p.InFlight += u.InFlight
	if u.LastErrorAt.After(p.LastErrorAt) {
		p.LastError, p.LastErrorAt = u.LastError, u.LastErrorAt
	}
	p.Upstreams = append(p.Upstreams, u)
}

func (p *ProviderHealth) judge() {
	p.State = overall(p.Upstreams, func(*UpstreamHealth) bool { return true })
	for i := range p.Upstreams {
		name := p.Upstreams[i].Key
		if !slices.ContainsFunc(p.Keys, func(k KeyHealth) bool { return k.Name == name }) {
			p.Keys = append(p.Keys, KeyHealth{name, overall(p.Upstreams, func(u *UpstreamHealth) bool { return u.Key == name })})
		}
	}
	slices.SortFunc(p.Keys, func(a, b KeyHealth) int { return strings.Compare(a.Name, b.Name) })
}

// overall is the state of several upstreams: those that nobody asked lately do not
// count.
func overall(list []UpstreamHealth, counts func(*UpstreamHealth) bool) HealthState {
	var seen [len(healthStates)]bool
	for i := range list {
		if counts(&list[i]) {
			seen[list[i].State] = true
		}
	}
	switch {
	case seen[HealthOpen] && !seen[HealthUp] && !seen[HealthDegraded]:
		return HealthOpen
	case seen[HealthOpen] || seen[HealthDegraded]:
		return HealthDegraded
	case seen[HealthUp]:
		return HealthUp
	}
	return HealthUnknown
}
