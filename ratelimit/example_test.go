package ratelimit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// Five requests an hour, of which two may come at once.
func Example() {
	policy, err := ratelimit.ParsePolicy("5/h burst 2")
	if err != nil {
		fmt.Println(err)
		return
	}
	limiter, err := ratelimit.New(ratelimit.NewLocal(), policy)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		d, err := limiter.Allow(context.Background(), "ann", 1)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("allowed %t, %d of %d left, retry after %v\n", d.Allowed, d.Remaining, d.Limit, d.RetryAfter.Round(time.Minute))
	}
	// Output:
	// allowed true, 1 of 2 left, retry after 0s
	// allowed true, 0 of 2 left, retry after 0s
	// allowed false, 0 of 2 left, retry after 12m0s
}

func ExampleParsePolicy() {
	for _, text := range []string{"100/m", "1000/60m burst 50", "5/d shadow", "many"} {
		policy, err := ratelimit.ParsePolicy(text)
		fmt.Println(policy, err)
	}
	// Output:
	// 100/m <nil>
	// 1000/h burst 50 <nil>
	// 5/d shadow <nil>
	// 0/0s parse rate limit "many": want a limit and a window such as "100/m"
}
