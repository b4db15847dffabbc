package query_test

import (
	"fmt"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/query"
)

func TestFilterPlan(t *testing.T) {
	t.Parallel()
	s, err := query.NewSchema(query.Field{Name: "a", Kind: query.Text, Filter: true}, query.Field{Name: "n", Kind: query.Integer, Filter: true})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		filter, fixed string
		within        bool // a
	}{
		{"", "[]", false},
		{"a = x", "[a]", true},
		{"a:x AND n = 3", "[a n]", false},
		{"a:x*", "[]", true},
		{"a > x AND a <= y", "[]", true},
		{"a = x OR n = 3", "[]", false},
		{"a = x OR a = y", "[]", false},
		{"NOT a = x", "[]", false},
		{"a != x", "[]", false},
		{"a:*", "[]", false},
		{"n = 3 AND (a = x OR a = y)", "[n]", false},
	}
	for _, tt := range tests {
		f, err := s.Filter(tt.filter)
		if err != nil {
			t.Fatalf("%s: %v", tt.filter, err)
		}
		if got := fmt.Sprint(f.Fixed()); got != tt.fixed || f.Within("a") != tt.within {
			t.Errorf("%s: got fixed %s, within %v; want %s, %v", tt.filter, got, f.Within("a"), tt.fixed, tt.within)
		}
	}
}
