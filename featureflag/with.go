package featureflag

import (
	"encoding/json"
	"maps"
	"slices"
)

// With is the set with some flags changed: definitions by key, in flagd's
// format, nil for a flag that goes. Flags that stay are shared, so one change
// costs little in a large set. Segments and the set's metadata stay. The error
// is an [Errors] as that of [Parse]; lines count within the one definition.
func (s *Set) With(changes map[string]json.RawMessage) (*Set, error) {
	p := &parser{seen: map[string]int{}, pointers: map[string]string{}, sources: map[string][]byte{}}
	p.again(s)
	next := &Set{metadata: s.metadata, broken: s.broken, schema: s.schema, metaText: s.metaText}
	rules := map[string]*node{}
	var fresh []*Flag
	for _, key := range slices.Sorted(maps.Keys(changes)) {
		if changes[key] == nil {
			continue
		}
		if f := p.changed(s, key, changes[key], rules); f != nil {
			fresh = append(fresh, f)
		}
	}
	next.replace(s, changes, fresh)
	if len(next.flags) > maxFlags {
		p.fail("/flags", &node{}, LimitExceeded, "more than %d flags", maxFlags)
	}
	p.link(next)
	if len(p.errs) > 0 {
		return nil, p.errs
	}
	next.segments = s.segmentsWith(changes, rules, p)
	next.gather()
	return next, nil
}

// replace takes the flags of another set with some changed.
func (s *Set) replace(old *Set, changes map[string]json.RawMessage, fresh []*Flag) {
	known := len(fresh) == len(changes)
	for _, f := range fresh {
		_, ok := old.index[f.key]
		known = known && ok
	}
	if known { // the keys are the same, and so are their places
		s.flags, s.index, s.keys = make([]*Flag, len(old.flags)), old.index, old.keys
		for i, f := range old.flags {
			s.flags[i] = f.unlinked()
		}
		for _, f := range fresh {
			s.flags[s.index[f.key]] = f
		}
		return
	}
	s.flags = make([]*Flag, 0, len(old.flags)+len(fresh))
	for _, f := range old.flags {
		if _, changed := changes[f.key]; !changed {
			s.flags = append(s.flags, f.unlinked())
		}
	}
	s.flags = append(s.flags, fresh...)
	s.order()
}

// again makes the evaluators of a set known to the parser.
func (p *parser) again(s *Set) {
	p.compiler = compiler{evaluators: map[string]*node{}, compiled: map[string]*compiledRef{}, texts: map[string]*datum{}}
	for i := range s.segments {
		rule, _ := readJSON(s.segments[i].Definition)
		p.compiler.evaluators[s.segments[i].Name] = &rule
	}
}

// changed reads the new definition of one flag.
func (p *parser) changed(s *Set, key string, text json.RawMessage, rules map[string]*node) *Flag {
	p.src = text
	p.sources[key] = text
	pointer := "/flags/" + escapePointer(key)
	n, syntax := readJSON(text)
	if syntax != nil {
		inner := ""
		if syntax.code == DuplicateKey {
			inner = pointerTo(&n, syntax.off)
		}
		p.report(&p.errs, pointer+inner, syntax.off, syntax.code, syntax.detail)
		return nil
	}
	f := p.flag(pointer, key, &n, s.metadata)
	if f == nil {
		return nil
	}
	f.definition = canonicalText(&n)
	p.pointers[key] = pointer
	rules[key] = n.member("targeting")
	return f
}

// unlinked is a flag whose prerequisites may be looked up in another set: a
// copy if it has any.
func (f *Flag) unlinked() *Flag {
	if f.ext == nil || len(f.ext.prerequisites) == 0 {
		return f
	}
	flag, ext := *f, *f.ext
	ext.prerequisites = slices.Clone(ext.prerequisites)
	flag.ext = &ext
	return &flag
}

// segmentsWith are the segments with their users after a change.
func (s *Set) segmentsWith(changes map[string]json.RawMessage, rules map[string]*node, p *parser) []Segment {
	segments := slices.Clone(s.segments)
	for i := range segments {
		users := slices.DeleteFunc(slices.Clone(segments[i].Flags), func(key string) bool {
			_, changed := changes[key]
			return changed
		})
		for key, rule := range rules {
			found := map[string]bool{}
			if rule != nil {
				p.references(rule, found)
			}
			if found[segments[i].Name] {
				users = append(users, key)
			}
		}
		slices.Sort(users)
		segments[i].Flags = users
	}
	return segments
}
