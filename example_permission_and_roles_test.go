package dashboard_test

import (
	"context"

	"github.com/modular-dashboard/dashboard"
)

// The permissions of a module are part of its manifest. In roles their names
// begin with the module's id: "invoices.invoice.read".
var (
	readInvoices  = dashboard.NewPermission("invoice.read", "Read invoices")
	closeInvoices = dashboard.NewPermission("invoice.close", "Close invoices")
)

type invoiceID struct {
	ID string `path:"id"`
}

// Who may call an endpoint is said where it is registered; who that is, is said
// by roles, which are changed at run time.
func ExampleRequire() {
	invoices := dashboard.Func(dashboard.Manifest{
		ID: "invoices", Version: "1.0.0", Permissions: []dashboard.Permission{readInvoices, closeInvoices},
	}, func(r *dashboard.Router) error {
		list := func(context.Context, struct{}) ([]string, error) { return []string{"I-1"}, nil }
		closeOne := func(context.Context, invoiceID) (struct{}, error) { return struct{}{}, nil }
		dashboard.Get(r, "/invoices", list, dashboard.Require(readInvoices))
		dashboard.Post(r, "/invoices/{id}/close", closeOne, dashboard.Require(closeInvoices))
		return nil
	})

	d, stop := startDemo(invoices)
	defer stop()
	d.show(d.owner, "PUT", "/api/v1/roles/clerk", `{"title":"Clerk","permissions":["invoices.*.read"]}`)
	d.do(d.owner, "POST", "/api/v1/users",
		`{"email":"bo@example.com","name":"Bo","password":"correct horse battery staple","roles":["clerk"]}`)
	bo := d.signIn("bo@example.com")

	d.show("", "GET", "/api/v1/m/invoices/invoices", "")
	d.show(bo, "GET", "/api/v1/m/invoices/invoices", "")
	d.show(bo, "POST", "/api/v1/m/invoices/invoices/I-1/close", "")
	d.show(d.owner, "POST", "/api/v1/m/invoices/invoices/I-1/close", "")
	// Output:
	// 204
	// 401 unauthenticated: Sign in, or send a valid token.
	// 200 ["I-1"]
	// 403 permission-missing: You lack the permission invoices.invoice.close.
	// 204
}
