package sqlite_test

import (
	"testing"

	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestSmoke(t *testing.T) {
	db := open(t)
	ctx := t.Context()
	if _, err := db.Exec(ctx, `CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT UNIQUE)`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(ctx, `INSERT INTO a(v) VALUES ($1)`, "x"); err != nil {
		t.Fatal(err)
	}
	_, err := db.Exec(ctx, `INSERT INTO a(v) VALUES ($1)`, "x")
	t.Log(err)
	var n, now int64
	if err := db.QueryRow(ctx, `SELECT count(*), dashboard_now() FROM a`).Scan(&n, &now); err != nil {
		t.Fatal(err)
	}
	t.Log(n, now)
	err = db.QueryRow(ctx, `INSERT INTO a(v) VALUES ('y') RETURNING id`).Scan(&n)
	t.Log(err)
}

func BenchmarkExec(b *testing.B) {
	db := open(b)
	if _, err := db.Exec(b.Context(), `CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT)`); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := db.Exec(b.Context(), `INSERT INTO a(v) VALUES ($1)`, "x"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkExecMemory(b *testing.B) {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(b.Context(), `CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT)`); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := db.Exec(b.Context(), `INSERT INTO a(v) VALUES ($1)`, "x"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkQueryRow(b *testing.B) {
	db := open(b)
	if _, err := db.Exec(b.Context(), `CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO a(v) VALUES ('x')`); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var v string
		if err := db.QueryRow(b.Context(), `SELECT v FROM a WHERE id = $1`, 1).Scan(&v); err != nil {
			b.Fatal(err)
		}
	}
}
