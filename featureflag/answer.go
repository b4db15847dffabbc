package featureflag

import (
	"context"
	"slices"
)

// answer evaluates a flag for whom c alone says, and counts it. want is the kind
// that the caller can use, KindNone for any.
func (f *Flags) answer(ctx context.Context, key string, want Kind, c *Context) Evaluation {
	if f.resolver != nil {
		return f.resolver.resolve(ctx, key, want, nil, c)
	}
	return f.own(key, want, c)
}

// own is answer by the set. c does not outlive the call.
func (f *Flags) own(key string, want Kind, c *Context) Evaluation {
	now := f.current.Load()
	i, ok := now.set.index[key]
	if !ok {
		return now.set.notFound(key)
	}
	flag := now.set.flags[i]
	out := flag.decide(c)
	if want == KindNone || want == flag.kind {
		now.counts[i].add(out.variant)
	}
	return flag.evaluation(&out)
}

// ExplainFor is [Flags.Explain] for c alone, whatever ctx says. Where another
// provider answers, the explanation has that answer and the reason that the
// provider gave, but no steps.
func (f *Flags) ExplainFor(ctx context.Context, key string, c *Context) Explanation {
	if f.resolver == nil {
		return f.Snapshot().Explain(key, c)
	}
	e := f.resolver.resolve(ctx, key, KindNone, nil, c)
	why := "Another provider answered."
	if e.Code != "" {
		why = "Another provider had no answer."
	}
	return explanation(&e, why, nil)
}

// notify tells the watchers of changes elsewhere: nil when it is not known of
// what.
func (f *Flags) notify(keys []string) {
	f.replacing.Lock()
	defer f.replacing.Unlock()
	f.watching.Lock()
	watchers := slices.Clone(f.watchers)
	f.watching.Unlock()
	for _, w := range watchers {
		w.fn(slices.Clone(keys))
	}
}

// A tracker is a resolver that takes what [Flags.Track] is told.
type tracker interface {
	track(ctx context.Context, metric string, value float64, c *Context)
}
