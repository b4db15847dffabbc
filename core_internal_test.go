package dashboard

import (
	"testing"

	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// TestCoreCompiles compiles what a start leaves for later: a mistake in an endpoint
// of the dashboard's own would else be found by who calls it.
func TestCoreCompiles(t *testing.T) {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	d, err := New(db)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.coreAPI) < 50 || len(d.catalog) == 0 {
		t.Fatalf("got %d endpoints and %d resources", len(d.coreAPI), len(d.catalog))
	}
	for _, e := range d.coreAPI {
		if err := e.compiled(); err != nil {
			t.Errorf("%s %s: %v", e.method, e.path, err)
		}
	}
	for _, h := range d.catalog {
		if _, err := h.forms(); err != nil {
			t.Errorf("resource %s: %v", h.info.Name, err)
		}
	}
}
