package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// childAcknowledge writes for ever, and prints each id once its write is
// acknowledged.
func childAcknowledge(path string) error {
	db, err := sqlite.Open(path)
	if err != nil {
		return err
	}
	ctx := context.Background()
	const table = `CREATE TABLE IF NOT EXISTS acked (id BIGINT PRIMARY KEY);
		CREATE TABLE IF NOT EXISTS twin (id BIGINT PRIMARY KEY)`
	if _, err := db.Exec(ctx, table); err != nil {
		return err
	}
	var first int64
	if err := db.QueryRow(ctx, `SELECT coalesce(max(id), 0) + 1 FROM acked`).Scan(&first); err != nil {
		return err
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for w := range errs {
		wg.Go(func() {
			for id := first + int64(w); errs[w] == nil; id += int64(len(errs)) {
				errs[w] = db.Update(ctx, func(tx *storage.Tx) error {
					if _, err := tx.Exec(ctx, `INSERT INTO acked (id) VALUES ($1)`, id); err != nil {
						return err
					}
					_, err := tx.Exec(ctx, `INSERT INTO twin (id) VALUES ($1)`, id)
					return err
				})
				if errs[w] == nil {
					mu.Lock()
					fmt.Println(id)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// TestKill kills a writing process again and again: no acknowledged write is
// lost and no transaction is found in part.
func TestKill(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	if os.Getenv(soak) != "" {
		rounds = 200
	}
	path := filepath.Join(t.TempDir(), "test.db")
	var acked []int64
	for range rounds {
		c := start(t, "acknowledge", path)
		wanted := 1 + rand.N(300)
		for n := 0; c.out.Scan(); n++ {
			id, err := strconv.ParseInt(c.out.Text(), 10, 64)
			if err != nil {
				break // the kill cut the last line
			}
			acked = append(acked, id)
			if n == wanted {
				if err := c.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := c.Wait(); err == nil || c.ProcessState.ExitCode() != -1 {
			t.Fatalf("the writer ended by itself: %v", err)
		}
		checkAcked(t, path, acked)
	}
	t.Logf("%d kills, %d acknowledged writes, none lost", rounds, len(acked))
}

// TestKillBeside kills writing processes while this one writes and reads: it
// must notice nothing.
func TestKillBeside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	db := openAt(t, path)
	if err := prepareLoad(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := &load{db: db, writers: 2, readers: 2}
	var running sync.WaitGroup
	running.Go(func() { l.run(ctx) })
	for range 6 {
		c := start(t, "acknowledge", path)
		for n := 1 + rand.N(30); n > 0 && c.out.Scan(); n-- {
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); err == nil {
			t.Error("the writer ended by itself")
		}
	}
	cancel()
	running.Wait()
	for _, err := range l.errs {
		t.Error(err)
	}
	var entries int64
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM entries`).Scan(&entries); err != nil || entries != l.writes.Load() {
		t.Errorf("%d entries, %v; want the %d acknowledged", entries, err, l.writes.Load())
	}
	checkIntegrity(t, db)
}

func checkAcked(t *testing.T, path string, acked []int64) {
	t.Helper()
	db, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	rows, err := db.Query(t.Context(), `SELECT a.id, t.id FROM acked a FULL JOIN twin t ON t.id = a.id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := make(map[int64]bool)
	for rows.Next() {
		var a, b *int64
		if err := rows.Scan(&a, &b); err != nil {
			t.Fatal(err)
		}
		if a == nil || b == nil {
			t.Fatalf("half a transaction: %v, %v", a, b)
		}
		found[*a] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, id := range acked {
		if !found[id] {
			t.Fatalf("acknowledged write %d is lost", id)
		}
	}
	checkIntegrity(t, db)
}

// checkIntegrity lets SQLite look at every page.
func checkIntegrity(t *testing.T, db *storage.DB) {
	t.Helper()
	var verdict string
	if err := db.QueryRow(t.Context(), `PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity check: %q, %v", verdict, err)
	}
}
