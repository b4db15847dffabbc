package featureflag_test

import (
	"context"
	"fmt"
	"log"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/isolated"
	"github.com/open-feature/go-sdk/openfeature/memprovider"

	"github.com/modular-dashboard/dashboard/featureflag"
)

const shopFlags = `{"flags":{"banner":{"state":"ENABLED","variants":{"new":"Hello again","old":"Hello"},"defaultVariant":"old",
	"targeting":{"if":[{"ends_with":[{"var":"email"},"@example.com"]},"new"]}}}}`

func shop() *featureflag.Flags {
	set, err := featureflag.Parse([]byte(shopFlags))
	if err != nil {
		log.Fatal(err)
	}
	flags := featureflag.New()
	flags.Replace(set)
	return flags
}

// An OpenFeature client of an API of one's own: the process's stays as it is. Who
// asks is what the context says.
func ExampleNewProvider() {
	api := isolated.NewAPI()
	ctx := context.Background()
	if err := api.SetProviderAndWait(ctx, featureflag.NewProvider(shop())); err != nil {
		log.Fatal(err)
	}
	defer api.Shutdown(ctx)
	client := api.NewClient()

	ctx = featureflag.WithContext(ctx, featureflag.Context{
		TargetingKey: "u1", Attributes: map[string]any{"email": "ada@example.com"},
	})
	details, err := client.StringValueDetails(ctx, "banner", "Hi", openfeature.EvaluationContext{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(details.Value, details.Variant, details.Reason)
	// Output: Hello again new TARGETING_MATCH
}

// Flags that another OpenFeature provider answers are used as any others.
func ExampleFromOpenFeature() {
	provider := memprovider.NewInMemoryProvider(map[string]memprovider.InMemoryFlag{
		"beta": {State: memprovider.Enabled, DefaultVariant: "on", Variants: map[string]any{"on": true}},
	})
	delegate, err := featureflag.FromOpenFeature(provider)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := delegate.Start(ctx); err != nil {
		log.Fatal(err)
	}
	defer delegate.Shutdown(ctx)

	ctx = featureflag.WithFlags(ctx, delegate.Flags())
	fmt.Println(featureflag.Bool(ctx, "beta", false), featureflag.Bool(ctx, "unknown", true))
	// Output: true true
}
