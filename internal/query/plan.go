package query

import "slices"

// Fixed returns the names of the fields that have one and the same value in all
// rows which pass, given by = or :, so that an index which begins with one of
// them holds those rows side by side.
func (f *Filter) Fixed() []string {
	if f == nil {
		return nil
	}
	return f.root.fixed(nil)
}

func (n *node) fixed(out []string) []string {
	switch {
	case n.kind == isAnd:
		for _, kid := range n.kids {
			out = kid.fixed(out)
		}
	case n.kind == isComparison && n.operator == equal:
		out = append(out, n.field.Name)
	}
	return out
}

// Within reports whether the rows which pass are a range of one field: all that
// is asked is joined by AND, compares this field and leaves nothing out between.
// An index that begins with the field holds them side by side, in its order.
func (f *Filter) Within(field string) bool { return f != nil && f.root.within(field) }

func (n *node) within(field string) bool {
	switch n.kind {
	case isAnd:
		return !slices.ContainsFunc(n.kids, func(kid *node) bool { return !kid.within(field) })
	case isComparison:
		return n.field.Name == field && n.operator != unequal && n.operator != present && n.operator != has
	}
	return false
}
