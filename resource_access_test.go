package dashboard_test

import (
	"net/http"
	"testing"

	"github.com/modular-dashboard/dashboard"
)

// Each part of a resource has the rule that Allow gives it, before ReadWith and
// WriteWith, and so has each action.
func TestResourceRules(t *testing.T) {
	t.Parallel()
	s := newShop(t, dashboard.Allow(dashboard.Require(blockShop), dashboard.OpExport, dashboard.OpDelete),
		dashboard.Allow(dashboard.Require(writeShop), dashboard.OpRead))
	ada := s.customer("Ada", nil)
	read, write, block := s.member("reader", "shop.customer.read"), s.member("writer", "shop.customer.write"), s.member("blocker", "shop.customer.block")
	one := map[string]any{"name": "x", "email": "x@example.com"}
	ids := map[string]any{"ids": []string{"nobody"}}
	for _, tt := range []struct {
		method, path string
		body         any
		who          caller
		status       int
	}{
		{"GET", "", nil, read, http.StatusOK},
		{"GET", "/" + ada.ID, nil, write, http.StatusOK},
		{"GET", ".csv", nil, block, http.StatusOK},
		{"GET", ".ndjson", nil, block, http.StatusOK},
		{"POST", "", one, write, http.StatusCreated},
		{"PATCH", "/" + ada.ID, map[string]any{"plan": "pro"}, write, http.StatusOK},
		{"POST", "/actions/block", map[string]any{"ids": []string{"nobody"}, "input": map[string]any{"reason": "x"}}, block, http.StatusOK},
		{"POST", "/actions/delete", ids, block, http.StatusOK},
		{"DELETE", "/" + ada.ID, nil, block, http.StatusNoContent},
	} {
		for name, c := range map[string]caller{"reader": read, "writer": write, "blocker": block} {
			if c == tt.who {
				continue
			}
			if a := c.do(tt.method, customers+tt.path, tt.body); a.status != http.StatusForbidden {
				t.Errorf("%s %s by the %s: got %d, want 403", tt.method, tt.path, name, a.status)
			}
		}
		if a := tt.who.do(tt.method, customers+tt.path, tt.body); a.status != tt.status {
			t.Errorf("%s %s: got %d: %s, want %d", tt.method, tt.path, a.status, a.body, tt.status)
		}
	}
}
