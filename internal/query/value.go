package query

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// compare makes a comparison of its parts; what is wrong with the value is a
// sentence.
func compare(f Field, symbol, text string) (n *node, problem string) {
	n = &node{field: f}
	switch symbol {
	case "=":
		n.operator = equal
	case "!=":
		n.operator = unequal
	case "<":
		n.operator = less
	case "<=":
		n.operator = atMost
	case ">":
		n.operator = greater
	case ">=":
		n.operator = atLeast
	case ":":
		if text, problem = n.colon(text); problem != "" || n.operator == present {
			return n, problem
		}
	}
	n.value, problem = f.parse(text)
	return n, problem
}

// colon decides what a : means and returns the value without its star.
func (n *node) colon(text string) (rest, problem string) {
	rest, star := strings.CutSuffix(text, "*")
	switch {
	case n.field.Kind == Set:
		n.operator = has
		return text, ""
	case !star:
		n.operator = equal
		return text, ""
	case rest == "":
		n.operator = present
		return "", ""
	case n.field.Kind != Text:
		return "", fmt.Sprintf("%s is not text, so it has no beginning to ask for. Leave out the star.", n.field.Name)
	}
	n.operator = prefix
	return rest, ""
}

// isNumeral tells whether a number that strconv takes is written as JSON may
// write it, leading zeros aside: not in hexadecimal, not with underscores or a
// plus, not beginning or ending in a dot, and no word such as inf.
func isNumeral(text string) bool {
	mantissa, _, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(text), "-"), "e")
	whole, fraction, dotted := strings.Cut(mantissa, ".")
	return digits(whole) && (!dotted || digits(fraction)) && !strings.Contains(text, "_")
}

func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// parse reads a value as the field has it.
func (f Field) parse(text string) (value any, problem string) {
	switch f.Kind {
	case Integer:
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil || text[0] == '+' {
			return nil, fmt.Sprintf("%s is compared with a whole number of 64 bits, such as 42.", f.Name)
		}
		return v, ""
	case Number:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !isNumeral(text) {
			return nil, fmt.Sprintf("%s is compared with a number, such as 4.2.", f.Name)
		}
		return v + 0, "" // not -0
	case Boolean:
		if text != "true" && text != "false" {
			return nil, fmt.Sprintf("%s is compared with true or false.", f.Name)
		}
		return text == "true", ""
	case Time:
		return f.parseTime(text)
	case Enum:
		if !slices.Contains(f.Values, text) {
			return nil, fmt.Sprintf("%s is one of %s.", f.Name, strings.Join(f.Values[:min(len(f.Values), maxChoices)], ", "))
		}
		return text, ""
	}
	return f.fold(text), ""
}

// parseTime reads a time of RFC 3339, or a day, which is its beginning in UTC.
func (f Field) parseTime(text string) (any, string) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t, err = time.Parse(time.DateOnly, text)
	}
	if err != nil {
		return nil, fmt.Sprintf("%s is compared with a time such as 2026-01-31T12:00:00Z or a day such as 2026-01-31.", f.Name)
	}
	if t.Nanosecond()%1000 != 0 {
		return nil, fmt.Sprintf("%s has no more than microseconds.", f.Name)
	}
	if u := t.UTC().Year(); u < 0 || u > 9999 {
		return nil, fmt.Sprintf("%s lies between the years 0 and 9999.", f.Name)
	}
	return t.UnixMicro(), ""
}

// fold is the text as it is compared.
func (f Field) fold(text string) string {
	switch {
	case f.Fold:
		return fold(text)
	case f.Lowered:
		return strings.ToLower(text)
	}
	return text
}

// fold is SQL's lower of both databases: of ASCII letters only.
func fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if c := b[i]; c >= 'A' && c <= 'Z' {
					b[i] = c + 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// successor returns the least text that is greater than every text that begins
// with s, "" where there is none.
func successor(s string) string {
	runes := []rune(s)
	for i, r := range slices.Backward(runes) {
		switch {
		case r == 0xD7FF: // surrogates are not text
			return string(runes[:i]) + "\uE000"
		case r < 0x10FFFF:
			return string(runes[:i]) + string(r+1)
		}
	}
	return ""
}

// isNaN is true of what a database holds as NULL.
func isNaN(v any) bool {
	f, ok := v.(float64)
	return ok && math.IsNaN(f)
}
