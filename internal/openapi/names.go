package openapi

import (
	"bytes"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/jsonschema-go/jsonschema"
)

// nameComponents gives every component a name that is legal in a URI and in TypeScript, and
// points the references at it. A type whose two directions say the same shares one component.
func (g *generator) nameComponents(reserved ...string) map[string]*jsonschema.Schema {
	differ := g.differing()
	bases := map[string][]reflect.Type{}
	for _, u := range g.order {
		base := typeName(u.typ)
		if !slices.Contains(bases[base], u.typ) {
			bases[base] = append(bases[base], u.typ)
		}
	}
	taken := map[string]bool{}
	for _, name := range reserved {
		taken[name] = true
	}
	unique := func(name string) string {
		for try, i := name, 2; ; try, i = name+strconv.Itoa(i), i+1 {
			if !taken[try] {
				taken[try] = true
				return try
			}
		}
	}
	named := map[use]string{}
	out := map[string]*jsonschema.Schema{}
	for _, u := range g.order {
		other := use{u.typ, input + output - u.dir}
		if name, ok := named[other]; ok && !differ[u.typ] {
			named[u] = name
			continue
		}
		name := typeName(u.typ)
		if len(bases[name]) > 1 || slices.Contains(reserved, name) {
			name = packageName(u.typ) + name
		}
		if _, both := g.components[other]; both && differ[u.typ] && u.dir == input {
			name += "Input"
		}
		named[u] = unique(name)
		out[named[u]] = g.components[u]
	}
	for _, r := range g.refs {
		r.schema.Ref = "#/components/schemas/" + named[r.target]
	}
	return out
}

// differing returns the types whose schema depends on the direction, their own or of a type
// that they hold.
func (g *generator) differing() map[reflect.Type]bool {
	differ := map[reflect.Type]bool{}
	for _, u := range g.order {
		other, both := g.components[use{u.typ, input + output - u.dir}]
		if both && u.dir == input && !bytes.Equal(appendSchema(nil, g.components[u]), appendSchema(nil, other)) {
			differ[u.typ] = true
		}
	}
	for changed := true; changed; {
		changed = false
		for _, r := range g.refs {
			if r.from.typ != nil && differ[r.target.typ] && !differ[r.from.typ] {
				differ[r.from.typ], changed = true, true
			}
		}
	}
	return differ
}

// typeName makes a name of a Go type's: "Page[example.org/billing.Invoice]" is PageInvoice.
func typeName(t reflect.Type) string {
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(t.Name(), func(r rune) bool { return strings.ContainsRune("[],*{} ", r) }) {
		part = part[strings.LastIndexByte(part, '/')+1:]
		part = part[strings.LastIndexByte(part, '.')+1:]
		b.WriteString(capital(part))
	}
	return legal(b.String())
}

// packageName returns the last element of a type's package path as a name.
func packageName(t reflect.Type) string {
	path := t.PkgPath()
	return legal(capital(path[strings.LastIndexByte(path, '/')+1:]))
}

func capital(s string) string {
	r := []rune(s)
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r)
}

// legal keeps ASCII letters and digits.
func legal(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, s)
	if s == "" || unicode.IsDigit(rune(s[0])) {
		return "T" + s
	}
	return s
}
