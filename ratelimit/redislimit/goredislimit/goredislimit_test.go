package goredislimit_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/ratelimittest"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit/goredislimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit/internal/luaredis"
)

const patience = time.Minute // for a busy machine

func TestMain(m *testing.M) { leaktest.Main(m) }

func serve(t *testing.T) *luaredis.Server {
	t.Helper()
	s, err := luaredis.Serve(t.Context(), luaredis.New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func open(t *testing.T, addr string) *redislimit.Store {
	t.Helper()
	host := redis.NewClient(&redis.Options{Addr: addr})
	s, err := redislimit.New(goredislimit.FromGoRedis(host), redislimit.WithTimeout(patience), redislimit.FailClosed(), redislimit.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		if err := host.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func take(t *testing.T, s *redislimit.Store) ratelimit.Decision {
	t.Helper()
	var d [1]ratelimit.Decision
	charge := ratelimit.Charge{Policy: ratelimit.Policy{Limit: 100, Window: time.Hour}, Key: "ann", Cost: 1}
	if _, err := s.Take(t.Context(), []ratelimit.Charge{charge}, d[:]); err != nil {
		t.Fatal(err)
	}
	return d[0]
}

func TestConformance(t *testing.T) {
	ratelimittest.Run(t, func(t *testing.T) ratelimit.Store { return open(t, serve(t).Addr) })
}

// The text of the script is sent when the server does not know it, and then no
// more.
func TestScriptIsCached(t *testing.T) {
	server := serve(t)
	s := open(t, server.Addr)
	for i := range int64(5) {
		if d := take(t, s); d.Remaining != 99-i || d.Source != ratelimit.Exact {
			t.Errorf("decision %+v", d)
		}
	}
	server.FlushScripts()
	if d := take(t, s); d.Remaining != 94 || d.Source != ratelimit.Exact {
		t.Errorf("decision %+v", d)
	}
	if got := server.Evals(); got != 2 {
		t.Errorf("sent the text %d times, want 2", got)
	}
}

func TestShardedClients(t *testing.T) {
	one := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	several := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}})
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}})
	for _, c := range []struct {
		client interface {
			redis.Scripter
			Close() error
		}
		want bool
	}{{one, false}, {several, true}, {ring, true}} {
		if got := goredislimit.FromGoRedis(c.client).Sharded(); got != c.want {
			t.Errorf("%T: got %t, want %t", c.client, got, c.want)
		}
		if err := c.client.Close(); err != nil {
			t.Error(err)
		}
	}
}
