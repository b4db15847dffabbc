package redislimit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
)

// Two instances hold a key to one limit.
func Example() {
	client := newFake() // rueidislimit.Open("redis://localhost:6379"), in reality
	ctx := context.Background()
	instance := func(name string) {
		store, err := redislimit.New(client)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer store.Close()
		limiter, err := ratelimit.New(store, ratelimit.Policy{Name: "api", Limit: 3, Window: time.Hour})
		if err != nil {
			fmt.Println(err)
			return
		}
		for range 2 {
			d, err := limiter.Allow(ctx, "user 17", 1)
			fmt.Println(name, d.Allowed, d.Remaining, d.Source, err)
		}
	}
	instance("one")
	instance("another")
	// Output:
	// one true 2 exact <nil>
	// one true 1 exact <nil>
	// another true 0 exact <nil>
	// another false 0 exact <nil>
}

// With leases most decisions need no question.
func ExampleWithLeases() {
	client := newFake()
	store, err := redislimit.New(client, redislimit.WithLeases())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	limiter, err := ratelimit.New(store, ratelimit.Policy{Limit: 100_000, Window: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 20_000 {
		if _, err := limiter.Allow(context.Background(), "user 17", 1); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println("fewer than one question in 100:", client.evals.Load() < 200)
	// Output: fewer than one question in 100: true
}

// While Redis cannot be asked each of four instances decides with a quarter of
// the limit.
func ExampleFailLocal() {
	client := newFake()
	client.down.Store(true)
	store, err := redislimit.New(client, redislimit.FailLocal(4), quiet())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	limiter, err := ratelimit.New(store, ratelimit.Policy{Limit: 100, Window: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := limiter.Allow(context.Background(), "user 17", 1)
	fmt.Println(d.Allowed, d.Remaining, d.Source, err)
	fmt.Println("redis:", store.Health())
	// Output:
	// true 24 local <nil>
	// redis: connection refused
}

// A login form that cannot be limited lets nobody in; a cost known only
// afterwards is settled.
func ExampleStore() {
	store, err := redislimit.New(newFake(), redislimit.FailClosed(), redislimit.WithPrefix("shop:limits:"), redislimit.WithTimeout(50*time.Millisecond))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	ctx := context.Background()
	limiter, err := ratelimit.New(store, ratelimit.Policy{Name: "tokens", Limit: 1000, Window: 24 * time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := limiter.Allow(ctx, "user 17", 300) // an estimate
	fmt.Println(d.Allowed, d.Remaining, err)
	fmt.Println(limiter.Settle(ctx, "user 17", -120)) // it was less
	d, err = limiter.Allow(ctx, "user 17", 0)         // a look
	fmt.Println(d.Allowed, d.Remaining, err)
	// Output:
	// true 700 <nil>
	// <nil>
	// true 820 <nil>
}
