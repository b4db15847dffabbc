package query_test

import (
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/query"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func schema(t testing.TB, fields ...query.Field) *query.Schema {
	t.Helper()
	s, err := query.NewSchema(fields...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// people has a field of each kind, with and without NULL.
func people(t testing.TB) *query.Schema {
	t.Helper()
	return schema(t,
		query.Field{Name: "id", Kind: query.Text, Filter: true, Sort: true},
		query.Field{Name: "name", Kind: query.Text, Filter: true, Sort: true, Fold: true},
		query.Field{Name: "note", Kind: query.Text, Filter: true, Sort: true, Nullable: true},
		query.Field{Name: "age", Kind: query.Integer, Filter: true, Sort: true},
		query.Field{Name: "score", Kind: query.Number, Filter: true, Sort: true, Nullable: true},
		query.Field{Name: "active", Kind: query.Boolean, Filter: true, Sort: true},
		query.Field{Name: "seen_at", Column: "people.seen", Kind: query.Time, Filter: true, Sort: true, Nullable: true},
		query.Field{Name: "state", Kind: query.Enum, Values: []string{"open", "late", "done"}, Filter: true, Sort: true},
		query.Field{Name: "tags", Kind: query.Set, Filter: true,
			Has: "EXISTS (SELECT 1 FROM tags t WHERE t.person = people.id AND t.tag = ?)"},
		query.Field{Name: "secret", Kind: query.Text},
	)
}
