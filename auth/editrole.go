package auth

import (
	"context"
	"fmt"
	"slices"

	"github.com/modular-dashboard/dashboard/storage"
)

// PutRole makes or replaces a role. Every instance follows within a second.
// Where ctx carries a [Principal], the role gives nothing, before and after,
// that they do not hold. Errors: [*InputError], [*CycleError], [ErrBuiltInRole],
// [*BeyondError].
func (a *Authority) PutRole(ctx context.Context, r Role) error {
	_, err := a.EditRole(ctx, r.Name, func(*Role) (*Role, error) { return &r, nil })
	return err
}

// DeleteRole deletes a role that no account and no role has. Where ctx carries a
// [Principal], it gives nothing that they do not hold. Errors: [ErrNotFound],
// [ErrRoleInUse], [ErrBuiltInRole], [*BeyondError].
func (a *Authority) DeleteRole(ctx context.Context, name string) error {
	_, err := a.EditRole(ctx, name, func(*Role) (*Role, error) { return nil, nil }) //nolint:nilnil // nil deletes
	return err
}

// EditRole makes, replaces or deletes a role by what edit makes of its present
// state, in one transaction: edit gets nil where there is no such role, and
// returns nil to delete it. It may compare [Role.Version] with an If-Match; its
// error is returned as it is, with nothing changed. It must not use the
// Authority. The role returned is nil if it was deleted. Errors besides: those
// of [Authority.PutRole] and [Authority.DeleteRole].
func (a *Authority) EditRole(ctx context.Context, name string, edit func(*Role) (*Role, error)) (*Role, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	if isBuiltIn(name) {
		return nil, fmt.Errorf("%w: %s", ErrBuiltInRole, name)
	}
	var next *Role
	var refused error // by edit
	err := a.update(ctx, func(tx *storage.Tx) (changes []change, err error) {
		// The change is numbered first: that lock lets one writer of roles at
		// a time see all of them.
		if changes, err = a.note(ctx, tx, change{kind: changeRoles}); err != nil {
			return nil, err
		}
		var others []Role
		var before *Role
		if others, before, err = rolesBeside(ctx, tx, name); err != nil {
			return nil, err
		}
		if next, refused = edit(before); refused != nil {
			return nil, refused
		}
		if next == nil {
			return changes, a.dropRole(ctx, tx, others, before, name)
		}
		after := *next
		after.Name = name
		next = &after
		return changes, a.writeRole(ctx, tx, others, before, next, changes[0].seq)
	})
	if refused != nil {
		return nil, refused
	}
	if err != nil {
		return nil, wrapDB("write role", err)
	}
	return next, nil
}

// rolesBeside returns all stored roles but one, and that one, nil if there is
// none.
func rolesBeside(ctx context.Context, tx *storage.Tx, name string) (others []Role, one *Role, err error) {
	others, err = storedRoles(ctx, tx)
	if i := slices.IndexFunc(others, func(r Role) bool { return r.Name == name }); i >= 0 {
		found := others[i]
		one, others = &found, slices.Delete(others, i, i+1)
	}
	return others, one, err
}

func (a *Authority) writeRole(ctx context.Context, tx *storage.Tx, others []Role, before, r *Role, version uint64) error {
	if err := r.check(); err != nil {
		return err
	}
	if r.Title == "" {
		r.Title = r.Name
	}
	r.Permissions, r.Inherits, r.Version, r.BuiltIn = sorted(r.Permissions), sorted(r.Inherits), int64(version), false
	if err := checkRoles(others, *r); err != nil {
		return err
	}
	if err := a.withinRoles(ctx, tx, others, before, r); err != nil {
		return err
	}
	permissions, inherits := jsonList(r.Permissions), jsonList(r.Inherits)
	if _, err := tx.Exec(ctx, `INSERT INTO auth_roles (name, title, permissions, inherits, updated_at, version)
		VALUES ($1, $2, $3, $4, `+a.now+`, $5) ON CONFLICT (name) DO UPDATE SET title = excluded.title,
		permissions = excluded.permissions, inherits = excluded.inherits, updated_at = excluded.updated_at, version = excluded.version`,
		r.Name, r.Title, permissions, inherits, r.Version); err != nil {
		return err
	}
	return a.auditBy(ctx, tx, AuditEvent{Action: "role.put", Target: r.Name,
		Detail: map[string]string{"permissions": permissions, "inherits": inherits}})
}

func (a *Authority) dropRole(ctx context.Context, tx *storage.Tx, others []Role, before *Role, name string) error {
	if before == nil {
		return fmt.Errorf("%w: role %.80q", ErrNotFound, name)
	}
	if err := a.withinRoles(ctx, tx, others, before, nil); err != nil {
		return err
	}
	if err := roleUnused(ctx, tx, others, name); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM auth_roles WHERE name = $1`, name); err != nil {
		return err
	}
	return a.auditBy(ctx, tx, AuditEvent{Action: "role.delete", Target: name})
}

// withinRoles refuses a role that gives, before or after, more than the
// principal of ctx holds. What they hold is judged by the roles as they are.
func (a *Authority) withinRoles(ctx context.Context, tx *storage.Tx, others []Role, before, after *Role) error {
	var patterns, inherits []string
	for _, r := range []*Role{before, after} {
		if r != nil {
			patterns, inherits = append(patterns, r.Permissions...), append(inherits, r.Inherits...)
		}
	}
	all := slices.Clone(others)
	if before != nil {
		all = append(all, *before)
	}
	return a.within(ctx, tx, defining(all), nil, patterns, inherits)
}
