package ratelimit_test

import (
	"testing"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/ratelimittest"
)

func TestConformance(t *testing.T) {
	ratelimittest.Run(t, func(*testing.T) ratelimit.Store { return ratelimit.NewLocal() })
}

// The same holds where all keys are in one shard.
func TestConformanceSmall(t *testing.T) {
	ratelimittest.Run(t, func(*testing.T) ratelimit.Store { return ratelimit.NewLocal(ratelimit.WithMaxKeys(30)) })
}
