package dashboard

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/modular-dashboard/dashboard/auth"
)

func (d *Dashboard) routeUsers(r *Router) {
	read, manage := Require(permUsersRead), Require(permUsersManage)
	Get(r, "/users", d.listUsers, read, ID("users"), Summary("Accounts"), Answers(400))
	Post(r, "/users", d.createUser, manage, ID("create-user"), Status(http.StatusCreated), Summary("Make an account"), Answers(409))
	Get(r, "/users/{id}", d.getUser, read, ID("user"), Summary("One account"), Answers(404))
	Patch(r, "/users/{id}", d.updateUser, manage, ID("update-user"), Summary("Change an account"), Answers(404, 409))
	Get(r, "/roles", d.listRoles, read, ID("roles"), Summary("Roles"))
	Put(r, "/roles/{name}", d.putRole, manage, ID("put-role"), Summary("Make or replace a role"), Answers(409))
	Delete(r, "/roles/{name}", d.deleteRole, manage, ID("delete-role"), Summary("Delete a role that nobody has"), Answers(404, 409))
	Get(r, "/permissions", d.listPermissions, read, ID("permissions"), Summary("Every permission that roles can hold"))
}

type usersIn struct {
	Limit  int    `query:"limit" default:"50" validate:"min=1,max=200"`
	Cursor string `query:"cursor" validate:"max=100"`
}

func (d *Dashboard) listUsers(ctx context.Context, in usersIn) (Page[userInfo], error) {
	after, ok := d.openCursor("users", in.Cursor)
	if !ok {
		return Page[userInfo]{}, errBadCursor
	}
	users, err := d.auth.Users(ctx, after, in.Limit+1)
	out := Page[userInfo]{}
	for i, u := range users {
		if i == in.Limit {
			out.NextCursor = d.cursor("users", users[i-1].ID)
			break
		}
		out.Items = append(out.Items, userInfoOf(u))
	}
	return out, err
}

// cursor makes an opaque cursor of a list that nobody else can make.
func (d *Dashboard) cursor(list, after string) string {
	mac := hmac.New(sha256.New, d.vault.subkey("cursor of "+list))
	mac.Write([]byte(after))
	return base64.RawURLEncoding.EncodeToString(append(mac.Sum(nil)[:cursorMAC], after...))
}

const cursorMAC = 12

// openCursor returns what a cursor continues after; "" continues after nothing.
func (d *Dashboard) openCursor(list, cursor string) (after string, ok bool) {
	if cursor == "" {
		return "", true
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) < cursorMAC {
		return "", false
	}
	after = string(raw[cursorMAC:])
	return after, hmac.Equal([]byte(d.cursor(list, after)), []byte(cursor))
}

type createUserIn struct {
	Email    string   `json:"email" validate:"required,email,max=254"`
	Name     string   `json:"name" validate:"max=200"`
	Password string   `json:"password" validate:"max=1024" doc:"Empty: the account cannot sign in with a password yet."`
	Roles    []string `json:"roles" validate:"max=50,dive,max=100"`
}

func (d *Dashboard) createUser(ctx context.Context, in createUserIn) (userInfo, error) {
	u, err := d.auth.CreateUser(ctx, auth.NewUser{Email: in.Email, Name: in.Name, Password: in.Password, Roles: in.Roles})
	return userInfoOf(u), accountError(err)
}

func (d *Dashboard) getUser(ctx context.Context, in idIn) (userInfo, error) {
	u, err := d.auth.User(ctx, in.ID)
	return userInfoOf(u), accountError(err)
}

type updateUserIn struct {
	ID       string    `path:"id"`
	Name     *string   `json:"name" validate:"omitempty,max=200"`
	Roles    *[]string `json:"roles" validate:"omitempty,max=50,dive,max=100"`
	Disabled *bool     `json:"disabled"`
}

func (d *Dashboard) updateUser(ctx context.Context, in updateUserIn) (userInfo, error) {
	u, err := d.auth.UpdateUser(ctx, in.ID, auth.UserChange{Name: in.Name, Roles: in.Roles, Disabled: in.Disabled})
	return userInfoOf(u), accountError(err)
}

type roleInfo struct {
	Name        string   `json:"name" path:"name"`
	Title       string   `json:"title"`
	Permissions []string `json:"permissions"`
	Inherits    []string `json:"inherits"`
	BuiltIn     bool     `json:"built_in"`
}

func (d *Dashboard) listRoles(ctx context.Context, _ empty) (Page[roleInfo], error) {
	roles, err := d.auth.Roles(ctx)
	out := Page[roleInfo]{}
	for _, r := range roles {
		out.Items = append(out.Items, roleInfo{Name: r.Name, Title: r.Title, Permissions: r.Permissions, Inherits: r.Inherits, BuiltIn: r.BuiltIn})
	}
	return out, err
}

type putRoleIn struct {
	Name        string   `path:"name" validate:"max=64"`
	Title       string   `json:"title" validate:"max=200"`
	Permissions []string `json:"permissions" validate:"max=1000,dive,max=200"`
	Inherits    []string `json:"inherits" validate:"max=50,dive,max=64"`
}

func (d *Dashboard) putRole(ctx context.Context, in putRoleIn) (empty, error) {
	err := d.auth.PutRole(ctx, auth.Role{Name: in.Name, Title: in.Title, Permissions: in.Permissions, Inherits: in.Inherits})
	return empty{}, accountError(err)
}

type roleNameIn struct {
	Name string `path:"name" validate:"max=64"`
}

func (d *Dashboard) deleteRole(ctx context.Context, in roleNameIn) (empty, error) {
	return empty{}, accountError(d.auth.DeleteRole(ctx, in.Name))
}

func (d *Dashboard) listPermissions(context.Context, empty) (Page[permissionInfo], error) {
	return Page[permissionInfo]{Items: d.permissionTitles()}, nil
}

// accountError maps the authority's errors of accounts and roles.
func accountError(err error) error {
	if e, ok := errors.AsType[*auth.InputError](err); ok {
		return Invalid(FieldError{Pointer: "/" + e.Field, Code: e.Code, Detail: e.Detail})
	}
	if e, ok := errors.AsType[*auth.CycleError](err); ok {
		return Invalid(FieldError{Pointer: "/inherits", Code: "cycle", Detail: "must not lead back to the role itself: " + strings.Join(e.Path, " → ")})
	}
	if e, ok := errors.AsType[*auth.BeyondError](err); ok {
		return &Error{Status: http.StatusForbidden, Code: "beyond-own-rights",
			Detail: "You cannot give or take the permission " + e.Permission + ", which you do not have.",
			Extra:  map[string]any{"permission": e.Permission}}
	}
	conflict := func(code, detail string) *Error {
		return &Error{Status: http.StatusConflict, Code: code, Detail: detail}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, auth.ErrNotFound):
		return errNotFound
	case errors.Is(err, auth.ErrEmailTaken):
		return conflict("email-taken", "Another account has this e-mail address.")
	case errors.Is(err, auth.ErrLastOwner):
		return conflict("last-owner", "At least one enabled account must stay an owner.")
	case errors.Is(err, auth.ErrRoleInUse):
		return conflict("role-in-use", "An account or a role still has this role.")
	case errors.Is(err, auth.ErrBuiltInRole):
		return conflict("role-built-in", "This role is part of the program.")
	case errors.Is(err, auth.ErrSetupDone):
		return conflict("setup-done", "Set-up is done. Sign in instead.")
	case errors.Is(err, auth.ErrTooManyAPIKeys):
		return conflict("too-many-api-keys", "Your account has too many API keys. Revoke one first.")
	case errors.Is(err, auth.ErrAPIKey):
		return errNotWithAPIKey
	}
	return err
}
