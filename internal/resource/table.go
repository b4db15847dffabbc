package resource

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/query"
	"github.com/modular-dashboard/dashboard/internal/spelling"
	"github.com/modular-dashboard/dashboard/storage"
)

// A Table is a resource's type as a SQL table. It does not change.
type Table struct {
	fields  *Fields
	name    string
	dialect storage.Dialect
	kinds   []columnKind // of fields.All
	columns string       // all of them, for SELECT and INSERT
	indexes []tableIndex
	bounds  bounds
}

// A tableIndex is an index that the table has.
type tableIndex struct {
	name, on string
	since    int
	field    string
	purpose  purpose
}

// A purpose is what an index is there for, as its name tells.
type purpose string

const (
	forOrder  purpose = "by"  // lists in the order of the field, and searches
	forFilter purpose = "of"  // lists of one value of the field, in the default order
	toBeOne   purpose = "one" // no value twice
)

// NewTable plans the table of a type.
func NewTable(f *Fields, name string, d storage.Dialect) (*Table, error) {
	t := &Table{fields: f, name: name, dialect: d, bounds: defaultBounds()}
	var columns []string
	for i := range f.All {
		one := &f.All[i]
		kind, err := columnOf(one)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", one.Name, err)
		}
		t.kinds = append(t.kinds, kind)
		columns = append(columns, one.Column)
	}
	t.columns = strings.Join(columns, ", ")
	if err := t.plan(); err != nil {
		return nil, err
	}
	return t, nil
}

// Limits that keep a table quick to write to, and its cursors short.
const (
	maxIndexes    = 24
	maxSortedText = 200 // characters
)

// storable refuses what SQL cannot hold or serve.
func (f *Field) storable() error {
	switch {
	case f.Secret:
		return errors.New("a secret is not kept in a table in the open")
	case !spelling.Snake(f.Column, maxColumn):
		return fmt.Errorf("%q is not the name of a column; give it one by column=…", f.Column)
	case slices.Contains(reservedWords, f.Column):
		return fmt.Errorf("%s is a word of SQL; give the column another name by column=…", f.Column)
	case f.Sort && f.Nullable:
		return errors.New("a pointer cannot be sorted by: use a plain value")
	case (f.Filter || f.Sort) && f.Type == "list":
		return errors.New("a list in a table cannot be filtered by")
	case (f.Sort || f.Search) && f.Type == "text" && !f.Key && longest(f.rules()) == 0:
		return fmt.Errorf(`text that is sorted or searched needs a rule such as validate:"max=100", of %d at most`, maxSortedText)
	case f.Key && f.CreateOnly && longest(f.rules()) == 0:
		return fmt.Errorf(`a key that is sent needs a rule such as validate:"max=100", of %d at most`, maxSortedText)
	}
	return nil
}

// longest is the number of characters of a max rule, 0 where there is none that
// is small enough.
func longest(rules string) int {
	for rule := range strings.SplitSeq(rules, ",") {
		for _, name := range []string{"max=", "len="} {
			if text, ok := strings.CutPrefix(rule, name); ok {
				if n, err := strconv.Atoi(text); err == nil && n > 0 && n <= maxSortedText {
					return n
				}
			}
		}
	}
	return 0
}

// plan decides the indexes: for each order, for each filter in the default
// order, for each field that is searched or unique.
func (t *Table) plan() error {
	order, err := t.fields.Schema.Sort(t.fields.Order)
	if err != nil {
		return err
	}
	for i := range t.fields.All {
		f := &t.fields.All[i]
		if f.Key {
			continue
		}
		own := t.term(f)
		if f.Unique {
			t.index(f, toBeOne, query.Sort{own}, f.Index)
		}
		if f.Sort || f.Search && !f.Unique {
			t.index(f, forOrder, query.Sort{own}.With(t.key()), f.Index)
		}
		if !f.Filter || f.Unique || len(order) > 0 && order[0].Field.Name == f.Name {
			continue // the index above serves it
		}
		full, since := query.Sort{own}, f.Index
		for _, term := range order {
			full = append(full, query.Term{Field: term.Field})
			since = max(since, t.fields.Field(term.Field.Name).Index)
		}
		t.index(f, forFilter, full.With(t.key()), since)
	}
	if len(t.indexes) > maxIndexes {
		return fmt.Errorf("%d indexes, at most %d: fewer fields can be sorted and filtered by", len(t.indexes), maxIndexes)
	}
	return nil
}

// term is the field ascending; an index serves both directions.
func (t *Table) term(f *Field) query.Term {
	return query.Term{Field: query.Field{Name: f.Name, Column: f.Column, Kind: kindOf[f.Type], Values: f.Values, Nullable: f.Nullable, Fold: f.Fold}}
}

func (t *Table) key() query.Field {
	key, _ := t.fields.Schema.Field(t.fields.Key.Name)
	return key
}

func (t *Table) index(f *Field, why purpose, columns query.Sort, since int) {
	on := columns.Index(query.Dialect(t.dialect))
	name := t.name + "_" + string(why) + "_" + f.Column
	if len(name) > 60 { // PostgreSQL cuts at 63
		sum := sha256.Sum256([]byte(name))
		name = name[:51] + "_" + hex.EncodeToString(sum[:4])
	}
	t.indexes = append(t.indexes, tableIndex{name: name, on: on, since: since, field: f.Name, purpose: why})
}

// Migrations make the table, and the columns and indexes that came later, one
// for each number that the tags since and index name.
func (t *Table) Migrations() []storage.Migration {
	var out []storage.Migration
	for version := 1; version <= t.last(); version++ {
		sqlite, postgres := t.statements(version, storage.SQLite), t.statements(version, storage.PostgreSQL)
		if sqlite == "" {
			continue
		}
		out = append(out, storage.Migration{Version: version, Name: t.name, SQLite: sqlite, PostgreSQL: postgres})
	}
	return out
}

func (t *Table) last() int {
	last := 1
	for _, f := range t.fields.All {
		last = max(last, f.Since, f.Index)
	}
	return last
}

// statements are those of one migration.
func (t *Table) statements(version int, d storage.Dialect) string {
	var columns, out []string
	for i := range t.fields.All {
		f := &t.fields.All[i]
		switch {
		case f.Since != version:
		case version == 1:
			columns = append(columns, "\t"+t.definition(i, d))
		default:
			out = append(out, "ALTER TABLE "+t.name+" ADD COLUMN "+t.definition(i, d)+t.kinds[i].whenAdded(f))
		}
	}
	if version == 1 {
		out = append(out, "CREATE TABLE "+t.name+" (\n"+strings.Join(columns, ",\n")+"\n)")
	}
	other := *t
	other.dialect, other.indexes = d, nil
	if err := other.plan(); err != nil {
		return "" // it was planned before
	}
	for _, index := range other.indexes {
		if index.since != version {
			continue
		}
		create := "CREATE INDEX "
		if index.purpose == toBeOne {
			create = "CREATE UNIQUE INDEX "
		}
		out = append(out, create+index.name+" ON "+t.name+" ("+index.on+")")
	}
	return strings.Join(out, ";\n")
}

// definition is a column of CREATE TABLE.
func (t *Table) definition(i int, d storage.Dialect) string {
	f := &t.fields.All[i]
	text := f.Column + " " + t.kinds[i].sqlType
	if d == storage.PostgreSQL && t.kinds[i].sqlType == "TEXT" {
		text += ` COLLATE "C"` // compared by its bytes, as everywhere here
	}
	switch {
	case f.Key:
		text += " PRIMARY KEY"
	case !f.Nullable:
		text += " NOT NULL"
	}
	return text
}

// whenAdded is the value of rows that were there before the column.
func (k columnKind) whenAdded(f *Field) string {
	if f.Nullable {
		return ""
	}
	switch v := k.bind(reflect.Zero(f.GoType)).(type) {
	case string:
		return " DEFAULT '" + strings.ReplaceAll(v, "'", "''") + "'"
	case bool:
		return " DEFAULT FALSE"
	case int64:
		return " DEFAULT " + strconv.FormatInt(v, 10)
	}
	return " DEFAULT 0"
}

// reservedWords are names that SQLite or PostgreSQL do not take for a column
// without quotes.
var reservedWords = strings.Fields(`all alter analyze and any array as asc asymmetric authorization autoincrement between both by
	case cast check collate collation column commit concurrently constraint create cross current_catalog current_date current_role
	current_schema current_time current_timestamp current_user default deferrable delete desc distinct do drop else end escape except exists
	false fetch for foreign freeze from full grant group having if ilike in index initially inner insert intersect into is isnull join lateral
	leading left like limit localtime localtimestamp natural not nothing notnull null offset on only or order outer over overlaps placing
	primary references returning right rowid select session_user set similar some symmetric system_user table tablesample then to trailing
	transaction true union unique update user using values variadic verbose when where window with`)

// A columnKind is how a field is kept.
type columnKind struct {
	sqlType string
	bind    func(v reflect.Value) any
	scan    func(v reflect.Value, src any) error
}

// columnOf decides how a field is kept.
func columnOf(f *Field) (columnKind, error) {
	if err := f.storable(); err != nil {
		return columnKind{}, err
	}
	base := f.GoType
	if f.Nullable {
		base = base.Elem()
	}
	var k columnKind
	switch {
	case f.Type == "time":
		k = columnKind{"BIGINT", bindTime, scanTime}
	case f.Type == "duration" || f.Type == "integer" && base.ConvertibleTo(reflect.TypeFor[int64]()):
		k = columnKind{"BIGINT", bindInteger, scanInteger}
	case f.Type == "number":
		k = columnKind{"DOUBLE PRECISION", func(v reflect.Value) any { return v.Float() }, scanNumber}
	case f.Type == "boolean":
		k = columnKind{"BOOLEAN", func(v reflect.Value) any { return v.Bool() }, scanBoolean}
	case (f.Type == "text" || f.Type == "enum") && base.Kind() == reflect.String:
		k = columnKind{"TEXT", func(v reflect.Value) any { return v.String() }, scanText}
	default:
		if _, err := json.Marshal(reflect.New(base).Interface()); err != nil {
			return k, fmt.Errorf("type %s cannot be kept as JSON: %w", base, err)
		}
		k = columnKind{"TEXT", bindJSON, scanJSON}
	}
	if f.Nullable {
		k.bind, k.scan = nullableBind(k.bind), nullableScan(k.scan)
	}
	return k, nil
}

// Name returns the table's name.
func (t *Table) Name() string { return t.name }
