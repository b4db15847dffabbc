package sqlite_test

import (
	"testing"

	"github.com/modular-dashboard/dashboard/storage"
)

// Each benchmark runs on a file, with its flush to the disk, and in memory,
// where only the processor counts.
func bench(b *testing.B, run func(*testing.B, *storage.DB)) {
	for _, kind := range []string{"file", "memory"} {
		b.Run(kind, func(b *testing.B) {
			var db *storage.DB
			if kind == "file" {
				db = open(b)
			} else {
				db = openAt(b, ":memory:")
			}
			const schema = `CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
				INSERT INTO items (id, name) VALUES (1, 'one')`
			if _, err := db.Exec(b.Context(), schema); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			run(b, db)
		})
	}
}

func BenchmarkExec(b *testing.B) {
	bench(b, func(b *testing.B, db *storage.DB) {
		for b.Loop() {
			if _, err := db.Exec(b.Context(), `INSERT INTO items (name) VALUES ($1)`, "x"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkUpdate(b *testing.B) {
	bench(b, func(b *testing.B, db *storage.DB) {
		ctx := b.Context()
		for i := 0; b.Loop(); i++ {
			err := db.Update(ctx, func(tx *storage.Tx) error {
				var name string
				if err := tx.QueryRow(ctx, `SELECT name FROM items WHERE id = $1`, 1).Scan(&name); err != nil {
					return err
				}
				// Another value: SQLite does not write what is there already.
				_, err := tx.Exec(ctx, `UPDATE items SET name = $1 WHERE id = $2`, i, 1)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkQueryRow(b *testing.B) {
	bench(b, func(b *testing.B, db *storage.DB) {
		for b.Loop() {
			var name string
			if err := db.QueryRow(b.Context(), `SELECT name FROM items WHERE id = $1`, 1).Scan(&name); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkQueryRowParallel(b *testing.B) {
	bench(b, func(b *testing.B, db *storage.DB) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				var name string
				if err := db.QueryRow(b.Context(), `SELECT name FROM items WHERE id = $1`, 1).Scan(&name); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

func BenchmarkView(b *testing.B) {
	bench(b, func(b *testing.B, db *storage.DB) {
		ctx := b.Context()
		for b.Loop() {
			err := db.View(ctx, func(tx *storage.Tx) error {
				var name string
				return tx.QueryRow(ctx, `SELECT name FROM items WHERE id = $1`, 1).Scan(&name)
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
