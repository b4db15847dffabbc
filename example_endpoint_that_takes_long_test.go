package dashboard_test

import (
	"context"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// balance is a module with a report that takes its time.
type balance struct {
	years chan sum // what another service sends, some day
}

type sum struct {
	Total int `json:"total"`
}

func (*balance) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "balance", Version: "1.0.0", Permissions: []dashboard.Permission{readBalance}}
}

var readBalance = dashboard.NewPermission("report.read", "Read reports")

func (b *balance) Routes(r *dashboard.Router) error {
	// The default, a minute, is not enough for a good year.
	dashboard.Get(r, "/year", b.year, dashboard.Require(readBalance), dashboard.Timeout(10*time.Minute))
	dashboard.Get(r, "/month", b.year, dashboard.Require(readBalance), dashboard.Timeout(time.Second))
	return nil
}

// year ends when its context does: because the client has left, the module is
// disabled, or the time is over.
func (b *balance) year(ctx context.Context, _ struct{}) (sum, error) {
	select {
	case total := <-b.years:
		return total, nil
	case <-ctx.Done():
		return sum{}, ctx.Err()
	}
}

// An endpoint says how long it may take where the default does not fit.
func ExampleTimeout() {
	d, stop := startDemo(&balance{})
	defer stop()
	d.show(d.owner, "GET", "/api/v1/m/balance/month", "")
	// Output:
	// 500 module-timeout: This module did not answer in time. Whether it has done what was asked for is not known.
}
