package ai

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"time"
)

// A Key is one of several keys of a provider.
type Key struct {
	Name  string // shown to people; never the key itself
	Model Model  // the provider, asked with this key
}

// Keys asks a provider with its keys in turn. A key that is rate limited, out of
// quota or refused is left alone for a while, that of a rate limit until the
// provider's Retry-After has passed, and so is one whose breaker is open: the
// next one is asked before anybody sees it. Where all are left alone, the one is
// asked that is free first. What is known of a key is known for each model apart,
// since providers limit them apart. Each key is watched as [Health.Watch] has it.
func (h *Health) Keys(provider string, keys ...Key) (Model, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("provider %q has no keys", provider)
	}
	k := &keyRing{health: h, provider: provider}
	for i, key := range keys {
		if key.Model == nil || slices.Contains(k.names, key.Name) {
			return nil, fmt.Errorf("provider %q: key %d has no model, or the name %q of another", provider, i, key.Name)
		}
		k.names = append(k.names, key.Name)
		k.models = append(k.models, h.Watch(provider, key.Name)(key.Model))
	}
	if len(keys) == 1 {
		return k.models[0], nil
	}
	return k, nil
}

type keyRing struct {
	health   *Health
	provider string
	names    []string
	models   []Model // beside names
	turn     atomic.Uint32
}

// Generate implements [Model].
func (k *keyRing) Generate(ctx context.Context, req *Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := req.valid(); err != nil {
			yield(Event{}, err)
			return
		}
		k.run(ctx, req, yield)
	}
}

func (k *keyRing) run(ctx context.Context, req *Request, yield func(Event, error) bool) {
	var failed []error
	for _, i := range k.order(req.Model) {
		a := attempt{yield: yield}
		err := a.run(k.models[i].Generate(ctx, req))
		if err == nil || a.left {
			return
		}
		if a.committed || !ofKey(typed(err)) || ctx.Err() != nil {
			yield(Event{}, err)
			return
		}
		failed = append(failed, err)
	}
	yield(Event{}, together(failed))
}

// ofKey reports whether another key may help.
func ofKey(e *Error) bool { return restOf(e) > 0 || errors.Is(e, errLeftAlone) }

// order returns the keys to ask: those that are free, or the one that is first.
func (k *keyRing) order(model string) []int {
	turn, now := int(k.turn.Add(1)-1), time.Now()
	order := make([]int, 0, len(k.models))
	first, soonest := 0, time.Time{}
	for n := range k.models {
		i := (turn + n) % len(k.models)
		at := k.health.free(upstream{k.provider, model, k.names[i]}, now)
		switch {
		case at.IsZero():
			order = append(order, i)
		case soonest.IsZero() || at.Before(soonest):
			first, soonest = i, at
		}
	}
	if len(order) == 0 {
		order = append(order, first)
	}
	return order
}

var _ Model = (*keyRing)(nil)
