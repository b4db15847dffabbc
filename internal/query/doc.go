// Package query reads what a list is asked for: which rows ([Filter]), in which
// order ([Sort]) and from where on ([Seal], [Open]).
//
// A [Schema] declares the fields of one list. Nothing that is not declared can
// be filtered or sorted by, and nothing a caller wrote becomes SQL: names come
// from the schema, values are bound.
//
// The filter is a subset of AIP-160. OR binds tighter than AND, as it does
// there:
//
//	email:ada* AND disabled = false
//	status = open OR status = late AND total >= 100
//	NOT (created_at < 2026-01-01T00:00:00Z) AND -note:*
//
// A comparison is a field, one of = != < <= > >= or :, and a value: a word, or a
// string in single or double quotes, in which only a quote and a backslash are
// escaped, by a backslash. Field:value is equality, field:value* is a prefix and
// field:* asks for a value to be there. Comparisons that stand beside each other
// without AND or OR, functions, fields of fields and text without a field are
// not part of it.
//
// A row whose field is NULL is equal to nothing and less or greater than
// nothing: it passes != and NOT. There is no third truth value.
//
// Text is compared by its bytes. That is SQLite's rule; on PostgreSQL, declare
// text columns that a schema names COLLATE "C".
package query

import "errors"

// Bounds of what a caller may ask for.
const (
	MaxFilter      = 2048 // bytes of a filter
	MaxDepth       = 8    // parentheses and NOTs inside each other
	MaxComparisons = 32   // in one filter
	MaxSort        = 4    // fields of an order, the tie-break aside
	MaxCursor      = 2048 // bytes of a cursor
)

// Dialect is the SQL that conditions are written in. The values are those of
// storage.Dialect, so that one converts to the other.
type Dialect uint8

// The dialects.
const (
	SQLite Dialect = iota + 1
	PostgreSQL
)

// ErrCursor reports a cursor that was not made for this list, filter, order and
// search, or was not made here at all.
var ErrCursor = errors.New("invalid cursor")

// An Error says what is wrong with a filter or an order, for whoever wrote it.
type Error struct {
	// Parameter is "filter" or "sort".
	Parameter string
	// Offset is where, in bytes from the beginning of the text.
	Offset int
	// Detail is a sentence for people.
	Detail string
}

// Error returns the sentence.
func (e *Error) Error() string { return e.Parameter + ": " + e.Detail }
