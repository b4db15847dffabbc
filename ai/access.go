package ai

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// Access says which models roles may ask for. It does not change and is safe for
// concurrent use; a nil one allows everything.
type Access struct{ roles map[string][]string }

// NewAccess makes ready a map of roles to patterns of names, such as "openai/*",
// at most 1,000 roles with 100 patterns each. Callers may ask for what any of their
// roles allows; those none of whose roles is in the map may ask for what
// [Everyone] allows, and for everything where that is not there either. A role
// without patterns allows nothing.
func NewAccess(roles map[string][]string) (*Access, error) {
	a := &Access{roles: make(map[string][]string, len(roles))}
	if len(roles) > 1000 {
		return nil, errors.New("there are rules for more than 1,000 roles")
	}
	for role, patterns := range roles {
		if role == "" || len(role) > 200 || len(patterns) > 100 {
			return nil, fmt.Errorf("role %q: the name is empty or too long, or it has more than 100 patterns", role)
		}
		for _, p := range patterns {
			if !validPattern(p) {
				return nil, fmt.Errorf("role %q: the pattern %q is empty, too long or has more than four '*'", role, p)
			}
		}
		a.roles[role] = slices.Clone(patterns)
	}
	return a, nil
}

// Allows reports whether a caller may ask for a name. An alias is allowed by its
// own name, and where all its targets are allowed. The zero [Caller], which is the
// program itself, may ask for everything.
func (a *Access) Allows(c Caller, name string, targets ...string) bool {
	if a == nil || len(a.roles) == 0 || c.User == "" && c.Key == "" && len(c.Roles) == 0 {
		return true
	}
	if a.matches(c.Roles, name) {
		return true
	}
	return len(targets) > 0 && !slices.ContainsFunc(targets, func(t string) bool { return !a.matches(c.Roles, t) })
}

func (a *Access) matches(roles []string, name string) bool {
	match := func(p string) bool { return matchPattern(p, name) }
	ruled := false
	for _, role := range roles {
		patterns, ok := a.roles[role]
		if ok && slices.ContainsFunc(patterns, match) {
			return true
		}
		ruled = ruled || ok
	}
	if ruled {
		return false
	}
	patterns, ok := a.roles[Everyone]
	return !ok || slices.ContainsFunc(patterns, match)
}

// Filter returns the models of a list that a caller may ask for. targets is
// [Directory.Targets]; nil: names lead to themselves.
func (a *Access) Filter(c Caller, list []ModelInfo, targets func(string) []string) []ModelInfo {
	return slices.DeleteFunc(slices.Clone(list), func(m ModelInfo) bool { return !a.allows(c, m.Name, targets) })
}

func (a *Access) allows(c Caller, name string, targets func(string) []string) bool {
	if targets == nil {
		return a.Allows(c, name)
	}
	return a.Allows(c, name, targets(name)...)
}

// WithAccess refuses requests for models that the caller may not ask for as if
// the model did not exist, with an error of kind [NotFound]. access is called for
// each request; targets is [Directory.Targets], or nil.
func WithAccess(access func() *Access, targets func(string) []string) Decorator {
	return func(next Model) Model {
		return ModelFunc(func(ctx context.Context, req *Request) iter.Seq2[Event, error] {
			if req != nil && !access().allows(CallerOf(ctx), req.Model, targets) {
				return func(yield func(Event, error) bool) {
					trailOf(ctx).note(Note{Router: "access", Choice: "refused", Why: "no role allows the model"})
					yield(Event{}, &Error{Kind: NotFound, Model: req.Model, Message: "The model does not exist."})
				}
			}
			return next.Generate(ctx, req)
		})
	}
}
