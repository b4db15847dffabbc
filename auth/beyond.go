package auth

import (
	"slices"
	"strings"
)

// Beyond returns a permission that the patterns or roles would give and p does
// not have, "" if there is none: for a host that lets people manage roles but
// not make themselves owners. What reaches permissions that nobody knows yet (a
// pattern that begins with "*", [RoleOwner]) is beyond all but owners. Unknown
// roles give nothing; CreateUser and PutRole refuse them.
func (a *Authority) Beyond(p *Principal, patterns, roles []string) string {
	s := a.registry.now.Load()
	owner := slices.Contains(p.Roles, RoleOwner)
	for _, pattern := range patterns {
		if strings.HasPrefix(pattern, "*") && !owner {
			return pattern
		}
		for _, name := range s.names {
			if matchPattern(pattern, name) && !p.Has(name) {
				return name
			}
		}
	}
	for _, role := range roles {
		if role == RoleOwner && !owner {
			return "*"
		}
		granted := s.roles[role]
		for _, name := range s.names {
			if granted.has(s.index[name]) && !p.Has(name) {
				return name
			}
		}
	}
	return ""
}
