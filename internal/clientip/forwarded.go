package clientip

import (
	"net/netip"
	"strings"
)

// obfuscatedRunes may stand in an obfuscated identifier after its underscore
// (RFC 7239, section 6.3).
const obfuscatedRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

// lastForwarded cuts the last element off a Forwarded field. It reads backward,
// so that no quote that a client left open can swallow what a proxy wrote after
// it: within a quoted string every quote has a backslash before it, so the one
// that opens it is the nearest that has none.
func lastForwarded(s string) (rest, last string) {
	for i := len(s) - 1; i >= 0; i-- {
		switch s[i] {
		case ',':
			return s[:i], trim(s[i+1:])
		case '"':
			if i = opening(s, i); i < 0 {
				return "", trim(s) // no element: forwardedElement says so
			}
		}
	}
	return "", trim(s)
}

// opening returns where the quoted string begins whose closing quote is at end,
// or -1.
func opening(s string, end int) int {
	for i := strings.LastIndexByte(s[:end], '"'); i >= 0; i = strings.LastIndexByte(s[:i], '"') {
		before := strings.TrimRight(s[:i], `\`)
		if (i-len(before))%2 == 0 {
			return i
		}
	}
	return -1
}

// forwardedElement reads the address in the "for" parameter of a forwarded-element
// (RFC 7239, section 4), and what its "proto" says. There is no address where the
// element has no such parameter, or hides the address behind "unknown" or an
// obfuscated identifier; and nothing at all where it is malformed.
func forwardedElement(element string) (client netip.Addr, proto string, ok bool) {
	seen := false
	for element != "" {
		name, value, rest, valid := cutPair(element)
		if !valid {
			return netip.Addr{}, "", false
		}
		element = rest
		switch {
		case strings.EqualFold(name, "for"):
			if seen { // a parameter is there once
				return netip.Addr{}, "", false
			}
			seen = true
			client, ok = forwardedNode(value)
		case strings.EqualFold(name, "proto"):
			if proto != "" {
				return netip.Addr{}, "", false
			}
			proto = value
		}
	}
	return client, proto, ok
}

// forwardedNode reads an address with or without a port. Unlike elsewhere, IPv6
// always stands in brackets.
func forwardedNode(s string) (netip.Addr, bool) {
	a, ok := node(s)
	if !ok || (s[0] != '[' && strings.Count(s, ":") > 1) {
		return netip.Addr{}, false
	}
	return a, true
}

// cutPair cuts the first forwarded-pair and its semicolon off an element; the
// pair may be empty.
func cutPair(s string) (name, value, rest string, ok bool) {
	if s = trimLeft(s); s == "" || s[0] == ';' {
		return "", "", s[min(1, len(s)):], true
	}
	n := tokenLength(s)
	if n == 0 || n == len(s) || s[n] != '=' {
		return "", "", "", false
	}
	if name, s = s[:n], s[n+1:]; s != "" && s[0] == '"' {
		value, s, ok = cutQuoted(s)
	} else {
		n = tokenLength(s)
		value, s, ok = s[:n], s[n:], n > 0
	}
	if s = trimLeft(s); !ok || s != "" && s[0] != ';' {
		return "", "", "", false
	}
	return name, value, s[min(1, len(s)):], true
}

func trimLeft(s string) string { return strings.TrimLeft(s, " \t") }

// cutQuoted cuts a quoted-string off s, which begins with one (RFC 9110,
// section 5.6.4), and returns its text.
func cutQuoted(s string) (text, rest string, ok bool) {
	s = s[1:]
	end := strings.IndexAny(s, `"\`)
	if end >= 0 && s[end] == '"' {
		return s[:end], s[end+1:], printable(s[:end])
	}
	var b strings.Builder // a backslash: nobody needs one, but it is allowed
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], printable(b.String())
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

// printable tells whether s may stand in a quoted-string: no control characters
// but the tab.
func printable(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '\t' && (c < ' ' || c == 0x7f) {
			return false
		}
	}
	return true
}

// tokenLength is how many bytes of s are of a token (RFC 9110, section 5.6.2).
func tokenLength(s string) int {
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return i
		}
	}
	return len(s)
}
