package query_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/query"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

type person struct {
	ID, Name string
	Note     *string
	Age      int
	Score    *float64
	Active   bool
	Seen     time.Time
	State    string
	Tags     []string
}

func (p person) value(field string) any {
	switch field {
	case "id":
		return p.ID
	case "name":
		return p.Name
	case "note":
		return p.Note
	case "age":
		return p.Age
	case "score":
		return p.Score
	case "active":
		return p.Active
	case "seen_at":
		return p.Seen
	case "state":
		return p.State
	case "tags":
		return p.Tags
	}
	return nil
}

// texts are few and near each other, so that comparisons find something: bounds
// of prefixes, both cases, letters beyond ASCII, what SQL and LIKE treat
// specially.
var texts = []string{"", "a", "A", "ab", "Ab", "b", "a*", "a%", "a_", `a"\`, "'", "ä", "Ä", "a\uD7FF", "a\uE000", "a\U0010FFFF", "\U0010FFFF", "z z"}

var day = time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func randomPerson(r *rand.Rand, i int) person {
	p := person{ID: fmt.Sprintf("%03d", i), Name: pick(r, texts...), Age: r.IntN(5) - 2, Active: r.IntN(2) == 0,
		State: pick(r, "open", "late", "done")}
	if r.IntN(3) > 0 {
		p.Note = new(pick(r, texts...))
	}
	if r.IntN(3) > 0 {
		p.Score = new(float64(r.IntN(7)-3) / 2)
	}
	if r.IntN(3) > 0 {
		p.Seen = day.Add(time.Duration(r.IntN(3)-1) * time.Microsecond)
	}
	for _, tag := range []string{"x", "y", "x y"} {
		if r.IntN(2) == 0 {
			p.Tags = append(p.Tags, tag)
		}
	}
	return p
}

const tables = `
CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT NOT NULL, note TEXT, age BIGINT NOT NULL, score REAL,
	active BOOLEAN NOT NULL, seen BIGINT, state TEXT NOT NULL);
CREATE TABLE tags (person TEXT NOT NULL, tag TEXT NOT NULL);`

func open(t testing.TB, people []person) *storage.DB {
	t.Helper()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx := t.Context()
	err = db.Update(ctx, func(tx *storage.Tx) error {
		for statement := range strings.SplitSeq(strings.TrimSuffix(tables, ";"), ";") {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		for _, p := range people {
			if err := insert(ctx, tx, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func insert(ctx context.Context, tx *storage.Tx, p person) error {
	var seen any
	if !p.Seen.IsZero() {
		seen = p.Seen.UnixMicro()
	}
	if _, err := tx.Exec(ctx, "INSERT INTO people VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		p.ID, p.Name, p.Note, p.Age, p.Score, p.Active, seen, p.State); err != nil {
		return err
	}
	for _, tag := range p.Tags {
		if _, err := tx.Exec(ctx, "INSERT INTO tags VALUES ($1, $2)", p.ID, tag); err != nil {
			return err
		}
	}
	return nil
}

func ids(t testing.TB, db *storage.DB, where, orderBy string, args ...any) []string {
	t.Helper()
	if where != "" {
		where = " WHERE " + where
	}
	rows, err := db.Query(t.Context(), "SELECT id FROM people"+where+" ORDER BY "+orderBy, args...)
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	return scan(t, rows)
}

func scan(t testing.TB, rows *sql.Rows) []string {
	t.Helper()
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// randomFilter writes a filter as a person might, with each operator of each
// field.
func randomFilter(r *rand.Rand, s *query.Schema, depth int) string {
	switch n := r.IntN(8); {
	case depth > 0 && n < 2:
		return "(" + randomFilter(r, s, depth-1) + pick(r, " AND ", " OR ") + randomFilter(r, s, depth-1) + ")"
	case depth > 0 && n < 4:
		return randomFilter(r, s, depth-1) + pick(r, " AND ", " OR ") + randomFilter(r, s, 0)
	case depth > 1 && n < 6:
		return pick(r, "NOT (", "-(") + randomFilter(r, s, depth-2) + ")"
	}
	var fields []query.Field
	for _, f := range s.Fields() {
		if f.Filter {
			fields = append(fields, f)
		}
	}
	f := pick(r, fields...)
	operator := pick(r, f.Operators()...)
	return pick(r, "", "", "NOT ") + f.Name + pick(r, "", " ") + operator + randomValue(r, f, operator)
}

func randomValue(r *rand.Rand, f query.Field, operator string) string {
	if operator == ":" && f.Kind != query.Set && r.IntN(4) == 0 {
		return "*"
	}
	quoted := func(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }
	switch f.Kind {
	case query.Text:
		text := pick(r, texts...)
		if operator == ":" && r.IntN(2) == 0 {
			text += "*"
		}
		if f.Name == "id" {
			text = fmt.Sprintf("%02d", r.IntN(12)) + pick(r, "", "*", "0")
		}
		return quoted(text)
	case query.Integer:
		return fmt.Sprint(r.IntN(5) - 2)
	case query.Number:
		return fmt.Sprint(float64(r.IntN(7)-3) / 2)
	case query.Boolean:
		return pick(r, "true", "false")
	case query.Time:
		return day.Add(time.Duration(r.IntN(3)-1) * time.Microsecond).Format(time.RFC3339Nano)
	case query.Set:
		return quoted(pick(r, "x", "y", "x y", "z"))
	}
	return pick(r, f.Values...)
}

// The database and Go let the same rows through, whatever is asked, and so does
// the filter as it reads back.
func TestMatchAndSQLAgree(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var rows []person
	for i := range 120 {
		rows = append(rows, randomPerson(r, i))
	}
	db, s := open(t, rows), people(t)
	some, rounds := 0, 3000
	if testing.Short() {
		rounds = 600
	}
	for range rounds {
		text := randomFilter(r, s, 3)
		f, err := s.Filter(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if again, err := s.Filter(f.String()); err != nil || again.String() != f.String() {
			t.Fatalf("%s: %s reads back as %s, %v", text, f, again, err)
		}
		var want []string
		for _, p := range rows {
			if f.Match(p.value) {
				want = append(want, p.ID)
			}
		}
		condition, args := f.SQL(query.SQLite, 2)
		got := ids(t, db, "id <> $1 AND "+condition, "id", append([]any{"none"}, args...)...)
		if !slices.Equal(got, want) {
			t.Fatalf("%s\n%s %v\nSQL: %v\nGo:  %v", text, condition, args, got, want)
		}
		if len(want) > 0 && len(want) < len(rows) {
			some++
		}
	}
	if some < rounds/2 {
		t.Errorf("only %d filters chose some of the rows", some)
	}
}

// Read in pages, by one condition or by segments, through cursors, a list is
// what it is read as a whole, in the order that Compare has.
func TestPagesAgree(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	var rows []person
	for i := range 60 {
		rows = append(rows, randomPerson(r, i))
	}
	db, s := open(t, rows), people(t)
	names := []string{"name", "note", "age", "score", "active", "seen_at", "state"}
	byID := map[string]person{}
	for _, p := range rows {
		byID[p.ID] = p
	}
	rounds := 150
	if testing.Short() {
		rounds = 40
	}
	for range rounds {
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		text := ""
		for _, n := range names[:r.IntN(query.MaxSort)+1] {
			text += "," + pick(r, "", "-") + n
		}
		sort, err := s.Sort(text[1:])
		if err != nil {
			t.Fatal(err)
		}
		sort = sort.With(id)
		slices.SortFunc(rows, func(a, b person) int { return sort.Compare(a.value, b.value) })
		var want []string
		for _, p := range rows {
			want = append(want, p.ID)
		}
		if got := ids(t, db, "", sort.OrderBy()); !slices.Equal(got, want) {
			t.Fatalf("%s:\nSQL: %v\nGo:  %v", sort, got, want)
		}
		size := r.IntN(20) + 1
		for name, page := range map[string]func([]any) []string{
			"After":    func(after []any) []string { return pageByCondition(t, db, sort, after, size) },
			"Segments": func(after []any) []string { return pageBySegments(t, db, sort, after, size) },
		} {
			var got []string
			for cursor := ""; ; {
				after, err := query.Open(key, "people", "", cursor, sort)
				if err != nil {
					t.Fatal(err)
				}
				ids := page(after)
				got = append(got, ids...)
				if len(ids) < size {
					break
				}
				cursor = seal(t, "people", "", sort.Values(byID[ids[size-1]].value)...)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s by %s in pages of %d:\ngot  %v\nwant %v", sort, name, size, got, want)
			}
		}
	}
}

func pageByCondition(t *testing.T, db *storage.DB, s query.Sort, after []any, size int) []string {
	condition, args := s.After(after, 1)
	return ids(t, db, condition, fmt.Sprintf("%s LIMIT %d", s.OrderBy(), size), args...)
}

func pageBySegments(t *testing.T, db *storage.DB, s query.Sort, after []any, size int) (out []string) {
	for _, seg := range s.Segments(after, 1) {
		if len(out) == size {
			break
		}
		out = append(out, ids(t, db, seg.SQL, fmt.Sprintf("%s LIMIT %d", seg.OrderBy, size-len(out)), seg.Args...)...)
	}
	return out
}

// No page is read by a scan or a sort, whichever values the last one ended with,
// and neither is what a comparison chooses.
func TestIndexesServe(t *testing.T) {
	t.Parallel()
	s := people(t)
	for _, text := range []string{"age", "-age", "name", "-name", "note", "-note", "name,age", "-score,-age", "state,-age", "-seen_at,note"} {
		db := open(t, nil)
		sort, err := s.Sort(text)
		if err != nil {
			t.Fatal(err)
		}
		sort = sort.With(id)
		if _, err := db.Exec(t.Context(), "CREATE INDEX i ON people ("+sort.Index(query.SQLite)+")"); err != nil {
			t.Fatal(err)
		}
		for _, p := range []person{{ID: "1", Note: new("n"), Score: new(1.0), Seen: day}, {ID: "2"}} {
			for i, seg := range sort.Segments(sort.Values(p.value), 1) {
				where := " WHERE " + seg.SQL
				served(t, db, fmt.Sprintf("%s, segment %d", text, i), "SELECT id, name, note, age, score, seen, state FROM people"+where+" ORDER BY "+seg.OrderBy+" LIMIT 50", seg.Args...)
			}
		}
		first, _, _ := strings.Cut(strings.TrimPrefix(text, "-"), ",")
		for _, operator := range []string{"=", "<", ">=", ":"} {
			if first == "name" && operator == "=" {
				continue // SQLite sorts the rows that are equal: see Segment.OrderBy
			}
			value := map[string]string{"age": "1", "score": "1.5", "state": "open", "seen_at": "2026-01-31"}[first]
			if value == "" {
				value = "ab"
				if operator == ":" {
					value = "ab*"
				}
			}
			f, err := s.Filter(first + operator + value)
			if err != nil {
				continue // not for this field
			}
			condition, args := f.SQL(query.SQLite, 1)
			served(t, db, f.String(), "SELECT id, name, note, age, score, seen, state FROM people WHERE "+condition+" ORDER BY "+sort.OrderBy()+" LIMIT 50", args...)
		}
	}
}

func served(t *testing.T, db *storage.DB, what, statement string, args ...any) {
	t.Helper()
	rows, err := db.Query(t.Context(), "EXPLAIN QUERY PLAN "+statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var n, parent, unused int
		var detail string
		if err := rows.Scan(&n, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(detail, "SEARCH people USING INDEX i (") {
			t.Errorf("%s: %s\n%s", what, statement, detail)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
