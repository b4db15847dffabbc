package ai

import "strings"

// matchPattern reports whether name is what pattern says: '*' stands for any
// text, none too. It takes linear time for each '*'.
func matchPattern(pattern, name string) bool {
	star := strings.IndexByte(pattern, '*')
	if star < 0 {
		return pattern == name
	}
	if len(name) < star || name[:star] != pattern[:star] {
		return false
	}
	name, pattern = name[star:], pattern[star+1:]
	for {
		star = strings.IndexByte(pattern, '*')
		if star < 0 {
			return strings.HasSuffix(name, pattern)
		}
		at := strings.Index(name, pattern[:star])
		if at < 0 {
			return false
		}
		name, pattern = name[at+star:], pattern[star+1:]
	}
}

// validPattern bounds patterns of models, so that none costs much.
func validPattern(p string) bool {
	return p != "" && len(p) <= 200 && strings.Count(p, "*") <= 4 && strings.TrimSpace(p) == p
}

// literal is how much of a pattern is text: the longer, the closer it describes a
// name. One without '*' is closest.
func literal(p string) int {
	if n := strings.Count(p, "*"); n > 0 {
		return len(p) - n
	}
	return len(p) + 1<<16
}
