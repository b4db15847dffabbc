package featureflag

import (
	"context"
	"maps"
	"sync"
)

// A Requester is what a context.Context knows of flags: which there are, and who
// the caller is. A host's own request context may return one for [ContextKey];
// its methods are called when a flag needs them, from any goroutine that has the
// context. Either may return nil.
type Requester interface {
	// Flags returns the flags to ask, nil for none.
	Flags() *Flags
	// FlagContext returns the caller, nil for an anonymous one. It is read only.
	FlagContext() *Context
}

type contextKey struct{}

// ContextKey is the key under which a context.Context holds its [Requester].
func ContextKey() any { return contextKey{} }

// WithContext returns a context that names the caller flags are evaluated for. c
// is merged over what ctx already says: its targeting key wins unless it is
// empty, its attributes win one by one.
func WithContext(ctx context.Context, c Context) context.Context {
	return &carrier{Context: ctx, scope: scope{parent: requester(ctx), own: &c}}
}

// WithFlags returns a context with the flags that [Bool] and its friends ask.
func WithFlags(ctx context.Context, f *Flags) context.Context {
	return &carrier{Context: ctx, scope: scope{parent: requester(ctx), flags: f}}
}

// FromContext returns the caller that ctx names, nil where it names none. It is
// shared: read only.
func FromContext(ctx context.Context) *Context {
	if r := requester(ctx); r != nil {
		return r.FlagContext()
	}
	return nil
}

// FlagsFromContext returns the flags of [WithFlags], nil where ctx has none.
func FlagsFromContext(ctx context.Context) *Flags {
	if r := requester(ctx); r != nil {
		return r.Flags()
	}
	return nil
}

func requester(ctx context.Context) Requester {
	if ctx == nil {
		return nil
	}
	r, _ := ctx.Value(contextKey{}).(Requester)
	return r
}

// A scope is a Requester over another one.
type scope struct {
	parent Requester // nil at the end
	flags  *Flags    // nil: the parent's
	own    *Context  // nil: the parent's

	once   sync.Once
	merged *Context
}

func (s *scope) Flags() *Flags {
	if s.flags != nil || s.parent == nil {
		return s.flags
	}
	return s.parent.Flags()
}

func (s *scope) FlagContext() *Context {
	if s.parent == nil {
		return s.own
	}
	if s.own == nil {
		return s.parent.FlagContext()
	}
	s.once.Do(func() { s.merged = mergeContexts(s.parent.FlagContext(), s.own) })
	return s.merged
}

func mergeContexts(under, over *Context) *Context {
	if under == nil {
		return over
	}
	if over == nil {
		return under
	}
	merged := &Context{TargetingKey: over.TargetingKey, Attributes: under.Attributes}
	if merged.TargetingKey == "" {
		merged.TargetingKey = under.TargetingKey
	}
	if len(under.Attributes) == 0 {
		merged.Attributes = over.Attributes
	} else if len(over.Attributes) > 0 {
		merged.Attributes = maps.Clone(under.Attributes)
		maps.Copy(merged.Attributes, over.Attributes)
	}
	return merged
}

// Bool is [Flags.Bool] of the flags of ctx; def where it has none.
func Bool(ctx context.Context, key string, def bool) bool {
	if f := FlagsFromContext(ctx); f != nil {
		return f.Bool(ctx, key, def)
	}
	return def
}

// String is [Flags.String] of the flags of ctx; def where it has none.
func String(ctx context.Context, key, def string) string {
	if f := FlagsFromContext(ctx); f != nil {
		return f.String(ctx, key, def)
	}
	return def
}

// Int is [Flags.Int] of the flags of ctx; def where it has none.
func Int(ctx context.Context, key string, def int64) int64 {
	if f := FlagsFromContext(ctx); f != nil {
		return f.Int(ctx, key, def)
	}
	return def
}

// Float is [Flags.Float] of the flags of ctx; def where it has none.
func Float(ctx context.Context, key string, def float64) float64 {
	if f := FlagsFromContext(ctx); f != nil {
		return f.Float(ctx, key, def)
	}
	return def
}

// Object is [Flags.Object] of the flags of ctx; def where it has none.
func Object(ctx context.Context, key string, def map[string]any) map[string]any {
	if f := FlagsFromContext(ctx); f != nil {
		return f.Object(ctx, key, def)
	}
	return def
}
