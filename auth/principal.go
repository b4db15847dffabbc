package auth

import (
	"context"
	"slices"
	"time"
)

// Kind is what a [Principal] is.
type Kind uint8

// The kinds. Zero is none.
const (
	KindUser   Kind = iota + 1 // a person with a session
	KindAPIKey                 // a program with an [APIKey]
)

// A Principal is who a request comes from, with their rights at that moment. It
// is immutable; its slices are shared and must not be changed. Work that
// outlives a request asks [Authority.Recheck] again. A nil Principal holds
// nothing.
type Principal struct {
	Kind  Kind
	ID    string // the account; of an API key, its owner's
	Email string
	Name  string
	// Roles are sorted. An API key has none: its rights are its own permissions
	// as far as its owner has them.
	Roles     []string
	SessionID string // "" with an API key
	// KeyID and KeyName are the API key's, "" for a person.
	KeyID, KeyName string
	// SessionCreatedAt is when the person signed in, SessionExpiresAt when the
	// session ends unless it is refreshed; of the moment the token was first seen.
	// Of an API key they are when it was made and when it expires (zero: never).
	SessionCreatedAt, SessionExpiresAt time.Time
	// ViaHeader says that the credentials came in a header, which no browser
	// adds by itself.
	ViaHeader bool

	rights *rights
}

// HeldRoles returns the roles that the principal's rights come from: its own, or of
// an API key those of its owner. The list is sorted and read only.
func (p *Principal) HeldRoles() []string {
	if p == nil || p.rights == nil {
		return nil
	}
	return p.rights.holder.roles
}

// Can reports whether the principal holds a permission. It takes nanoseconds,
// whatever the roles.
func (p *Principal) Can(perm Permission) bool {
	if p == nil || p.rights == nil {
		return false
	}
	return perm.owner == p.rights.snapshot.owner && p.rights.bits.has(perm.bit)
}

// Has reports whether the principal holds the registered permission of a name.
// Where the name is fixed, resolve it once and use [Principal.Can].
func (p *Principal) Has(name string) bool {
	if p == nil || p.rights == nil {
		return false
	}
	bit, ok := p.rights.snapshot.index[name]
	return ok && p.rights.bits.has(bit)
}

// HasAnyUnder reports whether the principal holds a permission whose first
// segment is module.
func (p *Principal) HasAnyUnder(module string) bool {
	if p == nil || p.rights == nil {
		return false
	}
	return p.rights.bits.intersects(p.rights.snapshot.scopes[module])
}

// Permissions lists every registered permission that the principal holds,
// sorted.
func (p *Principal) Permissions() []string {
	names := []string{}
	if p == nil || p.rights == nil {
		return names
	}
	for i, name := range p.rights.snapshot.names {
		if p.rights.bits.has(uint32(i + 1)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

type principalKey struct{}

// NewContext returns a context that carries p.
func NewContext(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// ContextKey returns the key at which [FromContext] looks for a *[Principal], for
// a context type that answers for several values itself.
func ContextKey() any { return principalKey{} }

// FromContext returns the principal that [Authority.Middleware] or
// [NewContext] put there, and false if there is none.
func FromContext(ctx context.Context) (*Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(*Principal)
	return p, ok && p != nil
}
