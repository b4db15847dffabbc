package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// wantLine checks that err is one line of the kind that names its file.
func wantLine(t *testing.T, err, code error, line string) {
	t.Helper()
	if _, ok := errors.AsType[*storage.Error](err); !ok || !errors.Is(err, code) || err.Error() != line || strings.Contains(line, "\n") {
		t.Errorf("error = %v\nwant    %s (%v)", err, line, code)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("not a database, but long enough to have a header of its own"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		path string
		code error
		line string
	}{
		{"", storage.ErrUnavailable, `cannot open a database without a path`},
		{"file:x.db?mode=ro", storage.ErrUnavailable, `cannot open database "file:x.db?mode=ro": give a plain path, not a URI`},
		{"a\x00b", storage.ErrUnavailable, `cannot open database "a\x00b": give a plain path, not a URI`},
		{dir, storage.ErrUnavailable, "cannot open database " + dir + ": it is a folder"},
		{dir + "/no/x.db", storage.ErrUnavailable, "cannot open database " + dir + "/no/x.db: folder " + dir + "/no does not exist"},
		{file + "/x.db", storage.ErrUnavailable, "cannot open database " + file + "/x.db: " + file + " is not a folder"},
		{file, storage.ErrCorrupt, "file " + file + " is not a SQLite database, or its first page is damaged"},
	}
	for _, c := range cases {
		db, err := sqlite.Open(c.path)
		if db != nil {
			t.Errorf("%q was opened", c.path)
		}
		wantLine(t, err, c.code, c.line)
	}
	for _, o := range []sqlite.Option{sqlite.WithWait(0), sqlite.WithReaders(-1)} {
		if _, err := sqlite.Open(filepath.Join(dir, "x.db"), o); err == nil {
			t.Error("a senseless option was accepted")
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("failed opens left %v, %v", left, err)
	}
}

// filled returns the path of a closed database of some pages.
func filled(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	db := openAt(t, path)
	if _, err := db.Exec(t.Context(), `CREATE TABLE items (id INTEGER PRIMARY KEY, body TEXT NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	err := db.Update(t.Context(), func(tx *storage.Tx) error {
		for range 200 {
			if _, err := tx.Exec(t.Context(), `INSERT INTO items (body) VALUES ($1)`, strings.Repeat("x", 1000)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCorrupt(t *testing.T) {
	cases := []struct {
		name   string
		damage func(content []byte) []byte
		line   func(path string) string
	}{
		{"first page", func(c []byte) []byte { copy(c, strings.Repeat("?", 100)); return c },
			func(p string) string { return "file " + p + " is not a SQLite database, or its first page is damaged" }},
		{"schema", func(c []byte) []byte { copy(c[100:], strings.Repeat("\xff", 200)); return c },
			func(p string) string { return "database " + p + " is damaged: restore it from a backup" }},
		{"pages", func(c []byte) []byte { copy(c[4096:], strings.Repeat("\xff", len(c)-8192)); return c },
			func(p string) string { return "database " + p + " is damaged: restore it from a backup" }},
		{"cut short", func(c []byte) []byte { return c[:len(c)/2/4096*4096] },
			func(p string) string { return "database " + p + " is damaged: restore it from a backup" }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filled(t)
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, c.damage(content), 0o600); err != nil {
				t.Fatal(err)
			}
			wantLine(t, readAll(t, path), storage.ErrCorrupt, c.line(path))
		})
	}
}

// readAll opens a database and reads every row.
func readAll(t *testing.T, path string) error {
	db, err := sqlite.Open(path)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query(t.Context(), `SELECT id, body FROM items`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

func TestFull(t *testing.T) {
	db := open(t)
	ctx := t.Context()
	if _, err := db.Exec(ctx, `CREATE TABLE items (id INTEGER PRIMARY KEY, body TEXT NOT NULL); PRAGMA max_page_count = 20`); err != nil {
		t.Fatal(err)
	}
	line := "database " + db.Path() + " is full: free disk space, or raise its limit"
	body := strings.Repeat("x", 3000)
	var err error
	rows := 0
	for ; err == nil && rows < 100; rows++ {
		_, err = db.Exec(ctx, `INSERT INTO items (body) VALUES ($1)`, body)
	}
	wantLine(t, err, storage.ErrFull, line)
	// SQLite ends the transaction by itself here: what follows must not be
	// committed alone.
	err = db.Update(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO items (id, body) VALUES (1001, 'small')`); err != nil {
			return err
		}
		_, _ = tx.Exec(ctx, `INSERT INTO items (body) VALUES ($1)`, strings.Repeat(body, 40))
		_, _ = tx.Exec(ctx, `INSERT INTO items (id, body) VALUES (1002, 'small')`)
		return nil
	})
	wantLine(t, err, storage.ErrFull, line)
	var n int
	if err := db.QueryRow(ctx, `SELECT count(*) FROM items WHERE id > 1000`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows of a failed transaction, %v", n, err)
	}
	checkIntegrity(t, db)
}

// TestLocked holds the lock from a second handle, as another process would.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	holder := openAt(t, path)
	db := openAt(t, path, sqlite.WithWait(150*time.Millisecond))
	patient := openAt(t, path, sqlite.WithWait(2*time.Minute))
	if _, err := db.Exec(t.Context(), `CREATE TABLE items (id BIGINT)`); err != nil {
		t.Fatal(err)
	}
	err := holder.Update(t.Context(), func(*storage.Tx) error {
		_, err := db.Exec(t.Context(), `INSERT INTO items (id) VALUES (1)`)
		wantLine(t, err, storage.ErrBusy, "database "+path+" stayed locked by another process for 150ms")

		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		begin := time.Now()
		err = patient.Update(ctx, func(*storage.Tx) error { t.Error("the lock was given twice"); return nil })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("update = %v, want context.DeadlineExceeded", err)
		}
		if took := time.Since(begin); took > time.Minute {
			t.Errorf("a canceled wait took %s", took)
		}
		var n int
		return db.QueryRow(t.Context(), `SELECT count(*) FROM items`).Scan(&n) // readers do not wait
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), `INSERT INTO items (id) VALUES (1)`); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

// TestNested writes through the database inside its own transaction.
func TestNested(t *testing.T) {
	db := open(t, sqlite.WithWait(50*time.Millisecond))
	line := "database " + db.Path() + ": other writes took longer than 50ms (Exec and Update inside Update wait for themselves)"
	err := db.Update(t.Context(), func(*storage.Tx) error {
		_, err := db.Exec(t.Context(), `CREATE TABLE items (id BIGINT)`)
		wantLine(t, err, storage.ErrBusy, line)
		return db.Update(t.Context(), func(*storage.Tx) error { return nil })
	})
	wantLine(t, err, storage.ErrBusy, line)
	if _, err := db.Exec(t.Context(), `CREATE TABLE items (id BIGINT)`); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestInterrupt ends a statement that would run for ever.
func TestInterrupt(t *testing.T) {
	const endless = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n`
	db := open(t)
	if _, err := db.Exec(t.Context(), `CREATE TABLE items (id BIGINT)`); err != nil {
		t.Fatal(err)
	}
	runs := map[string]func(context.Context) error{
		"exec": func(ctx context.Context) error {
			_, err := db.Exec(ctx, `INSERT INTO items (id) `+endless)
			return err
		},
		"query": func(ctx context.Context) error {
			var n int
			return db.QueryRow(ctx, endless).Scan(&n)
		},
		"update": func(ctx context.Context) error {
			return db.Update(ctx, func(tx *storage.Tx) error {
				if _, err := tx.Exec(ctx, `INSERT INTO items (id) VALUES (1)`); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, `INSERT INTO items (id) `+endless)
				return err
			})
		},
		"statement of an update": func(context.Context) (err error) {
			for wait := 20 * time.Millisecond; err == nil && wait < time.Minute; wait *= 8 {
				err = db.Update(t.Context(), func(tx *storage.Tx) error {
					if _, err := tx.Exec(t.Context(), `DELETE FROM items; INSERT INTO items (id) VALUES (1)`); err != nil {
						return err
					}
					ctx, cancel := context.WithTimeout(t.Context(), wait)
					defer cancel()
					_, _ = tx.Exec(ctx, `INSERT INTO items (id) `+endless)
					_, _ = tx.Exec(t.Context(), `INSERT INTO items (id) VALUES (2)`) // must not commit alone
					return nil
				}) // nil where the machine is so slow that the statement did not begin
			}
			return err
		},
	}
	for name, run := range runs {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		err := run(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s = %v, want context.DeadlineExceeded", name, err)
		}
		var n int
		if err := db.QueryRow(t.Context(), `SELECT count(*) FROM items`).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s left %d rows, %v", name, n, err)
		}
	}
}

func TestTransactionControlInside(t *testing.T) {
	db := open(t)
	ctx := t.Context()
	if _, err := db.Exec(ctx, `CREATE TABLE items (id BIGINT)`); err != nil {
		t.Fatal(err)
	}
	err := db.Update(ctx, func(tx *storage.Tx) error {
		_, err := tx.Exec(ctx, `COMMIT`)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "ended it") {
		t.Errorf("update = %v, want a complaint about the statement that ended it", err)
	}
	if _, err := db.Exec(ctx, `INSERT INTO items (id) VALUES (1)`); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
