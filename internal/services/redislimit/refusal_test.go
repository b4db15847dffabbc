package redislimit_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
)

// A server that answers and takes no writes, or has something else where a bucket
// was, and is then in order again.
func TestServerThatRefuses(t *testing.T) {
	host, port, err := net.SplitHostPort(start(t).Addr)
	if err != nil {
		t.Fatal(err)
	}
	p := ratelimit.Policy{Limit: 1000, Window: 24 * time.Hour}
	for _, dialer := range dialers {
		for _, c := range []struct {
			name        string
			spoil, mend []any
			source      ratelimit.Source
		}{
			{"memory is full", []any{"CONFIG", "SET", "maxmemory", "1"}, []any{"CONFIG", "SET", "maxmemory", "0"}, ratelimit.LocalShare},
			{"it became a replica", []any{"REPLICAOF", host, port}, []any{"REPLICAOF", "NO", "ONE"}, ratelimit.LocalShare},
			{"it forgot the script", []any{"SCRIPT", "FLUSH"}, []any{"PING"}, ratelimit.Exact},
			{"another type", []any{"EVAL", "for _, k in ipairs(redis.call('KEYS', '*')) do redis.call('DEL', k) redis.call('LPUSH', k, 'x') end", 0}, []any{"PING"}, ratelimit.Exact},
		} {
			t.Run(dialer.name+"/"+c.name, func(t *testing.T) {
				server := start(t)
				admin := redis.NewClient(&redis.Options{Addr: server.Addr})
				defer admin.Close()
				s := open(t, dialer.dial(t, server.Addr), redislimit.WithTimeout(patience))
				take := func() ratelimit.Source {
					var d [1]ratelimit.Decision
					if _, err := s.Take(t.Context(), []ratelimit.Charge{{Policy: p, Key: "ann", Cost: 1}}, d[:]); err != nil || !d[0].Allowed {
						t.Fatal(d[0], err)
					}
					return d[0].Source
				}
				if got := take(); got != ratelimit.Exact {
					t.Fatalf("got %v", got)
				}
				if err := admin.Do(t.Context(), c.spoil...).Err(); err != nil && !errors.Is(err, redis.Nil) {
					t.Fatal(err)
				}
				if got := take(); got != c.source {
					t.Errorf("got %v, want %v", got, c.source)
				}
				if err := admin.Do(t.Context(), c.mend...).Err(); err != nil {
					t.Fatal(err)
				}
				eventually(t, "it is asked again", func() bool { return take() == ratelimit.Exact })
			})
		}
	}
}
