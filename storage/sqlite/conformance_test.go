package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
	"github.com/modular-dashboard/dashboard/storage/storagetest"
)

func TestConformanceFile(t *testing.T) {
	storagetest.RunDB(t, func(t *testing.T) *storage.DB { return open(t) })
}

func TestConformanceMemory(t *testing.T) {
	storagetest.RunDB(t, func(t *testing.T) *storage.DB { return openAt(t, ":memory:") })
}

func TestConformanceLocker(t *testing.T) {
	storagetest.RunLocker(t, func(t *testing.T) storagetest.Lockers {
		path := filepath.Join(t.TempDir(), "test.db")
		one, two := openAt(t, path), openAt(t, path)
		return storagetest.Lockers{DB: one, One: storage.NewLocker(one), Two: storage.NewLocker(two)}
	})
}

// openAt opens a database and closes it with the test.
func openAt(t testing.TB, path string, opts ...sqlite.Option) *storage.DB {
	t.Helper()
	db, err := sqlite.Open(path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// open opens a database file of the test's own.
func open(t testing.TB, opts ...sqlite.Option) *storage.DB {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "test.db"), opts...)
}
