package ratelimit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// What a call to a language model costs is known when its answer is there:
// charge an estimate, and correct it.
func ExampleFixed_Settle() {
	ctx := context.Background()
	limiter, err := ratelimit.New(ratelimit.NewLocal(), ratelimit.Policy{Name: "tokens", Limit: 10_000, Window: 24 * time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	const estimate, used = 1000, 1800
	d, err := limiter.Allow(ctx, "ann", estimate)
	fmt.Println(d.Remaining, err)

	err = limiter.Settle(ctx, "ann", used-estimate)
	fmt.Println(err)

	d, err = limiter.Allow(ctx, "ann", 0) // only looks
	fmt.Println(d.Remaining, err)
	// Output:
	// 9000 <nil>
	// <nil>
	// 8200 <nil>
}
