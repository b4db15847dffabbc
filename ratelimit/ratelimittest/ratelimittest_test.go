package ratelimittest_test

import (
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/ratelimittest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// An implementation's test hands the suite a function that makes a fresh one.
//
//nolint:testableexamples // it needs the *testing.T that only a test has
func Example() {
	testStore := func(t *testing.T) {
		ratelimittest.Run(t, func(*testing.T) ratelimit.Store { return ratelimit.NewLocal() })
	}
	_ = testStore // func TestConformance(t *testing.T), in reality
}
