package query

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
