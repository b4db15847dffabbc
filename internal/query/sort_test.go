package query_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/query"
)

var id = query.Field{Name: "id", Column: "id", Kind: query.Text}

func TestSort(t *testing.T) {
	t.Parallel()
	s := people(t)
	for text, want := range map[string]struct{ orderBy, sqlite, postgres string }{
		"":            {"id", "id", "id"},
		"-id,name":    {"id DESC", "id DESC", "id DESC"},
		"-name":       {"lower(name) DESC, id DESC", "lower(name) DESC, id DESC", "lower(name) DESC, id DESC"},
		"name,-age":   {"lower(name), age DESC, id DESC", "lower(name), age DESC, id DESC", "lower(name), age DESC, id DESC"},
		"note,-score": {"note NULLS FIRST, score DESC NULLS LAST, id DESC", "note, score DESC, id DESC", "note NULLS FIRST, score DESC NULLS LAST, id DESC"},
	} {
		sort, err := s.Sort(text)
		if err != nil || sort.String() != text {
			t.Errorf("%q: got %q, %v", text, sort, err)
			continue
		}
		keyed := sort.With(id)
		if keyed.OrderBy() != want.orderBy || keyed.Index(query.SQLite) != want.sqlite || keyed.Index(query.PostgreSQL) != want.postgres {
			t.Errorf("%q:\ngot  %s / %s / %s\nwant %+v", text, keyed.OrderBy(), keyed.Index(query.SQLite), keyed.Index(query.PostgreSQL), want)
		}
	}
	for text, want := range map[string]query.Error{
		"id,,age":                 {Offset: 3, Detail: "Here should be the name of a field, or - and a name; separate them by commas alone."},
		"id, age":                 {Offset: 3, Detail: "Here should be the name of a field, or - and a name; separate them by commas alone."},
		"-name,color":             {Offset: 6, Detail: "There is no field color to sort by; there is id, name, note, age, score, active, seen_at, state."},
		"tags":                    {Offset: 0, Detail: "There is no field tags to sort by; there is id, name, note, age, score, active, seen_at, state."},
		"age,-age":                {Offset: 4, Detail: "The list is sorted by age already."},
		"id,name,note,age,active": {Offset: 17, Detail: "A list is sorted by 4 fields at most."},
	} {
		_, err := s.Sort(text)
		e, ok := errors.AsType[*query.Error](err)
		if want.Parameter = "sort"; !ok || *e != want {
			t.Errorf("%q:\ngot  %+v\nwant %+v", text, err, want)
		}
	}
}

func TestAfter(t *testing.T) {
	t.Parallel()
	s := people(t)
	for name, c := range map[string]struct {
		sort     string
		values   []any
		after    string
		args     []any
		segments []query.Segment
	}{
		"first page": {"age", nil, "", nil, []query.Segment{{OrderBy: "age, id"}}},
		"one direction": {"age,state", []any{int64(1), "open", "x"},
			"(age, state, id) > ($2, $3, $4)", []any{int64(1), "open", "x"},
			[]query.Segment{{"(age, state, id) > ($2, $3, $4)", []any{int64(1), "open", "x"}, "age, state, id"}}},
		"down": {"-age", []any{int64(1), "x"}, "(age, id) < ($2, $3)", []any{int64(1), "x"},
			[]query.Segment{{"(age, id) < ($2, $3)", []any{int64(1), "x"}, "age DESC, id DESC"}}},
		"two directions": {"state,-age", []any{"open", int64(1), "x"},
			"state >= $6 AND (state = $2 AND (age, id) < ($3, $4) OR state > $5)", []any{"open", int64(1), "x", "open", "open"},
			[]query.Segment{{"state = $2 AND (age, id) < ($3, $4)", []any{"open", int64(1), "x"}, "age DESC, id DESC"},
				{"state > $2", []any{"open"}, "state, age DESC, id DESC"}}},
		"folded": {"name", []any{"a", "x"}, "lower(name) >= $5 AND (lower(name) = $2 AND id > $3 OR lower(name) > $4)", []any{"a", "x", "a", "a"},
			[]query.Segment{{"lower(name) = $2 AND id > $3", []any{"a", "x"}, "id"}, {"lower(name) > $2", []any{"a"}, "lower(name), id"}}},
		"NULL first, behind it": {"note", []any{"n", "x"}, "(note, id) > ($2, $3)", []any{"n", "x"},
			[]query.Segment{{"(note, id) > ($2, $3)", []any{"n", "x"}, "note NULLS FIRST, id"}}},
		"NULL first, within": {"note", []any{nil, "x"}, "(note IS NULL AND id > $2 OR note IS NOT NULL)", []any{"x"},
			[]query.Segment{{"note IS NULL AND id > $2", []any{"x"}, "id"}, {"note IS NOT NULL", nil, "note NULLS FIRST, id"}}},
		"NULL last, before it": {"-note", []any{"n", "x"}, "(note = $2 AND id < $3 OR note < $4 OR note IS NULL)", []any{"n", "x", "n"},
			[]query.Segment{{"note = $2 AND id < $3", []any{"n", "x"}, "id DESC"},
				{"note < $2", []any{"n"}, "note DESC NULLS LAST, id DESC"}, {"note IS NULL", nil, "id DESC"}}},
		"NULL last, within": {"-note", []any{nil, "x"}, "note IS NULL AND id < $2", []any{"x"},
			[]query.Segment{{"note IS NULL AND id < $2", []any{"x"}, "id DESC"}}},
	} {
		sort, err := s.Sort(c.sort)
		if err != nil {
			t.Fatal(err)
		}
		sort = sort.With(id)
		if sql, args := sort.After(c.values, 2); sql != c.after || !reflect.DeepEqual(args, c.args) {
			t.Errorf("%s:\ngot  %s %v\nwant %s %v", name, sql, args, c.after, c.args)
		}
		if got := sort.Segments(c.values, 2); !reflect.DeepEqual(got, c.segments) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, c.segments)
		}
	}
	down, err := s.Sort("-note") // without a key: nothing comes after the last NULL
	if err != nil {
		t.Fatal(err)
	}
	if sql, _ := down.After([]any{nil}, 1); sql != "1 = 0" || len(down.Segments([]any{nil}, 1)) != 0 {
		t.Errorf("got %q", sql)
	}
}
