package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
)

// Fixed is a [Limiter] of policies that do not change. Make one with [New]. It
// is safe for concurrent use.
type Fixed struct {
	store    Store
	policies []Policy
	local    *Local // the store, where it is one, which is asked directly
	rules    []rule // the policies, for it
	scratch  sync.Pool
}

// New returns a limiter that holds every key to all of the policies, with
// buckets in a store. Errors: no store, no policy, one that is not valid, two of
// the same name.
func New(store Store, policies ...Policy) (*Fixed, error) {
	if store == nil {
		return nil, errors.New("make rate limiter: no store")
	}
	if len(policies) == 0 {
		return nil, errors.New("make rate limiter: no policy")
	}
	f := &Fixed{store: store, policies: slices.Clone(policies)}
	for i, p := range policies {
		if err := p.Validate(); err != nil {
			return nil, fmt.Errorf("make rate limiter: policy %s: %w", p.Label(), err)
		}
		if slices.ContainsFunc(policies[:i], func(other Policy) bool { return other.Label() == p.Label() }) {
			return nil, fmt.Errorf("make rate limiter: two policies are called %s", p.Label())
		}
	}
	if local, ok := store.(*Local); ok {
		f.local = local
		for i := range f.policies {
			f.rules = append(f.rules, newRule(&f.policies[i], local.seed))
		}
	}
	f.scratch.New = func() any {
		return &question{make([]Charge, len(f.policies)), make([]Decision, len(f.policies))}
	}
	return f, nil
}

// Policies returns the limiter's policies.
func (f *Fixed) Policies() []Policy { return slices.Clone(f.policies) }

// A question is what a store is asked, and the place for its answer.
type question struct {
	charges   []Charge
	decisions []Decision
}

// Allow implements [Limiter].
func (f *Fixed) Allow(ctx context.Context, key string, cost int64) (d Decision, err error) {
	if cost < 0 || cost > MaxLimit {
		return Decision{}, ErrCost
	}
	if f.local != nil {
		hash := maphash.String(f.local.seed, key)
		if len(f.rules) == 1 {
			r := &f.rules[0]
			f.local.one(r, hash, cost, &d)
			if r.shadow {
				d.Allowed = true
			}
			return d, nil
		}
		return f.together(hash, cost), nil
	}
	q := f.ask(key, cost)
	defer f.done(q)
	allowed, err := f.store.Take(ctx, q.charges, q.decisions)
	return f.verdict(q.decisions, allowed && err == nil), err
}

// together asks the local store about several policies.
func (f *Fixed) together(hash uint64, cost int64) Decision {
	var demands [4]demand
	var decisions [4]Decision
	all, answers := demands[:0], decisions[:]
	for i := range f.rules {
		all = append(all, demand{f.rules[i], hash, cost})
	}
	if len(all) > len(answers) {
		answers = make([]Decision, len(all))
	}
	allowed := f.local.several(all, answers)
	return f.verdict(answers[:len(all)], allowed)
}

// verdict is the decision that speaks for all.
func (f *Fixed) verdict(decisions []Decision, allowed bool) Decision {
	best := -1
	for i := range decisions {
		if best < 0 || f.stricter(decisions, i, best) {
			best = i
		}
	}
	d := decisions[best]
	d.Allowed = allowed
	return d
}

// stricter tells whether decision i says more than decision j: a refusal before
// one of a shadow policy before the one with the least left.
func (f *Fixed) stricter(decisions []Decision, i, j int) bool {
	if a, b := f.weight(decisions, i), f.weight(decisions, j); a != b {
		return a > b
	}
	if !decisions[i].Allowed && decisions[i].RetryAfter != decisions[j].RetryAfter {
		return decisions[i].RetryAfter > decisions[j].RetryAfter
	}
	return decisions[i].Remaining < decisions[j].Remaining
}

func (f *Fixed) weight(decisions []Decision, i int) int {
	switch {
	case decisions[i].Allowed:
		return 0
	case f.policies[i].Shadow:
		return 1
	case !decisions[i].TooLarge:
		return 2
	}
	return 3
}

// Settle implements [Limiter].
func (f *Fixed) Settle(ctx context.Context, key string, delta int64) error {
	if delta < -MaxLimit || delta > MaxLimit {
		return ErrCost
	}
	if f.local != nil {
		hash := maphash.String(f.local.seed, key)
		for i := range f.rules {
			f.local.settle(&f.rules[i], hash, delta)
		}
		return nil
	}
	q := f.ask(key, delta)
	defer f.done(q)
	return f.store.Settle(ctx, q.charges)
}

func (f *Fixed) ask(key string, cost int64) *question {
	q, ok := f.scratch.Get().(*question)
	if !ok { // New always makes one
		q = &question{make([]Charge, len(f.policies)), make([]Decision, len(f.policies))}
	}
	for i := range f.policies {
		q.charges[i] = Charge{f.policies[i], key, cost}
	}
	return q
}

func (f *Fixed) done(q *question) {
	clear(q.charges) // holds no key
	clear(q.decisions)
	f.scratch.Put(q)
}

var (
	_ Limiter = (*Fixed)(nil)
	_ Store   = (*Local)(nil)
)
