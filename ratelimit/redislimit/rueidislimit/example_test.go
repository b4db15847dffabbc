package rueidislimit_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit/rueidislimit"
)

// A program limits its callers by way of Redis, here one that is not running: an
// instance out of four then decides with a quarter of the limit.
func ExampleOpen() {
	client, err := rueidislimit.Open("redis://127.0.0.1:1")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	store, err := redislimit.New(client, redislimit.FailLocal(4), redislimit.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close() // before the client
	limiter, err := ratelimit.New(store, ratelimit.Policy{Limit: 100, Window: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := limiter.Allow(context.Background(), "user 17", 1)
	fmt.Println(d.Allowed, d.Remaining, d.Source, err)
	// Output: true 24 local <nil>
}
