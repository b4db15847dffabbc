package query

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/spelling"
)

// Kind is what a field holds, which decides how it compares.
type Kind uint8

// The kinds, with the Go types that conditions are bound with and that
// [Filter.Match] and [Sort.Values] read. Named types and pointers to these do
// too; a nil pointer is NULL.
const (
	Text    Kind = iota + 1 // string
	Integer                 // int64; a BIGINT column
	Number                  // float64; a column of a floating-point type
	Boolean                 // bool
	Time                    // a BIGINT of microseconds since the epoch; time.Time in Go, whose zero value is NULL if the field is Nullable
	Enum                    // string, one of Field.Values
	Set                     // []string; only ":" applies, see Field.Has
)

// String returns the name of the kind as API documents have it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

var kindNames = [...]string{"", "text", "integer", "number", "boolean", "time", "enum", "set"}

// A Field is one thing that a list can be filtered or sorted by.
type Field struct {
	// Name is what callers write: lower case letters, digits and underscores.
	Name string
	// Column is the name of the SQL column, qualified by a table where need be,
	// and never an expression. Empty means Name.
	Column string
	// Kind is required.
	Kind Kind
	// Values are those of an Enum.
	Values []string
	// Filter and Sort allow what they say.
	Filter, Sort bool
	// Nullable says that the column may be NULL. NULL sorts before every value.
	Nullable bool
	// Fold compares Text without regard to the case of ASCII letters, by
	// lower(column): that is the expression an index has to be made on.
	Fold bool
	// Lowered says that the column holds what strings.ToLower made of the text:
	// it compares without regard to the case of any letter, by an index on the
	// column itself.
	Lowered bool
	// Has is the SQL condition of a Set, true or false but never NULL, with one
	// ? where the value goes. It is required where a Set can be filtered by:
	//
	//	EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = users.id AND r.role = ?)
	Has string
}

// Operators returns the operators that the field takes, nil if it cannot be
// filtered by.
func (f Field) Operators() []string {
	if !f.Filter {
		return nil
	}
	switch f.Kind {
	case Boolean, Enum:
		return []string{"=", "!=", ":"}
	case Set:
		return []string{":"}
	}
	return []string{"=", "!=", "<", "<=", ">", ">=", ":"}
}

// expr is what SQL compares.
func (f Field) expr() string {
	if f.Fold {
		return "lower(" + f.Column + ")"
	}
	return f.Column
}

// A Schema is the fields of one list. It does not change and is safe for
// concurrent use.
type Schema struct {
	fields []Field
	byName map[string]int
}

// maxName is how long the name of a field, a table or a column may be, in bytes.
const maxName = 63

// isColumn tells whether a column is named as SQL has it, perhaps after its table.
func isColumn(name string) bool {
	if table, column, ok := strings.Cut(name, "."); ok {
		return spelling.Identifier(table, maxName) && spelling.Identifier(column, maxName)
	}
	return spelling.Identifier(name, maxName)
}

// NewSchema checks fields and returns their schema.
func NewSchema(fields ...Field) (*Schema, error) {
	s := &Schema{byName: make(map[string]int, len(fields))}
	for _, f := range fields {
		if f.Column == "" {
			f.Column = f.Name
		}
		f.Values = slices.Clone(f.Values)
		if err := f.check(); err != nil {
			return nil, fmt.Errorf("field %q: %w", f.Name, err)
		}
		if _, ok := s.byName[f.Name]; ok {
			return nil, fmt.Errorf("field %q: declared twice", f.Name)
		}
		s.byName[f.Name] = len(s.fields)
		s.fields = append(s.fields, f)
	}
	return s, nil
}

func (f Field) check() error {
	switch {
	case !spelling.Snake(f.Name, maxName):
		return errors.New("the name is not of the form [a-z][a-z0-9_]*")
	case !isColumn(f.Column):
		return fmt.Errorf("%q is not the name of a column", f.Column)
	case f.Kind < Text || f.Kind > Set:
		return errors.New("it has no kind")
	case (f.Kind == Enum) != (len(f.Values) > 0):
		return errors.New("an enum, and only an enum, lists its values")
	case (f.Fold || f.Lowered) && f.Kind != Text:
		return errors.New("only text has upper and lower case")
	case f.Fold && f.Lowered:
		return errors.New("what is lower case is not folded again")
	case f.Kind == Set && (f.Sort || f.Nullable):
		return errors.New("a set has no order and is never NULL")
	case f.Has != "" && f.Kind != Set:
		return errors.New("only a set has a condition")
	case f.Kind == Set && f.Filter && strings.Count(f.Has, "?") != 1:
		return errors.New("a set needs a condition with one ?")
	}
	return nil
}

// Fields returns the fields in the order they were declared in.
func (s *Schema) Fields() []Field { return slices.Clone(s.fields) }

// Field returns the field of a name.
func (s *Schema) Field(name string) (Field, bool) {
	i, ok := s.byName[name]
	if !ok {
		return Field{}, false
	}
	return s.fields[i], true
}
