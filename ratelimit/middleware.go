package ratelimit

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
)

// maxRules is how many rules a [Middleware] may have.
const maxRules = 8

// A Rule says which policy holds whom to what.
type Rule struct {
	// Policy is the policy. It is not used where Live is set.
	Policy Policy
	// Live and Name take the policy from a collection, with each request anew.
	// While there is none of that name the rule does not apply. A policy without a
	// name is called "default".
	Live *Policies
	Name string
	// By says whose bucket a request uses, and whether the rule is for it.
	By Key
	// Cost is what a request costs; nil means 1. 0 charges nothing, and so does
	// less. More than the policy's [Policy.Depth] is never allowed.
	Cost func(*http.Request) int64
}

// Middleware holds requests to rules. Make one with [NewMiddleware]. It is safe
// for concurrent use.
//
// All rules that apply to a request are decided together, in one call of the
// store: all are charged or none. What is allowed goes on with the fields
// RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers), whose t
// is when the bucket is full again; several rules make a list. What is refused
// is answered as [Refusal] says. Policies in shadow mode are in neither, only in
// metrics and traces.
//
// Where the store fails, requests pass, which is logged and counted:
// [FailClosed] refuses them. Where it fails because the request's context has
// ended, the request is refused in any case: nobody passes uncharged by hanging
// up.
type Middleware struct {
	config

	store   Store
	rules   []Rule
	limits  []*limit // of the rules that have a policy of their own
	scratch sync.Pool
	// headers are the last values of RateLimit-Policy, by the rules that applied.
	headers []atomic.Pointer[policyFields]
	nextLog atomic.Int64
}

// NewMiddleware returns a Middleware of up to 8 rules. Errors: no store, no rule
// or too many, one without a key or with a policy that is not valid, two with
// policies of one name, those of options.
func NewMiddleware(store Store, rules []Rule, opts ...MiddlewareOption) (*Middleware, error) {
	if store == nil {
		return nil, errors.New("make rate limits: no store")
	}
	if len(rules) < 1 || len(rules) > maxRules {
		return nil, fmt.Errorf("make rate limits: %d rules, want 1 to %d", len(rules), maxRules)
	}
	m := &Middleware{config: newConfig(), store: store, rules: slices.Clone(rules), limits: make([]*limit, len(rules)),
		headers: make([]atomic.Pointer[policyFields], 1<<len(rules))}
	names := map[string]bool{}
	for i, rule := range rules {
		name := rule.Name
		if rule.Live == nil {
			if err := rule.Policy.Validate(); err != nil {
				return nil, fmt.Errorf("make rate limits: rule %d: %w", i+1, err)
			}
			name, m.limits[i] = rule.Policy.Label(), newLimit(rule.Policy)
		}
		switch {
		case name == "":
			return nil, fmt.Errorf("make rate limits: rule %d names no policy", i+1)
		case rule.By == nil:
			return nil, fmt.Errorf("make rate limits: the rule %q has no key", name)
		case names[name]:
			return nil, fmt.Errorf("make rate limits: two rules are called %q", name)
		}
		names[name] = true
	}
	for _, opt := range opts {
		if err := opt.applyMiddleware(&m.config); err != nil {
			return nil, fmt.Errorf("make rate limits: %w", err)
		}
	}
	var err error
	if m.meters, err = newMeters(m.provider); err != nil {
		return nil, fmt.Errorf("make rate limits: %w", err)
	}
	local, _ := store.(*Local)
	m.scratch.New = func() any { return &plan{local: local} }
	return m, nil
}

// Wrap returns a handler that answers what the rules refuse, and passes on the
// rest. The [http.ResponseWriter] is passed as it is. The header's slice of
// RateLimit-Policy is shared by many requests: replace it, do not write into it.
func (m *Middleware) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.Admit(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// Admit decides one request, for handlers that wrap themselves: it sets the
// header fields, and where it returns false it has answered.
func (m *Middleware) Admit(w http.ResponseWriter, r *http.Request) bool {
	p, _ := m.scratch.Get().(*plan)
	passed := m.decide(p, w.Header(), r)
	if !passed {
		m.refuse(w, r, p.refusal())
	}
	p.reset()
	m.scratch.Put(p)
	return passed
}

func (m *Middleware) decide(p *plan, h http.Header, r *http.Request) (passed bool) {
	m.apply(p, r)
	if p.n == 0 {
		return true
	}
	ctx := r.Context()
	if !p.hopeless {
		var err error
		if passed, err = p.take(ctx, m.store); err != nil {
			passed = m.failed(ctx, p, err)
		}
	}
	m.observe(ctx, p, passed)
	if !m.hidden && (!passed || !m.sparing) {
		m.addFields(p, h, passed)
	}
	return passed
}

// apply finds the rules that are for the request, and what they charge.
func (m *Middleware) apply(p *plan, r *http.Request) {
	for i := range m.rules {
		rule := &m.rules[i]
		key, ok := rule.By(r)
		if !ok {
			continue
		}
		key = bounded(key)
		l := m.limits[i]
		if l == nil {
			if l = rule.Live.limit(rule.Name, key); l == nil {
				continue
			}
		}
		cost := int64(1)
		if rule.Cost != nil {
			cost = max(rule.Cost(r), 0)
		}
		p.add(i, l, key, cost)
	}
}
