package dashboard

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/etag"
)

// Accounts and roles are resources over auth, which audits them itself.
func (d *Dashboard) routeUsers(r *Router) {
	read, manage := ReadWith(permUsersRead), WriteWith(permUsersManage)
	Resource(r, "users", accounts{d.auth}, read, manage, NoAudit(), Titles("User", "Users"), CreateWith(d.createUser),
		Action("disable", "Disable", d.setDisabled(true), Danger(), Confirm("Their sessions end at once.")),
		Action("enable", "Enable", d.setDisabled(false)))
	Resource(r, "roles", roles{d.auth}, read, manage, NoAudit())
	Put(r, "/roles/{name}", d.putRole, Require(permUsersManage), ID("put-role"), Summary("Make or replace a role"),
		Answers(http.StatusConflict, http.StatusPreconditionFailed))
	Get(r, "/permissions", d.listPermissions, Require(permUsersRead), ID("permissions"), Summary("Every permission that roles can hold"))
}

// accounts is the collection of all accounts.
type accounts struct{ auth *auth.Authority }

func (a accounts) List(ctx context.Context, q Query) (Page[userInfo], error) {
	page, err := a.auth.SearchUsers(ctx, auth.UserQuery{Filter: q.Filter, Sort: q.Sort, Search: q.Search, Cursor: q.Cursor, Limit: q.Limit})
	if e, ok := errors.AsType[*auth.InputError](err); ok {
		return Page[userInfo]{}, listInputError(e)
	}
	out := Page[userInfo]{Items: make([]userInfo, 0, len(page.Users)), NextCursor: page.Next}
	for _, u := range page.Users {
		out.Items = append(out.Items, userInfoOf(u))
	}
	return out, err
}

// listInputError is what a list of auth does not take of what lists here do.
func listInputError(e *auth.InputError) error {
	if e.Field == "cursor" {
		return errBadCursor
	}
	name := map[string]string{"search": "q"}[e.Field]
	if name == "" {
		name = e.Field
	}
	return &Error{Status: http.StatusBadRequest, Code: "bad-" + e.Field, Detail: e.Detail,
		Fields: []FieldError{{Pointer: "#/query/" + name, Code: e.Code, Detail: e.Detail, Params: e.Params}}}
}

func (a accounts) Read(ctx context.Context, id string) (userInfo, error) {
	u, err := a.auth.User(ctx, id)
	return userInfoOf(u), accountError(err)
}

func (a accounts) Update(ctx context.Context, id string, change func(*userInfo) error) (userInfo, error) {
	u, err := a.auth.EditUser(ctx, id, func(u auth.User) (auth.UserChange, error) {
		before := userInfoOf(u)
		after := before
		if err := change(&after); err != nil {
			return auth.UserChange{}, err
		}
		var c auth.UserChange
		if after.Name != before.Name {
			c.Name = &after.Name
		}
		if !slices.Equal(after.Roles, before.Roles) {
			c.Roles = &after.Roles
		}
		if after.Disabled != before.Disabled {
			c.Disabled = &after.Disabled
		}
		return c, nil
	})
	return userInfoOf(u), accountError(err)
}

type createUserIn struct {
	Email    string   `json:"email" validate:"required,email,max=254" title:"Email"`
	Name     string   `json:"name" validate:"max=200" title:"Name"`
	Password string   `json:"password" validate:"max=1024" title:"Password" doc:"Empty: the account cannot sign in with a password yet."`
	Roles    []string `json:"roles" validate:"max=50,dive,max=100" title:"Roles"`
}

func (d *Dashboard) createUser(ctx context.Context, in createUserIn) (userInfo, error) {
	u, err := d.auth.CreateUser(ctx, auth.NewUser{Email: in.Email, Name: in.Name, Password: in.Password, Roles: in.Roles})
	return userInfoOf(u), accountError(err)
}

func (d *Dashboard) setDisabled(disabled bool) func(context.Context, string, empty) error {
	return func(ctx context.Context, id string, _ empty) error {
		_, err := d.auth.EditUser(ctx, id, func(u auth.User) (auth.UserChange, error) {
			if u.Disabled == disabled {
				return auth.UserChange{}, nil
			}
			return auth.UserChange{Disabled: &disabled}, nil
		})
		return accountError(err)
	}
}

type roleInfo struct {
	Name        string   `json:"name" validate:"required,max=64" resource:"key,createonly,sort=default,search"`
	Title       string   `json:"title" validate:"max=200" resource:"label,sort,search"`
	Permissions []string `json:"permissions" validate:"max=1000,dive,max=200" resource:"filter"`
	Inherits    []string `json:"inherits" validate:"max=50,dive,max=64" resource:"filter"`
	BuiltIn     bool     `json:"built_in" title:"Built in" resource:"readonly,filter"`
	Version     int64    `json:"-" resource:"version"`
}

func roleInfoOf(r auth.Role) roleInfo {
	return roleInfo{Name: r.Name, Title: r.Title, Permissions: r.Permissions, Inherits: r.Inherits, BuiltIn: r.BuiltIn, Version: r.Version}
}

func (r roleInfo) role() *auth.Role {
	return &auth.Role{Name: r.Name, Title: r.Title, Permissions: r.Permissions, Inherits: r.Inherits}
}

// roles is the collection of all roles. There are few: auth has them in memory.
type roles struct{ auth *auth.Authority }

func (c roles) all(ctx context.Context) ([]roleInfo, error) {
	list, err := c.auth.Roles(ctx)
	out := make([]roleInfo, 0, len(list))
	for _, r := range list {
		out = append(out, roleInfoOf(r))
	}
	return out, err
}

func (c roles) List(ctx context.Context, q Query) (Page[roleInfo], error) {
	all, err := c.all(ctx)
	if err != nil {
		return Page[roleInfo]{}, err
	}
	return PageOf(q, all)
}

func (c roles) Read(ctx context.Context, name string) (roleInfo, error) {
	all, err := c.all(ctx)
	if err != nil {
		return roleInfo{}, err
	}
	if i := slices.IndexFunc(all, func(r roleInfo) bool { return r.Name == name }); i >= 0 {
		return all[i], nil
	}
	return roleInfo{}, ErrNotFound
}

func (c roles) Create(ctx context.Context, item *roleInfo) error {
	r, err := c.auth.EditRole(ctx, item.Name, func(before *auth.Role) (*auth.Role, error) {
		if before != nil {
			return nil, errRoleExists
		}
		return item.role(), nil
	})
	if err != nil {
		return accountError(err)
	}
	*item = roleInfoOf(*r)
	return nil
}

var errRoleExists = &Error{Status: http.StatusConflict, Code: "taken", Detail: "There is a role of this name already.",
	Fields: []FieldError{{Pointer: "/name", Code: "taken", Detail: "must be one that no other role has", Params: map[string]string{}}}}

func (c roles) Update(ctx context.Context, name string, change func(*roleInfo) error) (roleInfo, error) {
	return c.edit(ctx, name, func(before *auth.Role) (*auth.Role, error) {
		if before == nil {
			return nil, ErrNotFound
		}
		item := roleInfoOf(*before)
		if err := change(&item); err != nil {
			return nil, err
		}
		return item.role(), nil
	})
}

func (c roles) Delete(ctx context.Context, name string, check func(roleInfo) error) error {
	_, err := c.edit(ctx, name, func(before *auth.Role) (*auth.Role, error) {
		if before == nil {
			return nil, ErrNotFound
		}
		return nil, check(roleInfoOf(*before))
	})
	return err
}

func (c roles) edit(ctx context.Context, name string, edit func(*auth.Role) (*auth.Role, error)) (roleInfo, error) {
	r, err := c.auth.EditRole(ctx, name, edit)
	if err != nil || r == nil {
		return roleInfo{}, accountError(err)
	}
	return roleInfoOf(*r), nil
}

type roleNameIn struct {
	Name string `path:"name" validate:"max=64"`
}

type putRoleIn struct {
	Name        string         `path:"name" validate:"max=64"`
	IfMatch     etag.Condition `header:"If-Match"`
	Title       string         `json:"title" validate:"max=200"`
	Permissions []string       `json:"permissions" validate:"max=1000,dive,max=200"`
	Inherits    []string       `json:"inherits" validate:"max=50,dive,max=64"`
}

func (d *Dashboard) putRole(ctx context.Context, in putRoleIn) (empty, error) {
	_, err := d.auth.EditRole(ctx, in.Name, func(before *auth.Role) (*auth.Role, error) {
		if in.IfMatch.Given() && (before == nil || !in.IfMatch.Allows(versionTag(before.Version))) {
			return nil, errStale
		}
		return &auth.Role{Name: in.Name, Title: in.Title, Permissions: in.Permissions, Inherits: in.Inherits}, nil
	})
	return empty{}, accountError(err)
}

// versionTag is the entity tag of a version, as resources have it.
func versionTag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

func (d *Dashboard) listPermissions(context.Context, empty) (Page[permissionInfo], error) {
	return Page[permissionInfo]{Items: d.permissionTitles()}, nil
}

// Interface guards.
var (
	_ Updater[userInfo] = accounts{}
	_ Creator[roleInfo] = roles{}
	_ Updater[roleInfo] = roles{}
	_ Deleter[roleInfo] = roles{}
)

// accountError maps the authority's errors of accounts and roles.
func accountError(err error) error {
	if e, ok := errors.AsType[*auth.InputError](err); ok {
		return Invalid(FieldError{Pointer: "/" + e.Field, Code: e.Code, Detail: e.Detail, Params: e.Params})
	}
	if e, ok := errors.AsType[*auth.CycleError](err); ok {
		path := strings.Join(e.Path, " → ")
		return Invalid(FieldError{Pointer: "/inherits", Code: "cycle", Detail: "must not lead back to the role itself: " + path, Params: map[string]string{"value": path}})
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
