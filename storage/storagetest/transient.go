package storagetest

import (
	"errors"
	"testing"

	"github.com/modular-dashboard/dashboard/storage"
)

// testTransient: writes that need not be flushed are writes like others in all
// that can be seen, and leave nothing behind for those that follow.
func testTransient(t *testing.T, db *storage.DB) {
	ctx := t.Context()
	lax := storage.Transient(ctx)
	if storage.IsTransient(ctx) || !storage.IsTransient(lax) {
		t.Error("IsTransient does not tell")
	}
	exec(t, db, "CREATE TABLE beats (n BIGINT NOT NULL)")
	refused := errors.New("refused")
	for n := range 4 {
		ctx := ctx
		if n%2 == 0 {
			ctx = lax
		}
		if _, err := db.Exec(ctx, "INSERT INTO beats (n) VALUES ($1)", n); err != nil {
			t.Fatal(err)
		}
		if err := db.Update(ctx, func(tx *storage.Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO beats (n) VALUES ($1)", n+10); err != nil {
				return err
			}
			return refused
		}); !errors.Is(err, refused) {
			t.Errorf("update: got %v, want %v", err, refused)
		}
		var got int
		if err := db.QueryRow(ctx, "SELECT count(*) FROM beats").Scan(&got); err != nil || got != n+1 {
			t.Errorf("after write %d: got %d rows, %v", n, got, err)
		}
	}
}
