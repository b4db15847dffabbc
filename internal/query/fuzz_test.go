package query_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/modular-dashboard/dashboard/internal/query"
)

func checkError(t *testing.T, parameter, text string, err error) {
	t.Helper()
	e, ok := errors.AsType[*query.Error](err)
	if !ok || e.Parameter != parameter || e.Detail == "" || e.Offset < 0 || e.Offset > len(text) {
		t.Fatalf("%q: got %#v", text, err)
	}
}

func FuzzFilter(f *testing.F) {
	for _, text := range []string{"", "id=a", `name:"A*" AND -note:* OR NOT (age >= -3)`, "seen_at > 2026-01-01T00:00:00Z", "tags:x",
		"score=1e5", `id='\'"'`, "((((((((id=a))))))))", "active=true state!=open"} {
		f.Add(text)
	}
	s := people(f)
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := s.Filter(text)
		if err != nil {
			checkError(t, "filter", text, err)
			return
		}
		canonical := filter.String()
		sql, args := filter.SQL(query.PostgreSQL, 1)
		if strings.Count(sql, "$") != len(args) || strings.ContainsAny(sql, `'";`) {
			t.Fatalf("%q: %s with %d arguments", text, sql, len(args))
		}
		filter.Match(func(string) any { return nil })
		if len(canonical) > query.MaxFilter {
			return
		}
		again, err := s.Filter(canonical)
		if err != nil {
			t.Fatalf("%q became %q: %v", text, canonical, err)
		}
		if sql2, _ := again.SQL(query.PostgreSQL, 1); again.String() != canonical || sql2 != sql {
			t.Fatalf("%q became %q, then %q:\n%s\n%s", text, canonical, again, sql, sql2)
		}
	})
}

func FuzzSort(f *testing.F) {
	for _, text := range []string{"", "id", "-name,age,-note,score", "id,id", ",", "-", "a b", "--id", "secret"} {
		f.Add(text)
	}
	s := people(f)
	f.Fuzz(func(t *testing.T, text string) {
		sort, err := s.Sort(text)
		if err != nil {
			checkError(t, "sort", text, err)
			return
		}
		if sort.String() != text || len(sort) > query.MaxSort {
			t.Fatalf("%q became %q", text, sort)
		}
	})
}

// Whatever a cursor is made of, it is either refused or opens to values that fit
// the order and seal to the same text again.
func FuzzCursor(f *testing.F) {
	key := []byte("0123456789abcdef")
	s := people(f)
	sort, err := s.Sort("name,-seen_at,score,active")
	if err != nil {
		f.Fatal(err)
	}
	for _, values := range [][]any{{"a", int64(5), 1.5, true}, {"", nil, nil, false}, {"x", int64(-1), 0.0, true}} {
		cursor, err := query.Seal(key, "people", "q", values)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(cursor)
	}
	f.Add("AAAA")
	f.Add(strings.Repeat("A", 40) + "\n")
	f.Fuzz(func(t *testing.T, cursor string) {
		values, err := query.Open(key, "people", "q", cursor, sort)
		if err != nil {
			if !errors.Is(err, query.ErrCursor) || values != nil {
				t.Fatalf("%q: got %v, %v", cursor, values, err)
			}
			return
		}
		if cursor == "" {
			return
		}
		if again, err := query.Seal(key, "people", "q", values); err != nil || again != cursor || !utf8.ValidString(cursor) {
			t.Fatalf("%q: %v sealed to %q, %v", cursor, values, again, err)
		}
	})
}

// Behind the signature, too: an earlier version may have made the cursor.
func FuzzCursorContent(f *testing.F) {
	key := []byte("0123456789abcdef")
	s := people(f)
	sort, err := s.Sort("name,-seen_at,score,active")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("\x02\x01a\x03\x0a\x04\x00\x00\x00\x00\x00\x00\x00\x00\x06"))
	f.Add([]byte("\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a"))
	f.Add([]byte("\x01\x01\x01\x01"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		values, err := query.Open(key, "people", "q", query.SealRaw(key, "people", "q", raw), sort)
		if err != nil {
			if !errors.Is(err, query.ErrCursor) || values != nil {
				t.Fatalf("%x: got %v, %v", raw, values, err)
			}
			return
		}
		if len(raw) == 0 || len(values) != len(sort) {
			t.Fatalf("%x: got %v", raw, values)
		}
		if _, isText := values[0].(string); !isText {
			t.Fatalf("%x: the name is %v", raw, values[0])
		}
		if _, err := query.Seal(key, "people", "q", values); err != nil {
			t.Fatalf("%x: %v: %v", raw, values, err)
		}
	})
}
