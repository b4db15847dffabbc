package featureflag

import (
	"strings"
	"time"
)

const (
	maxChanges       = 100    // of a schedule
	maxPrerequisites = 32     // of one flag, and in a row
	maxWork          = 20_000 // nodes of a flag and its prerequisites together
)

// An extensionReader reads the extensions of one flag.
type extensionReader struct {
	p       *parser
	pointer string // of the metadata
	flag    *Flag
	ext     *extensions
	found   bool
}

// extensions reads what a flag's metadata say beyond flagd.
func (p *parser) extensions(pointer string, n *node, f *Flag) {
	r := &extensionReader{p: p, pointer: pointer, flag: f, ext: &extensions{killed: -1}}
	for i := range n.kids {
		r.read(n.keys[i].name, &n.kids[i])
	}
	if !r.found {
		return
	}
	f.ext = r.ext
	if f.ext.KilledVariant == "" {
		f.ext.killed = f.dflt
	}
	f.dynamic = f.dynamic || f.ext.decides()
}

func (r *extensionReader) fail(name string, at *node, format string, args ...any) {
	r.p.fail(r.pointer+"/"+name, at, InvalidExtension, format, args...)
}

func (r *extensionReader) read(name string, n *node) {
	switch name {
	case "owner":
		r.ext.Owner = r.text(name, n)
	case "description":
		r.ext.Description = r.text(name, n)
	case "expires":
		if text := r.text(name, n); text != "" {
			var ok bool
			if r.ext.Expires, ok = parseTime(text); !ok {
				r.fail(name, n, "want a date such as 2026-03-01, or a time such as 2026-03-01T09:00:00Z")
			}
		}
	case "killed":
		if n.kind != nodeBool {
			r.fail(name, n, "want true or false, not %s", n.kind)
		}
		r.ext.Killed, r.found = n.num != 0, true
	case "killedVariant":
		r.ext.KilledVariant = r.text(name, n)
		if r.ext.killed = r.flag.find(r.ext.KilledVariant); r.ext.killed < 0 && r.ext.KilledVariant != "" {
			r.fail(name, n, "there is no variant %q", r.ext.KilledVariant)
		}
	case "prerequisites":
		r.prerequisites(n, r.text(name, n))
	case "schedule":
		r.schedule(n, r.text(name, n))
	}
}

// text reads a value that is a string.
func (r *extensionReader) text(name string, n *node) string {
	r.found = true
	if n.kind != nodeString {
		r.fail(name, n, "want a string, not %s", n.kind)
	}
	return n.str
}

func parseTime(text string) (time.Time, bool) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, true
	}
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil
}

func (r *extensionReader) prerequisites(n *node, text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	for one := range strings.SplitSeq(text, ",") {
		i := strings.LastIndexByte(one, '=')
		if i < 0 {
			r.fail("prerequisites", n, `want flags and variants such as "other-flag=on, third=blue"`)
			return
		}
		p := Prerequisite{Flag: strings.TrimSpace(one[:i]), Variant: strings.TrimSpace(one[i+1:])}
		if len(r.ext.Prerequisites) == maxPrerequisites {
			r.fail("prerequisites", n, "more than %d", maxPrerequisites)
			return
		}
		r.ext.Prerequisites = append(r.ext.Prerequisites, p)
		r.ext.prerequisites = append(r.ext.prerequisites, prerequisite{at: n})
	}
}

// schedule reads a JSON array that stands in a string.
func (r *extensionReader) schedule(n *node, text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	list, syntax := readJSON([]byte(text))
	switch {
	case syntax != nil:
		r.fail("schedule", n, "at byte %d of the text: %s", syntax.off, syntax.detail)
		return
	case list.kind != nodeArray:
		r.fail("schedule", n, "want the text of an array, not %s", list.kind)
		return
	case len(list.kids) > maxChanges:
		r.fail("schedule", n, "more than %d entries", maxChanges)
		return
	}
	for i := range list.kids {
		if !r.change(n, i, &list.kids[i]) {
			return
		}
	}
}

// change reads an entry of a schedule and reports whether it is one.
func (r *extensionReader) change(at *node, i int, n *node) bool {
	bad := func(format string, args ...any) bool {
		r.fail("schedule", at, "entry %d: "+format, append([]any{i + 1}, args...)...)
		return false
	}
	if n.kind != nodeObject {
		return bad("want an object, not %s", n.kind)
	}
	public, inner := Change{}, change{variant: -1, share: maxShare}
	for j := range n.kids {
		kid := &n.kids[j]
		switch name := n.keys[j].name; name {
		case "at":
			var ok bool
			if public.At, ok = parseTime(kid.str); !ok {
				return bad(`"at" wants a date such as 2026-03-01, or a time such as 2026-03-01T09:00:00Z`)
			}
		case "state":
			if public.State = kid.str; public.State != "on" && public.State != "off" {
				return bad(`"state" is "on" or "off"`)
			}
		case "percent":
			if kid.kind != nodeNumber || kid.num < 0 || kid.num > 100 {
				return bad(`"percent" is a number from 0 to 100`)
			}
			public.Percent, public.HasPercent = kid.num, true
			inner.share = uint64(kid.num*(maxShare/100) + 0.5)
		case "variant":
			public.Variant = kid.str
			if inner.variant = r.flag.find(kid.str); inner.variant < 0 {
				return bad("there is no variant %q", kid.str)
			}
		default:
			return bad("there is no %q: at, state, percent, variant", name)
		}
	}
	switch {
	case public.At.IsZero():
		return bad(`"at" is missing`)
	case public.State != "" && (public.HasPercent || public.Variant != ""):
		return bad(`"state" stands alone`)
	case public.State == "" && !public.HasPercent && public.Variant == "":
		return bad(`want "state", "percent" or "variant"`)
	case len(r.ext.Schedule) > 0 && !public.At.After(r.ext.Schedule[len(r.ext.Schedule)-1].At):
		return bad("it does not come after the entry before it")
	}
	inner.at = public.At.Unix()
	inner.opens = public.State == "on" || public.HasPercent && public.Variant == ""
	switch public.State {
	case "on":
		inner.plain = true
	case "off":
		inner.share = 0
	}
	r.ext.Schedule = append(r.ext.Schedule, public)
	r.ext.schedule = append(r.ext.schedule, inner)
	return true
}

// link finds the flags that prerequisites name, and refuses circles and too
// much work.
func (p *parser) link(set *Set) {
	for _, f := range set.flags {
		if f.ext == nil {
			continue
		}
		p.turnTo(f)
		for i, want := range f.ext.Prerequisites {
			p.prerequisite(set, f, i, want)
		}
	}
	known := map[*Flag]effort{}
	for _, f := range set.flags {
		if f.ext != nil && len(f.ext.prerequisites) > 0 {
			p.turnTo(f)
			p.effort(f, known)
		}
	}
	for f := range known {
		for i := range f.ext.prerequisites {
			f.ext.prerequisites[i].at = nil
		}
	}
}

// turnTo prepares for errors of a flag that was read before.
func (p *parser) turnTo(f *Flag) {
	if p.sources == nil {
		return
	}
	p.src = p.sources[f.key]
	if p.pointers[f.key] == "" {
		p.pointers[f.key] = "/flags/" + escapePointer(f.key)
	}
}

func (p *parser) prerequisite(set *Set, f *Flag, i int, want Prerequisite) {
	pre := &f.ext.prerequisites[i]
	pointer := p.pointers[f.key] + "/metadata/prerequisites"
	var ok bool
	if pre.flag, ok = set.Flag(want.Flag); !ok {
		p.fail(pointer, pre.at, UnknownReference, "there is no flag %q", want.Flag)
		return
	}
	if pre.variant = pre.flag.find(want.Variant); pre.variant < 0 {
		p.fail(pointer, pre.at, UnknownReference, "flag %q has no variant %q", want.Flag, want.Variant)
	}
}

// An effort is what an evaluation of a flag may take, its prerequisites
// included.
type effort struct {
	nodes  int // 0 while it is being found out
	height int // prerequisites in a row
}

func (p *parser) effort(f *Flag, known map[*Flag]effort) effort {
	if found, ok := known[f]; ok {
		return found
	}
	total := effort{nodes: 1 + f.nodes}
	if f.ext == nil || len(f.ext.prerequisites) == 0 {
		return total
	}
	known[f] = effort{}
	pointer, at := p.pointers[f.key]+"/metadata/prerequisites", f.ext.prerequisites[0].at
	for _, pre := range f.ext.prerequisites {
		if pre.flag == nil {
			continue
		}
		one := p.effort(pre.flag, known)
		if one.nodes == 0 {
			p.fail(pointer, at, CircularReference, "the prerequisites of flags come back to themselves: %q needs %q", f.key, pre.flag.key)
			break
		}
		total.nodes += one.nodes
		total.height = max(total.height, one.height+1)
	}
	if total.nodes > maxWork {
		p.fail(pointer, at, LimitExceeded, "the flag and its prerequisites take more than %d operators and values", maxWork)
		total.nodes = maxWork
	}
	if total.height > maxPrerequisites {
		p.fail(pointer, at, LimitExceeded, "more than %d prerequisites in a row", maxPrerequisites)
		total.height = 0
	}
	known[f] = total
	return total
}
