package query

// Canonical joins what a cursor is bound to beside its list.
func Canonical(f *Filter, s Sort, search string) string { return "" }

// Seal makes the cursor that continues after the row with the given sort
// values. It is bound to a list and to q (see [Canonical]) and opens with the
// same key, of at least 16 bytes, only. A cursor that would be longer than
// [MaxCursor] is an error: keep the text that can be sorted by short.
func Seal(key []byte, list, q string, values []any) (string, error) { return "", nil }

// Open returns the values in a cursor, nil for the empty cursor, if it was made
// for this list and q and fits the order; else [ErrCursor].
func Open(key []byte, list, q, cursor string, s Sort) ([]any, error) { return nil, nil }
