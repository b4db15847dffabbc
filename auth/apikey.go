package auth

import (
	"context"
	"time"
)

// An APIKey lets a program in, in the name of the account that made it.
type APIKey struct {
	ID         string
	OwnerID    string
	OwnerEmail string
	OwnerName  string
	Name       string
	// Prefix is the beginning of the key, to know it by.
	Prefix string
	// Permissions are patterns as of a [Role]. The key holds what they cover and
	// its owner holds too.
	Permissions []string // sorted
	CreatedAt   time.Time
	ExpiresAt   time.Time // zero: never
	LastUsedAt  time.Time // zero: never; to the minute
	RevokedAt   time.Time // zero: not revoked
}

// NewAPIKey is what makes an API key.
type NewAPIKey struct {
	// Name is for people to read: 1 to 100 characters.
	Name string
	// Permissions are 1 to 200 patterns as of a [Role], none beyond the
	// owner's rights.
	Permissions []string
	// ExpiresAt ends the key. Zero: it does not end by itself.
	ExpiresAt time.Time
}

// CreateAPIKey makes a key for the person that owner is and returns it with its
// text, which is shown this once: only its hash is stored. Errors:
// [*InputError], [*BeyondError], [ErrAPIKey] for an owner who came with a key,
// [ErrInvalidToken] where the owner's session has ended.
func (a *Authority) CreateAPIKey(ctx context.Context, owner *Principal, k NewAPIKey) (_ APIKey, secret string, err error) {
	return APIKey{}, "", a.ready()
}

// An APIKeyQuery asks for some API keys. The zero value is the newest of all.
type APIKeyQuery struct {
	OwnerID string // "" is everybody's
	Cursor  string // continues after the page that returned it
	Limit   int    // 1 to 200. Default 50.
}

// An APIKeyPage is one page of API keys, newest first.
type APIKeyPage struct {
	Keys []APIKey
	Next string // the cursor of the next page, "" at the end
}

// APIKeys lists keys, those revoked and expired within the last 90 days
// included. Errors: [*InputError] with the field "cursor".
func (a *Authority) APIKeys(ctx context.Context, q APIKeyQuery) (APIKeyPage, error) {
	return APIKeyPage{}, a.ready()
}

// RevokeAPIKey ends a key: at once here, within a second on every instance.
// ownerID is whose it must be, "" for anybody's. Errors: [ErrNotFound], also for
// a key of another account; [ErrAPIKey] where ctx carries a [Principal] that
// came with one.
func (a *Authority) RevokeAPIKey(ctx context.Context, ownerID, id string) error {
	return a.ready()
}

// LooksLikeAPIKey reports whether text has the form of an API key and the
// checksum in it is right, without asking anybody: for scanners that look for
// leaked keys. Their pattern is dsh_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}.
func LooksLikeAPIKey(text string) bool { return false }
