//go:build unix

package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/storage"
)

// A write into a file that is no longer there would be acknowledged and lost:
// it is refused, and works again once the file is back.
func TestRemovedWhileOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	db := openAt(t, path)
	if _, err := db.Exec(t.Context(), `CREATE TABLE items (id INTEGER PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	insert := func() error {
		return db.Update(t.Context(), func(tx *storage.Tx) error {
			_, err := tx.Exec(t.Context(), `INSERT INTO items DEFAULT VALUES`)
			return err
		})
	}
	direct := func() error {
		_, err := db.Exec(t.Context(), `INSERT INTO items DEFAULT VALUES`)
		return err
	}
	ping := func() error { return db.Ping(t.Context()) }
	refused := func(when string) {
		t.Helper()
		for name, do := range map[string]func() error{"Update": insert, "Exec": direct, "Ping": ping} {
			if err := do(); !errors.Is(err, storage.ErrUnavailable) || !strings.Contains(err.Error(), "removed or replaced") {
				t.Errorf("%s, %s: got %v, want that the file was removed or replaced", when, name, err)
			}
		}
	}
	away := path + ".away"
	if err := os.Rename(path, away); err != nil {
		t.Fatal(err)
	}
	refused("removed")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused("replaced")
	if err := os.Rename(away, path); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{"Update": insert, "Exec": direct, "Ping": ping} {
		if err := do(); err != nil {
			t.Errorf("put back, %s: got %v", name, err)
		}
	}
	var n int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM items`).Scan(&n); err != nil || n != 2 {
		t.Errorf("got %d items, %v; want the 2 acknowledged", n, err)
	}
}
