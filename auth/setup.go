package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// SetupTTL is how long a set-up token is good for.
const SetupTTL = 24 * time.Hour

func hashText(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// SetupRequired reports whether no account has ever existed. Once one has, the
// answer costs nothing.
func (a *Authority) SetupRequired(ctx context.Context) (bool, error) {
	if err := a.ready(); err != nil {
		return false, err
	}
	if a.setUp.Load() {
		return false, nil
	}
	n, err := count(ctx, a.db, `SELECT count(*) FROM auth_setup WHERE id = 1 AND done_at = 0`)
	if err != nil {
		return false, unavailable("read set-up", err)
	}
	if n == 0 {
		a.setUp.Store(true)
	}
	return n == 1, nil
}

// SetupToken makes a new one-time token for [Authority.Setup] and voids the one
// before. It is stored as a hash only and good for [SetupTTL]. Errors:
// [ErrSetupDone] for ever once an account exists.
func (a *Authority) SetupToken(ctx context.Context) (string, error) {
	if err := a.ready(); err != nil {
		return "", err
	}
	if a.setUp.Load() {
		return "", ErrSetupDone
	}
	token := newID()
	n, err := affected(a.db.Exec(ctx, `UPDATE auth_setup SET token_hash = $1, expires_at = `+a.now+` + $2
		WHERE id = 1 AND done_at = 0`, hashText(token), SetupTTL.Microseconds()))
	if err != nil {
		return "", unavailable("write set-up token", err)
	}
	if n == 0 {
		a.setUp.Store(true)
		return "", ErrSetupDone
	}
	return token, nil
}

// Setup makes the first account, with the role [RoleOwner], for whoever has the
// set-up token. The token is used up in the transaction that writes the account:
// of several at once one succeeds. Errors: [ErrInvalidToken], [ErrSetupDone],
// [*InputError] (which leaves the token good), [*ThrottledError].
func (a *Authority) Setup(ctx context.Context, token string, u NewUser, c Client) (User, error) {
	if err := a.ready(); err != nil {
		return User{}, err
	}
	if err := a.throttle(ctx, addressKey(c.Address)); err != nil {
		return User{}, err
	}
	if len(token) > 128 {
		return User{}, fmt.Errorf("%w: of the set-up", ErrInvalidToken)
	}
	// Judged before the slow work, and again, for good, with the account.
	const good = `id = 1 AND done_at = 0 AND token_hash = $1 AND token_hash <> '' AND expires_at > `
	hash := hashText(token)
	if n, err := count(ctx, a.db, `SELECT count(*) FROM auth_setup WHERE `+good+a.now, hash); err != nil {
		return User{}, unavailable("read set-up token", err)
	} else if n == 0 {
		return User{}, a.setupRefused(ctx)
	}
	u.Roles = []string{RoleOwner}
	p, err := a.prepare(ctx, u, true)
	if err != nil {
		return User{}, err
	}
	err = a.update(ctx, func(tx *storage.Tx) ([]change, error) {
		n, err := affected(tx.Exec(ctx, `UPDATE auth_setup SET done_at = `+a.now+`, token_hash = '' WHERE `+good+a.now, hash))
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, errNothing
		}
		return nil, a.first(ctx, tx, &p, c.Address)
	})
	if errors.Is(err, errNothing) {
		return User{}, a.setupRefused(ctx)
	}
	if err != nil {
		return User{}, wrapDB("set up", err)
	}
	a.setUp.Store(true)
	return p.user, nil
}

func (a *Authority) first(ctx context.Context, tx *storage.Tx, p *prepared, address string) error {
	if err := a.insert(ctx, tx, p); err != nil {
		return err
	}
	return a.auditBy(ctx, tx, AuditEvent{Action: "account.setup", Actor: p.user.ID, Target: p.user.ID, Address: address})
}

func (a *Authority) setupRefused(ctx context.Context) error {
	required, err := a.SetupRequired(ctx)
	switch {
	case err != nil:
		return err
	case !required:
		return ErrSetupDone
	}
	return fmt.Errorf("%w: of the set-up", ErrInvalidToken)
}

// EnsureAccount makes the first account, with the role [RoleOwner], if none has
// ever existed, and reports whether it did: for accounts that come from the
// environment. Several instances may call it at once.
func (a *Authority) EnsureAccount(ctx context.Context, u NewUser) (created bool, err error) {
	required, err := a.SetupRequired(ctx)
	if err != nil || !required {
		return false, err
	}
	u.Roles = []string{RoleOwner}
	p, err := a.prepare(ctx, u, true)
	if err != nil {
		return false, err
	}
	err = a.update(ctx, func(tx *storage.Tx) ([]change, error) {
		n, err := affected(tx.Exec(ctx, `UPDATE auth_setup SET done_at = `+a.now+`, token_hash = '' WHERE id = 1 AND done_at = 0`))
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, errNothing
		}
		return nil, a.first(ctx, tx, &p, "")
	})
	a.setUp.Store(a.setUp.Load() || err == nil || errors.Is(err, errNothing))
	if errors.Is(err, errNothing) {
		return false, nil
	}
	return err == nil, wrapDB("make the first account", err)
}
