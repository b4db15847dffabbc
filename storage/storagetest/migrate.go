package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/modular-dashboard/dashboard/storage"
)

// schema returns three migrations: one for both databases, one that differs
// by database, one in Go.
func schema() []storage.Migration {
	return []storage.Migration{
		{Version: 1, Name: "items", SQL: `CREATE TABLE items (id BIGINT PRIMARY KEY);
			INSERT INTO items (id) VALUES (1);`},
		{Version: 2, Name: "names", SQLite: `ALTER TABLE items ADD COLUMN name TEXT NOT NULL DEFAULT ''`,
			PostgreSQL: `ALTER TABLE items ADD COLUMN name TEXT NOT NULL DEFAULT ''`},
		{Version: 5, Name: "fill", Up: func(ctx context.Context, tx *storage.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE items SET name = 'one'`)
			return err
		}},
	}
}

func versions(t *testing.T, db *storage.DB, list []storage.Migration) []int {
	t.Helper()
	pending, err := db.Pending(t.Context(), "items", list)
	if err != nil {
		t.Fatalf("pending: %v", err)
	}
	got := []int{}
	for _, m := range pending {
		got = append(got, m.Version)
	}
	return got
}

func migrate(t *testing.T, db *storage.DB, scope string, list []storage.Migration) {
	t.Helper()
	if err := db.Migrate(t.Context(), scope, list); err != nil {
		t.Fatalf("migrate: %v", err)
	}
}

func testMigrate(t *testing.T, db *storage.DB) {
	list := schema()
	if got, want := versions(t, db, list), []int{1, 2, 5}; !slices.Equal(got, want) {
		t.Errorf("pending at first = %v, want %v", got, want)
	}
	migrate(t, db, "items", list[:1])
	if got, want := versions(t, db, list), []int{2, 5}; !slices.Equal(got, want) {
		t.Errorf("pending after one = %v, want %v", got, want)
	}
	for range 2 {
		migrate(t, db, "items", list)
	}
	if got := versions(t, db, list); len(got) != 0 {
		t.Errorf("pending at last = %v, want none", got)
	}
	var name string
	if err := db.QueryRow(t.Context(), `SELECT name FROM items WHERE id = 1`).Scan(&name); err != nil || name != "one" {
		t.Errorf("name = %q, %v; want one", name, err)
	}
	migrate(t, db, "others", []storage.Migration{{Version: 1, Name: "x", SQL: `CREATE TABLE others (id BIGINT)`}})
	if got := versions(t, db, list); len(got) != 0 {
		t.Errorf("another scope changed this one: %v", got)
	}
}

func testMigrateChecks(t *testing.T, db *storage.DB) {
	migrate(t, db, "items", schema())
	edit := func(change func([]storage.Migration) []storage.Migration) []storage.Migration {
		return change(schema())
	}
	cases := []struct {
		name string
		list []storage.Migration
		want error
	}{
		{"edited text", edit(func(l []storage.Migration) []storage.Migration { l[0].SQL += " "; return l }), storage.ErrChecksum},
		{"edited name", edit(func(l []storage.Migration) []storage.Migration { l[1].Name = "other"; return l }), storage.ErrChecksum},
		{"from the future", schema()[:2], storage.ErrFuture},
		{"nothing known", nil, storage.ErrFuture},
		{"out of order", edit(func(l []storage.Migration) []storage.Migration {
			return slices.Insert(l, 2, storage.Migration{Version: 3, Name: "late", SQL: `SELECT 1`})
		}), storage.ErrOrder},
		{"line ends", edit(func(l []storage.Migration) []storage.Migration {
			l[0].SQL = "CREATE TABLE items (id BIGINT PRIMARY KEY);\r\n\t\t\tINSERT INTO items (id) VALUES (1);"
			return l
		}), nil},
	}
	for _, c := range cases {
		if err := db.Migrate(t.Context(), "items", c.list); !errors.Is(err, c.want) {
			t.Errorf("%s: migrate = %v, want %v", c.name, err, c.want)
		}
		if _, err := db.Pending(t.Context(), "items", c.list); !errors.Is(err, c.want) {
			t.Errorf("%s: pending = %v, want %v", c.name, err, c.want)
		}
	}
	one := storage.Migration{Version: 1, Name: "x", SQL: `SELECT 1`}
	for name, bad := range map[string]func() error{
		"scope":   func() error { return db.Migrate(t.Context(), "No Such", []storage.Migration{one}) },
		"twice":   func() error { return db.Migrate(t.Context(), "bad", []storage.Migration{one, one}) },
		"version": func() error { return db.Migrate(t.Context(), "bad", []storage.Migration{{Name: "x", SQL: `SELECT 1`}}) },
		"name": func() error {
			return db.Migrate(t.Context(), "bad", []storage.Migration{{Version: 1, SQL: `SELECT 1`}})
		},
		"no text": func() error { return db.Migrate(t.Context(), "bad", []storage.Migration{{Version: 1, Name: "x"}}) },
		"one side": func() error {
			return db.MigrateStep(t.Context(), "bad", storage.Migration{Version: 1, Name: "x", SQLite: `SELECT 1`}, nil)
		},
	} {
		if err := bad(); err == nil {
			t.Errorf("bad %s was accepted", name)
		}
	}
}

func testMigrateFails(t *testing.T, db *storage.DB) {
	list := []storage.Migration{
		{Version: 1, Name: "good", SQL: `CREATE TABLE good (id BIGINT)`},
		{Version: 2, Name: "bad", SQL: `CREATE TABLE half (id BIGINT); INSERT INTO nowhere (id) VALUES (1);`},
	}
	if err := db.Migrate(t.Context(), "items", list); err == nil {
		t.Fatal("a wrong migration was applied")
	}
	if got, want := versions(t, db, list), []int{2}; !slices.Equal(got, want) {
		t.Errorf("pending = %v, want %v", got, want)
	}
	list[1].SQL = `CREATE TABLE half (id BIGINT)` // nothing of the first attempt is left
	migrate(t, db, "items", list)
}

func testMigrateTogether(t *testing.T, db *storage.DB) {
	var ran atomic.Int32
	var list []storage.Migration
	for i := range 10 {
		list = append(list, storage.Migration{
			Version: i + 1, Name: "table", SQL: fmt.Sprintf(`CREATE TABLE t%d (id BIGINT)`, i),
			Up: func(context.Context, *storage.Tx) error { ran.Add(1); return nil },
		})
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := db.Migrate(t.Context(), "items", list); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := ran.Load(); n != 10 {
		t.Errorf("%d migrations ran, want each of 10 once", n)
	}
}

func testMigrateStep(t *testing.T, db *storage.DB) {
	exec(t, db, `CREATE TABLE done (n BIGINT NOT NULL)`)
	list := schema()
	record := func(tx *storage.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO done (n) VALUES (1)`)
		return err
	}
	err := db.MigrateStep(t.Context(), "items", list[0], func(tx *storage.Tx) error {
		if err := record(tx); err != nil {
			return err
		}
		return errWanted
	})
	if !errors.Is(err, errWanted) {
		t.Errorf("step = %v, want its function's error", err)
	}
	if got, want := versions(t, db, list), []int{1, 2, 5}; !slices.Equal(got, want) {
		t.Errorf("pending after a failed step = %v, want %v", got, want)
	}
	for i := range 2 {
		if err := db.MigrateStep(t.Context(), "items", list[0], record); err != nil {
			t.Fatal(err)
		}
		if n := count(t, db, "done"); n != i+1 {
			t.Errorf("also ran %d times, want %d", n, i+1)
		}
	}
	if n := count(t, db, "items"); n != 1 {
		t.Errorf("the migration ran %d times", n)
	}
	changed := list[0]
	changed.SQL = `SELECT 1`
	if err := db.MigrateStep(t.Context(), "items", changed, nil); !errors.Is(err, storage.ErrChecksum) {
		t.Errorf("changed step = %v, want ErrChecksum", err)
	}
	if err := db.MigrateStep(t.Context(), "items", list[1], nil); err != nil {
		t.Fatal(err)
	}
	if err := db.MigrateStep(t.Context(), "items", list[2], nil); err != nil {
		t.Fatal(err)
	}
	late := storage.Migration{Version: 4, Name: "late", SQL: `SELECT 1`}
	if err := db.MigrateStep(t.Context(), "items", late, nil); !errors.Is(err, storage.ErrOrder) {
		t.Errorf("late step = %v, want ErrOrder", err)
	}
}

func testForget(t *testing.T, db *storage.DB) {
	list := schema()
	migrate(t, db, "items", list)
	err := db.Update(t.Context(), func(tx *storage.Tx) error {
		exec(t, tx, `DROP TABLE items`)
		return db.ForgetMigrations(t.Context(), tx, "items")
	})
	if err != nil {
		t.Fatal(err)
	}
	migrate(t, db, "items", list)
	if n := count(t, db, "items"); n != 1 {
		t.Errorf("%d items after the second migration, want 1", n)
	}
}
