package featureflag

import (
	"context"
	"maps"
	"sync"
)

// A Requester is what a context.Context knows of flags: which there are, and
// who is asking. A host's own request context may answer for [ContextKey] with
// one; its methods are called when a flag needs them, from any goroutine that
// has the context. Either may return nil.
type Requester interface {
	// Flags are those that are asked, nil for none.
	Flags() *Flags
	// FlagContext says who is asking, nil for nobody. It is read only.
	FlagContext() *Context
}

type contextKey struct{}

// ContextKey is the key under which a context.Context holds its [Requester].
func ContextKey() any { return contextKey{} }

// WithContext says who is asking. It is merged over what ctx already says: its
// targeting key wins unless it is empty, its attributes win one by one.
func WithContext(ctx context.Context, c Context) context.Context {
	return &carrier{Context: ctx, scope: scope{parent: requester(ctx), own: &c}}
}

// WithFlags says which flags are asked: what [Bool] and its friends use.
func WithFlags(ctx context.Context, f *Flags) context.Context {
	return &carrier{Context: ctx, scope: scope{parent: requester(ctx), flags: f}}
}

// FromContext is who is asking, nil when ctx does not say. It is shared: read
// only.
func FromContext(ctx context.Context) *Context {
	if r := requester(ctx); r != nil {
		return r.FlagContext()
	}
	return nil
}

// FlagsFromContext are the flags that ctx knows, nil when it knows none.
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

// Bool is [Flags.Bool] of the flags that ctx knows; def when it knows none.
func Bool(ctx context.Context, key string, def bool) bool {
	if f := FlagsFromContext(ctx); f != nil {
		return f.Bool(ctx, key, def)
	}
	return def
}

// String is [Flags.String] of the flags that ctx knows; def when it knows none.
func String(ctx context.Context, key, def string) string {
	if f := FlagsFromContext(ctx); f != nil {
		return f.String(ctx, key, def)
	}
	return def
}

// Int is [Flags.Int] of the flags that ctx knows; def when it knows none.
func Int(ctx context.Context, key string, def int64) int64 {
	if f := FlagsFromContext(ctx); f != nil {
		return f.Int(ctx, key, def)
	}
	return def
}

// Float is [Flags.Float] of the flags that ctx knows; def when it knows none.
func Float(ctx context.Context, key string, def float64) float64 {
	if f := FlagsFromContext(ctx); f != nil {
		return f.Float(ctx, key, def)
	}
	return def
}

// Object is [Flags.Object] of the flags that ctx knows; def when it knows none.
func Object(ctx context.Context, key string, def map[string]any) map[string]any {
	if f := FlagsFromContext(ctx); f != nil {
		return f.Object(ctx, key, def)
	}
	return def
}
