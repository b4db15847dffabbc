package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// TestSettings reads back what the promises rest on.
func TestSettings(t *testing.T) {
	db := open(t)
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "trusted_schema": "0",
	} {
		var got string
		err := db.Update(t.Context(), func(tx *storage.Tx) error {
			return tx.QueryRow(t.Context(), `PRAGMA `+pragma).Scan(&got)
		})
		if err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", pragma, got, err, want)
		}
	}
	if db.Dialect() != storage.SQLite {
		t.Errorf("dialect = %s, want sqlite", db.Dialect())
	}
}

// TestFlushing: who does not ask for less has the disk's word, whatever was
// asked for before.
func TestFlushing(t *testing.T) {
	db := open(t)
	level := func(ctx context.Context) (got string) {
		err := db.Update(ctx, func(tx *storage.Tx) error { return tx.QueryRow(ctx, `PRAGMA synchronous`).Scan(&got) })
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	lax := storage.Transient(t.Context())
	for i, step := range []struct {
		ctx  context.Context
		want string
	}{{t.Context(), "2"}, {lax, "1"}, {lax, "1"}, {t.Context(), "2"}, {lax, "1"}, {t.Context(), "2"}} {
		if got := level(step.ctx); got != step.want {
			t.Errorf("write %d: synchronous = %s, want %s", i, got, step.want)
		}
	}
}

func TestFileMode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("Windows has no such modes")
		return
	}
	db := open(t)
	if _, err := db.Exec(t.Context(), `CREATE TABLE t (id BIGINT)`); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(db.Path() + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("mode of test.db%s = %o, want 600", suffix, got)
		}
	}
}

// FuzzPath opens a database under any file name: what is created has exactly
// that name.
func FuzzPath(f *testing.F) {
	for _, name := range []string{"a.db", "a b", "a?mode=memory", "a#b", "100%", "%41", "file:a", "ü.db", "-", ":memory:x", "a&b=c", `a\b`, "a'b\"c", "~", " "} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") || len(name) > 200 {
			return
		}
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		db, err := sqlite.Open(path)
		if err != nil {
			if _, ok := errors.AsType[*storage.Error](err); !ok {
				t.Fatalf("open %q: %v, want a storage.Error", name, err)
			}
			return
		}
		if _, err := db.Exec(t.Context(), `CREATE TABLE t (id BIGINT)`); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		left, err := os.ReadDir(dir)
		if err != nil || len(left) != 1 || left[0].Name() != name || db.Path() != path {
			t.Errorf("open %q made %v, %v", name, left, err)
		}
	})
}

// FuzzScope gives migrations any scope: it is refused or it works.
func FuzzScope(f *testing.F) {
	for _, s := range []string{"billing", "a-b_1", "", "A", "1a", "a'b", "ä", strings.Repeat("a", 65)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, scope string) {
		db := openAt(t, ":memory:")
		list := []storage.Migration{{Version: 1, Name: "x", SQL: `CREATE TABLE t (id BIGINT)`}}
		if err := db.Migrate(t.Context(), scope, list); err != nil {
			return
		}
		pending, err := db.Pending(t.Context(), scope, list)
		if err != nil || len(pending) != 0 {
			t.Errorf("scope %q: pending %v, %v", scope, pending, err)
		}
	})
}

func TestMemory(t *testing.T) {
	dir := t.TempDir()
	for _, variable := range []string{"TMPDIR", "TMP"} {
		t.Setenv(variable, dir)
	}
	one, two := openAt(t, ":memory:"), openAt(t, ":memory:")
	if _, err := one.Exec(t.Context(), `CREATE TABLE items (id BIGINT)`); err != nil {
		t.Fatal(err)
	}
	if _, err := two.Exec(t.Context(), `CREATE TABLE items (id BIGINT)`); err != nil {
		t.Errorf("two in-memory databases are one: %v", err)
	}
	if one.Path() != "" {
		t.Errorf("path = %q, want none", one.Path())
	}
	if err := errors.Join(one.Close(), two.Close()); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// TestCloseLeavesNothing looks for goroutines, files and the log.
func TestCloseLeavesNothing(t *testing.T) {
	leaktest.Check(t)
	dir := t.TempDir()
	db, err := sqlite.Open(filepath.Join(dir, "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), `CREATE TABLE items (id BIGINT); INSERT INTO items (id) VALUES (1), (2)`); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(t.Context(), `SELECT id FROM items`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	closed := make(chan error)
	go func() { closed <- db.Close() }()
	for rows.Next() { // what runs may finish
	}
	if err := rows.Err(); err != nil {
		t.Errorf("rows open at Close: %v", err)
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
	// The last connection to close moves the log into the database. Where two close at
	// the same moment neither takes itself for the last, and the next Open finds it.
	again, err := sqlite.Open(filepath.Join(dir, "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := again.QueryRow(t.Context(), `SELECT count(*) FROM items`).Scan(&n); err != nil || n != 2 {
		t.Errorf("got %d rows after Close, %v; want 2", n, err)
	}
	if err := again.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left %v, %v; want the database alone", left, err)
	}
}

// TestCloseForgotten closes a database whose rows nobody closes.
func TestCloseForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := sqlite.Open(":memory:")
		if err != nil {
			t.Fatal(err)
		}
		rows, err := db.Query(t.Context(), `SELECT 1`)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err == nil || !strings.Contains(err.Error(), "1 connections are still in use") {
			t.Errorf("close = %v, want a complaint", err)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestClock shows that the database's clock follows a bubble's, so that
// leases and expiries are tested without waiting.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := openAt(t, ":memory:")
		k := storage.NewLocker(db)
		old, err := k.Acquire(t.Context(), "a", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Hour - time.Microsecond)
		if _, err := k.Acquire(t.Context(), "a", time.Hour); !errors.Is(err, storage.ErrHeld) {
			t.Errorf("just before the end: %v, want ErrHeld", err)
		}
		<-time.After(time.Microsecond)
		l, err := k.Acquire(t.Context(), "a", time.Hour)
		if err != nil || l.Fence() <= old.Fence() {
			t.Errorf("at the end: %v", err)
		}
		kept, stop := l.Keep(t.Context())
		<-time.After(24 * time.Hour)
		if kept.Err() != nil {
			t.Errorf("a kept lease was lost after a day")
		}
		stop()
	})
}

// TestStatements runs more texts than a connection keeps, some while their
// rows are open.
func TestStatements(t *testing.T) {
	db := open(t, sqlite.WithReaders(1))
	ctx := t.Context()
	if _, err := db.Exec(ctx, `CREATE TABLE items (id BIGINT); INSERT INTO items (id) VALUES (1), (2), (3)`); err != nil {
		t.Fatal(err)
	}
	err := db.View(ctx, func(tx *storage.Tx) error {
		outer, err := tx.Query(ctx, `SELECT id FROM items ORDER BY id`)
		if err != nil {
			return err
		}
		defer outer.Close()
		seen := 0
		for outer.Next() {
			for i := range 100 {
				var n int
				if err := tx.QueryRow(ctx, fmt.Sprintf(`SELECT %d FROM items LIMIT 1`, i)).Scan(&n); err != nil || n != i {
					return fmt.Errorf("got %d, want %d: %w", n, i, err)
				}
			}
			var n int
			if err := tx.QueryRow(ctx, `SELECT id FROM items ORDER BY id`).Scan(&n); err != nil || n != 1 {
				return fmt.Errorf("same text inside: %d, %w", n, err)
			}
			seen++
		}
		if seen != 3 {
			t.Errorf("saw %d rows, want 3", seen)
		}
		return outer.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	// A kept statement sees a changed table.
	if _, err := db.Exec(ctx, `ALTER TABLE items ADD COLUMN name TEXT DEFAULT 'x'`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		rows, err := db.Query(ctx, `SELECT * FROM items`) //nolint:unqueryvet // the number of columns is what is tested
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		rows.Close()
		if err != nil || len(columns) != 2 {
			t.Errorf("columns = %v, %v", columns, err)
		}
	}
}

// TestAllocations bounds what a hot statement allocates, most of it in
// database/sql and the engine.
func TestAllocations(t *testing.T) {
	db := openAt(t, ":memory:")
	if _, err := db.Exec(t.Context(), `CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO items (name) VALUES ('x')`); err != nil {
		t.Fatal(err)
	}
	read := func() {
		var name string
		if err := db.QueryRow(t.Context(), `SELECT name FROM items WHERE id = $1`, 1).Scan(&name); err != nil {
			t.Fatal(err)
		}
	}
	if got := testing.AllocsPerRun(200, read); got > 32 {
		t.Errorf("a read allocates %.0f times, want at most 32", got)
	}
	write := func() {
		if _, err := db.Exec(t.Context(), `UPDATE items SET name = $1 WHERE id = 1`, "y"); err != nil {
			t.Fatal(err)
		}
	}
	if got := testing.AllocsPerRun(200, write); got > 36 {
		t.Errorf("a write allocates %.0f times, want at most 36", got)
	}
}
