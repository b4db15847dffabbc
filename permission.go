package dashboard

import (
	"strings"

	"fmt"

	"github.com/modular-dashboard/dashboard/internal/spelling"
)

// A Permission is a right that endpoints and panels require. Declare it once as
// a variable, list it in [Manifest].Permissions and pass it to [Require]: a
// typing mistake then does not compile. The module's id is put in front, so
// "invoice.refund" of module billing is known as "billing.invoice.refund" in
// roles, OpenAPI and the audit log. The zero value is not valid.
type Permission struct {
	name, title string
}

// NewPermission returns the permission with a name of the form noun.verb and a
// title for people. A malformed name is reported by [New] for the module that
// lists it.
func NewPermission(name, title string) Permission {
	return Permission{name: name, title: title}
}

// Name returns the name as declared, without the module's id.
func (p Permission) Name() string { return p.name }

// Title returns the title for people.
func (p Permission) Title() string { return p.title }

// isPermissionName tells whether a name is two words of at most 40 bytes with a
// dot between them.
func isPermissionName(name string) bool {
	noun, verb, ok := strings.Cut(name, ".")
	return ok && spelling.Slug(noun, 1, 40) && spelling.Slug(verb, 1, 40)
}

func (p Permission) check() error {
	if !isPermissionName(p.name) {
		return fmt.Errorf("permission %q is not of the form noun.verb", p.name)
	}
	return nil
}

// access says who may reach an endpoint or a panel. The zero value says
// nothing, which registration refuses.
type access struct {
	kind       accessKind
	permission Permission
}

type accessKind uint8

const (
	accessUnset accessKind = iota
	accessPublic
	accessAuthenticated
	accessPermission
)

// An AccessOption says who may reach an endpoint or a panel; see [Require],
// [Authenticated] and [Public]. One must be given.
type AccessOption interface {
	EndpointOption
	PanelOption
}

type accessOption struct{ access access }

func (o accessOption) applyEndpoint(c *endpointConfig) { c.access = append(c.access, o.access) }
func (o accessOption) applyPanel(c *panelConfig)       { c.access = append(c.access, o.access) }

// Require lets in callers who hold the permission. Others are answered 403, or
// 404 where they hold none of the module's permissions.
func Require(p Permission) AccessOption {
	return accessOption{access{kind: accessPermission, permission: p}}
}

// Authenticated lets in every signed-in caller.
func Authenticated() AccessOption {
	return accessOption{access{kind: accessAuthenticated}}
}

// Public lets in everyone, signed in or not.
func Public() AccessOption {
	return accessOption{access{kind: accessPublic}}
}

// single returns the one access rule of a registration.
func single(rules []access) (access, error) {
	switch len(rules) {
	case 0:
		return access{}, fmt.Errorf("names neither a permission nor Authenticated nor Public")
	case 1:
		return rules[0], nil
	}
	return access{}, fmt.Errorf("names %d access rules, want one", len(rules))
}
