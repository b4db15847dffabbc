package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
	"github.com/modular-dashboard/dashboard/storage/storagetest"
)

func TestConformanceLazy(t *testing.T) {
	storagetest.RunDB(t, func(t *testing.T) *storage.DB { return open(t, sqlite.WithLazyOpen()) })
}

// first are the ways to be the first to use a database.
func first() map[string]func(context.Context, *storage.DB) error {
	return map[string]func(context.Context, *storage.DB) error{
		"Ping": func(ctx context.Context, db *storage.DB) error { return db.Ping(ctx) },
		"Exec": func(ctx context.Context, db *storage.DB) error {
			_, err := db.Exec(ctx, `CREATE TABLE IF NOT EXISTS lazy (id BIGINT)`)
			return err
		},
		"QueryRow": func(ctx context.Context, db *storage.DB) error {
			return db.QueryRow(ctx, `SELECT 1`).Scan(new(int))
		},
		"View":   func(ctx context.Context, db *storage.DB) error { return db.View(ctx, readOne(ctx)) },
		"Update": func(ctx context.Context, db *storage.DB) error { return db.Update(ctx, readOne(ctx)) },
	}
}

func readOne(ctx context.Context) func(*storage.Tx) error {
	return func(tx *storage.Tx) error { return tx.QueryRow(ctx, `SELECT 1`).Scan(new(int)) }
}

// TestLazyRefuses: the first to use a database is told what Open would have said,
// and so is the next.
func TestLazyRefuses(t *testing.T) {
	dir := t.TempDir()
	noDatabase := filepath.Join(dir, "file")
	if err := os.WriteFile(noDatabase, []byte("not a database, but long enough to have a header of its own"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, use := range first() {
		_, want := sqlite.Open(noDatabase)
		db := openAt(t, noDatabase, sqlite.WithLazyOpen())
		for range 2 {
			if got := use(t.Context(), db); !errors.Is(got, storage.ErrCorrupt) || got.Error() != want.Error() {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		}
	}
	for _, path := range []string{"", dir, dir + "/no/x.db", noDatabase + "/x.db"} { // what needs no connection, Open says
		_, want := sqlite.Open(path)
		if _, got := sqlite.Open(path, sqlite.WithLazyOpen()); got == nil || want == nil || got.Error() != want.Error() {
			t.Errorf("%q: got %v, want %v", path, got, want)
		}
	}
}

// TestLazyLocked: reads do not wait for another process, and writes not for longer
// than they may.
func TestLazyLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	err := openAt(t, path).Update(t.Context(), func(*storage.Tx) error {
		for name, use := range first() {
			db := openAt(t, path, sqlite.WithLazyOpen(), sqlite.WithWait(150*time.Millisecond))
			err := use(t.Context(), db)
			if name == "Exec" || name == "Update" {
				wantLine(t, err, storage.ErrBusy, "database "+path+" stayed locked by another process for 150ms")
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLazyRemoved: what is not there any more is not made anew, and says so.
func TestLazyRemoved(t *testing.T) {
	for name, use := range first() {
		path := filepath.Join(t.TempDir(), "test.db")
		db := openAt(t, path, sqlite.WithLazyOpen())
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			wantLine(t, use(t.Context(), db), storage.ErrUnavailable,
				"database "+path+" was removed before its first use: put it back, or restart")
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := use(t.Context(), db); err != nil {
			t.Errorf("%s, put back: %v", name, err)
		}
	}
}

// times is how often something is repeated: less often in short tests.
func times(n int) int {
	if testing.Short() {
		return n / 4
	}
	return n
}

// TestLazyTogether: of many at once one connects first, and all are served.
func TestLazyTogether(t *testing.T) {
	for range times(20) {
		db := open(t, sqlite.WithLazyOpen(), sqlite.WithReaders(3))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		var all sync.WaitGroup
		for range 8 {
			for name, use := range first() {
				all.Go(func() {
					if err := use(ctx, db); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
		}
		all.Wait()
		cancel()
	}
}

// TestLazyReadInside: a transaction may read through the database also while another
// read, the first, waits for the first connection.
func TestLazyReadInside(t *testing.T) {
	for range times(200) {
		db := open(t, sqlite.WithLazyOpen(), sqlite.WithReaders(1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		var both sync.WaitGroup
		both.Go(func() {
			if err := db.Ping(ctx); err != nil {
				t.Errorf("ping: %v", err)
			}
		})
		both.Go(func() {
			err := db.Update(ctx, func(*storage.Tx) error { return db.QueryRow(ctx, `SELECT 1`).Scan(new(int)) })
			if err != nil {
				t.Errorf("read inside of a transaction: %v", err)
			}
		})
		both.Wait()
		cancel()
	}
}

// TestLazyUnused closes what nobody has used.
func TestLazyUnused(t *testing.T) {
	for _, path := range []string{":memory:", filepath.Join(t.TempDir(), "test.db")} {
		db := openAt(t, path, sqlite.WithLazyOpen())
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Ping(t.Context()); !errors.Is(err, storage.ErrClosed) {
			t.Errorf("ping: got %v, want %v", err, storage.ErrClosed)
		}
	}
}

// TestLazyCanceled: who gives up spoils nothing for the next.
func TestLazyCanceled(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, use := range first() {
		db := open(t, sqlite.WithLazyOpen())
		if err := use(ended, db); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want %v", name, err, context.Canceled)
		}
		if err := use(t.Context(), db); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
