package featureflag_test

import (
	"fmt"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// What flagd does not know stands in a flag's metadata, which it ignores.
func Example_extensions() {
	set, err := featureflag.Parse([]byte(`{"flags": {
		"payments": {"state": "ENABLED", "variants": {"v1": 1, "v2": 2}, "defaultVariant": "v1"},
		"refunds": {
			"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
			"targeting": {"if": [true, "on"]},
			"metadata": {
				"owner": "billing",
				"expires": "2027-01-31",
				"prerequisites": "payments=v2",
				"schedule": "[{\"at\": \"2026-03-01\", \"percent\": 10}, {\"at\": \"2026-03-08\", \"state\": \"on\"}]"
			}
		}
	}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	refunds, _ := set.Flag("refunds")
	fmt.Println(refunds.Extensions().Owner, refunds.Extensions().Expires.Format("2006-01-02"), len(refunds.Extensions().Schedule))
	fmt.Println(set.Explain("refunds", nil).Why)
	// Output:
	// billing 2027-01-31 2
	// A prerequisite is not met (payments must serve v2): it serves off.
}
