package storagetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// testCommitHook checks what a hook is called with and when.
func testCommitHook(t *testing.T, db *storage.DB) {
	exec(t, db, `CREATE TABLE items (id TEXT PRIMARY KEY)`)
	exec(t, db, `CREATE TABLE notes (id TEXT NOT NULL)`)
	refused := errors.New("refused")
	calls, refuse := 0, true
	ctx, stop := db.WithCommitHook(t.Context(), func(ctx context.Context, tx *storage.Tx) error {
		if calls++; refuse {
			return refused
		}
		_, err := tx.Exec(ctx, `INSERT INTO notes (id) VALUES ('x')`)
		return err
	})
	insert := func(id string) error {
		return db.Update(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO items (id) VALUES ($1)`, id)
			return err
		})
	}
	want := func(what string, wantCalls, items, notes int) {
		t.Helper()
		if i, n := count(t, db, "items"), count(t, db, "notes"); calls != wantCalls || i != items || n != notes {
			t.Errorf("%s: %d calls, %d items, %d notes; want %d, %d, %d", what, calls, i, n, wantCalls, items, notes)
		}
	}
	if err := insert("a"); !errors.Is(err, refused) {
		t.Errorf("a hook that refuses: %v", err)
	}
	if _, err := db.Exec(ctx, `INSERT INTO items (id) VALUES ('a')`); !errors.Is(err, refused) {
		t.Errorf("a hook that refuses, by Exec: %v", err)
	}
	want("refused", 2, 0, 0)

	refuse = false
	failed := errors.New("failed")
	if err := db.Update(ctx, func(*storage.Tx) error { return failed }); !errors.Is(err, failed) {
		t.Errorf("a function that fails: %v", err)
	}
	want("failed", 2, 0, 0)
	testNoWrites(ctx, t, db)
	want("no write of the caller's", 2, 0, 0)

	if res, err := db.Exec(ctx, `INSERT INTO items (id) VALUES ('a'), ('b')`); err != nil {
		t.Errorf("Exec: %v", err)
	} else if n, err := res.RowsAffected(); n != 2 || err != nil {
		t.Errorf("Exec: %d rows, %v", n, err)
	}
	want("the first commit", 3, 2, 1)
	if err := insert("c"); err != nil {
		t.Error(err)
	}
	want("the second commit", 3, 3, 1)
	stop()
}

// testNestedHooks checks that a context with two hooks runs both, in one
// transaction.
func testNestedHooks(t *testing.T, db *storage.DB) {
	exec(t, db, `CREATE TABLE items (id TEXT PRIMARY KEY)`)
	var order []string
	hook := func(name string, err error) func(context.Context, *storage.Tx) error {
		return func(context.Context, *storage.Tx) error {
			order = append(order, name)
			return err
		}
	}
	refused := errors.New("refused")
	outer, stopOuter := db.WithCommitHook(t.Context(), hook("outer", nil))
	defer stopOuter()
	failing, stopFailing := db.WithCommitHook(outer, hook("failing", refused))
	if _, err := db.Exec(failing, `INSERT INTO items (id) VALUES ('a')`); !errors.Is(err, refused) {
		t.Errorf("an inner hook that refuses: %v", err)
	}
	stopFailing()
	inner, stopInner := db.WithCommitHook(outer, hook("inner", nil))
	defer stopInner()
	for _, id := range []string{"b", "c"} {
		if _, err := db.Exec(inner, `INSERT INTO items (id) VALUES ($1)`, id); err != nil {
			t.Errorf("insert %s: %v", id, err)
		}
	}
	if want := []string{"failing", "inner", "outer"}; !slices.Equal(order, want) {
		t.Errorf("got calls %v, want %v", order, want)
	}
	if n := count(t, db, "items"); n != 2 {
		t.Errorf("got %d items, want 2", n)
	}
}

// testNoWrites does under ctx what must not call its hook.
func testNoWrites(ctx context.Context, t *testing.T, db *storage.DB) {
	t.Helper()
	lease, err := storage.NewLocker(db).Acquire(ctx, "lease", time.Minute)
	if err == nil {
		err = errors.Join(lease.Renew(ctx), lease.Release(ctx))
	}
	if err != nil {
		t.Errorf("a lease: %v", err)
	}
	if err := db.Migrate(ctx, "scope", []storage.Migration{{Version: 1, Name: "one", SQL: `CREATE TABLE one (id TEXT)`}}); err != nil {
		t.Errorf("a migration: %v", err)
	}
	if err := db.View(ctx, func(tx *storage.Tx) error { return nil }); err != nil {
		t.Errorf("a view: %v", err)
	}
	unused, stop := db.WithCommitHook(t.Context(), func(context.Context, *storage.Tx) error { return errors.New("called after stop") })
	stop()
	if _, err := db.Exec(unused, `DELETE FROM items`); err != nil {
		t.Errorf("a hook that was stopped: %v", err)
	}
}
