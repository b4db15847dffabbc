package airecord

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/internal/query"
	"github.com/modular-dashboard/dashboard/storage"
)

// ErrUnknown says that there is no record of that id.
var ErrUnknown = errors.New("there is no request of that id")

// A Row is a record as it is stored.
type Row struct {
	ID, Tenant, User, Key, Module string
	Roles                         []string
	At                            time.Time
	Asked, Provider, Model        string
	Prompt                        string
	First, Took                   time.Duration
	Input, Output, CachedInput    int64
	CacheWrite, Reasoning         int64
	Estimated                     bool
	Micros                        int64
	Currency                      string
	Unpriced                      bool // the price of a part is not known
	Cache, Reason                 string
	Error                         string // the kind; empty where it ended well
	Status                        int
	Trail                         Trail
}

// A List asks for a page.
type List struct {
	Filter string // of [query]
	Sort   string // empty: the newest first
	Cursor string
	Limit  int
}

// A listing is what makes pages of a table.
type listing struct {
	name, table, columns string
	schema               *query.Schema
}

func newListing(name, table, columns string, fields ...query.Field) listing {
	for i := range fields {
		fields[i].Filter = true
	}
	schema, err := query.NewSchema(fields...)
	if err != nil {
		panic(err) //nolint:forbidigo // the fields are constants
	}
	return listing{name, table, columns, schema}
}

func recordListing() listing {
	text := func(name, column string) query.Field {
		return query.Field{Name: name, Column: column, Kind: query.Text}
	}
	return newListing("ai requests", "airecord_records", recordColumns,
		query.Field{Name: "id", Kind: query.Text, Sort: true}, query.Field{Name: "at", Kind: query.Time, Sort: true},
		text("user", "user_id"), text("key", "key_id"), text("module", ""), text("asked", ""), text("provider", ""), text("model", ""),
		text("prompt", ""), text("cache", ""), text("error", ""))
}

// statement is what reads a page, and the order and the name that its cursors have.
func (l *listing) statement(d storage.Dialect, q List, key []byte) (text string, args []any, order query.Sort, canonical string, err error) {
	filter, err := l.schema.Filter(q.Filter)
	if err != nil {
		return "", nil, nil, "", err
	}
	if q.Sort == "" {
		q.Sort = "-at"
	}
	sort, err := l.schema.Sort(q.Sort)
	if err != nil {
		return "", nil, nil, "", err
	}
	id, _ := l.schema.Field("id")
	order = sort.With(id)
	canonical = query.Canonical(filter, order, "")
	after, err := query.Open(key, l.name, canonical, q.Cursor, order)
	if err != nil {
		return "", nil, nil, "", err
	}
	var where []string
	and := func(sql string, more []any) {
		if sql != "" {
			where, args = append(where, "("+sql+")"), append(args, more...)
		}
	}
	and(filter.SQL(query.Dialect(d), 1))
	and(order.After(after, len(args)+1))
	text = "SELECT " + l.columns + " FROM " + l.table
	if len(where) > 0 {
		text += " WHERE " + strings.Join(where, " AND ")
	}
	args = append(args, q.Limit+1) // one more tells whether there is a next page
	return text + " ORDER BY " + order.OrderBy() + " LIMIT $" + strconv.Itoa(len(args)), args, order, canonical, nil
}

// page reads one page of a table.
func page[T any](ctx context.Context, s *Store, l *listing, q List, scan func(func(...any) error) (T, error), value func(*T, string) any) (items []T, next string, err error) {
	key := s.opts.Key()
	text, args, order, canonical, err := l.statement(s.db.Dialect(), q, key)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.db.Query(ctx, text, args...)
	if err != nil {
		return nil, "", fmt.Errorf("list %s: %w", l.name, err)
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	items = []T{}
	for rows.Next() {
		if len(items) == q.Limit {
			last := &items[len(items)-1]
			if next, err = query.Seal(key, l.name, canonical, order.Values(func(field string) any { return value(last, field) })); err != nil {
				return nil, "", err
			}
			break
		}
		one, err := scan(rows.Scan)
		if err != nil {
			return nil, "", fmt.Errorf("list %s: %w", l.name, err)
		}
		items = append(items, one)
	}
	if err := rows.Err(); err != nil {
		return nil, "", fmt.Errorf("list %s: %w", l.name, err)
	}
	return items, next, nil
}

// Records returns a page of records. Those that wait to be written are not among
// them. What is wrong with the query is an error of package query.
func (s *Store) Records(ctx context.Context, q List) ([]Row, string, error) {
	return page(ctx, s, &s.records, q, scanRow, func(r *Row, field string) any {
		if field == "at" {
			return r.At.UnixMicro()
		}
		return r.ID
	})
}

// Find returns one record, also one that this instance has not written yet.
// Errors: [ErrUnknown].
func (s *Store) Find(ctx context.Context, id string) (Row, error) {
	row, err := s.find(ctx, id)
	if !errors.Is(err, ErrUnknown) {
		return row, err
	}
	if err := s.Flush(ctx); err != nil {
		return Row{}, err
	}
	return s.find(ctx, id)
}

func (s *Store) find(ctx context.Context, id string) (Row, error) {
	r, err := scanRow(s.db.QueryRow(ctx, `SELECT `+recordColumns+` FROM airecord_records WHERE id = $1`, clean(id)).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Row{}, ErrUnknown
	}
	if err != nil {
		return Row{}, fmt.Errorf("read record of a request to a model: %w", err)
	}
	return r, nil
}

func scanRow(scan func(...any) error) (Row, error) {
	var r Row
	var at, first, took, estimated, unpriced int64
	var roles, trail string
	err := scan(&r.ID, &at, &r.Tenant, &r.User, &r.Key, &r.Module, &roles, &r.Asked, &r.Provider, &r.Model, &r.Prompt, &first, &took,
		&r.Input, &r.Output, &r.CachedInput, &r.CacheWrite, &r.Reasoning, &estimated, &r.Micros, &r.Currency, &unpriced,
		&r.Cache, &r.Reason, &r.Error, &r.Status, &trail)
	if err != nil {
		return Row{}, err
	}
	r.At = time.UnixMicro(at).UTC()
	r.First, r.Took = time.Duration(first)*time.Microsecond, time.Duration(took)*time.Microsecond
	r.Estimated, r.Unpriced, r.Roles, r.Trail = estimated != 0, unpriced != 0, splitRoles(roles), readTrail(trail)
	return r, nil
}

func splitRoles(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// readTrail reads what was written; what a newer version wrote and this one does
// not understand counts as nothing.
func readTrail(text string) Trail {
	var t Trail
	if json.Unmarshal([]byte(text), &t) != nil {
		return Trail{}
	}
	return t
}
