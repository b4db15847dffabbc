package query

import "slices"

// A Segment is a condition of part of the rows after another row.
type Segment struct {
	SQL  string // "" is every row
	Args []any
	// OrderBy orders the part: without the terms that are equal in all of it,
	// because SQLite sorts rows it has in order already if one of these is an
	// expression.
	OrderBy string
}

// After returns the condition of the rows that come after the one whose sort
// values are given, as [Sort.Values] or [Open] returned them. Placeholders count
// from next. Without values it is "". s must end in a key; see [Sort.With].
//
// An index serves it as a range where all terms point in one direction, none
// is folded and no value is or may be NULL. For any other order use
// [Sort.Segments], each of which is served by an index.
func (s Sort) After(values []any, next int) (sql string, args []any) {
	if len(values) == 0 {
		return "", nil
	}
	groups := s.groups(values)
	w := sqlWriter{next: next}
	n := 0
	each(groups, func(equal []group, part string, last group) {
		if n++; n > 1 {
			w.text(" OR ")
		}
		w.segment(equal, part, last)
	})
	switch {
	case n == 0:
		return "1 = 0", nil
	case n == 1:
		return w.b.String(), w.args
	}
	// A bound that an index can begin at, although it says nothing new.
	bound := sqlWriter{next: w.next, args: w.args}
	if first := groups[0]; first.values[0] != nil && !first.endsInNull() {
		bound.compareRow(first, first.operator()+"=")
		bound.text(" AND ")
	}
	return bound.b.String() + "(" + w.b.String() + ")", bound.args
}

// Segments returns the rows of [Sort.After] in parts that follow each other: one
// in most cases. To read a page, query them in turn, each with its own order and
// LIMIT what is still missing, and stop once the page is full. Without values it
// is one part, of every row.
func (s Sort) Segments(values []any, next int) []Segment {
	if len(values) == 0 {
		return []Segment{{OrderBy: s.OrderBy()}}
	}
	var out []Segment
	each(s.groups(values), func(equal []group, part string, last group) {
		w, same := sqlWriter{next: next}, 0
		w.segment(equal, part, last)
		for _, g := range equal {
			same += len(g.terms)
		}
		if part == isNull {
			same++
		}
		out = append(out, Segment{SQL: w.b.String(), Args: w.args, OrderBy: s[same:].OrderBy()})
	})
	return out
}

// A group is terms that compare as one: several in one direction as a row value,
// or one that cannot be part of such: because of NULL, or because SQLite serves
// row values of columns only by an index.
type group struct {
	terms  []Term
	values []any
	alone  bool
}

func (g group) desc() bool { return g.terms[0].Desc }

// endsInNull is true where NULLs come after the values.
func (g group) endsInNull() bool { return g.desc() && g.terms[0].Field.Nullable }

// operator is what the rows after it are to the values.
func (g group) operator() string {
	if g.desc() {
		return "<"
	}
	return ">"
}

func (s Sort) groups(values []any) []group {
	var out []group
	for i, t := range s {
		var v any
		if i < len(values) {
			v = values[i]
		}
		// Where NULL comes first, no row after a value has it.
		alone := v == nil || t.Field.Nullable && t.Desc || t.Field.Fold
		if n := len(out); n > 0 && !alone && !out[n-1].alone && out[n-1].desc() == t.Desc {
			out[n-1].terms, out[n-1].values = append(out[n-1].terms, t), append(out[n-1].values, v)
			continue
		}
		out = append(out, group{terms: []Term{t}, values: []any{v}, alone: alone})
	}
	return out
}

const (
	beyond  = "beyond"   // on from the values
	isNull  = "NULL"     // the NULLs at the end
	notNull = "NOT NULL" // what follows the NULLs at the beginning
)

// parts are the pieces that follow the rows equal to the group, in order.
func (g group) parts() []string {
	switch {
	case g.values[0] != nil && g.alone && g.endsInNull():
		return []string{beyond, isNull}
	case g.values[0] != nil:
		return []string{beyond}
	case g.desc():
		return nil
	}
	return []string{notNull}
}

// each calls yield with what makes up each segment, in the order of the rows.
func each(groups []group, yield func(equal []group, part string, last group)) {
	for i, last := range slices.Backward(groups) {
		for _, part := range last.parts() {
			yield(groups[:i], part, last)
		}
	}
}

func (w *sqlWriter) segment(equal []group, part string, last group) {
	for _, g := range equal {
		for i, t := range g.terms {
			if g.values[i] == nil {
				w.text(t.Field.Column, " IS NULL AND ")
				continue
			}
			w.text(t.Field.expr(), " = ")
			w.bind(g.values[i])
			w.text(" AND ")
		}
	}
	if part == beyond {
		w.compareRow(last, last.operator())
		return
	}
	w.text(last.terms[0].Field.Column, " IS ", part)
}

// compareRow writes a comparison of a group's columns with its values.
func (w *sqlWriter) compareRow(g group, operator string) {
	if len(g.terms) == 1 {
		w.text(g.terms[0].Field.expr(), " ", operator, " ")
		w.bind(g.values[0])
		return
	}
	w.text("(")
	for i, t := range g.terms {
		w.text(comma(i), t.Field.expr())
	}
	w.text(") ", operator, " (")
	for i := range g.terms {
		w.text(comma(i))
		w.bind(g.values[i])
	}
	w.text(")")
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ", "
}
