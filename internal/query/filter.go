package query

// A Filter is a condition on rows. A nil Filter is passed by every row. It does
// not change and is safe for concurrent use.
type Filter struct{ root *node }

type node struct{}

// Filter reads a filter. Empty text is a nil Filter. What is wrong with it is
// an [*Error].
func (s *Schema) Filter(text string) (*Filter, error) { return nil, nil }

// String returns the filter in its one spelling, which reads back as the same
// filter: "" for nil.
func (f *Filter) String() string { return "" }

// SQL returns the filter as a condition whose placeholders count from next, and
// what they are bound to. It is safe to join by AND as it is. A nil filter is
// "" without arguments.
func (f *Filter) SQL(d Dialect, next int) (sql string, args []any) { return "", nil }

// Match reports whether a row passes; value returns the row's values by field
// name, nil for NULL. It decides as SQL does.
func (f *Filter) Match(value func(field string) any) bool { return f == nil }
