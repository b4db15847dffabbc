package featureflag

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// flag reads one flag; nil when it is none.
func (p *parser) flag(pointer, key string, n *node, set Metadata) *Flag {
	if n.kind != nodeObject {
		p.fail(pointer, n, InvalidDocument, "a flag is an object, not %s", n.kind)
		return nil
	}
	switch _, twice := p.seen[key]; {
	case key == "":
		p.fail(pointer, n, InvalidDocument, "a flag needs a key")
		return nil
	case len(key) > maxKey:
		p.fail(pointer, n, LimitExceeded, "a key of more than %d bytes", maxKey)
		return nil
	case twice:
		p.fail(pointer, n, DuplicateKey, "there are two flags %q", key)
		return nil
	}
	p.seen[key] = n.off
	f := &Flag{key: key, dflt: -1}
	f.hash.write(key)
	p.state(pointer, n, f)
	p.variants(pointer, n, f)
	p.defaultVariant(pointer, n, f)
	p.flagMetadata(pointer, n, f, set)
	p.targeting(pointer, n, f)
	return f
}

func (p *parser) state(pointer string, n *node, f *Flag) {
	state := n.member("state")
	switch {
	case state == nil:
		p.fail(pointer, n, InvalidDocument, `"state" is missing: ENABLED or DISABLED`)
	case state.kind != nodeString || state.str != "ENABLED" && state.str != "DISABLED":
		p.fail(pointer+"/state", state, InvalidDocument, "want ENABLED or DISABLED")
	default:
		f.disabled = state.str == "DISABLED"
	}
}

func (p *parser) variants(pointer string, n *node, f *Flag) {
	variants := n.member("variants")
	switch {
	case variants == nil:
		p.fail(pointer, n, InvalidDocument, `"variants" are missing`)
		return
	case variants.kind != nodeObject:
		p.fail(pointer+"/variants", variants, InvalidDocument, "want an object of values by name, not %s", variants.kind)
		return
	case len(variants.kids) == 0:
		p.fail(pointer+"/variants", variants, InvalidDocument, "a flag needs a variant")
		return
	case len(variants.kids) > maxVariants:
		p.fail(pointer+"/variants", variants, LimitExceeded, "more than %d variants", maxVariants)
		return
	}
	f.variants = make([]Variant, 0, len(variants.kids))
	for _, i := range sortedKeys(variants, nil) {
		name, kid := variants.keys[i].name, &variants.kids[i]
		where := pointer + "/variants/" + escapePointer(name)
		value := flagValue(kid)
		switch {
		case name == "":
			p.fail(where, kid, InvalidDocument, "a variant needs a name")
		case value.IsNone():
			p.fail(where, kid, InvalidDocument, "a variant is a boolean, a string, a number or an object, not %s", kid.kind)
		case f.kind != KindNone && f.kind != value.kind:
			p.fail(where, kid, InvalidDocument, "all variants of a flag are of one type: this is %s among %ss", kid.kind, f.kind)
		default:
			f.kind = value.kind
			f.variants = append(f.variants, Variant{Name: name, Value: value})
		}
	}
}

func (p *parser) defaultVariant(pointer string, n *node, f *Flag) {
	dflt := n.member("defaultVariant")
	if dflt == nil || dflt.kind == nodeNull || dflt.kind == nodeString && dflt.str == "" {
		return
	}
	if dflt.kind != nodeString {
		p.fail(pointer+"/defaultVariant", dflt, InvalidDocument, "want the name of a variant or null, not %s", dflt.kind)
		return
	}
	if f.dflt = f.find(dflt.str); f.dflt < 0 {
		p.fail(pointer+"/defaultVariant", dflt, InvalidDocument, "there is no variant %q", dflt.str)
	}
}

// flagMetadata reads a flag's metadata, and merges them over the set's as flagd
// does.
func (p *parser) flagMetadata(pointer string, n *node, f *Flag, set Metadata) {
	f.metadata = set
	m := n.member("metadata")
	if m == nil {
		return
	}
	f.own = p.metadata(pointer+"/metadata", m)
	if len(f.own) == 0 {
		return
	}
	p.extensions(pointer+"/metadata", m, f)
	if len(set) == 0 {
		f.metadata = f.own
		return
	}
	f.metadata = make(Metadata, len(set)+len(f.own))
	maps.Copy(f.metadata, set)
	maps.Copy(f.metadata, f.own)
}

func (p *parser) targeting(pointer string, n *node, f *Flag) {
	rule := n.member("targeting")
	if rule == nil || rule.kind == nodeObject && len(rule.kids) == 0 {
		return
	}
	f.rules, f.dynamic = true, true
	root := pointer + "/targeting"
	p.compiler.problem = func(at *node, code, detail string) {
		if inside(rule, at) { // the others are those of an evaluator
			p.report(&f.problems, root+pointerTo(rule, at.off), at.off, code, detail)
		}
	}
	if rule.kind != nodeObject {
		p.compiler.problem(rule, InvalidTargeting, "targeting is a rule, an object, not "+rule.kind.String())
	}
	program, ok := p.compiler.program(rule)
	if !ok {
		p.fail(root, rule, LimitExceeded, "more than %d operators and values, evaluators included", maxNodes)
		return
	}
	f.program, f.nodes = program, p.compiler.nodes
}

// inside reports whether a node is n or in it.
func inside(n, wanted *node) bool {
	if n == wanted {
		return true
	}
	for i := range n.kids {
		if inside(&n.kids[i], wanted) {
			return true
		}
	}
	return false
}

// finish notes what a set says of itself.
func (p *parser) finish(set *Set, root *node) {
	p.segments(set)
	if schema := root.member("$schema"); schema != nil && schema.kind == nodeString {
		set.schema = canonicalText(schema)
	}
	if n := root.member("metadata"); n != nil && len(n.kids) > 0 {
		set.metaText = canonicalText(n)
	}
	var b bytes.Buffer
	ends := make([]int, len(set.flags))
	for i, f := range set.flags {
		p.definition(&b, p.nodes[f.key])
		ends[i] = b.Len()
	}
	all, start := b.String(), 0
	for i, f := range set.flags {
		f.definition, start = all[start:ends[i]], ends[i]
	}
	set.broken = p.broken
	set.gather()
}

// order sorts the flags of a set and finds their places.
func (s *Set) order() {
	slices.SortFunc(s.flags, func(a, b *Flag) int { return strings.Compare(a.key, b.key) })
	s.keys = make([]string, len(s.flags))
	s.index = make(map[string]int32, len(s.flags))
	for i, f := range s.flags {
		s.keys[i] = f.key
		s.index[f.key] = int32(i)
	}
}

// gather collects the problems of segments and flags.
func (s *Set) gather() {
	s.problems = slices.Clone(s.broken)
	for _, f := range s.flags {
		s.problems = append(s.problems, f.problems...)
	}
	if len(s.problems) > maxErrors {
		s.problems = s.problems[:maxErrors]
	}
}

// definition writes a flag without the key that one in an array has.
func (p *parser) definition(b *bytes.Buffer, n *node) {
	if !p.list {
		canonical(b, n)
		return
	}
	flag := node{kind: nodeObject}
	for i := range n.keys {
		if n.keys[i].name != "key" {
			flag.keys = append(flag.keys, n.keys[i])
			flag.kids = append(flag.kids, n.kids[i])
		}
	}
	canonical(b, &flag)
}

// segments lists the evaluators and which flags refer to them.
func (p *parser) segments(set *Set) {
	users := map[string][]string{}
	for _, f := range set.flags {
		if rule := p.nodes[f.key].member("targeting"); rule != nil {
			found := map[string]bool{}
			p.references(rule, found)
			for name := range found {
				users[name] = append(users[name], f.key)
			}
		}
	}
	for name, n := range p.compiler.evaluators {
		slices.Sort(users[name])
		set.segments = append(set.segments, Segment{Name: name, Definition: json.RawMessage(canonicalText(n)), Flags: users[name]})
	}
	slices.SortFunc(set.segments, func(a, b Segment) int { return strings.Compare(a.Name, b.Name) })
}

// references finds the evaluators that a rule refers to, through others too.
func (p *parser) references(n *node, found map[string]bool) {
	if n.kind == nodeObject && len(n.keys) == 1 && n.keys[0].name == "$ref" {
		name := n.kids[0].str
		if target, ok := p.compiler.evaluators[name]; ok && !found[name] {
			found[name] = true
			p.references(target, found)
		}
		return
	}
	for i := range n.kids {
		p.references(&n.kids[i], found)
	}
}
