package redislimit_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit/internal/luaredis"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// fake is a client of an engine in this process.
type fake struct {
	*luaredis.Engine
	shards  bool
	down    atomic.Bool  // answers errDown
	hanging atomic.Bool  // answers when the context ends
	evals   atomic.Int64 // calls, answered or not
	refuse  func(key string) bool

	mu   sync.Mutex
	seen []string // keys, in the order in which they were first named
}

// patience is what a busy machine may need.
const patience = time.Minute

var errDown = errors.New("connection refused")

func newFake() *fake { return &fake{Engine: luaredis.New()} }

func (f *fake) Eval(ctx context.Context, script redislimit.Script, keys, args []string) ([]int64, error) {
	f.evals.Add(1)
	f.mu.Lock()
	for _, key := range keys {
		if !slices.Contains(f.seen, key) && len(f.seen) < 10 {
			f.seen = append(f.seen, key)
		}
	}
	f.mu.Unlock()
	if f.down.Load() || f.refuse != nil && slices.ContainsFunc(keys, f.refuse) {
		return nil, errDown
	}
	if f.hanging.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return f.Run(ctx, script.Text, keys, args)
}

func (f *fake) Sharded() bool { return f.shards }

// quiet discards the log.
func quiet() redislimit.Option { return redislimit.WithLogger(slog.New(slog.DiscardHandler)) }

// open returns a store that is closed with the test.
func open(t testing.TB, client redislimit.Client, options ...redislimit.Option) *redislimit.Store {
	t.Helper()
	s, err := redislimit.New(client, append([]redislimit.Option{quiet()}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// times is how often something is repeated: less often in short tests.
func times(n int) int {
	if testing.Short() {
		return (n + 7) / 8
	}
	return n
}

// within is how long something is watched, in a bubble's time: a part of it in short
// tests.
func within(d, part time.Duration) time.Duration {
	if testing.Short() {
		return d / part
	}
	return d
}

// take charges one bucket.
func take(t testing.TB, s ratelimit.Store, p ratelimit.Policy, key string, cost int64) ratelimit.Decision {
	t.Helper()
	var d [1]ratelimit.Decision
	allowed, err := s.Take(t.Context(), []ratelimit.Charge{{Policy: p, Key: key, Cost: cost}}, d[:])
	if err != nil {
		t.Fatal(err)
	}
	if allowed != (d[0].Allowed || p.Shadow) {
		t.Fatalf("allowed %t, decision %+v", allowed, d[0])
	}
	return d[0]
}

func same[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
