package auth

import (
	"context"

	"github.com/modular-dashboard/dashboard/storage"
)

// SetPassword sets the password of an account and revokes all its sessions; its
// API keys stay. Where ctx carries a [Principal], the account must be their own
// or have no rights that they lack. Errors: [ErrNotFound], [*InputError],
// [*BeyondError], [ErrAPIKey].
func (a *Authority) SetPassword(ctx context.Context, id, password string) error {
	return a.setPassword(ctx, id, password, func(context.Context, User) (string, error) { return "", nil })
}

// ChangePassword is [Authority.SetPassword] by somebody who proves to know the
// present password. Wrong guesses are throttled together with wrong sign-ins to
// the account. Errors besides those of SetPassword: [ErrInvalidCredentials],
// [*ThrottledError].
func (a *Authority) ChangePassword(ctx context.Context, id, present, password string) error {
	return a.setPassword(ctx, id, password, func(ctx context.Context, u User) (string, error) { return a.prove(ctx, u, present) })
}

// prove returns the stored hash of an account's password if somebody knows it.
func (a *Authority) prove(ctx context.Context, u User, password string) (string, error) {
	_, key, err := emailKey(u.Email)
	if err != nil {
		return "", err
	}
	if err := a.throttle(ctx, accountKey(key)); err != nil {
		return "", err
	}
	var stored string
	if err := a.db.QueryRow(ctx, `SELECT password FROM auth_users WHERE id = $1`, u.ID).Scan(&stored); err != nil {
		return "", unavailable("read account", err)
	}
	ok := false
	if len(password) <= maxPasswordBytes { // nobody has a longer one
		if ok, _, err = a.hasher.verify(ctx, stored, password); err != nil {
			return "", err
		}
	}
	if !ok {
		return "", ErrInvalidCredentials
	}
	a.refund(ctx, accountKey(key))
	return stored, nil
}

// setPassword asks may first. The hash that it returns, unless it is empty, is
// still to be the account's when the new one is stored: of two who change a
// password at once, the second has not proved to know it.
func (a *Authority) setPassword(ctx context.Context, id, password string, may func(context.Context, User) (string, error)) error {
	if err := refuseKey(ctx); err != nil {
		return err
	}
	user, err := a.User(ctx, id)
	if err != nil {
		return err
	}
	known, err := may(ctx, user)
	if err != nil {
		return err
	}
	if err := a.CheckPassword(password, user.Email, user.Name); err != nil {
		return err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	err = a.update(ctx, func(tx *storage.Tx) ([]change, error) {
		target, err := lockUser(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		actor, err := a.actor(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		n, err := affected(tx.Exec(ctx, `UPDATE auth_users SET password = $1, version = version + 1
			WHERE id = $2 AND (password = $3 OR $3 = '')`, hash, id, known))
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, ErrInvalidCredentials
		}
		if err := a.revokeAll(ctx, tx, id); err != nil {
			return nil, err
		}
		if err := a.auditBy(ctx, tx, AuditEvent{Action: "account.password", Target: id}); err != nil {
			return nil, err
		}
		changes, err := a.note(ctx, tx, change{kind: changeUser, userID: id})
		if err != nil {
			return nil, err
		}
		return changes, a.withinAccount(ctx, tx, actor, target.Roles, nil)
	})
	return wrapDB("set password", err)
}
