package query

import (
	"strconv"
	"strings"
	"time"
)

// A Filter is a condition on rows. A nil Filter is passed by every row. It does
// not change and is safe for concurrent use.
type Filter struct{ root *node }

type nodeKind uint8

const (
	isComparison nodeKind = iota
	isAnd
	isOr
	isNot
)

// A node is a comparison, or what joins others.
type node struct {
	kind nodeKind
	kids []*node // of and, or: two or more; of not: one

	field    Field
	operator operator
	value    any // as bound; nil where present
}

type operator uint8

const (
	equal operator = iota
	unequal
	less
	atMost
	greater
	atLeast
	prefix
	present
	has
)

// symbol is how an operator is written.
func (o operator) symbol() string {
	return [...]string{equal: "=", unequal: "!=", less: "<", atMost: "<=", greater: ">", atLeast: ">=",
		prefix: ":", present: ":", has: ":"}[o]
}

// negated is the operator of NOT, for those that compare with one value. What is
// NULL passes exactly one of both.
func (o operator) negated() operator {
	return [...]operator{equal: unequal, unequal: equal, less: atLeast, atLeast: less, greater: atMost, atMost: greater,
		prefix: prefix, present: present, has: has}[o]
}

// String returns the filter in its one spelling, "" for nil. Where it is no
// longer than [MaxFilter] it reads back as the same filter.
func (f *Filter) String() string {
	if f == nil {
		return ""
	}
	var b strings.Builder
	f.root.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	switch n.kind {
	case isAnd:
		for i, kid := range n.kids {
			if i > 0 {
				b.WriteString(" AND ")
			}
			kid.write(b) // OR binds tighter
		}
	case isOr:
		for i, kid := range n.kids {
			if i > 0 {
				b.WriteString(" OR ")
			}
			kid.enclosed(b, kid.kind == isAnd)
		}
	case isNot:
		b.WriteString("NOT ")
		n.kids[0].enclosed(b, n.kids[0].kind != isComparison)
	default:
		n.writeComparison(b)
	}
}

func (n *node) enclosed(b *strings.Builder, parentheses bool) {
	if !parentheses {
		n.write(b)
		return
	}
	b.WriteByte('(')
	n.write(b)
	b.WriteByte(')')
}

func (n *node) writeComparison(b *strings.Builder) {
	b.WriteString(n.field.Name)
	b.WriteString(n.operator.symbol())
	if n.operator == present {
		b.WriteByte('*')
		return
	}
	switch v := n.value.(type) {
	case string:
		if n.operator == prefix {
			v += "*"
		}
		quote(b, v)
	case int64:
		if n.field.Kind == Time {
			b.WriteString(time.UnixMicro(v).UTC().Format(time.RFC3339Nano))
			return
		}
		b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		b.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
	case bool:
		b.WriteString(strconv.FormatBool(v))
	}
}

var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quote(b *strings.Builder, s string) {
	b.WriteByte('"')
	_, _ = escaper.WriteString(b, s) // a Builder takes everything
	b.WriteByte('"')
}
