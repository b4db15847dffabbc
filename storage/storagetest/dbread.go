package storagetest

import (
	"errors"
	"testing"

	"github.com/modular-dashboard/dashboard/storage"
)

func testReadInsideUpdate(t *testing.T, db *storage.DB) {
	exec(t, db, `CREATE TABLE items (id BIGINT PRIMARY KEY)`)
	err := db.Update(t.Context(), func(tx *storage.Tx) error {
		exec(t, tx, `INSERT INTO items (id) VALUES (1)`)
		if n := count(t, db, "items"); n != 0 {
			t.Errorf("the read pool saw %d uncommitted items", n)
		}
		return db.View(t.Context(), func(view *storage.Tx) error {
			if n := count(t, view, "items"); n != 0 {
				t.Errorf("a view saw %d uncommitted items", n)
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, "items"); n != 1 {
		t.Errorf("%d items, want 1", n)
	}
}

func testSnapshot(t *testing.T, db *storage.DB) {
	exec(t, db, `CREATE TABLE items (id BIGINT PRIMARY KEY)`)
	err := db.View(t.Context(), func(view *storage.Tx) error {
		before := count(t, view, "items")
		exec(t, db, `INSERT INTO items (id) VALUES (1)`) // a write is not held up
		if after := count(t, view, "items"); after != before {
			t.Errorf("the snapshot changed from %d to %d", before, after)
		}
		if n := count(t, db, "items"); n != 1 {
			t.Errorf("outside: %d items, want 1", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.View(t.Context(), func(*storage.Tx) error { return errWanted }); !errors.Is(err, errWanted) {
		t.Errorf("view = %v, want its function's error", err)
	}
}

func testReadOnly(t *testing.T, db *storage.DB) {
	exec(t, db, `CREATE TABLE items (id BIGINT PRIMARY KEY)`)
	err := db.View(t.Context(), func(tx *storage.Tx) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO items (id) VALUES (1)`)
		return err
	})
	if !errors.Is(err, storage.ErrReadOnly) {
		t.Errorf("write in a view: %v, want ErrReadOnly", err)
	}
	if n := count(t, db, "items"); n != 0 {
		t.Errorf("%d items, want 0", n)
	}
}

func testWriteWhileReading(t *testing.T, db *storage.DB) {
	exec(t, db, `CREATE TABLE items (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)`)
	const total = 50
	for i := range total {
		exec(t, db, `INSERT INTO items (id, n) VALUES ($1, 0)`, i)
	}
	rows, err := db.Query(t.Context(), `SELECT id FROM items ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	seen := 0
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		// The same text again, while its first rows are open.
		var n int
		if err := db.QueryRow(t.Context(), `SELECT n FROM items WHERE id = $1`, id).Scan(&n); err != nil {
			t.Fatal(err)
		}
		exec(t, db, `UPDATE items SET n = n + 1 WHERE id = $1`, id)
		seen++
	}
	if err := rows.Err(); err != nil || seen != total {
		t.Fatalf("saw %d rows, %v; want %d", seen, err, total)
	}
	var sum int
	if err := db.QueryRow(t.Context(), `SELECT sum(n) FROM items`).Scan(&sum); err != nil || sum != total {
		t.Errorf("sum = %d, %v; want %d", sum, err, total)
	}
}
