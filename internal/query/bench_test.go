package query_test

import (
	"testing"

	"github.com/modular-dashboard/dashboard/internal/query"
)

func BenchmarkFilter(b *testing.B) {
	s := people(b)
	b.ReportAllocs()
	for b.Loop() {
		f, err := s.Filter(`name:ada* AND (state = open OR state = late) AND seen_at >= 2026-01-01T00:00:00Z`)
		if err != nil {
			b.Fatal(err)
		}
		f.SQL(query.SQLite, 1)
	}
}

func BenchmarkCursor(b *testing.B) {
	s := people(b)
	sort, err := s.Sort("-seen_at,id")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := query.Open(key, "people", "q", seal(b, "people", "q", int64(1), "id"), sort); err != nil {
			b.Fatal(err)
		}
	}
}
