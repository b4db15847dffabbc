package dashboard_test

import (
	"fmt"

	"github.com/modular-dashboard/dashboard"
)

// A module that needs another is enabled after it and cannot outlive it. What a
// program lacks altogether is found by New.
func ExampleNeed() {
	customers := dashboard.Func(dashboard.Manifest{ID: "customers", Version: "1.4.0"}, nil)
	billing := dashboard.Func(dashboard.Manifest{ID: "billing", Version: "2.0.0", Requires: []dashboard.Requirement{
		dashboard.Need("customers", "^1.2"),
		dashboard.Want("mail", ">=1"), // after it, where it is there
	}}, nil)

	db := exampleDB()
	defer db.Close()
	_, err := dashboard.New(db, dashboard.WithModules(billing))
	fmt.Println(err)

	d, stop := startDemo(billing, customers)
	defer stop()
	d.show(d.owner, "POST", "/api/v1/modules/customers/disable", "")

	// With cascade, what needs the module is disabled first.
	d.do(d.owner, "POST", "/api/v1/modules/customers/disable?cascade=true", "")
	d.wait("/api/v1/modules/customers", `"state":"installed"`)
	d.wait("/api/v1/modules/billing", `"state":"installed"`)
	fmt.Println("both are off")
	// Output:
	// new dashboard: registry: billing 2.0.0 needs customers ^1.2, which is not there
	// 409 module-required: cannot disable customers: billing needs it
	// both are off
}
