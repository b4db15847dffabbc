package resource_test

import (
	"reflect"
	"testing"
)

// BenchmarkPage reads a page of 100 of 1,000 rows.
func BenchmarkPage(b *testing.B) {
	db, fields, table := million(b, 1000)
	q, err := fields.Parse("", "", "")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var items []customer
		if _, err := table.List(b.Context(), db, q, "", 100, reflect.ValueOf(&items)); err != nil || len(items) != 100 {
			b.Fatal(len(items), err)
		}
	}
}

// BenchmarkPageByHand is the same as somebody would write it.
func BenchmarkPageByHand(b *testing.B) {
	db, _, _ := million(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		rows, err := db.Query(b.Context(), `SELECT id, name, email, plan, seats, active, created_at, version FROM shop__customers
			ORDER BY created_at DESC, id DESC LIMIT 101`)
		if err != nil {
			b.Fatal(err)
		}
		var items []customer
		for rows.Next() {
			var c customer
			var at int64
			if err := rows.Scan(&c.ID, &c.Name, &c.Email, &c.Plan, &c.Seats, &c.Active, &at, &c.Version); err != nil {
				b.Fatal(err)
			}
			items = append(items, c)
		}
		rows.Close() //nolint:sqlclosecheck // the loop closes it each time
		if err := rows.Err(); err != nil || len(items) != 101 {
			b.Fatal(len(items), err)
		}
	}
}
