package dashboard_test

import (
	"context"
	"fmt"

	"github.com/modular-dashboard/dashboard"
)

// One caller may refund two invoices an hour at once; what an administrator sets
// for "billing.refund" takes the place of that without a restart.
func ExampleLimit() {
	refundInvoice := dashboard.NewPermission("invoice.refund", "Refund an invoice")
	billing := dashboard.Func(dashboard.Manifest{ID: "billing", Version: "1.0.0", Permissions: []dashboard.Permission{refundInvoice}},
		func(r *dashboard.Router) error {
			nothing := func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }
			dashboard.Post(r, "/refund", nothing, dashboard.Require(refundInvoice), dashboard.Limit("2/h"), dashboard.ID("refund"))
			return nil
		})

	d, stop := startDemo(billing)
	defer stop()
	const refund = "/api/v1/m/billing/refund"
	d.do(d.owner, "POST", refund, "")
	answer := d.do(d.owner, "POST", refund, "")
	fmt.Println(answer.Code, answer.Header().Get("RateLimit-Policy"))
	answer = d.do(d.owner, "POST", refund, "")
	fmt.Println(answer.Code, "again in", answer.Header().Get("Retry-After"), "s")

	d.do(d.owner, "PUT", "/api/v1/limits/billing.refund", `{"policy":"1000/s"}`)
	d.show(d.owner, "GET", "/api/v1/limits/billing.refund", "")
	// Output:
	// 204 "caller";q=6000;w=60, "billing.refund";q=2;w=3600
	// 429 again in 1800 s
	// 200 {"name":"billing.refund","title":"POST /refund","module":"billing","policy":"1000/s","default":"2/h","keys":["account","api-key"],"overrides":[]}
}
