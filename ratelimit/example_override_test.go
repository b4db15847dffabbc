package ratelimit_test

import (
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// More for one customer, from the next request on.
func ExamplePolicies() {
	policies, err := ratelimit.NewPolicies(ratelimit.Policy{Name: "api", Limit: 100, Window: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	generous := ratelimit.Policy{Limit: 10_000, Window: time.Minute}
	if err := policies.Override("api", ratelimit.PrincipalKey("ann"), generous); err != nil {
		fmt.Println(err)
	}
	for _, id := range []string{"ann", "bob"} {
		policy, _ := policies.Lookup("api", ratelimit.PrincipalKey(id))
		fmt.Println(id, policy)
	}
	// Output:
	// ann 10000/m
	// bob 100/m
}
