package query_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/query"
)

var key = []byte("0123456789abcdef")

func seal(t testing.TB, list, q string, values ...any) string {
	t.Helper()
	cursor, err := query.Seal(key, list, q, values)
	if err != nil {
		t.Fatal(err)
	}
	return cursor
}

func TestCursor(t *testing.T) {
	t.Parallel()
	s, err := people(t).Sort("name,-seen_at,score,active")
	if err != nil {
		t.Fatal(err)
	}
	values := []any{"Ä\x00", nil, -0.25, true}
	cursor := seal(t, "people", "q", values...)
	if got, err := query.Open(key, "people", "q", cursor, s); err != nil || !reflect.DeepEqual(got, values) {
		t.Errorf("got %v, %v, want %v", got, err, values)
	}
	if got, err := query.Open(key, "people", "q", "", s); got != nil || err != nil {
		t.Errorf("no cursor: got %v, %v", got, err)
	}
	flip := func(i int) string {
		c := byte('A')
		if cursor[i] == c {
			c = 'B'
		}
		return cursor[:i] + string(c) + cursor[i+1:]
	}
	refused := func(what string, key []byte, list, q, cursor string, s query.Sort) {
		if got, err := query.Open(key, list, q, cursor, s); !errors.Is(err, query.ErrCursor) || got != nil {
			t.Errorf("%s: got %v, %v, want ErrCursor", what, got, err)
		}
	}
	refused("another key", []byte("0123456789abcdeX"), "people", "q", cursor, s)
	refused("a short key", key[:15], "people", "q", cursor, s)
	refused("another list", key, "animals", "q", cursor, s)
	refused("another cut between list and filter", key, "peopl", "eq", cursor, s)
	refused("another filter", key, "people", "q2", cursor, s)
	refused("one field less", key, "people", "q", cursor, s[:3])
	refused("one field more", key, "people", "q", cursor, s.With(query.Field{Name: "id", Kind: query.Text}))
	refused("another order of fields", key, "people", "q", cursor, query.Sort{s[1], s[0], s[2], s[3]})
	refused("NULL where there is none", key, "people", "q", seal(t, "people", "q", nil, nil, nil, true), s)
	refused("a line end", key, "people", "q", cursor[:4]+"\n"+cursor[4:], s)
	refused("padding", key, "people", "q", cursor+"=", s)
	refused("a long one", key, "people", "q", strings.Repeat("A", query.MaxCursor+1), s)
	for i := range cursor {
		refused("a changed byte", key, "people", "q", flip(i), s)
		refused("a cut cursor", key, "people", "q", cursor[:i+1][:max(i, 1)], s)
	}
}

func TestSealRefuses(t *testing.T) {
	t.Parallel()
	for want, values := range map[string][]any{
		"2070 bytes, at most 2048": {strings.Repeat("a", 1533)},
		"a value of type int":      {1},
	} {
		if got, err := query.Seal(key, "l", "q", values); err == nil || !strings.Contains(err.Error(), want) || got != "" {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if _, err := query.Seal(key[:15], "l", "q", nil); err == nil || !strings.Contains(err.Error(), "15 bytes") {
		t.Errorf("a short key: got %v", err)
	}
	seal(t, "l", "q", strings.Repeat("a", 1517)) // all that fits
}

func TestCanonicalTellsApart(t *testing.T) {
	t.Parallel()
	s := people(t)
	seen := map[string]string{}
	for _, c := range [][3]string{{"", "", ""}, {"id=a", "", ""}, {"", "id", ""}, {"", "", "id"}, {"", "-id", ""}, {"", "", "0:"},
		{"id=a", "id", "x"}, {"id=b", "id", "x"}, {"id=a OR id=b", "", ""}, {"id=a AND id=b", "", ""}} {
		f, err := s.Filter(c[0])
		if err != nil {
			t.Fatal(err)
		}
		sort, err := s.Sort(c[1])
		if err != nil {
			t.Fatal(err)
		}
		got := query.Canonical(f, sort, c[2])
		if other, ok := seen[got]; ok {
			t.Errorf("%q and %q are both %q", c, other, got)
		}
		seen[got] = strings.Join(c[:], " ")
	}
	a, _ := s.Filter("id = 'a'  AND (state:open)")
	b, _ := s.Filter(`id=a AND state = "open"`)
	if query.Canonical(a, nil, "") != query.Canonical(b, nil, "") {
		t.Errorf("%q and %q are one filter", a, b)
	}
}
