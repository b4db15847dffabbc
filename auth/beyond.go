package auth

import "strings"

// Beyond returns a pattern that the patterns or roles would give and the roles
// of p do not cover, "" if there is none: for a host that lets people manage
// roles and accounts without making themselves owners. It compares patterns, not
// the permissions registered now, so it holds for later ones too. Unknown roles
// give nothing; CreateUser and PutRole refuse them.
func (a *Authority) Beyond(p *Principal, patterns, roles []string) string {
	s := a.registry.now.Load()
	var own []string
	if p != nil {
		own = s.patterns(p.Roles)
	}
	for _, asked := range append(s.patterns(roles), patterns...) {
		covered := false
		for _, have := range own {
			covered = covered || coversPattern(have, asked)
		}
		if !covered {
			return asked
		}
	}
	return ""
}

// patterns lists what roles and those they inherit from say.
func (s *snapshot) patterns(roles []string) []string {
	var all []string
	seen := map[string]bool{}
	queue := append([]string{}, roles...)
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		role := s.defined[name]
		all = append(all, role.Permissions...)
		queue = append(queue, role.Inherits...)
	}
	return all
}

// coversPattern reports whether have matches every name that asked matches.
func coversPattern(have, asked string) bool {
	for {
		h, moreHave, inHave := strings.Cut(have, ".")
		s, moreAsked, inAsked := strings.Cut(asked, ".")
		switch {
		case h == "*" && !inHave:
			return asked != ""
		case s == "*" && !inAsked: // any number of segments, where have ends
			return false
		case h != "*" && h != s:
			return false
		case !inHave || !inAsked:
			return inHave == inAsked
		}
		have, asked = moreHave, moreAsked
	}
}
