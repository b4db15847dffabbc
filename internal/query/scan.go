package query

import (
	"strings"
	"unicode/utf8"
)

func keyword(s string) bool { return s == "AND" || s == "OR" || s == "NOT" }

// space skips white space.
func (p *parser) space() {
	for p.at < len(p.text) && isSpace(p.text[p.at]) {
		p.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func nameRune(r rune) bool {
	return r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// name reads a name, "" where there is none.
func (p *parser) name() string {
	start := p.at
	for p.at < len(p.text) && nameRune(rune(p.text[p.at])) {
		p.at++
	}
	return p.text[start:p.at]
}

// word reads a keyword and the space after it, if it stands here.
func (p *parser) word(keyword string) bool {
	rest, ok := strings.CutPrefix(p.text[p.at:], keyword)
	if !ok || rest != "" && nameRune(rune(rest[0])) {
		return false
	}
	p.at += len(keyword)
	p.space()
	return true
}

// symbol reads an operator, "" where there is none.
func (p *parser) symbol() string {
	for _, s := range [...]string{"!=", "<=", ">=", "=", "<", ">", ":"} {
		if strings.HasPrefix(p.text[p.at:], s) {
			p.at += len(s)
			return s
		}
	}
	return ""
}

// value reads what a field is compared with: a string in quotes or a word.
func (p *parser) value(field, symbol string) (string, error) {
	if p.at == len(p.text) {
		return "", p.unexpected("a value for " + field)
	}
	if c := p.text[p.at]; c == '"' || c == '\'' {
		return p.quoted(c)
	}
	start := p.at
	for p.at < len(p.text) {
		r, size := utf8.DecodeRuneInString(p.text[p.at:])
		if r <= ' ' || strings.ContainsRune(`()"'=<>!\`, r) {
			break
		}
		p.at += size
	}
	text := p.text[start:p.at]
	if text == "" {
		return "", p.unexpected("a value after " + field + symbol)
	}
	if keyword(text) {
		return "", p.fail(start, "Put %s in quotes if it is a value.", text)
	}
	return text, nil
}

// quoted reads a string up to the quote it began with.
func (p *parser) quoted(end byte) (string, error) {
	var b strings.Builder
	for i := p.at + 1; i < len(p.text); i++ {
		switch c := p.text[i]; c {
		case end:
			p.at = i + 1
			return b.String(), nil
		case '\\':
			if i++; i == len(p.text) || p.text[i] != '"' && p.text[i] != '\'' && p.text[i] != '\\' {
				return "", p.fail(i-1, "A backslash escapes a quote or a backslash only.")
			}
			b.WriteByte(p.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fail(p.at, "This string is not closed.")
}
