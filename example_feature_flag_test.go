package dashboard_test

import (
	"context"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/featureflag"
)

// A flag hides an endpoint until it is switched on. Flags are evaluated for the
// caller of the request.
func ExampleFlag() {
	type words struct {
		Text string `json:"text"`
	}
	shop := dashboard.Func(dashboard.Manifest{ID: "shop", Version: "1.0.0"}, func(r *dashboard.Router) error {
		dashboard.Get(r, "/refunds", func(ctx context.Context, _ struct{}) (words, error) {
			return words{featureflag.String(ctx, "refund-words", "Soon.")}, nil
		}, dashboard.Authenticated(), dashboard.Flag("refunds"))
		return nil
	})

	d, stop := startDemo(shop)
	defer stop()
	const refunds = "/api/v1/m/shop/refunds"
	d.show(d.owner, "GET", refunds, "") // nothing is there
	d.do(d.owner, "POST", "/api/v1/flags/import", `{"flags": {
		"refunds": {"state": "ENABLED", "variants": {"off": false, "on": true}, "defaultVariant": "on"},
		"refund-words": {"state": "ENABLED", "variants": {"staff": "At once, Ada."},
			"targeting": {"if": [{"in": ["owner", {"var": "roles"}]}, "staff"]}}}}`)
	d.show(d.owner, "GET", refunds, "")
	// Output:
	// 404 not-found: There is nothing here that you may see.
	// 200 {"text":"At once, Ada."}
}
