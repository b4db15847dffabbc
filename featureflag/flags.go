package featureflag

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Flags are definitions that can change while they are in use. Readers never
// wait: each evaluation works on the set that was in use when it began. It is
// safe for concurrent use. Make one with [New] or [Open].
type Flags struct {
	current  atomic.Pointer[state]
	resolver resolver // evaluates in place of the set, nil for most

	replacing sync.Mutex // held while a set takes another's place
	watching  sync.Mutex
	watchers  []*watcher

	experiments experiments
	health      health
}

// A state is a set and what is counted of its flags, in the order of the set.
type state struct {
	set    *Set
	counts []*counts
}

type watcher struct{ fn func(changed []string) }

// A resolver evaluates through another provider. want is the type that the
// caller wants, KindNone when any will do; def is the caller's default, nil when
// it named none. A value that is none, or not of that type, leaves the caller to
// its default.
type resolver interface {
	resolve(ctx context.Context, key string, want Kind, def any, c *Context) Evaluation
}

// New makes flags with an empty set; [Flags.Replace] fills it.
func New() *Flags { return newFlags(nil) }

// newFlags returns flags that r answers, or their own set where r is nil.
func newFlags(r resolver) *Flags {
	f := &Flags{resolver: r}
	set := emptySet()
	f.current.Store(&state{set: set, counts: newCounts(set, nil)})
	return f
}

// Snapshot is the set in use.
func (f *Flags) Snapshot() *Set { return f.current.Load().set }

// Replace puts a set in use, at once and as a whole, and tells the watchers what
// changed; nil is the empty set. Flags that stay keep their counts.
func (f *Flags) Replace(s *Set) {
	if s == nil {
		s = emptySet()
	}
	f.replacing.Lock()
	defer f.replacing.Unlock()
	before := f.current.Load()
	f.current.Store(&state{set: s, counts: newCounts(s, before)})
	f.watching.Lock()
	watchers := slices.Clone(f.watchers)
	f.watching.Unlock()
	if len(watchers) == 0 {
		return
	}
	changed := changes(before.set, s)
	if len(changed) == 0 {
		return
	}
	for _, w := range watchers {
		w.fn(slices.Clone(changed))
	}
}

// Watch calls fn after each [Flags.Replace] that changed something, with the
// keys of the flags that may answer differently, sorted. Calls come one at a
// time, in order, and hold up Replace, which fn must not call. stop ends them;
// a call under way may still end afterwards.
func (f *Flags) Watch(fn func(changed []string)) (stop func()) {
	w := &watcher{fn: fn}
	f.watching.Lock()
	f.watchers = append(slices.Clone(f.watchers), w)
	f.watching.Unlock()
	return func() {
		f.watching.Lock()
		defer f.watching.Unlock()
		f.watchers = slices.DeleteFunc(slices.Clone(f.watchers), func(other *watcher) bool { return other == w })
	}
}

// Bool returns the value of a boolean flag for the caller that ctx names, or def
// where the flag does not exist, is not boolean, is disabled, fails, or has no
// default variant.
func (f *Flags) Bool(ctx context.Context, key string, def bool) bool {
	if f.resolver != nil {
		return elsewhere(ctx, f, key, KindBool, def, Value.Bool)
	}
	if v := f.serve(ctx, key, KindBool); v != nil {
		return v.num != 0
	}
	return def
}

// String is [Flags.Bool] for strings.
func (f *Flags) String(ctx context.Context, key, def string) string {
	if f.resolver != nil {
		return elsewhere(ctx, f, key, KindString, def, Value.Text)
	}
	if v := f.serve(ctx, key, KindString); v != nil {
		return v.str
	}
	return def
}

// Int is [Flags.Bool] for numbers, without their fraction; def too when an int64
// cannot hold it.
func (f *Flags) Int(ctx context.Context, key string, def int64) int64 {
	if f.resolver != nil {
		return elsewhere(ctx, f, key, KindNumber, def, Value.Int)
	}
	if v := f.serve(ctx, key, KindNumber); v != nil {
		if i, ok := v.Int(); ok {
			return i
		}
	}
	return def
}

// Float is [Flags.Bool] for numbers.
func (f *Flags) Float(ctx context.Context, key string, def float64) float64 {
	if f.resolver != nil {
		return elsewhere(ctx, f, key, KindNumber, def, Value.Float)
	}
	if v := f.serve(ctx, key, KindNumber); v != nil {
		return v.num
	}
	return def
}

// Object is [Flags.Bool] for objects, which it copies.
func (f *Flags) Object(ctx context.Context, key string, def map[string]any) map[string]any {
	if f.resolver != nil {
		return elsewhere(ctx, f, key, KindObject, def, Value.Object)
	}
	if v := f.serve(ctx, key, KindObject); v != nil {
		return cloneMap(v.obj)
	}
	return def
}

// serve is the value of a flag, nil for the code default.
func (f *Flags) serve(ctx context.Context, key string, want Kind) *Value {
	now := f.current.Load()
	i, ok := now.set.index[key]
	if !ok {
		return nil
	}
	flag := now.set.flags[i]
	if flag.kind != want {
		return nil
	}
	variant := int32(flag.dflt)
	if flag.disabled {
		variant = -1
	} else if flag.dynamic {
		variant = flag.decide(FromContext(ctx)).variant
	}
	now.counts[i].add(variant)
	if variant < 0 {
		return nil
	}
	return &flag.variants[variant].Value
}

// elsewhere is what the resolver answers, or def.
func elsewhere[T any](ctx context.Context, f *Flags, key string, want Kind, def T, read func(Value) (T, bool)) T {
	answer := f.resolver.resolve(ctx, key, want, def, FromContext(ctx))
	if value, ok := read(answer.Value); ok {
		return value
	}
	return def
}

// Evaluate evaluates a flag for the caller that ctx names, and counts it as an
// exposure.
func (f *Flags) Evaluate(ctx context.Context, key string) Evaluation {
	return f.EvaluateFor(ctx, key, nil)
}

// EvaluateFor is [Flags.Evaluate] for c merged over what ctx says, as
// [WithContext] would.
func (f *Flags) EvaluateFor(ctx context.Context, key string, c *Context) Evaluation {
	c = mergeContexts(FromContext(ctx), c)
	if f.resolver != nil {
		return f.resolver.resolve(ctx, key, KindNone, nil, c)
	}
	return f.own(key, KindNone, c)
}

// Explain is [Set.Explain] of the set in use, for the caller that ctx names. It
// does not count as an exposure.
func (f *Flags) Explain(ctx context.Context, key string) Explanation {
	return f.ExplainFor(ctx, key, FromContext(ctx))
}
