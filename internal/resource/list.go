package resource

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/query"
)

// Values reads the fields of an item by name, for filters and orders.
func (f *Fields) Values(item reflect.Value) func(name string) any {
	return func(name string) any {
		one := f.byName[name]
		if one == nil {
			return nil
		}
		return item.FieldByIndex(one.Path).Interface()
	}
}

// ID returns the key of an item.
func (f *Fields) ID(item reflect.Value) string { return item.FieldByIndex(f.Key.Path).String() }

// What is searched for is at most MaxSearch bytes long, in at most maxSearched
// fields: so that it fits a filter.
const (
	MaxSearch   = 200
	maxSearched = 4
)

// A Query is what a list was asked for, read.
type Query struct {
	Filter *query.Filter
	Sort   query.Sort // ends in the key
	Search string
	Found  *query.Filter // what the search comes to
}

// Parse reads what a list was asked for. What is wrong with it is a
// [*query.Error].
func (f *Fields) Parse(filter, sort, search string) (Query, error) {
	var q Query
	var err error
	if q.Filter, err = f.Schema.Filter(filter); err != nil {
		return q, err
	}
	if sort == "" {
		sort = f.Order
	}
	if q.Sort, err = f.Schema.Sort(sort); err != nil {
		return q, err
	}
	key, _ := f.Schema.Field(f.Key.Name)
	q.Sort = q.Sort.With(key)
	q.Search = strings.TrimSpace(search)
	q.Found, err = f.lookFor(q.Search)
	return q, err
}

// Canonical is what a cursor of the list is bound to.
func (q Query) Canonical() string { return query.Canonical(q.Filter, q.Sort, q.Search) }

// lookFor returns the filter that the fields which are searched pass: one of
// them begins with the text.
func (f *Fields) lookFor(text string) (*query.Filter, error) {
	if text == "" {
		return nil, nil
	}
	if len(f.searched) == 0 {
		return nil, &query.Error{Parameter: "q", Detail: "This list cannot be searched."}
	}
	if len(text) > MaxSearch {
		return nil, &query.Error{Parameter: "q", Detail: "The text to search for is too long."}
	}
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `*"`
	parts := make([]string, len(f.searched))
	for i, one := range f.searched {
		parts[i] = one.Name + `:"` + quoted
	}
	found, err := f.searching.Filter(strings.Join(parts, " OR "))
	if e, ok := errors.AsType[*query.Error](err); ok {
		e.Parameter, e.Offset = "q", 0
	}
	return found, err
}

// Page selects one page of items in memory. after is what next was with the
// page before.
func (f *Fields) Page(items reflect.Value, q Query, after string, limit int) (page []int, next string, err error) {
	var from []any
	if after != "" {
		if from, err = DecodeValues(after, q.Sort); err != nil {
			return nil, "", err
		}
	}
	at := make(map[string]any, len(from))
	for i := range from {
		at[q.Sort[i].Field.Name] = from[i]
	}
	for i := range items.Len() {
		item := items.Index(i)
		values := f.Values(item)
		if !q.Filter.Match(values) || !q.Found.Match(values) {
			continue
		}
		if from != nil && q.Sort.Compare(values, func(name string) any { return at[name] }) <= 0 {
			continue
		}
		page = append(page, i)
	}
	slices.SortFunc(page, func(a, b int) int {
		return q.Sort.Compare(f.Values(items.Index(a)), f.Values(items.Index(b)))
	})
	if len(page) > limit {
		page = page[:limit]
		next, err = EncodeValues(q.Sort.Values(f.Values(items.Index(page[limit-1]))))
	}
	return page, next, err
}

// EncodeValues writes what an item is sorted by as text.
func EncodeValues(values []any) (string, error) {
	raw, err := json.Marshal(values)
	return string(raw), err
}

// DecodeValues reads what EncodeValues wrote, by the kinds of the order.
func DecodeValues(text string, s query.Sort) ([]any, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil || len(raw) != len(s) {
		return nil, query.ErrCursor
	}
	out := make([]any, len(raw))
	for i, t := range s {
		if string(raw[i]) == "null" {
			if !t.Field.Nullable {
				return nil, query.ErrCursor
			}
			continue
		}
		p := reflect.New(goTypeOf(t.Field.Kind))
		if err := json.Unmarshal(raw[i], p.Interface()); err != nil {
			return nil, fmt.Errorf("%w: %w", query.ErrCursor, err)
		}
		out[i] = p.Elem().Interface()
	}
	return out, nil
}

// goTypeOf is what values of a kind are bound as.
func goTypeOf(k query.Kind) reflect.Type {
	switch k {
	case query.Integer, query.Time:
		return reflect.TypeFor[int64]()
	case query.Number:
		return reflect.TypeFor[float64]()
	case query.Boolean:
		return reflect.TypeFor[bool]()
	}
	return reflect.TypeFor[string]()
}
