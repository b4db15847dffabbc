package resource_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/resource"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// customer is what the tables of the tests hold.
type customer struct {
	ID        string    `json:"id" resource:"key"`
	Name      string    `json:"name" validate:"max=100" resource:"label,sort,search,filter"`
	Email     string    `json:"email" validate:"max=100" resource:"sort,search,filter,unique"`
	Plan      string    `json:"plan" validate:"oneof=free team enterprise" resource:"filter"`
	Seats     int64     `json:"seats" resource:"sort,filter"`
	Active    bool      `json:"active" resource:"filter"`
	CreatedAt time.Time `json:"created_at" resource:"created,sort=-default,filter"`
	Version   int64     `json:"-" resource:"version"`
}

func table(t testing.TB, db *storage.DB) (*resource.Fields, *resource.Table) {
	t.Helper()
	fields, err := resource.Describe(reflect.TypeFor[customer]())
	if err != nil {
		t.Fatal(err)
	}
	out, err := resource.NewTable(fields, "shop__customers", db.Dialect())
	if err != nil {
		t.Fatal(err)
	}
	return fields, out
}

// million is a table of many rows, its indexes made last, which is faster.
func million(t testing.TB, rows int) (*storage.DB, *resource.Fields, *resource.Table) {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	fields, out := table(t, db)
	statements := strings.Split(out.Migrations()[0].SQLite, ";\n")
	err = db.Update(t.Context(), func(tx *storage.Tx) error {
		for i, statement := range statements {
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				return err
			}
			if i > 0 {
				continue
			}
			if _, err := tx.Exec(t.Context(), fmt.Sprintf(`WITH RECURSIVE made(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM made WHERE n + 1 < %d)
				INSERT INTO shop__customers (id, name, email, plan, seats, active, created_at, version)
				SELECT printf('%%08d', n), CASE n %% 1000 WHEN 7 THEN 'Zuse ' ELSE 'Person ' END || (n * 7919 %% 1000003), 'p' || n || '@example.com',
					CASE WHEN n %% 100000 = 3 THEN 'enterprise' WHEN n %% 3 = 0 THEN 'team' ELSE 'free' END,
					n * 31 %% 5000, n %% 2, 1700000000000000 + n * 1000000, 1 FROM made`, rows)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return db, fields, out
}

// Every order, filter and search that is declared is served by an index: no
// statement scans the table or sorts more than a few rows, and a page is one
// statement.
func TestMillionRows(t *testing.T) {
	rows := 1_000_000
	if testing.Short() {
		rows = 20_000
	}
	db, fields, table := million(t, rows)
	tests := []struct {
		filter, sort, search string
		sorted               bool // by a sort of the few rows that the filter left
	}{
		{sort: ""}, {sort: "created_at"}, {sort: "name"}, {sort: "-name"}, {sort: "email"}, {sort: "-seats"}, {sort: "id"}, {sort: "-id"},
		{filter: "plan = team"}, {filter: "plan = enterprise"}, {filter: "plan = enterprise", sort: "created_at"},
		{filter: "active = true"}, {filter: "seats = 31"}, {filter: `name = "person 7919"`},
		{filter: "email = P77@example.com"}, {filter: "email = P77@example.com", sort: "name"},
		{filter: "plan = team AND active = true"}, {filter: "plan = team AND seats > 4990 AND created_at > 2023-11-14"},
		{filter: "created_at > 2023-11-15 AND created_at < 2023-11-16"}, {filter: "seats > 4990", sort: "-seats"}, {filter: "name:zu*", sort: "name"},
		{filter: "seats > 4990", sort: "name", sorted: true}, {filter: "name:zu*", sorted: true},
		{filter: "plan = enterprise", sort: "name", sorted: true}, {filter: "plan = team", sort: "name", sorted: true},
		{filter: "plan = enterprise OR seats = 31", sort: "email", sorted: true}, {filter: "NOT plan = free", sorted: true},
		{search: "zuse", sorted: true}, {search: "p", sorted: true}, {search: "nobody", sorted: true},
		{search: "p77", sort: "-seats", sorted: true}, {search: "person 1", filter: "plan = team", sort: "name", sorted: true},
	}
	for _, tt := range tests {
		q, err := fields.Parse(tt.filter, tt.sort, tt.search)
		if err != nil {
			t.Fatal(err)
		}
		counted := &counting{Querier: db}
		var after string
		var got []customer
		for range 3 {
			counted.statements = nil
			var items []customer
			began := time.Now()
			next, err := table.List(t.Context(), counted, q, after, 20, reflect.ValueOf(&items))
			if err != nil {
				t.Fatalf("%+v: %v", tt, err)
			}
			if took := time.Since(began); testing.Verbose() {
				t.Logf("%8s %+v", took.Round(10*time.Microsecond), tt)
			}
			if len(counted.statements) != 1 {
				t.Errorf("%+v: a page is %d statements", tt, len(counted.statements))
			}
			explained(t, db, counted, tt.sorted)
			got = append(got, items...)
			if after = next; next == "" {
				break
			}
		}
		if !slices.IsSortedFunc(got, func(a, b customer) int {
			return q.Sort.Compare(fields.Values(reflect.ValueOf(a)), fields.Values(reflect.ValueOf(b)))
		}) {
			t.Errorf("%+v: not in order", tt)
		}
		for _, c := range got {
			if v := fields.Values(reflect.ValueOf(c)); !q.Filter.Match(v) || !q.Found.Match(v) {
				t.Errorf("%+v: got %+v", tt, c)
			}
		}
	}
}

// However few or many rows match and wherever they are in the order, pages are
// those of a list in memory.
func TestEveryWayToAPage(t *testing.T) {
	rows := 2000
	if testing.Short() {
		rows = 500
	}
	db, fields, table := million(t, rows)
	_, err := db.Exec(t.Context(), `UPDATE shop__customers SET plan = 'enterprise', name = 'zz' || name WHERE id >= $1`, fmt.Sprintf("%08d", rows-100))
	if err != nil {
		t.Fatal(err)
	}
	var all []customer
	q, err := fields.Parse("", "id", "")
	if err == nil {
		_, err = table.List(t.Context(), db, q, "", rows, reflect.ValueOf(&all))
	}
	if err != nil || len(all) != rows {
		t.Fatalf("got %d rows, %v", len(all), err)
	}
	ways := 0
	for _, bounds := range [][3]int{{4000, 20_000, 100_000}, {10, 50, 300}, {10, 50, 20}, {1, 1, 1}, {50, 2000, 60}} {
		table.Bound(bounds[0], bounds[1], bounds[2])
		for _, filter := range []string{"plan = enterprise", "seats > 4000", "seats < 4000 AND active = true", "NOT plan = team", "email:* AND seats = 31", "seats = 7"} {
			for _, sort := range []string{"", "name", "-name", "email", "-seats", "id", "-id"} {
				for _, search := range []string{"", "p", "zz"} {
					if ways++; testing.Short() && ways%5 != 0 { // each of these is still asked for
						continue
					}
					q, err := fields.Parse(filter, sort, search)
					if err != nil {
						t.Fatal(err)
					}
					wanted, _, err := fields.Page(reflect.ValueOf(all), q, "", len(all))
					if err != nil {
						t.Fatal(err)
					}
					var got []string
					for after := ""; ; {
						var items []customer
						next, err := table.List(t.Context(), db, q, after, 150, reflect.ValueOf(&items))
						if err != nil {
							t.Fatal(err)
						}
						for _, c := range items {
							got = append(got, c.ID)
						}
						if after = next; next == "" || len(got) > len(all) {
							break
						}
					}
					var want []string
					for _, i := range wanted {
						want = append(want, all[i].ID)
					}
					if !slices.Equal(got, want) {
						t.Errorf("%v: filter %q, sort %q, search %q: got %d rows, want %d, in another order or not the same", bounds, filter, sort, search, len(got), len(want))
					}
				}
			}
		}
	}
}

// counting keeps the statements it passes on.
type counting struct {
	storage.Querier
	statements []string
	args       [][]any
}

func (c *counting) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	c.statements, c.args = append(c.statements, query), append(c.args[:0], args)
	return c.Querier.Query(ctx, query, args...)
}

// explained fails t where a statement would read the table without an index, or
// sort. A sort is allowed of the rows of "few", which are bounded.
func explained(t *testing.T, db *storage.DB, c *counting, sorted bool) {
	t.Helper()
	rows, err := db.Query(t.Context(), "EXPLAIN QUERY PLAN "+c.statements[0], c.args[0]...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	sorts := 0
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
		if strings.Contains(detail, "TEMP B-TREE") {
			sorts++
		}
		if strings.HasPrefix(detail, "SCAN shop__customers") && !strings.Contains(detail, "INDEX") {
			t.Errorf("the table is scanned: %s\n%s", c.statements[0], strings.Join(plan, "\n"))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	bounded := strings.Contains(c.statements[0], "WITH few")
	if sorts > 0 && (!sorted || !bounded) || sorts > 2 { // of many, and of the page that was walked to
		t.Errorf("%d sorts: %s\n%s", sorts, c.statements[0], strings.Join(plan, "\n"))
	}
}
