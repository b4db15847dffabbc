package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/modular-dashboard/dashboard/storage"
)

// Login begins a session for whoever knows the password of an account. A wrong
// address, a wrong password and a disabled account take the same work and get
// the same answer. An attempt that succeeds does not count against its account.
// Errors: [ErrInvalidCredentials], [*ThrottledError],
// [ErrUnavailable].
func (a *Authority) Login(ctx context.Context, c Credentials) (Grant, error) {
	if err := a.ready(); err != nil {
		return Grant{}, err
	}
	if err := a.throttle(ctx, addressKey(c.Address)); err != nil {
		return Grant{}, err
	}
	if len(c.Password) > maxPasswordBytes || len(c.Email) > 4*maxEmail {
		return Grant{}, ErrInvalidCredentials // nobody has these
	}
	_, key, emailErr := emailKey(c.Email)
	if emailErr != nil {
		key = "" // nobody's
	}
	if err := a.throttle(ctx, accountKey(key)); err != nil {
		return Grant{}, err
	}
	var id, stored string
	var disabled int64
	err := a.db.QueryRow(ctx, `SELECT id, password, disabled FROM auth_users WHERE email_key = $1`, key).Scan(&id, &stored, &disabled)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Grant{}, unavailable("read account", err)
	}
	ok, stale, err := a.hasher.verify(ctx, stored, c.Password)
	if err != nil {
		return Grant{}, err
	}
	if !ok || disabled != 0 {
		return Grant{}, ErrInvalidCredentials
	}
	a.refund(ctx, accountKey(key))
	renewed := stored
	if stale {
		if renewed, err = a.hasher.hash(ctx, c.Password); err != nil {
			return Grant{}, err
		}
	}
	return a.enter(ctx, id, c.Client, `UPDATE auth_users SET last_login_at = `+a.now+`, password = $1
		WHERE id = $2 AND disabled = 0 AND password = $3`, renewed, id, stored)
}

// LoginUser begins a session for an account that was authenticated by other
// means, such as the set-up that made it. Errors: [ErrInvalidCredentials] for a
// disabled or missing account.
func (a *Authority) LoginUser(ctx context.Context, userID string, c Client) (Grant, error) {
	if err := a.ready(); err != nil {
		return Grant{}, err
	}
	return a.enter(ctx, userID, c, `UPDATE auth_users SET last_login_at = `+a.now+` WHERE id = $1 AND disabled = 0`, userID)
}

// enter begins a session if claim, an update of the account's row, still finds
// it: it may have been disabled, or its password changed, since it was read.
func (a *Authority) enter(ctx context.Context, userID string, c Client, claim string, args ...any) (Grant, error) {
	var grant Grant
	err := a.update(ctx, func(tx *storage.Tx) ([]change, error) {
		n, err := affected(tx.Exec(ctx, claim, args...))
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, ErrInvalidCredentials
		}
		user, err := one(selectUsers(ctx, tx, `WHERE u.id = $1`, userID))
		if err != nil {
			return nil, err
		}
		var changes []change
		if grant, changes, err = a.begin(ctx, tx, user, c); err != nil {
			return nil, err
		}
		event := AuditEvent{Action: "session.login", Actor: userID, Target: grant.SessionID, Address: clip(c.Address, maxAddress)}
		if err := a.config.audit(ctx, tx, event); err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
		if len(changes) == 0 {
			return nil, nil
		}
		return a.note(ctx, tx, changes...)
	})
	if err != nil {
		return Grant{}, wrapDB("begin session", err)
	}
	return grant, nil
}
