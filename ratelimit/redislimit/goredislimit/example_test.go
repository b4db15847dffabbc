package goredislimit_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit/goredislimit"
)

// A host that has a client of go-redis limits its callers by it, here of a server
// that is not running: nobody is refused then.
func ExampleFromGoRedis() {
	host := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	defer host.Close()
	store, err := redislimit.New(goredislimit.FromGoRedis(host), redislimit.FailOpen(), redislimit.WithLogger(slog.New(slog.DiscardHandler)))
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
	fmt.Println(d.Allowed, d.Source, err)
	// Output: true unreachable <nil>
}
