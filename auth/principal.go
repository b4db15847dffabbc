package auth

import (
	"context"
	"time"
)

// Kind is what a [Principal] is.
type Kind uint8

// The kinds. Zero is none.
const (
	KindUser Kind = iota + 1 // a person with a session
)

// A Principal is who a request comes from, with their rights at that moment. It
// is immutable; its slices are shared and must not be changed. Work that
// outlives a request asks [Authority.Recheck] again.
type Principal struct {
	Kind      Kind
	ID        string // the account
	Email     string
	Name      string
	Roles     []string // sorted
	SessionID string
	// SessionCreatedAt is when the person signed in, SessionExpiresAt when the
	// session ends unless it is refreshed.
	SessionCreatedAt, SessionExpiresAt time.Time
	// ViaHeader says that the credentials came in a header, which no browser
	// adds by itself.
	ViaHeader bool

	rights *rights
}

type principalKey struct{}

// NewContext returns a context that carries p.
func NewContext(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// FromContext returns the principal that [Authority.Middleware] or
// [NewContext] put there, and false if there is none.
func FromContext(ctx context.Context) (*Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(*Principal)
	return p, ok && p != nil
}
