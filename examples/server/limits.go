package main

import (
	"fmt"
	"log/slog"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit/rueidislimit"
)

// sharedLimits is where instances share their rate limits.
type sharedLimits struct {
	options []dashboard.Option
	close   func()
}

// openLimits shares rate limits on a Redis server, or on none where the URL is
// empty. The server need not be there: while it is away, each instance holds
// callers to the limits on its own.
func openLimits(redisURL string, log *slog.Logger) (sharedLimits, error) {
	if redisURL == "" {
		return sharedLimits{close: func() {}}, nil
	}
	client, err := rueidislimit.Open(redisURL)
	if err != nil {
		return sharedLimits{}, fmt.Errorf("-%s: %w", flagRedis, err)
	}
	store, err := redislimit.New(client, redislimit.WithLogger(log), redislimit.WithPrefix("dashboard:"))
	if err != nil {
		client.Close()
		return sharedLimits{}, fmt.Errorf("-%s: %w", flagRedis, err)
	}
	return sharedLimits{
		options: []dashboard.Option{dashboard.WithRateLimitStore(store)},
		close:   func() { store.Close(); client.Close() },
	}, nil
}
