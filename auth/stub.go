package auth

import (
	"context"
	"errors"
	"net/http"

	"github.com/modular-dashboard/dashboard/storage"
)

// Temporary bodies: each moves to its own file as it is written.

type rights struct{}

// MinPassword is the least number of characters of a new password.
const MinPassword = 15

// Argon2 is the cost of a password hash (RFC 9106, argon2id). The zero value
// is the default.
type Argon2 struct {
	MemoryKiB uint32
	Passes    uint32
	Threads   uint8
}

func (a Argon2) check() error { return nil }

// Cookies says how tokens are delivered to one browser.
type Cookies struct {
	// Mount is part of the names, so that dashboards on one host do not take
	// each other's. Default "dashboard". See [MountName].
	Mount string
	// Insecure drops the __Host- prefix and the Secure attribute: only for
	// plain HTTP on a loopback name.
	Insecure bool
}

// MountName makes a cookie mount of a name and the path prefix of a dashboard.
func MountName(name, prefix string) string { return name }

// LoopbackHTTP reports whether r came by plain HTTP under a loopback name.
func LoopbackHTTP(r *http.Request) bool { return false }

// Built-in roles.
const (
	RoleOwner  = "owner"  // holds every permission
	RoleViewer = "viewer" // holds every permission of the form *.*.read
)

// A Role is a named set of permission patterns.
type Role struct {
	Name        string
	Title       string
	Permissions []string
	Inherits    []string
	BuiltIn     bool
}

// An Authority signs people in and decides what they may do.
type Authority struct{ config config }

// New returns an Authority. It checks the options and does no I/O.
func New(db *storage.DB, opts ...Option) (*Authority, error) {
	c := defaultConfig()
	for _, o := range opts {
		if err := o.apply(&c); err != nil {
			return nil, err
		}
	}
	return &Authority{config: c}, nil
}

var errTodo = errors.New("auth: not built yet")

// Start migrates, loads keys and roles and begins to follow changes.
func (a *Authority) Start(ctx context.Context) error { return errTodo }

// Shutdown ends what Start began. It is idempotent and valid without Start.
func (a *Authority) Shutdown(ctx context.Context) error { return nil }

// SetupRequired reports whether no account has ever existed.
func (a *Authority) SetupRequired(ctx context.Context) (bool, error) { return false, errTodo }

// SetupToken makes a new one-time set-up token and voids the one before.
func (a *Authority) SetupToken(ctx context.Context) (string, error) { return "", errTodo }

// Setup makes the first account, an owner, with the set-up token.
func (a *Authority) Setup(ctx context.Context, token string, u NewUser, c Client) (User, error) {
	return User{}, errTodo
}

// EnsureAccount makes the first account, an owner, if none has ever existed.
func (a *Authority) EnsureAccount(ctx context.Context, u NewUser) (created bool, err error) {
	return false, errTodo
}

// CheckPassword returns an *InputError if the password may not be used.
func (a *Authority) CheckPassword(password string, contextWords ...string) error { return errTodo }

// CreateUser makes an account.
func (a *Authority) CreateUser(ctx context.Context, u NewUser) (User, error) { return User{}, errTodo }

// User returns an account.
func (a *Authority) User(ctx context.Context, id string) (User, error) { return User{}, errTodo }

// UserByEmail returns an account.
func (a *Authority) UserByEmail(ctx context.Context, email string) (User, error) {
	return User{}, errTodo
}

// Users lists accounts in the order of their ids.
func (a *Authority) Users(ctx context.Context, afterID string, limit int) ([]User, error) {
	return nil, errTodo
}

// UpdateUser changes an account.
func (a *Authority) UpdateUser(ctx context.Context, id string, c UserChange) (User, error) {
	return User{}, errTodo
}

// SetPassword sets a password and revokes every session of the account.
func (a *Authority) SetPassword(ctx context.Context, id, password string) error { return errTodo }

// Login begins a session.
func (a *Authority) Login(ctx context.Context, c Credentials) (Grant, error) {
	return Grant{}, errTodo
}

// LoginUser begins a session for an account that was authenticated by other
// means: the set-up, or a later login provider.
func (a *Authority) LoginUser(ctx context.Context, userID string, c Client) (Grant, error) {
	return Grant{}, errTodo
}

// Refresh trades a refresh token for the next.
func (a *Authority) Refresh(ctx context.Context, refreshToken string, c Client) (Grant, error) {
	return Grant{}, errTodo
}

// Logout revokes the session of a refresh token. An invalid token is no error.
func (a *Authority) Logout(ctx context.Context, refreshToken string) error { return errTodo }

// Sessions lists the live sessions of an account, newest first.
func (a *Authority) Sessions(ctx context.Context, userID string) ([]Session, error) {
	return nil, errTodo
}

// RevokeSession ends one session of an account.
func (a *Authority) RevokeSession(ctx context.Context, userID, sessionID string) error {
	return errTodo
}

// RevokeUser ends every session of an account.
func (a *Authority) RevokeUser(ctx context.Context, userID string) error { return errTodo }

// Verify checks an access token and returns whose it is.
func (a *Authority) Verify(ctx context.Context, accessToken string) (*Principal, error) {
	return nil, errTodo
}

// Recheck returns p with its present rights, or ErrInvalidToken once its
// session has ended.
func (a *Authority) Recheck(ctx context.Context, p *Principal) (*Principal, error) {
	return nil, errTodo
}

// Authenticate returns whose request it is: nil, nil without credentials.
func (a *Authority) Authenticate(r *http.Request) (*Principal, error) { return nil, errTodo }

// CheckOrigin refuses with ErrCrossOrigin what another site may have sent.
func (a *Authority) CheckOrigin(r *http.Request) error { return errTodo }

// Challenge returns the WWW-Authenticate value for an error (nil: no
// credentials were sent), as RFC 6750 section 3 says.
func (a *Authority) Challenge(err error) string { return "" }

// Middleware authenticates each request, checks its origin and puts the
// principal into the context. Requests without credentials pass, bad ones do not.
func (a *Authority) Middleware(next http.Handler) http.Handler { return next }

// Require lets in principals who hold the permission.
func (a *Authority) Require(p Permission) func(http.Handler) http.Handler { return nil }

// RequireLogin lets in every principal.
func (a *Authority) RequireLogin(next http.Handler) http.Handler { return next }

// SetCookies delivers a grant to a browser.
func (a *Authority) SetCookies(w http.ResponseWriter, r *http.Request, g Grant) {}

// ClearCookies removes both cookies, as after a logout.
func (a *Authority) ClearCookies(w http.ResponseWriter, r *http.Request) {}

// ClearAccessCookie removes the access cookie alone: for a request whose access
// cookie was refused with ErrInvalidToken.
func (a *Authority) ClearAccessCookie(w http.ResponseWriter, r *http.Request) {}

// RefreshCookie returns the refresh token of the request's cookie, "" if none.
func (a *Authority) RefreshCookie(r *http.Request) string { return "" }

// RefreshByCookie refreshes with the request's cookie and sets the new cookies.
// Only a real refusal clears the refresh cookie, and only that one.
func (a *Authority) RefreshByCookie(w http.ResponseWriter, r *http.Request, c Client) (Grant, error) {
	return Grant{}, errTodo
}

// JWKS returns the public signing keys as a JSON Web Key Set (RFC 7517).
func (a *Authority) JWKS() []byte { return nil }

// RotateKeys makes a new signing key now.
func (a *Authority) RotateKeys(ctx context.Context, discardOld bool) error { return errTodo }

// Roles lists the built-in and stored roles by name.
func (a *Authority) Roles(ctx context.Context) ([]Role, error) { return nil, errTodo }

// PutRole makes or replaces a role.
func (a *Authority) PutRole(ctx context.Context, r Role) error { return errTodo }

// DeleteRole deletes a role that nobody has.
func (a *Authority) DeleteRole(ctx context.Context, name string) error { return errTodo }

// RegisterPermission makes a permission known and returns it. Registering a
// name again returns the same. It may be called at any time.
func (a *Authority) RegisterPermission(name string) (Permission, error) {
	return Permission{}, errTodo
}

// RegisterPermissions makes permissions known, all or none.
func (a *Authority) RegisterPermissions(names ...string) error { return errTodo }

// Permission returns a registered permission, the zero value if name is not one.
func (a *Authority) Permission(name string) Permission { return Permission{} }

// PermissionNames lists every registered permission, sorted.
func (a *Authority) PermissionNames() []string { return nil }

// OnChange calls fn after each change that this instance learns of, its own
// included, in one goroutine at a time. fn must not block: note the change and
// call Recheck elsewhere. After stop no further call begins.
func (a *Authority) OnChange(fn func(Change)) (stop func()) { return func() {} }

// Can reports whether the principal holds a permission.
func (p *Principal) Can(perm Permission) bool { return false }

// Has reports whether the principal holds the registered permission of a name.
func (p *Principal) Has(name string) bool { return false }

// HasAnyUnder reports whether the principal holds a permission whose first
// segment is module.
func (p *Principal) HasAnyUnder(module string) bool { return false }

// Permissions lists every registered permission that the principal holds, sorted.
func (p *Principal) Permissions() []string { return nil }
