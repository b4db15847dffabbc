package dashboard

import (
	"context"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
)

func (d *Dashboard) routeProviders(r *Router) {
	Get(r, "/ai/providers", d.listProviders, Require(permAIRead), ID("ai-providers"), Summary("How the providers of models do"),
		Description("State, requests, failures and times to the first piece are those of the last 15 minutes on the instance that answers; requests that fell back and what caches did are those of all instances."))
}

type providerInfo struct {
	Name      string             `json:"name"`
	State     string             `json:"state" validate:"oneof=up degraded open unknown" doc:"Degraded: some of it is left alone for a while; open: all of it."`
	Requests  int                `json:"requests"`
	Failures  int                `json:"failures"`
	InFlight  int                `json:"in_flight"`
	P50MS     float64            `json:"p50_ms"`
	P95MS     float64            `json:"p95_ms"`
	LastError *providerError     `json:"last_error,omitempty"`
	Keys      []providerKey      `json:"keys"`
	Models    []providerUpstream `json:"models" doc:"By model and key."`
}

type providerError struct {
	Kind string    `json:"kind"`
	At   time.Time `json:"at"`
}

type providerKey struct {
	Name  string `json:"name" doc:"Never the key; empty where there is one only."`
	State string `json:"state" validate:"oneof=up degraded open unknown"`
}

type providerUpstream struct {
	Model    string     `json:"model"`
	Key      string     `json:"key"`
	State    string     `json:"state" validate:"oneof=up degraded open unknown"`
	OpenTill *time.Time `json:"open_till,omitempty" doc:"Until when it is left alone."`
	Requests int        `json:"requests"`
	Failures int        `json:"failures"`
	P50MS    float64    `json:"p50_ms"`
	P95MS    float64    `json:"p95_ms"`
}

type providersOut struct {
	Items     []providerInfo `json:"items"`
	Fallbacks int64          `json:"fallbacks" doc:"Requests that another model answered than the one asked first."`
	Cache     cacheCounts    `json:"cache"`
	Routers   []routerInfo   `json:"routers" doc:"What shifts traffic by feedback."`
	Dropped   int64          `json:"dropped" doc:"Records that this instance had no room for since it was started."`
}

type routerInfo struct {
	Name string    `json:"name"`
	Arms []armInfo `json:"arms"`
}

type armInfo struct {
	Name   string  `json:"name"`
	Asked  int64   `json:"asked" doc:"How often it was chosen on this instance since it was started."`
	Mean   float64 `json:"mean" doc:"Of the rewards, from 0 to 1; 0.5 where nothing is known."`
	Weight float64 `json:"weight" doc:"How many rewards that is worth."`
}

type cacheCounts struct {
	Hits     int64 `json:"hits" doc:"Answers to the same request."`
	Misses   int64 `json:"misses"`
	Shared   int64 `json:"shared" doc:"Answers that another request got at the same time."`
	Semantic int64 `json:"semantic" doc:"Answers to a request that means the same."`
}

// lately is how far back the health of providers goes.
const lately = 15 * time.Minute

func (d *Dashboard) listProviders(ctx context.Context, _ empty) (providersOut, error) {
	out := providersOut{Items: []providerInfo{}, Dropped: d.models.records.Dropped()}
	known := map[string]ai.ProviderHealth{}
	if h := d.models.models.Health; h != nil {
		for _, p := range h.Providers() {
			known[p.Name] = p
		}
	}
	for _, name := range d.models.models.Providers() {
		p := known[name]
		p.Name = name
		out.Items = append(out.Items, providerInfoOf(&p))
	}
	out.Routers = []routerInfo{}
	for _, b := range d.models.models.Bandits() {
		one := routerInfo{Name: b.Name(), Arms: []armInfo{}}
		for _, a := range b.Arms() {
			one.Arms = append(one.Arms, armInfo(a))
		}
		out.Routers = append(out.Routers, one)
	}
	lately, err := d.models.records.Lately(ctx, time.Now().Add(-lately))
	if err != nil {
		return providersOut{}, err
	}
	out.Fallbacks = lately.Fallbacks
	out.Cache = cacheCounts{Hits: lately.Cache[ai.CacheExact.String()], Misses: lately.Cache[ai.CacheMiss.String()],
		Shared: lately.Cache[ai.CacheShared.String()], Semantic: lately.Cache[ai.CacheSemantic.String()]}
	return out, nil
}

func providerInfoOf(p *ai.ProviderHealth) providerInfo {
	out := providerInfo{Name: p.Name, State: p.State.String(), Requests: p.Requests, Failures: p.Failures, InFlight: p.InFlight,
		P50MS: toMS(p.P50), P95MS: toMS(p.P95), Keys: []providerKey{}, Models: []providerUpstream{}}
	if !p.LastErrorAt.IsZero() {
		out.LastError = &providerError{Kind: p.LastError.String(), At: p.LastErrorAt.UTC()}
	}
	for _, k := range p.Keys {
		out.Keys = append(out.Keys, providerKey{k.Name, k.State.String()})
	}
	for _, u := range p.Upstreams {
		one := providerUpstream{Model: u.Model, Key: u.Key, State: u.State.String(), Requests: u.Requests, Failures: u.Failures, P50MS: toMS(u.P50), P95MS: toMS(u.P95)}
		if !u.Free.IsZero() {
			till := u.Free.UTC()
			one.OpenTill = &till
		}
		out.Models = append(out.Models, one)
	}
	return out
}

func toMS(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
