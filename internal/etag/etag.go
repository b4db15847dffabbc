// Package etag reads the conditions If-Match and If-None-Match and compares
// entity tags (RFC 9110, sections 8.8.3 and 13.1).
package etag

import "strings"

// A Condition is the value of If-Match or If-None-Match. The zero value is that
// of a header that was not sent.
//
// As a field of an endpoint's input it takes the header as it is: what is no
// list of entity tags is no error of the input, it matches nothing.
type Condition struct {
	given, any bool
	tags       []string
}

// Parse reads the lines of a header; none are the zero Condition. A line that is
// malformed makes a Condition that no tag matches: nobody can tell what was
// meant, and to write nothing is safe.
func Parse(lines []string) Condition {
	c := Condition{given: len(lines) > 0}
	for _, line := range lines {
		if trim(line) == "*" {
			if len(lines) > 1 {
				return Condition{given: true}
			}
			c.any = true
			return c
		}
		var ok bool
		if c.tags, ok = list(c.tags, line); !ok {
			return Condition{given: true}
		}
	}
	return c
}

// UnmarshalText implements [encoding.TextUnmarshaler]. It takes every text.
func (c *Condition) UnmarshalText(text []byte) error {
	*c = Parse([]string{string(text)})
	return nil
}

// MarshalText implements [encoding.TextMarshaler].
func (c Condition) MarshalText() ([]byte, error) {
	if c.any {
		return []byte("*"), nil
	}
	return []byte(strings.Join(c.tags, ", ")), nil
}

// Given reports whether the header was sent.
func (c Condition) Given() bool { return c.given }

// Any reports whether the header was *: whatever there is, if there is anything.
func (c Condition) Any() bool { return c.any }

// Tags returns the tags that are listed.
func (c Condition) Tags() []string { return c.tags }

// Allows reports whether an If-Match lets a change to a representation with this
// tag pass: it was not sent, is *, or lists the tag. The comparison is strong, so
// that a weak tag never matches.
func (c Condition) Allows(tag string) bool {
	if !c.given || c.any {
		return true
	}
	for _, one := range c.tags {
		if one == tag && one[0] == '"' {
			return true
		}
	}
	return false
}

// Has reports whether an If-None-Match names the tag of what the client would
// get. The comparison is weak.
func (c Condition) Has(tag string) bool {
	if c.any {
		return true
	}
	for _, one := range c.tags {
		if strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// list appends the entity tags of a line, which may have empty members (RFC
// 9110, section 5.6.1.2) and, inside of a tag, commas.
func list(tags []string, line string) ([]string, bool) {
	for {
		line = strings.TrimLeft(line, " \t,")
		if line == "" {
			return tags, true
		}
		size := tagSize(line)
		if size == 0 {
			return nil, false
		}
		tags, line = append(tags, line[:size]), strings.TrimLeft(line[size:], " \t")
		if line != "" && line[0] != ',' {
			return nil, false
		}
	}
}

// tagSize is how long the entity tag is that text begins with, 0 for none.
func tagSize(text string) int {
	i := 0
	if strings.HasPrefix(text, "W/") {
		i = 2
	}
	if i == len(text) || text[i] != '"' {
		return 0
	}
	for i++; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1
		case c <= ' ' || c == 0x7f: // etagc is anything visible
			return 0
		}
	}
	return 0
}

func trim(s string) string { return strings.Trim(s, " \t") }
