package dashboard_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/modular-dashboard/dashboard"
)

// importer depends on a file share that may go away.
type importer struct{ reachable bool }

func (*importer) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "importer", Version: "1.0.0"}
}

func (*importer) Routes(*dashboard.Router) error { return nil }

// Health is asked every few seconds. It must honor the context.
func (i *importer) Health(context.Context) error {
	if !i.reachable {
		return errors.New("the file share does not answer")
	}
	return nil
}

var _ dashboard.HealthChecker = (*importer)(nil)

// A module that does not work says so itself: it stays enabled, and the page of
// modules shows why it fails.
func ExampleHealthChecker() {
	d, stop := startDemo(&importer{})
	defer stop()
	d.wait("/api/v1/modules/importer", `"status":"failing"`)
	d.wait("/api/v1/modules/importer", `"detail":"the file share does not answer"`)
	fmt.Println("failing")
	// Output:
	// failing
}
