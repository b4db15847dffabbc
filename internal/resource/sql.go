package resource

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/internal/query"
	"github.com/modular-dashboard/dashboard/storage"
)

// bounds are those of the work for one page, where no index holds its rows side
// by side.
type bounds struct {
	few  int // rows that are sorted without another thought
	walk int // rows that are looked at, in order, for a page of many that match
	many int // rows that are sorted rather than to walk on
}

// defaultBounds take a fraction of a second at most. The walk finds a page
// unless what matches comes late in the order.
func defaultBounds() bounds { return bounds{few: 4000, walk: 20_000, many: 100_000} }

// Select is the one statement that reads a page, and its arguments. after is
// where the page before ended.
func (t *Table) Select(q Query, after []any, limit int) (string, []any, error) {
	if len(q.Sort) > 2 || t.ordered(q.Sort[0].Field.Name) == "" {
		return "", nil, &query.Error{Parameter: "sort", Detail: "This list is sorted by one field at a time."}
	}
	dialect := query.Dialect(t.dialect)
	var where []string
	var args []any
	for _, f := range []*query.Filter{q.Filter, q.Found} {
		if f == nil {
			continue
		}
		condition, more := f.SQL(dialect, len(args)+1)
		where, args = append(where, "("+condition+")"), append(args, more...)
	}
	chosen := strings.Join(where, " AND ")
	beyond, more := q.Sort.After(after, len(args)+1)
	args = append(args, more...)
	if t.dialect == storage.SQLite && chosen != "" && !t.served(q) {
		return t.adaptive(q, chosen, beyond, limit), args, nil
	}
	return t.page(t.name, q, join(chosen, beyond), strconv.Itoa(limit)), args, nil
}

// page selects rows in order.
func (t *Table) page(from string, q Query, where, limit string) string {
	if where != "" {
		where = " WHERE " + where
	}
	return "SELECT " + t.columns + " FROM " + from + where + " ORDER BY " + q.Sort.OrderBy() + " LIMIT " + limit
}

func join(conditions ...string) string {
	return strings.Join(slices.DeleteFunc(conditions, func(c string) bool { return c == "" }), " AND ")
}

// served reports whether one index holds the rows that are asked for side by
// side in the order: SQLite finds it by itself.
func (t *Table) served(q Query) bool {
	order := q.Sort[0].Field.Name
	if q.Found == nil && q.Filter.Within(order) || q.Filter == nil && q.Found.Within(order) {
		return true // the order's own index
	}
	first := t.fields.Key.Name
	if t.fields.Order != "" {
		first = strings.TrimPrefix(t.fields.Order, "-")
	}
	return slices.ContainsFunc(q.Filter.Fixed(), func(name string) bool {
		if f := t.fields.Field(name); f.Key || f.Unique {
			return true // one row
		}
		return order == first && t.has(name, forFilter) != ""
	})
}

// has returns the name of the index of a field for a purpose, or "".
func (t *Table) has(field string, purpose purpose) string {
	for _, x := range t.indexes {
		if x.field == field && x.purpose == purpose {
			return x.name
		}
	}
	return ""
}

// ordered is the index in the order of a field, "" where there is none.
func (t *Table) ordered(field string) string {
	if field == t.fields.Key.Name {
		return "sqlite_autoindex_" + t.name + "_1" // of the primary key; only SQLite is told
	}
	return t.has(field, forOrder)
}

// adaptive is for rows of which no index knows whether there are few, nor where
// they are in the order. A bounded look at the indexes of the condition tells:
// few are fetched and sorted. Of many the first in order are found soon by
// walking the index of the order, unless they come late in it: then the walk is
// given up, and they are sorted too, up to a number where most rows match and
// the walk will find some. Branches that are not taken have the limit 0 and do
// nothing. (PostgreSQL decides by its statistics; SQLite has none by default.)
func (t *Table) adaptive(q Query, chosen, beyond string, limit int) string {
	walk := t.name + " INDEXED BY " + t.ordered(q.Sort[0].Field.Name)
	if beyond == "" {
		beyond = "1 = 1"
	}
	return fmt.Sprintf(`WITH few(n) AS MATERIALIZED (SELECT rowid FROM %[1]s WHERE %[2]s LIMIT %[3]d + 1),
walked(n) AS MATERIALIZED (SELECT n FROM (SELECT rowid AS n, * FROM %[4]s WHERE %[5]s ORDER BY %[6]s
	LIMIT CASE WHEN (SELECT count(*) FROM few) > %[3]d THEN %[7]d ELSE 0 END) WHERE %[2]s LIMIT %[8]d),
many(n) AS MATERIALIZED (SELECT n FROM few WHERE (SELECT count(*) FROM few) <= %[3]d UNION ALL SELECT n FROM (SELECT rowid AS n FROM %[1]s WHERE %[2]s
	LIMIT CASE WHEN (SELECT count(*) FROM few) > %[3]d AND (SELECT count(*) FROM walked) < %[8]d THEN %[9]d + 1 ELSE 0 END))
`, t.name, chosen, t.bounds.few, walk, beyond, q.Sort.OrderBy(), t.bounds.walk, limit, t.bounds.many) +
		t.branch(q, "many", beyond, fmt.Sprintf("(SELECT count(*) FROM many) <= %d", t.bounds.many), limit) + "\nUNION ALL\n" +
		t.branch(q, "walked", "1 = 1", fmt.Sprintf("(SELECT count(*) FROM walked) = %d", limit), limit) + "\nUNION ALL\n" +
		"SELECT " + t.columns + " FROM (" + t.page(walk, q, join(chosen, beyond),
		fmt.Sprintf("CASE WHEN (SELECT count(*) FROM many) > %d THEN %d ELSE 0 END", t.bounds.many, limit)) + ")"
}

// branch reads a page of the rows whose numbers are in a list, if a condition
// holds.
func (t *Table) branch(q Query, list, where, condition string, limit int) string {
	return "SELECT " + t.columns + " FROM (" + t.page(list+" CROSS JOIN "+t.name+" ON "+t.name+".rowid = "+list+".n", q, where,
		fmt.Sprintf("CASE WHEN %s THEN %d ELSE 0 END", condition, limit)) + ")"
}

// List reads a page into items, a pointer to a slice of the type.
func (t *Table) List(ctx context.Context, db storage.Querier, q Query, cursor string, limit int, items reflect.Value) (next string, err error) {
	var after []any
	if cursor != "" {
		if after, err = DecodeValues(cursor, q.Sort); err != nil {
			return "", err
		}
	}
	statement, args, err := t.Select(q, after, limit+1)
	if err != nil {
		return "", err
	}
	rows, err := db.Query(ctx, statement, args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	out := reflect.MakeSlice(items.Type().Elem(), 0, min(limit, 64))
	cells, targets := t.cells()
	for rows.Next() {
		if out.Len() == limit {
			next, err = EncodeValues(q.Sort.Values(t.fields.Values(out.Index(limit - 1))))
			break
		}
		item := reflect.New(t.fields.Type).Elem()
		t.aim(cells, item)
		if err := rows.Scan(targets...); err != nil {
			return "", err
		}
		out = reflect.Append(out, item)
	}
	items.Elem().Set(out)
	return next, errors.Join(err, rows.Err())
}

// cells are what a row is scanned into, once aimed at an item.
func (t *Table) cells() (cells []cell, targets []any) {
	cells, targets = make([]cell, len(t.kinds)), make([]any, len(t.kinds))
	for i := range cells {
		cells[i].scan, cells[i].name = t.kinds[i].scan, t.fields.All[i].Column
		targets[i] = &cells[i]
	}
	return cells, targets
}

func (t *Table) aim(cells []cell, item reflect.Value) {
	for i := range cells {
		cells[i].to = item.FieldByIndex(t.fields.All[i].Path)
	}
}

// Read reads one item; sql.ErrNoRows says that there is none. With lock it
// stays as it is until the transaction ends.
func (t *Table) Read(ctx context.Context, db storage.Querier, id string, lock bool, item reflect.Value) error {
	statement := "SELECT " + t.columns + " FROM " + t.name + " WHERE " + t.fields.Key.Column + " = $1"
	if lock {
		statement += t.dialect.ForUpdate()
	}
	cells, targets := t.cells()
	t.aim(cells, item)
	return db.QueryRow(ctx, statement, id).Scan(targets...)
}

// Insert adds the item; the key, times and the version are set where they are
// the table's to set.
func (t *Table) Insert(ctx context.Context, tx *storage.Tx, item reflect.Value) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	places := make([]string, len(t.kinds))
	args := make([]any, len(t.kinds))
	for i := range t.fields.All {
		f := &t.fields.All[i]
		v := item.FieldByIndex(f.Path)
		switch {
		case f.Key && v.String() == "":
			v.SetString(NewID(now))
		case f.Created || f.Updated:
			v.Set(reflect.ValueOf(now))
		case f.Version:
			v.SetInt(1)
		}
		places[i], args[i] = "$"+strconv.Itoa(i+1), t.bind(i, v)
	}
	_, err := tx.Exec(ctx, "INSERT INTO "+t.name+" ("+t.columns+") VALUES ("+strings.Join(places, ", ")+")", args...)
	return err
}

// bind is the value of a field as an argument. Times lose what the column does
// not keep, in the item too.
func (t *Table) bind(i int, v reflect.Value) any {
	if at, ok := reflect.TypeAssert[time.Time](v); ok && v.CanSet() {
		v.Set(reflect.ValueOf(at.UTC().Truncate(time.Microsecond)))
	}
	return t.kinds[i].bind(v)
}

// Update writes the item, but for the key and when it was made.
func (t *Table) Update(ctx context.Context, tx *storage.Tx, item reflect.Value) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	var sets []string
	args := []any{t.fields.ID(item)}
	for i := range t.fields.All {
		f := &t.fields.All[i]
		v := item.FieldByIndex(f.Path)
		switch {
		case f.Key || f.Created:
			continue
		case f.Updated:
			v.Set(reflect.ValueOf(now))
		case f.Version:
			v.SetInt(v.Int() + 1)
		}
		args = append(args, t.bind(i, v))
		sets = append(sets, f.Column+" = $"+strconv.Itoa(len(args)))
	}
	if len(sets) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, "UPDATE "+t.name+" SET "+strings.Join(sets, ", ")+" WHERE "+t.fields.Key.Column+" = $1", args...)
	return err
}

// Delete removes the item.
func (t *Table) Delete(ctx context.Context, tx *storage.Tx, id string) error {
	_, err := tx.Exec(ctx, "DELETE FROM "+t.name+" WHERE "+t.fields.Key.Column+" = $1", id)
	return err
}

// Taken returns the fields of the item whose value another one has: why it could
// not be written. The key is among them only where the item was to be new.
func (t *Table) Taken(ctx context.Context, db storage.Querier, item reflect.Value, isNew bool) ([]*Field, error) {
	var out []*Field
	for i := range t.fields.All {
		f := &t.fields.All[i]
		if !f.Unique && !(f.Key && isNew) {
			continue
		}
		column, value := f.Column, "$1"
		if f.Fold {
			column, value = "lower("+f.Column+")", "lower($1)"
		}
		var id string
		err := db.QueryRow(ctx, "SELECT "+t.fields.Key.Column+" FROM "+t.name+" WHERE "+column+" = "+value,
			t.kinds[i].bind(item.FieldByIndex(f.Path))).Scan(&id)
		switch {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return nil, err
		case f.Key || id != t.fields.ID(item):
			out = append(out, f)
		}
	}
	return out, nil
}

// NewID returns an id that sorts after those made earlier, so that new rows go
// to one end of an index: 48 bits of milliseconds and 80 at random.
func NewID(now time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(raw[6:]) // never fails
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:]))
}
