package auth

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/modular-dashboard/dashboard/storage"
)

// Built-in roles. They are part of the program and cannot be changed.
const (
	RoleOwner  = "owner"  // holds every permission
	RoleViewer = "viewer" // holds every permission of the form module.noun.read
)

// A Role is a named set of permission patterns.
type Role struct {
	// Name is 1 to 40 of a-z 0-9 _ -, beginning with a letter.
	Name string
	// Title is for people: up to 100 characters. Empty: the name.
	Title string
	// Permissions are patterns: a permission's name in which a segment may be
	// "*" for any one segment or, as the last, for one or more. "*" alone is
	// every permission. Up to 1,000; they need not be registered.
	Permissions []string
	// Inherits names roles whose permissions this one has too. Up to 100.
	Inherits []string
	// BuiltIn says that the role cannot be changed.
	BuiltIn bool
	// Version differs after each change: what an ETag is made of. PutRole
	// ignores it.
	Version int64
}

const (
	maxPatterns = 1000
	maxInherits = 100
	maxRoles    = 1000
	maxTitle    = 100
)

func builtIn() []Role {
	return []Role{
		{Name: RoleOwner, Title: "Owner", Permissions: []string{"*"}, Inherits: []string{}, BuiltIn: true},
		{Name: RoleViewer, Title: "Viewer", Permissions: []string{"*.*.read"}, Inherits: []string{}, BuiltIn: true},
	}
}

func isBuiltIn(name string) bool { return name == RoleOwner || name == RoleViewer }

// Roles lists the built-in and stored roles by name.
func (a *Authority) Roles(ctx context.Context) ([]Role, error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	stored, err := storedRoles(ctx, a.db)
	if err != nil {
		return nil, unavailable("read roles", err)
	}
	roles := append(builtIn(), stored...)
	slices.SortFunc(roles, func(x, y Role) int { return strings.Compare(x.Name, y.Name) })
	return roles, nil
}

const selectRoles = `SELECT name, title, permissions, inherits, version FROM auth_roles ORDER BY name`

func storedRoles(ctx context.Context, q storage.Querier) (roles []Role, err error) {
	rows, err := q.Query(ctx, selectRoles)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r Role
		var permissions, inherits string
		if err := rows.Scan(&r.Name, &r.Title, &permissions, &inherits, &r.Version); err != nil {
			return nil, err
		}
		if err := errors.Join(json.Unmarshal([]byte(permissions), &r.Permissions), json.Unmarshal([]byte(inherits), &r.Inherits)); err != nil {
			return nil, fmt.Errorf("read role %s: %w", r.Name, err)
		}
		roles = append(roles, r)
	}
	return roles, rows.Err()
}

func (r Role) check() error {
	if !validSegment(r.Name) {
		return wrong("name", "format", "role-name", "must be 1 to 40 of a-z, 0-9, - and _, and begin with a letter")
	}
	if isBuiltIn(r.Name) {
		return fmt.Errorf("%w: %s", ErrBuiltInRole, r.Name)
	}
	if !utf8.ValidString(r.Title) || strings.ContainsFunc(r.Title, unicode.IsControl) {
		return wrong("title", "format", "control", "must not have control characters")
	}
	if utf8.RuneCountInString(r.Title) > maxTitle {
		return tooLong("title", maxTitle, "characters")
	}
	if len(r.Permissions) > maxPatterns {
		return tooLong("permissions", maxPatterns, "items")
	}
	if len(r.Inherits) > maxInherits {
		return tooLong("inherits", maxInherits, "items")
	}
	for _, pattern := range r.Permissions {
		if !validPattern(pattern) {
			return badEntry("permissions", "format", "pattern", pattern, "no permission or pattern such as billing.*.read")
		}
	}
	return nil
}

// checkRoles refuses unknown roles and circles. stored is all roles but r, seen
// from inside the transaction that writes r.
func checkRoles(stored []Role, r Role) error {
	if len(stored) >= maxRoles {
		return &InputError{Field: "name", Code: "too_long", Detail: fmt.Sprintf("would be more than %d roles", maxRoles)}
	}
	inherits := map[string][]string{}
	for _, role := range append(builtIn(), append(stored, r)...) {
		inherits[role.Name] = role.Inherits
	}
	for _, parent := range r.Inherits {
		if _, ok := inherits[parent]; !ok {
			return badEntry("inherits", "unknown", "role", parent, "no role")
		}
	}
	if path := findCycle(inherits, r.Name); path != nil {
		return &CycleError{Path: path}
	}
	return nil
}

// findCycle returns the circle that from can reach, nil if there is none.
func findCycle(inherits map[string][]string, from string) []string {
	done := map[string]bool{}
	var path []string
	var visit func(name string) []string
	visit = func(name string) []string {
		if i := slices.Index(path, name); i >= 0 {
			return append(slices.Clone(path[i:]), name)
		}
		if done[name] {
			return nil
		}
		path = append(path, name)
		for _, parent := range inherits[name] {
			if cycle := visit(parent); cycle != nil {
				return cycle
			}
		}
		path = path[:len(path)-1]
		done[name] = true
		return nil
	}
	return visit(from)
}

// roleUnused refuses to delete a role that somebody has. stored is all others.
func roleUnused(ctx context.Context, tx *storage.Tx, stored []Role, name string) error {
	var user string
	err := tx.QueryRow(ctx, `SELECT user_id FROM auth_user_roles WHERE role = $1 LIMIT 1`, name).Scan(&user)
	if err == nil {
		return fmt.Errorf("%w: an account has %s", ErrRoleInUse, name)
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	for _, role := range stored {
		if slices.Contains(role.Inherits, name) {
			return fmt.Errorf("%w: %s inherits from %s", ErrRoleInUse, role.Name, name)
		}
	}
	return nil
}

// jsonList writes a list without repetitions, sorted.
func jsonList(list []string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	b, err := json.Marshal(append([]string{}, slices.Compact(list)...))
	if err != nil {
		return "[]" // strings always marshal
	}
	return string(b)
}
