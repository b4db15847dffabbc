package sqlite_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// A database that is full says so without being written to, until writes succeed
// for a while: those that need no room succeed also on a full disk.
func TestWriteFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, err := sqlite.Open(":memory:")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		ctx := t.Context()
		exec := func(query string, args ...any) error {
			_, err := db.Exec(ctx, query, args...)
			return err
		}
		update := func(query string, args ...any) error {
			return db.Update(ctx, func(tx *storage.Tx) error {
				_, err := tx.Exec(ctx, query, args...)
				return err
			})
		}
		const grow, touch = `INSERT INTO items (body) VALUES ($1)`, `UPDATE items SET body = 'y' WHERE id = 1`
		if err := exec(`CREATE TABLE items (id INTEGER PRIMARY KEY, body TEXT NOT NULL); INSERT INTO items (body) VALUES ('x'); PRAGMA max_page_count = 20`); err != nil {
			t.Fatal(err)
		}
		want := func(what string, code error) {
			t.Helper()
			if got := db.WriteFailure(); !errors.Is(got, code) || code == nil && got != nil {
				t.Errorf("%s: got %v, want %v", what, got, code)
			}
		}
		want("at first", nil)
		if err := exec(`INSERT INTO nowhere (body) VALUES ($1)`, "x"); err == nil {
			t.Error("a mistake is no error")
		}
		want("after a mistake", nil)
		for name, write := range map[string]func(string, ...any) error{"Exec": exec, "Update": update} {
			if err := write(grow, strings.Repeat("x", 1<<20)); !errors.Is(err, storage.ErrFull) {
				t.Fatalf("%s: got %v, want a full database", name, err)
			}
			want(name+" was refused", storage.ErrFull)
			<-time.After(9 * time.Second)
			if err := write(touch); err != nil {
				t.Fatal(err)
			}
			want(name+" succeeds at once", storage.ErrFull)
			<-time.After(time.Second)
			want(name+" was refused ten seconds ago", storage.ErrFull)
			if err := write(touch); err != nil {
				t.Fatal(err)
			}
			want(name+" succeeds", nil)
		}
		// What a function says that has not written is not the database's word.
		for _, code := range []error{storage.ErrReadOnly, storage.ErrBusy, context.Canceled} {
			_ = db.Update(ctx, func(*storage.Tx) error { return &storage.Error{Code: code} })
			want("a function's error", nil)
		}
	})
}
