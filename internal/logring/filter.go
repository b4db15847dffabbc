package logring

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// compile prepares the filter for many entries.
func (f Filter) compile() func(*Entry) bool {
	text := f.Text
	return func(e *Entry) bool {
		switch {
		case e.Level < f.Level:
			return false
		case f.Module != "" && e.Module != f.Module:
			return false
		case f.RequestID != "" && e.RequestID != f.RequestID:
			return false
		case text == "":
			return true
		}
		return contains(e.Message, text) || contains(string(e.Attrs), text) ||
			contains(e.Module, text) || contains(e.RequestID, text) || contains(e.TraceID, text)
	}
}

// contains is strings.Contains for letters of any case. It copies nothing.
func contains(s, part string) bool {
	first, _ := utf8.DecodeRuneInString(part)
	first = unicode.ToLower(first)
	for i, c := range s {
		if (c == first || unicode.ToLower(c) == first) && hasPrefix(s[i:], part) {
			return true
		}
	}
	return part == ""
}

func hasPrefix(s, part string) bool {
	for _, want := range part {
		got, size := utf8.DecodeRuneInString(s)
		if size == 0 || got != want && unicode.ToLower(got) != unicode.ToLower(want) {
			return false
		}
		s = s[size:]
	}
	return true
}

// cut shortens text to at most n bytes, between runes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
