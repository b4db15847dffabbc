package ratelimit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// A short limit and a long one hold together: what one of them refuses costs
// nothing of the other.
func ExampleNew_several() {
	limiter, err := ratelimit.New(ratelimit.NewLocal(),
		ratelimit.Policy{Name: "burst", Limit: 2, Window: time.Minute},
		ratelimit.Policy{Name: "daily", Limit: 100, Window: 24 * time.Hour},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		d, err := limiter.Allow(context.Background(), "ann", 1)
		fmt.Println(d.Policy, d.Allowed, d.Remaining, err)
	}
	// Output:
	// burst true 1 <nil>
	// burst true 0 <nil>
	// burst false 0 <nil>
}
