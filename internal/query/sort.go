package query

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/spelling"
)

// A Term is one field of an order.
type Term struct {
	Field Field
	Desc  bool
}

// A Sort is an order of rows. NULL comes before every value, after all of them
// where Desc.
type Sort []Term

// Sort reads an order such as "-created_at,name": at most [MaxSort] fields,
// none twice. Empty text is a nil Sort. What is wrong with it is an [*Error].
func (s *Schema) Sort(text string) (Sort, error) {
	if text == "" {
		return nil, nil
	}
	var out Sort
	at := 0
	for part := range strings.SplitSeq(text, ",") {
		fail := func(format string, args ...any) error {
			return &Error{Parameter: "sort", Offset: at, Detail: fmt.Sprintf(format, args...)}
		}
		if len(out) == MaxSort {
			return nil, fail("A list is sorted by %d fields at most.", MaxSort)
		}
		name, desc := strings.CutPrefix(part, "-")
		field, ok := s.Field(name)
		switch {
		case !spelling.Snake(name, maxName):
			return nil, fail("Here should be the name of a field, or - and a name; separate them by commas alone.")
		case !ok || !field.Sort:
			return nil, fail("There is no field %s to sort by%s.", name, s.choices(func(f Field) bool { return f.Sort }))
		case slices.ContainsFunc(out, func(t Term) bool { return t.Field.Name == name }):
			return nil, fail("The list is sorted by %s already.", name)
		}
		out = append(out, Term{Field: field, Desc: desc})
		at += len(part) + 1
	}
	return out, nil
}

// String returns the order in its one spelling.
func (s Sort) String() string {
	var b strings.Builder
	for i, t := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		if t.Desc {
			b.WriteByte('-')
		}
		b.WriteString(t.Field.Name)
	}
	return b.String()
}

// With returns s with a tie-break: a field that no two rows share, in the
// direction of the last term, so that one range of an index serves both. A key
// that is among the terms stays where it is; terms after it would never decide
// and are dropped.
func (s Sort) With(key Field) Sort {
	if i := slices.IndexFunc(s, func(t Term) bool { return t.Field.Name == key.Name }); i >= 0 {
		return s[: i+1 : i+1]
	}
	desc := len(s) > 0 && s[len(s)-1].Desc
	return append(slices.Clone(s), Term{Field: key, Desc: desc})
}

// OrderBy returns the terms of an ORDER BY clause, without these words.
func (s Sort) OrderBy() string {
	return s.columns(true, Field.expr)
}

// Index returns the columns of a CREATE INDEX that serves the order, and its
// reverse, to be put in parentheses.
func (s Sort) Index(d Dialect) string {
	return s.columns(d == PostgreSQL, func(f Field) string { // SQLite knows no other order of NULLs in an index
		f.Column = f.Column[strings.LastIndexByte(f.Column, '.')+1:]
		return f.expr()
	})
}

func (s Sort) columns(nulls bool, expr func(Field) string) string {
	var b strings.Builder
	for i, t := range s {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(expr(t.Field))
		if t.Desc {
			b.WriteString(" DESC")
		}
		if nulls && t.Field.Nullable {
			b.WriteString(" NULLS ")
			b.WriteString(map[bool]string{false: "FIRST", true: "LAST"}[t.Desc])
		}
	}
	return b.String()
}

// Values returns what a row is sorted by, for [Seal]; value is as for
// [Filter.Match].
func (s Sort) Values(value func(field string) any) []any {
	out := make([]any, len(s))
	for i, t := range s {
		out[i] = t.Field.normal(value(t.Field.Name))
	}
	return out
}

// Compare orders two rows as SQL does: negative where a comes first.
func (s Sort) Compare(a, b func(field string) any) int {
	for _, t := range s {
		var c int
		switch va, vb := t.Field.normal(a(t.Field.Name)), t.Field.normal(b(t.Field.Name)); {
		case va == nil || vb == nil:
			c = cmp.Compare(truth(va != nil), truth(vb != nil))
		default:
			c = order(va, vb)
		}
		switch {
		case c == 0:
		case t.Desc:
			return -c
		default:
			return c
		}
	}
	return 0
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
