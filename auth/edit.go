package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/modular-dashboard/dashboard/storage"
)

// UpdateUser changes an account. New rights, and the end of them, take effect
// on every instance within a second. Where ctx carries a [Principal], neither
// the account's rights before nor those after may be beyond their own. Errors:
// [ErrNotFound], [ErrLastOwner], [*InputError], [*BeyondError].
func (a *Authority) UpdateUser(ctx context.Context, id string, c UserChange) (User, error) {
	return a.EditUser(ctx, id, func(User) (UserChange, error) { return c, nil })
}

// EditUser changes an account by what edit makes of its present state, in one
// transaction: edit may compare [User.Version] with an If-Match, and its error
// is returned as it is, with nothing changed. It must not use the Authority.
// Errors besides: those of [Authority.UpdateUser].
func (a *Authority) EditUser(ctx context.Context, id string, edit func(User) (UserChange, error)) (User, error) {
	if err := a.ready(); err != nil {
		return User{}, err
	}
	if !isID(id) {
		return User{}, fmt.Errorf("%w: account", ErrNotFound)
	}
	var user User
	var refused error // by edit
	err := a.update(ctx, func(tx *storage.Tx) (changes []change, err error) {
		user, changes, refused, err = a.editUser(ctx, tx, id, edit)
		return changes, errors.Join(refused, err)
	})
	if refused != nil {
		return User{}, refused
	}
	if err != nil {
		return User{}, wrapDB("change account", err)
	}
	return user, nil
}

func (a *Authority) editUser(ctx context.Context, tx *storage.Tx, id string, edit func(User) (UserChange, error)) (user User, changes []change, refused, err error) {
	owners, err := count(ctx, tx, enabledOwners+` AND u.id = $2`, RoleOwner, id)
	if err != nil {
		return user, nil, nil, err
	}
	before, err := lockUser(ctx, tx, id)
	if err != nil {
		return user, nil, nil, err
	}
	c, refused := edit(before)
	if refused != nil {
		return user, nil, refused, nil
	}
	if c == (UserChange{}) {
		return before, nil, nil, nil
	}
	// Read now: the change may end the actor's own session, or take their roles.
	// Nobody else can take those of the account's row, which is locked.
	actor, err := a.actor(ctx, tx, id)
	if err != nil {
		return user, nil, nil, err
	}
	if err := a.changeUser(ctx, tx, before, c); err != nil {
		return user, nil, nil, err
	}
	changes, err = a.note(ctx, tx, change{kind: changeUser, userID: id})
	if err != nil {
		return user, nil, nil, err
	}
	if user, err = one(selectUsers(ctx, tx, `WHERE u.id = $1`, id)); err != nil {
		return user, nil, nil, err
	}
	if err := a.withinAccount(ctx, tx, actor, before.Roles, user.Roles); err != nil {
		return user, nil, nil, err
	}
	if err := lastOwner(ctx, tx, owners); err != nil {
		return user, nil, nil, err
	}
	return user, changes, nil, a.auditBy(ctx, tx, AuditEvent{Action: "account.update", Target: id, Detail: c.detail()})
}

// lockUser returns an account that nobody else changes until tx ends.
func lockUser(ctx context.Context, tx *storage.Tx, id string) (User, error) {
	var found string
	err := tx.QueryRow(ctx, `SELECT id FROM auth_users WHERE id = $1`+tx.Dialect().ForUpdate(), id).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, fmt.Errorf("%w: account", ErrNotFound)
	}
	if err != nil {
		return User{}, err
	}
	return one(selectUsers(ctx, tx, `WHERE u.id = $1`, id))
}

func (a *Authority) changeUser(ctx context.Context, tx *storage.Tx, u User, c UserChange) (err error) {
	if c.Name != nil {
		if u.Name, err = checkName(*c.Name, u.Email); err != nil {
			return err
		}
	}
	if c.Disabled != nil {
		u.Disabled = *c.Disabled
	}
	var disabled int64
	if u.Disabled {
		disabled = 1
	}
	if _, err := tx.Exec(ctx, `UPDATE auth_users SET name = $1, name_key = $2, disabled = $3, version = version + 1 WHERE id = $4`,
		u.Name, strings.ToLower(u.Name), disabled, u.ID); err != nil {
		return err
	}
	if u.Disabled {
		if err := a.revokeAll(ctx, tx, u.ID); err != nil {
			return err
		}
	}
	if c.Roles == nil {
		return nil
	}
	if _, err := tx.Exec(ctx, `DELETE FROM auth_user_roles WHERE user_id = $1`, u.ID); err != nil {
		return err
	}
	return setRoles(ctx, tx, u.ID, sorted(*c.Roles))
}

func (c UserChange) detail() map[string]string {
	d := map[string]string{}
	if c.Name != nil {
		d["name"] = *c.Name
	}
	if c.Roles != nil {
		d["roles"] = strings.Join(sorted(*c.Roles), " ")
	}
	if c.Disabled != nil {
		d["disabled"] = fmt.Sprint(*c.Disabled)
	}
	return d
}
