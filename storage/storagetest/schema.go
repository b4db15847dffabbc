package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/modular-dashboard/dashboard/storage"
)

// table returns a schema of n migrations, each of which makes a table.
func table(scope string, n int) storage.Schema {
	s := storage.Schema{Scope: scope}
	for i := range n {
		s.Migrations = append(s.Migrations, storage.Migration{
			Version: i + 1, Name: "table", SQL: fmt.Sprintf(`CREATE TABLE %s_%d (id BIGINT)`, scope, i+1),
		})
	}
	return s
}

func migrateAll(t *testing.T, db *storage.DB, schemas ...storage.Schema) {
	t.Helper()
	if err := db.MigrateAll(t.Context(), schemas...); err != nil {
		t.Fatalf("migrate all: %v", err)
	}
}

func testMigrateAll(t *testing.T, db *storage.DB) {
	migrateAll(t, db) // nothing
	migrateAll(t, db, table("one", 1), table("two", 2))
	migrateAll(t, db, table("two", 2), table("one", 3), table("three", 1), storage.Schema{Scope: "none"})
	for _, name := range []string{"one_1", "one_2", "one_3", "two_1", "two_2", "three_1"} {
		count(t, db, name)
	}
	// The first error ends it: what comes before is applied, what comes after is not.
	bad := table("bad", 1)
	bad.Migrations[0].SQL = `INSERT INTO nowhere (id) VALUES (1)`
	if err := db.MigrateAll(t.Context(), table("four", 1), bad, table("five", 1)); err == nil {
		t.Error("a wrong migration was applied")
	}
	changed := table("two", 2)
	changed.Migrations[1].SQL += ` `
	if err := db.MigrateAll(t.Context(), changed, table("six", 1)); !errors.Is(err, storage.ErrChecksum) {
		t.Errorf("changed: got %v, want %v", err, storage.ErrChecksum)
	}
	if err := db.MigrateAll(t.Context(), table("No Such", 1)); err == nil {
		t.Error("a bad scope was accepted")
	}
	for scope, want := range map[string]int{"four": 0, "bad": 1, "five": 1, "six": 1} {
		pending, err := db.Pending(t.Context(), scope, table(scope, 1).Migrations)
		if err != nil || len(pending) != want {
			t.Errorf("%s: %d pending, %v; want %d", scope, len(pending), err, want)
		}
	}
	bad.Migrations[0].SQL = `CREATE TABLE bad_1 (id BIGINT)`
	migrateAll(t, db, table("four", 1), bad, table("five", 1))
}

func testMigrateAllTogether(t *testing.T, db *storage.DB) {
	var ran atomic.Int32
	schemas := []storage.Schema{table("one", 4), table("two", 4), table("three", 4)}
	for _, s := range schemas {
		for i := range s.Migrations {
			s.Migrations[i].Up = func(context.Context, *storage.Tx) error { ran.Add(1); return nil }
		}
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := db.MigrateAll(t.Context(), schemas[i%3], schemas[(i+1)%3], schemas[(i+2)%3]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := ran.Load(); n != 12 {
		t.Errorf("%d migrations ran, want each of 12 once", n)
	}
}

// testMemo: what this DB has migrated it does not ask the database for again, and
// what differs from that it does.
func testMemo(t *testing.T, db *storage.DB) {
	migrateAll(t, db, table("one", 2))
	exec(t, db, `DELETE FROM dashboard_migrations`) // nobody does that: it shows who asks
	migrateAll(t, db, table("one", 2))
	if pending, err := db.Pending(t.Context(), "one", table("one", 2).Migrations); err != nil || len(pending) != 2 {
		t.Errorf("%d pending, %v; want both, as the database has it", len(pending), err)
	}
	if err := db.MigrateAll(t.Context(), table("one", 3)); err == nil {
		t.Error("more migrations than before: the database was not asked")
	}
	list := table("one", 2).Migrations
	list[1].Name = "another"
	if err := db.Migrate(t.Context(), "one", list); err == nil {
		t.Error("other migrations than before: the database was not asked")
	}
}

func testForgetMeanwhile(t *testing.T, db *storage.DB) {
	one := table("one", 1)
	migrateAll(t, db, one)
	err := db.Update(t.Context(), func(tx *storage.Tx) error {
		exec(t, tx, `DROP TABLE one_1`)
		if err := db.ForgetMigrations(t.Context(), tx, "one"); err != nil {
			return err
		}
		migrateAll(t, db, one) // sees what is committed
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	migrateAll(t, db, one)
	if n := count(t, db, "one_1"); n != 0 {
		t.Errorf("%d rows, want a new table", n)
	}
}

func testForgetRolledBack(t *testing.T, db *storage.DB) {
	err := db.Update(t.Context(), func(tx *storage.Tx) error { return db.ForgetMigrations(t.Context(), tx, "one") })
	if err == nil {
		t.Error("forgot before anything was migrated")
	}
	one := table("one", 1)
	migrateAll(t, db, one)
	err = db.Update(t.Context(), func(tx *storage.Tx) error {
		if err := db.ForgetMigrations(t.Context(), tx, "one"); err != nil {
			return err
		}
		return errWanted
	})
	if !errors.Is(err, errWanted) {
		t.Fatalf("got %v, want %v", err, errWanted)
	}
	migrateAll(t, db, one)
	if pending, err := db.Pending(t.Context(), "one", one.Migrations); err != nil || len(pending) != 0 {
		t.Errorf("%d pending, %v; want none", len(pending), err)
	}
}

func testCheckSchemas(t *testing.T, db *storage.DB) {
	if list, err := db.CheckSchemas(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("nothing: got %v, %v", list, err)
	}
	list, err := db.CheckSchemas(t.Context(), table("one", 2)) // makes the table of migrations
	if err != nil || len(list) != 1 || list[0].Err != nil || len(list[0].Pending) != 2 {
		t.Errorf("at first: got %+v, %v", list, err)
	}
	migrateAll(t, db, table("one", 2), table("two", 2), table("three", 1))
	changed := table("one", 2)
	changed.Migrations[0].Name = "other"
	schemas := []storage.Schema{table("one", 3), table("two", 1), changed, table("three", 1), table("four", 2), {Scope: "one"}}
	check := func(where string, list []storage.SchemaStatus, err error) {
		t.Helper()
		if err != nil || len(list) != len(schemas) {
			t.Fatalf("%s: got %v, %v", where, list, err)
		}
		for i, want := range []struct {
			pending int
			err     error
		}{{1, nil}, {0, storage.ErrFuture}, {0, storage.ErrChecksum}, {0, nil}, {2, nil}, {0, storage.ErrFuture}} {
			if got := list[i]; len(got.Pending) != want.pending || !errors.Is(got.Err, want.err) {
				t.Errorf("%s, schema %d: got %+v, want %d pending, %v", where, i, got, want.pending, want.err)
			}
		}
	}
	list, err = db.CheckSchemas(t.Context(), schemas...)
	check("outside", list, err)
	if list, err = db.CheckSchemas(t.Context(), table("No Such", 1)); err != nil || list[0].Err == nil {
		t.Errorf("bad scope: got %+v, %v", list, err)
	}
	err = db.Update(t.Context(), func(tx *storage.Tx) error {
		list, err := tx.CheckSchemas(t.Context(), schemas...)
		check("inside", list, err)
		if err := db.ForgetMigrations(t.Context(), tx, "three"); err != nil {
			return err
		}
		list, err = tx.CheckSchemas(t.Context(), table("three", 1))
		if err != nil || len(list[0].Pending) != 1 {
			t.Errorf("forgotten in this transaction: got %+v, %v", list, err)
		}
		return errWanted
	})
	if !errors.Is(err, errWanted) {
		t.Error(err)
	}
}
