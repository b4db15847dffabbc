package redislimit_test

import (
	"fmt"
	"testing"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/ratelimittest"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
)

// Each test of the suite has keys of its own in one server, as instances of
// different programs may have.
func TestConformance(t *testing.T) {
	single, several := []string{start(t).Addr}, cluster(t).Addrs()
	tests := 0
	for _, servers := range []struct {
		name  string
		addrs []string
	}{{"server", single}, {"cluster", several}} {
		for _, dialer := range dialers {
			for _, leases := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/leases %t", servers.name, dialer.name, leases), func(t *testing.T) {
					client := dialer.dial(t, servers.addrs...)
					ratelimittest.Run(t, func(t *testing.T) ratelimit.Store {
						tests++
						options := []redislimit.Option{redislimit.WithPrefix(fmt.Sprint("test", tests, ":")), redislimit.WithTimeout(patience)}
						if leases {
							options = append(options, redislimit.WithLeases())
						}
						return open(t, client, options...)
					})
				})
			}
		}
	}
}
