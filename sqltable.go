package dashboard

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/modular-dashboard/dashboard/internal/resource"
	"github.com/modular-dashboard/dashboard/internal/spelling"
	"github.com/modular-dashboard/dashboard/storage"
)

// A SQLTable is a [Collection] in a table of the module, made of the tags of a
// struct type; it can create, update and delete. It is safe for concurrent use.
//
// A page is one statement and is served by an index, whatever it is sorted and
// filtered by and however many rows there are: [SQLTable.Migrations] make an
// index for each field that has sort, filter, search or unique. Text is compared
// by its bytes, without regard to the case of ASCII letters unless the field is
// exact; text that is sorted or searched needs a rule such as max=100.
//
// Kept are strings, integers, floats, bools, [time.Time] (as microseconds) and
// pointers to them, which may be NULL; anything else as JSON. An empty key is
// given a new id that sorts after those before.
type SQLTable[T any] struct {
	host   *Host
	fields *resource.Fields
	table  *resource.Table
}

// NewSQLTable returns the table with a name such as "customers", to which the
// host puts the module's own prefix. It does no I/O: call it from
// [Provisioner.Provision], and hand its Migrations out as the module's.
func NewSQLTable[T any](h *Host, name string) (*SQLTable[T], error) {
	if h == nil {
		return nil, errors.New("table of no host: call NewSQLTable in Provision")
	}
	fields, err := resource.Describe(reflect.TypeFor[T]())
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", name, err)
	}
	if !spelling.Snake(name, 40) {
		return nil, fmt.Errorf("table %q: the name is not of the form [a-z][a-z0-9_]{0,39}", name)
	}
	table, err := resource.NewTable(fields, h.Table(name), h.DB().Dialect())
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", name, err)
	}
	return &SQLTable[T]{host: h, fields: fields, table: table}, nil
}

// Name returns the table's name in SQL. Columns have the names of the fields in
// JSON, or those of the tag column=….
func (t *SQLTable[T]) Name() string { return t.table.Name() }

// Migrations make the table and its indexes. What a migration was made of is
// not to change once it was released: a field that is added later has the tag
// since=2, and one that is only sorted, filtered or searched later index=2, where
// 2 is the next number. The module's own migrations take numbers that these do
// not, in the order of all.
func (t *SQLTable[T]) Migrations() []storage.Migration { return t.table.Migrations() }

// List implements [Collection].
func (t *SQLTable[T]) List(ctx context.Context, q Query) (Page[T], error) {
	out := Page[T]{Items: []T{}}
	if q.fields == nil || q.fields.Type != t.fields.Type {
		return out, errors.New("list of a query that no resource of the type made")
	}
	next, err := t.table.List(ctx, t.host.DB(), q.parsed, q.Cursor, q.Limit, reflect.ValueOf(&out.Items))
	if err != nil {
		return out, fmt.Errorf("list %s: %w", t.Name(), err)
	}
	out.NextCursor = next
	return out, nil
}

// Read implements [Collection].
func (t *SQLTable[T]) Read(ctx context.Context, id string) (T, error) {
	return t.read(ctx, t.host.DB(), id, false)
}

func (t *SQLTable[T]) read(ctx context.Context, db storage.Querier, id string, lock bool) (item T, err error) {
	err = t.table.Read(ctx, db, id, lock, reflect.ValueOf(&item).Elem())
	if errors.Is(err, sql.ErrNoRows) {
		return item, ErrNotFound
	}
	if err != nil {
		err = fmt.Errorf("read %s: %w", t.Name(), err)
	}
	return item, err
}

// Create implements [Creator]. A value of a unique field that another item has
// is answered 409.
func (t *SQLTable[T]) Create(ctx context.Context, item *T) error {
	v := reflect.ValueOf(item).Elem()
	err := t.host.DB().Update(ctx, func(tx *storage.Tx) error { return t.table.Insert(ctx, tx, v) })
	return t.written(ctx, "create", v, err)
}

// Update implements [Updater].
func (t *SQLTable[T]) Update(ctx context.Context, id string, change func(*T) error) (T, error) {
	var item T
	v := reflect.ValueOf(&item).Elem()
	var theirs error
	err := t.host.DB().Update(ctx, func(tx *storage.Tx) (err error) {
		if item, err = t.read(ctx, tx, id, true); err != nil {
			theirs = err
			return err
		}
		key := t.fields.ID(v)
		if theirs = change(&item); theirs != nil {
			return theirs
		}
		if t.fields.ID(v) != key {
			theirs = errors.New("the key of an item cannot change")
			return theirs
		}
		return t.table.Update(ctx, tx, v)
	})
	if theirs != nil {
		return item, theirs
	}
	return item, t.written(ctx, "update", v, err)
}

// Delete implements [Deleter].
func (t *SQLTable[T]) Delete(ctx context.Context, id string, check func(T) error) error {
	var theirs error
	err := t.host.DB().Update(ctx, func(tx *storage.Tx) error {
		item, err := t.read(ctx, tx, id, true)
		if err != nil {
			theirs = err
			return err
		}
		if theirs = check(item); theirs != nil {
			return theirs
		}
		return t.table.Delete(ctx, tx, id)
	})
	if theirs != nil {
		return theirs
	}
	if errors.Is(err, storage.ErrForeignKey) {
		return &Error{Status: http.StatusConflict, Code: "in-use", Detail: "Something else still refers to this.", Err: err}
	}
	if err != nil {
		return fmt.Errorf("delete from %s: %w", t.Name(), err)
	}
	return nil
}

// written tells why an item could not be written.
func (t *SQLTable[T]) written(ctx context.Context, what string, item reflect.Value, err error) error {
	if err == nil {
		return nil
	}
	if !errors.Is(err, storage.ErrUnique) {
		return fmt.Errorf("%s %s: %w", what, t.Name(), err)
	}
	out := &Error{Status: http.StatusConflict, Code: "taken", Detail: "Another item has this already.", Err: err}
	fields, failed := t.table.Taken(ctx, t.host.DB(), item, what == "create")
	if failed != nil {
		return errors.Join(out, failed)
	}
	for _, f := range fields {
		out.Fields = append(out.Fields, FieldError{Pointer: "/" + f.Name, Code: "taken", Detail: "must be one that no other item has", Params: map[string]string{}})
	}
	return out
}

// Interface guards.
var (
	_ Collection[struct{}] = (*SQLTable[struct{}])(nil)
	_ Creator[struct{}]    = (*SQLTable[struct{}])(nil)
	_ Updater[struct{}]    = (*SQLTable[struct{}])(nil)
	_ Deleter[struct{}]    = (*SQLTable[struct{}])(nil)
)
