package auth_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// A start takes as long as its context allows, however slow the database is.
func TestStartOnSlowDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, err := sqlite.Open(t.TempDir()+"/auth.db", sqlite.WithReaders(1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		stop := make(chan struct{})
		var reader sync.WaitGroup
		reader.Go(func() { // whoever reads waits for three seconds each time
			for ctx := t.Context(); ; {
				rows, err := db.Query(ctx, `SELECT 1`)
				if err != nil {
					t.Error(err)
					return
				}
				select {
				case <-stop:
				case <-time.After(3 * time.Second):
				}
				if err := rows.Close(); err != nil {
					t.Error(err)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		synctest.Wait()
		defer reader.Wait()
		defer close(stop)
		start(t, db)
	})
}
