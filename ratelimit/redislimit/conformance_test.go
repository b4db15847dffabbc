package redislimit_test

import (
	"testing"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/ratelimittest"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
)

func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name    string
		shards  bool
		options []redislimit.Option
	}{
		{"exact", false, nil},
		{"exact, fail closed", false, []redislimit.Option{redislimit.FailClosed()}},
		{"leases", false, []redislimit.Option{redislimit.WithLeases()}},
		{"cluster", true, nil},
		{"cluster with leases", true, []redislimit.Option{redislimit.WithLeases()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ratelimittest.Run(t, func(t *testing.T) ratelimit.Store {
				client := newFake()
				client.shards = c.shards
				return open(t, client, append(c.options, redislimit.WithTimeout(patience))...)
			})
		})
	}
}
