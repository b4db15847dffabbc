package query

import (
	"strconv"
	"strings"
)

// SQL returns the filter as a condition whose placeholders count from next, and
// what they are bound to. It is safe to join by AND as it is. A nil filter is
// "" without arguments.
func (f *Filter) SQL(_ Dialect, next int) (sql string, args []any) {
	if f == nil {
		return "", nil
	}
	w := sqlWriter{next: next}
	w.node(f.root, false, true)
	return w.b.String(), w.args
}

// sqlWriter writes conditions. NOT is carried down to the comparisons, where it
// can be decided what becomes of NULL: none of them is ever unknown.
type sqlWriter struct {
	b    strings.Builder
	next int
	args []any
}

func (w *sqlWriter) text(parts ...string) {
	for _, p := range parts {
		w.b.WriteString(p)
	}
}

// bind writes a placeholder.
func (w *sqlWriter) bind(v any) {
	w.text("$", strconv.Itoa(w.next))
	w.next++
	w.args = append(w.args, v)
}

// node writes a condition: bare where a conjunction needs no parentheses.
func (w *sqlWriter) node(n *node, negated, bare bool) {
	switch n.kind {
	case isNot:
		w.node(n.kids[0], !negated, bare)
	case isAnd, isOr:
		conjunction := (n.kind == isAnd) != negated
		bare = bare && conjunction
		word := " OR "
		if conjunction {
			word = " AND "
		}
		if !bare {
			w.text("(")
		}
		for i, kid := range n.kids {
			if i > 0 {
				w.text(word)
			}
			w.node(kid, negated, bare)
		}
		if !bare {
			w.text(")")
		}
	default:
		w.comparison(n, negated)
	}
}

func (w *sqlWriter) comparison(n *node, negated bool) {
	f := n.field
	switch n.operator {
	case present:
		w.present(f, negated)
	case has:
		w.has(f, n.value, negated)
	case prefix:
		w.prefix(f, n.value.(string), negated)
	default:
		operator := n.operator
		if negated {
			operator = operator.negated()
		}
		sql := operator.symbol()
		if operator == unequal {
			sql = "<>"
		}
		orNull := f.Nullable && negated != (n.operator == unequal)
		if orNull {
			w.text("(")
		}
		w.text(f.expr(), " ", sql, " ")
		w.bind(n.value)
		if orNull {
			w.text(" OR ", f.Column, " IS NULL)")
		}
	}
}

func (w *sqlWriter) present(f Field, negated bool) {
	switch {
	case f.Nullable && negated:
		w.text(f.Column, " IS NULL")
	case f.Nullable:
		w.text(f.Column, " IS NOT NULL")
	case negated:
		w.text("1 = 0")
	default:
		w.text("1 = 1")
	}
}

func (w *sqlWriter) has(f Field, value any, negated bool) {
	before, after, _ := strings.Cut(f.Has, "?")
	if negated {
		w.text("NOT ")
	}
	w.text("(", before)
	w.bind(value)
	w.text(after, ")")
}

// prefix is a range: unlike LIKE, an index serves it on every database and
// there is nothing to escape.
func (w *sqlWriter) prefix(f Field, value string, negated bool) {
	from, word, below := " >= ", " AND ", " < "
	if negated {
		from, word, below = " < ", " OR ", " >= "
	}
	w.text("(", f.expr(), from)
	w.bind(value)
	if end := successor(value); end != "" {
		w.text(word, f.expr(), below)
		w.bind(end)
	}
	if negated && f.Nullable {
		w.text(" OR ", f.Column, " IS NULL")
	}
	w.text(")")
}
