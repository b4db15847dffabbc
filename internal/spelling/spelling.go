// Package spelling knows how the names of things are spelled. It does without
// package regexp: a program that registers a few hundred names at its start, in
// patterns that count to 40, would spend milliseconds on compiling them.
package spelling

import "strings"

// Slug reports whether s is a lower-case letter and then lower-case letters,
// digits and hyphens, at least shortest and at most longest bytes in all.
func Slug(s string, shortest, longest int) bool {
	return len(s) >= shortest && len(s) <= longest && made(s, isLower, '-')
}

// Snake reports whether s is a lower-case letter and then lower-case letters,
// digits and underscores, at most longest bytes in all.
func Snake(s string, longest int) bool {
	return len(s) <= longest && made(s, isLower, '_')
}

// Identifier reports whether s is a letter or an underscore and then letters,
// digits and underscores, at most longest bytes in all.
func Identifier(s string, longest int) bool {
	return len(s) <= longest && made(s, func(c byte) bool { return isLower(c|0x20) || c == '_' }, '_')
}

// made reports whether s begins with a letter and goes on with letters, digits
// and the joint.
func made(s string, letter func(byte) bool, joint byte) bool {
	if s == "" || !letter(s[0]) {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; !letter(c) && c != joint && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }

// Choices splits the parameter of a oneof rule as the validator does: by space,
// or in single quotes, which stay.
func Choices(param string) []string {
	var out []string
	for {
		if param = strings.TrimLeft(param, space); param == "" {
			return out
		}
		end := -1
		if param[0] == '\'' {
			if i := strings.IndexByte(param[1:], '\''); i >= 0 {
				end = i + 2
			}
		}
		if end < 0 {
			if end = strings.IndexAny(param, space); end < 0 {
				end = len(param)
			}
		}
		out = append(out, param[:end])
		param = param[end:]
	}
}

// space is what \s matches.
const space = " \t\n\f\r"

// PointerToken escapes a name for a JSON pointer (RFC 6901).
func PointerToken(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}
