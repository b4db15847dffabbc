package query

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
func (s *Schema) Sort(text string) (Sort, error) { return nil, nil }

// String returns the order in its one spelling.
func (s Sort) String() string { return "" }

// With returns s with a tie-break: a field that no two rows share, in the
// direction of the last term, so that one index serves both. It changes nothing
// if the key is among the terms; terms after it never decide and are dropped.
func (s Sort) With(key Field) Sort { return s }

// OrderBy returns the terms of an ORDER BY clause, without these words.
func (s Sort) OrderBy() string { return "" }

// Index returns the columns of a CREATE INDEX that serves the order, and its
// reverse, between parentheses of the caller's.
func (s Sort) Index(d Dialect) string { return "" }

// After returns the condition of the rows that come after the one whose sort
// values are given, as [Sort.Values] or [Open] returned them. Placeholders count
// from next. Without values it is "". s must end in a key; see [Sort.With].
//
// An index serves it as a range where all terms point in one direction and none
// of them is Nullable. For any other order use [Sort.Segments], each of which is
// served by an index.
func (s Sort) After(values []any, next int) (sql string, args []any) { return "", nil }

// A Segment is a condition of part of the rows after another row.
type Segment struct {
	SQL  string // "" is every row
	Args []any
}

// Segments returns the rows of [Sort.After] in parts that follow each other: one
// in most cases. To read a page, query them in turn, each with [Sort.OrderBy]
// and LIMIT what is still missing, and stop once the page is full.
func (s Sort) Segments(values []any, next int) []Segment { return []Segment{{}} }

// Values returns what a row is sorted by, for [Seal].
func (s Sort) Values(value func(field string) any) []any { return nil }

// Compare orders two rows as SQL does.
func (s Sort) Compare(a, b func(field string) any) int { return 0 }
