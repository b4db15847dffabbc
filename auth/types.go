package auth

import (
	"context"
	"log/slog"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// A MasterKey encrypts secrets at rest, such as the signing keys in the database,
// and authenticates refresh tokens. Keep it outside the database.
type MasterKey struct {
	// ID names the key in what it sealed, such as "2026-11": 1 to 32 of
	// A-Z a-z 0-9 _ -.
	ID string
	// Key is 32 random bytes.
	Key []byte
}

// String hides the key.
func (k MasterKey) String() string { return "master key " + k.ID }

// GoString hides the key from %#v.
func (k MasterKey) GoString() string { return k.String() }

// LogValue hides the key from slog.
func (k MasterKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// A User is an account.
type User struct {
	ID          string
	Email       string
	Name        string
	Roles       []string // sorted
	Disabled    bool
	CreatedAt   time.Time
	LastLoginAt time.Time // zero: never
	// Version rises with each change of the account, though not when its
	// person signs in: what an ETag is made of.
	Version int64
}

// NewUser is what makes an account.
type NewUser struct {
	// Email is the address people sign in with. It is unique without regard
	// to case.
	Email string
	// Name is for people to read: up to 100 characters. Empty: the address.
	Name string
	// Password must pass the rules of [Authority.CheckPassword]. Empty: the
	// account cannot sign in with a password.
	Password string
	// Roles must exist. Setup and EnsureAccount give [RoleOwner] and ignore it.
	Roles []string
}

// String hides the password.
func (u NewUser) String() string { return "account " + u.Email }

// GoString hides the password from %#v.
func (u NewUser) GoString() string { return u.String() }

// LogValue hides the password.
func (u NewUser) LogValue() slog.Value {
	return slog.GroupValue(slog.String("email", u.Email), slog.String("name", u.Name))
}

// UserChange changes an account; nil fields stay.
type UserChange struct {
	Name     *string
	Roles    *[]string
	Disabled *bool // disabling revokes every session
}

// Credentials are what a person signs in with.
type Credentials struct {
	Email, Password string
	Client
}

// String hides the password.
func (c Credentials) String() string { return "credentials of " + c.Email }

// GoString hides the password from %#v.
func (c Credentials) GoString() string { return c.String() }

// LogValue hides the password and whose it is.
func (c Credentials) LogValue() slog.Value {
	return slog.GroupValue(slog.String("address", c.Address))
}

// Client says where a request comes from, for throttling and the session list.
type Client struct {
	// Address is the client's IP address, without port. Whoever is behind
	// proxies finds the right one first. Empty: one bucket for all of those.
	Address string
	// UserAgent is the header of that name; the first 256 bytes are kept.
	UserAgent string
}

// A Grant is what a login or a refresh yields. Both tokens are secrets.
type Grant struct {
	User           User
	SessionID      string
	AccessToken    string
	AccessExpires  time.Time
	RefreshToken   string
	RefreshExpires time.Time
}

// ExpiresIn returns the lifetime of the access token from now in whole
// seconds, at least 0: OAuth's expires_in.
func (g Grant) ExpiresIn() int {
	return max(0, int(time.Until(g.AccessExpires)/time.Second))
}

// String hides the tokens.
func (g Grant) String() string { return "grant of session " + g.SessionID }

// GoString hides the tokens from %#v.
func (g Grant) GoString() string { return g.String() }

// LogValue hides the tokens.
func (g Grant) LogValue() slog.Value {
	return slog.GroupValue(slog.String("user", g.User.ID), slog.String("session", g.SessionID))
}

// A Session is one login on one device and all tokens that came of it.
type Session struct {
	ID         string
	UserID     string
	CreatedAt  time.Time
	LastUsedAt time.Time // the last refresh
	ExpiresAt  time.Time // unless refreshed before
	Address    string
	UserAgent  string
}

// An AuditEvent is an action worth keeping. Detail never holds a secret.
type AuditEvent struct {
	// Action is what happened: "account.setup", "account.create",
	// "account.update", "account.password", "session.login", "session.logout",
	// "session.revoke", "session.revoke-all", "session.reuse", "role.put",
	// "role.delete", "key.rotate", "api-key.create", "api-key.revoke".
	Action string
	// Actor is the account that acted, "" for the program itself.
	Actor string
	// Target is the account, session, role, signing key or API key acted on.
	Target string
	// Address is the client's, where there was one.
	Address string
	// Detail holds more, by name; nil if there is none.
	Detail map[string]string
}

// A Limiter decides whether an attempt may be made now. Keys begin with
// "login-address:" or "login-account:" and hold no secret and no address of a
// person. When it refuses it says how long to wait. It is safe for concurrent
// use and bounded in memory.
type Limiter interface {
	Allow(ctx context.Context, key string, cost int) (bool, time.Duration, error)
}

// A Refunder is a [Limiter] that takes back what an attempt cost once it turned
// out to be the right password: people who sign in often do not use up their
// account's attempts. The default limiter is one.
type Refunder interface {
	Refund(ctx context.Context, key string, cost int) error
}

// AuditFunc keeps an audit event inside the transaction of what it tells: an
// error undoes both.
type AuditFunc func(ctx context.Context, tx *storage.Tx, event AuditEvent) error

// A Change tells that a session or an API key ended, or that rights changed.
type Change struct {
	// SessionID is the session that was revoked, "" if it is not one alone.
	SessionID string
	// KeyID is the API key that was revoked.
	KeyID string
	// UserID is the account whose sessions or rights changed. Both empty:
	// anything may have changed.
	UserID string
}
