package featureflag

import (
	"fmt"
	"slices"
	"strconv"
)

// The bounds of a set of definitions.
const (
	maxFlags    = 100_000
	maxKey      = 512 // bytes of a flag's key
	maxVariants = 1_000
)

// Parse reads definitions in flagd's format (an object with "flags", which are a
// map or an array, "$evaluators" and "metadata") and compiles them. [Extensions]
// in the flags' metadata are read too.
//
// The error is an [Errors], which names every place where the document breaks the
// format. A rule that cannot be evaluated does not fail the document: as in
// flagd, its flag answers with PARSE_ERROR, and [Set.Problems] names it. Use
// [ParseStrict] for what people are editing.
//
// A name that occurs twice in one object is an error: one of the two would be
// ignored.
func Parse(definitions []byte) (*Set, error) {
	p := &parser{src: definitions, seen: map[string]int{}, pointers: map[string]string{}}
	return p.parse()
}

// ParseStrict reads definitions as [Parse] does, and returns the problems of the
// set as errors too. It accepts members that nothing reads: [Lint] finds those.
func ParseStrict(definitions []byte) (*Set, error) {
	set, err := Parse(definitions)
	if err != nil {
		return nil, err
	}
	if len(set.problems) > 0 {
		return nil, set.problems
	}
	return set, nil
}

// A parser reads one document.
type parser struct {
	src      []byte
	errs     Errors
	broken   Errors         // problems of evaluators
	seen     map[string]int // flags by key, and their place in the array
	compiler compiler
	list     bool // flags are an array
	nodes    map[string]*node
	pointers map[string]string // of flags that have extensions
	sources  map[string][]byte // of flags that have texts of their own
}

func (p *parser) report(list *Errors, pointer string, off int, code, detail string) {
	if len(*list) >= maxErrors {
		return
	}
	line, column := position(p.src, off)
	*list = append(*list, &Error{Pointer: pointer, Line: line, Column: column, Code: code, Detail: detail})
}

func (p *parser) fail(pointer string, at *node, code, format string, args ...any) {
	if at == nil {
		at = &node{}
	}
	p.report(&p.errs, pointer, at.off, code, fmt.Sprintf(format, args...))
}

func (p *parser) parse() (*Set, error) {
	root, syntax := readJSON(p.src)
	if syntax != nil {
		pointer := ""
		if syntax.code == DuplicateKey {
			pointer = pointerTo(&root, syntax.off)
		}
		p.report(&p.errs, pointer, syntax.off, syntax.code, syntax.detail)
		return nil, p.errs
	}
	if root.kind != nodeObject {
		p.fail("", &root, InvalidDocument, "want an object, not %s", root.kind)
		return nil, p.errs
	}
	set := &Set{}
	if n := root.member("metadata"); n != nil {
		set.metadata = p.metadata("/metadata", n)
	}
	p.evaluators(&root)
	p.flags(&root, set)
	p.link(set)
	if len(p.errs) > 0 {
		slices.SortStableFunc(p.errs, func(a, b *Error) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Column - b.Column
		})
		return nil, p.errs
	}
	p.finish(set, &root)
	return set, nil
}

// pointerTo finds the pointer of the value or key at an offset.
func pointerTo(n *node, off int) string {
	for i := range n.kids {
		end := int(^uint(0) >> 1)
		if i+1 < len(n.kids) {
			end = n.kids[i+1].off
			if n.kind == nodeObject {
				end = n.keys[i+1].off
			}
		}
		step, start := strconv.Itoa(i), n.kids[i].off
		if n.kind == nodeObject {
			step, start = escapePointer(n.keys[i].name), n.keys[i].off
		}
		if off >= start && off < end {
			return "/" + step + pointerTo(&n.kids[i], off)
		}
	}
	return ""
}

func (p *parser) metadata(pointer string, n *node) Metadata {
	if n.kind != nodeObject {
		p.fail(pointer, n, InvalidDocument, "want an object, not %s", n.kind)
		return nil
	}
	if len(n.kids) == 0 {
		return nil
	}
	m := make(Metadata, len(n.kids))
	for i := range n.kids {
		switch kid := &n.kids[i]; kid.kind {
		case nodeString, nodeNumber, nodeBool:
			m[n.keys[i].name] = kid.plain()
		default:
			p.fail(pointer+"/"+escapePointer(n.keys[i].name), kid, InvalidDocument, "want a string, a number or a boolean, not %s", kid.kind)
		}
	}
	return m
}

func (p *parser) evaluators(root *node) {
	p.compiler = compiler{evaluators: map[string]*node{}, compiled: map[string]*compiledRef{}, texts: map[string]*datum{}}
	n := root.member("$evaluators")
	if n == nil {
		return
	}
	if n.kind != nodeObject {
		p.fail("/$evaluators", n, InvalidDocument, "want an object, not %s", n.kind)
		return
	}
	for i := range n.kids {
		pointer := "/$evaluators/" + escapePointer(n.keys[i].name)
		switch {
		case n.keys[i].name == "":
			p.fail(pointer, &n.kids[i], InvalidDocument, "an evaluator needs a name")
		case n.kids[i].kind != nodeObject:
			p.fail(pointer, &n.kids[i], InvalidDocument, "an evaluator is a rule, an object, not %s", n.kids[i].kind)
		default:
			p.compiler.evaluators[n.keys[i].name] = &n.kids[i]
		}
	}
	for i := range n.keys {
		if rule := p.compiler.evaluators[n.keys[i].name]; rule != nil {
			p.evaluator(n.keys[i].name, rule)
		}
	}
}

// evaluator compiles one, whether or not a flag refers to it.
func (p *parser) evaluator(name string, rule *node) {
	root := "/$evaluators/" + escapePointer(name)
	p.compiler.problem = func(at *node, code, detail string) {
		for name, rule := range p.compiler.evaluators { // it may stand in another one
			if inside(rule, at) {
				p.report(&p.broken, "/$evaluators/"+escapePointer(name)+pointerTo(rule, at.off), at.off, code, detail)
			}
		}
	}
	p.compiler.nodes, p.compiler.tooLarge = 0, false
	p.compiler.reference(&node{kind: nodeString, str: name, off: rule.off})
	if p.compiler.tooLarge {
		p.fail(root, rule, LimitExceeded, "more than %d operators and values, other evaluators included", maxNodes)
	}
}

func (p *parser) flags(root *node, set *Set) {
	n := root.member("flags")
	switch {
	case n == nil:
		p.fail("", root, InvalidDocument, `"flags" is missing`)
		return
	case n.kind != nodeObject && n.kind != nodeArray:
		p.fail("/flags", n, InvalidDocument, "want an object or an array of flags, not %s", n.kind)
		return
	case len(n.kids) > maxFlags:
		p.fail("/flags", n, LimitExceeded, "more than %d flags", maxFlags)
		return
	}
	p.list = n.kind == nodeArray
	p.nodes = make(map[string]*node, len(n.kids))
	set.flags = make([]*Flag, 0, len(n.kids))
	for i := range n.kids {
		kid := &n.kids[i]
		key, pointer := "", "/flags/"+strconv.Itoa(i)
		if n.kind == nodeObject {
			key = n.keys[i].name
			pointer = "/flags/" + escapePointer(key)
		} else if kid.kind == nodeObject {
			k := kid.member("key")
			if k == nil || k.kind != nodeString {
				p.fail(pointer, kid, InvalidDocument, `a flag in an array needs a "key", a string`)
				continue
			}
			key = k.str
		}
		if f := p.flag(pointer, key, kid, set.metadata); f != nil {
			set.flags = append(set.flags, f)
			p.nodes[key] = kid
			if f.ext != nil {
				p.pointers[key] = pointer
			}
		}
	}
	set.order()
}
