package ratelimit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// A policy is tried out before it refuses anybody.
func ExamplePolicy_shadow() {
	limiter, err := ratelimit.New(ratelimit.NewLocal(), ratelimit.Policy{Name: "trial", Limit: 1, Window: time.Hour, Shadow: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		d, err := limiter.Allow(context.Background(), "ann", 1)
		fmt.Println(d.Allowed, d.Source, err)
	}
	// Output:
	// true exact <nil>
	// true shadow <nil>
}
