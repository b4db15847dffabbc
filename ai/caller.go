package ai

import "context"

// A Caller is on whose behalf a model is asked: caches, budgets and records are
// kept by it. The zero Caller is the program itself.
type Caller struct {
	// Tenant is whose answers may be shown to each other. Answers are never
	// cached for one tenant and replayed to another.
	Tenant string
	User   string   // the id of an account
	Roles  []string // of the account, those of a key's owner too; read only
	Key    string   // the id of the API key that was shown, if one was
	Module string   // which asks, if one does
}

// A CallerContext is what a context.Context knows of who asks. A host's own
// request context may answer for [CallerKey] with one; its method is called when
// a model is asked, from any goroutine that has the context.
type CallerContext interface{ ModelCaller() Caller }

type callerKey struct{}

// CallerKey is the key under which a context.Context holds its [CallerContext].
func CallerKey() any { return callerKey{} }

// ModelCaller implements [CallerContext].
func (c Caller) ModelCaller() Caller { return c }

// WithCaller says who asks. It replaces what ctx said before.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf is who asks, the zero Caller when ctx does not say.
func CallerOf(ctx context.Context) Caller {
	if c, ok := ctx.Value(callerKey{}).(CallerContext); ok {
		return c.ModelCaller()
	}
	return Caller{}
}
