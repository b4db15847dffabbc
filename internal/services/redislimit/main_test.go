package redislimit_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/services/redisserver"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit/goredislimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit/rueidislimit"
)

// patience is what a busy machine may need.
const patience = time.Minute

func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	leaktest.Main(m)
}

// silent keeps quiet about servers that are not there.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// start runs a server for the test.
func start(t testing.TB) *redisserver.Server {
	t.Helper()
	s, err := redisserver.Start(context.Background())
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

func cluster(t testing.TB) *redisserver.Cluster {
	t.Helper()
	c, err := redisserver.StartCluster(context.Background(), 3)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// dialers make clients of servers, one of each library.
var dialers = []struct {
	name string
	dial func(t testing.TB, addrs ...string) redislimit.Client
}{{"rueidis", withRueidis}, {"go-redis", withGoRedis}}

func withRueidis(t testing.TB, addrs ...string) redislimit.Client {
	t.Helper()
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: addrs, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return rueidislimit.FromRueidis(client)
}

func withGoRedis(t testing.TB, addrs ...string) redislimit.Client {
	t.Helper()
	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: addrs})
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return goredislimit.FromGoRedis(client)
}

// open returns a store that is closed with the test.
func open(t testing.TB, client redislimit.Client, options ...redislimit.Option) *redislimit.Store {
	t.Helper()
	s, err := redislimit.New(client, append([]redislimit.Option{redislimit.WithLogger(slog.New(slog.DiscardHandler))}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}
