package featureflag_test

import (
	"context"
	"fmt"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// Definitions are parsed once, and asked for whoever is asking.
func Example() {
	set, err := featureflag.Parse([]byte(`{"flags": {"new-checkout": {
		"state": "ENABLED",
		"variants": {"on": true, "off": false},
		"defaultVariant": "off",
		"targeting": {"if": [{"ends_with": [{"var": "email"}, "@example.com"]}, "on"]}
	}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	flags := featureflag.New()
	flags.Replace(set)

	ctx := featureflag.WithFlags(context.Background(), flags)
	ctx = featureflag.WithContext(ctx, featureflag.Context{
		TargetingKey: "user-1",
		Attributes:   map[string]any{"email": "ada@example.com"},
	})
	fmt.Println(featureflag.Bool(ctx, "new-checkout", false))
	fmt.Println(flags.Evaluate(ctx, "new-checkout").Reason)
	// Output:
	// true
	// TARGETING_MATCH
}
