package query

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Filter reads a filter. Empty text is a nil Filter. What is wrong with it is
// an [*Error].
func (s *Schema) Filter(text string) (*Filter, error) {
	p := parser{schema: s, text: text}
	root, err := p.all()
	if err != nil || root == nil {
		return nil, err
	}
	return &Filter{root}, nil
}

// parser reads a filter from left to right. The text between tokens is skipped
// before each of them is looked at.
type parser struct {
	schema      *Schema
	text        string
	at          int // offset of the next byte
	depth       int
	comparisons int
}

func (p *parser) fail(at int, format string, args ...any) error {
	return &Error{Parameter: "filter", Offset: at, Detail: fmt.Sprintf(format, args...)}
}

func (p *parser) all() (*node, error) {
	if len(p.text) > MaxFilter {
		return nil, p.fail(MaxFilter, "The filter is longer than %d bytes.", MaxFilter)
	}
	if i := invalidText(p.text); i >= 0 {
		return nil, p.fail(i, "The filter has a character that is not text.")
	}
	if p.space(); p.at == len(p.text) {
		return nil, nil
	}
	root, err := p.and()
	if err != nil {
		return nil, err
	}
	if p.at < len(p.text) {
		return nil, p.unexpected("AND, OR or the end of the filter")
	}
	return root, nil
}

// invalidText returns where s stops being text that every database can hold, or
// -1.
func invalidText(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		}
		if r == 0 {
			return i
		}
	}
	return -1
}

func (p *parser) and() (*node, error) { return p.joined(isAnd, "AND", p.or) }
func (p *parser) or() (*node, error)  { return p.joined(isOr, "OR", p.not) }

// joined reads parts with a word between them.
func (p *parser) joined(kind nodeKind, word string, part func() (*node, error)) (*node, error) {
	var kids []*node
	for {
		kid, err := part()
		if err != nil {
			return nil, err
		}
		if kid.kind == kind { // it was in parentheses that change nothing
			kids = append(kids, kid.kids...)
		} else {
			kids = append(kids, kid)
		}
		if !p.word(word) {
			break
		}
	}
	if len(kids) == 1 {
		return kids[0], nil
	}
	return &node{kind: kind, kids: kids}, nil
}

// not reads NOT or - and what it negates.
func (p *parser) not() (*node, error) {
	at := p.at
	negated := p.word("NOT")
	if !negated && p.at < len(p.text) && p.text[p.at] == '-' {
		p.at++
		p.space()
		negated = true
	}
	if !negated {
		return p.simple()
	}
	if err := p.deeper(at); err != nil {
		return nil, err
	}
	kid, err := p.simple()
	if err != nil {
		return nil, err
	}
	p.depth--
	if kid.kind == isNot {
		return kid.kids[0], nil
	}
	return &node{kind: isNot, kids: []*node{kid}}, nil
}

// simple reads a comparison or parentheses.
func (p *parser) simple() (*node, error) {
	at := p.at
	if at == len(p.text) || p.text[at] != '(' {
		return p.comparison()
	}
	p.at++
	p.space()
	if err := p.deeper(at); err != nil {
		return nil, err
	}
	inner, err := p.and()
	if err != nil {
		return nil, err
	}
	if p.at == len(p.text) || p.text[p.at] != ')' {
		if p.at == len(p.text) {
			return nil, p.fail(at, "This parenthesis is not closed.")
		}
		return nil, p.unexpected("AND, OR or a closing parenthesis")
	}
	p.at++
	p.space()
	p.depth--
	return inner, nil
}

func (p *parser) deeper(at int) error {
	if p.depth++; p.depth > MaxDepth {
		return p.fail(at, "Parentheses and NOT may be inside each other %d times at most.", MaxDepth)
	}
	return nil
}

func (p *parser) comparison() (*node, error) {
	at := p.at
	name := p.name()
	if name == "" || keyword(name) {
		p.at = at
		return nil, p.unexpected("the name of a field")
	}
	field, ok := p.schema.Field(name)
	if !ok || !field.Filter {
		return nil, p.fail(at, "There is no field %s to filter by%s.", name,
			p.schema.choices(func(f Field) bool { return f.Filter }))
	}
	if p.comparisons++; p.comparisons > MaxComparisons {
		return nil, p.fail(at, "A filter has at most %d comparisons.", MaxComparisons)
	}
	p.space()
	at = p.at
	symbol := p.symbol()
	if symbol == "" {
		return nil, p.unexpected("an operator after " + name + ", such as " + strings.Join(field.Operators(), " "))
	}
	if !slices.Contains(field.Operators(), symbol) {
		return nil, p.fail(at, "%s cannot be compared by %s. Use %s.", name, symbol, alternatives(field.Operators()))
	}
	p.space()
	at = p.at
	text, err := p.value(name, symbol)
	if err != nil {
		return nil, err
	}
	p.space()
	n, problem := compare(field, symbol, text)
	if problem != "" {
		return nil, p.fail(at, "%s", problem)
	}
	return n, nil
}

// choices lists names in a half sentence, "" where there are none.
func (s *Schema) choices(allowed func(Field) bool) string {
	var names []string
	for _, f := range s.fields {
		if allowed(f) {
			names = append(names, f.Name)
		}
	}
	switch {
	case len(names) == 0:
		return ""
	case len(names) > maxChoices:
		return "; there are " + strings.Join(names[:maxChoices], ", ") + " and others"
	}
	return "; there is " + strings.Join(names, ", ")
}

const maxChoices = 20

func alternatives(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// unexpected says what stands at the present place and what should.
func (p *parser) unexpected(want string) error {
	if p.at == len(p.text) {
		return p.fail(p.at, "The filter ends where %s should follow.", want)
	}
	there, at := p.text[p.at:], p.at
	end := strings.IndexFunc(there, func(r rune) bool { return !nameRune(r) })
	switch {
	case end < 0:
		end = len(there)
	case end == 0:
		_, end = utf8.DecodeRuneInString(there)
	}
	found := there[:min(end, 40)]
	if upper := strings.ToUpper(found); upper != found && keyword(upper) {
		return p.fail(at, "Write %s in capital letters.", upper)
	}
	return p.fail(at, "Here should be %s, not %s.", want, found)
}
