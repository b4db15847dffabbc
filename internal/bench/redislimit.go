package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/goredisstore.v9"
	"github.com/ulule/limiter/v3"
	ulule "github.com/ulule/limiter/v3/drivers/store/redis"

	"github.com/modular-dashboard/dashboard/internal/services/redisserver"
	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit/goredislimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit/rueidislimit"
)

const callers = 64

// A sharer decides about a key, or fails.
type sharer func(ctx context.Context, key string) error

// A shared work is a policy, and how many keys ask under it as fast as they can.
type sharedWork struct {
	name   string
	policy ratelimit.Policy
	keys   int
}

func sharedWorks() []sharedWork {
	return []sharedWork{
		{"1,000 keys, none refused", ratelimit.Policy{Limit: 1_000_000, Window: time.Second}, 1000},
		{"100 keys, most refused", ratelimit.Policy{Limit: 100, Window: time.Second}, 100},
		{"one key, none refused", ratelimit.Policy{Limit: ratelimit.MaxLimit, Window: time.Second}, 1},
	}
}

// limits compares decisions that a fleet shares by way of one Redis.
func limits(s settings) (results []result, err error) {
	ctx := context.Background()
	server, err := redisserver.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	host := redis.NewClient(&redis.Options{Addr: server.Addr, PoolSize: callers})
	defer func() { err = errors.Join(err, host.Close()) }()
	piped, err := rueidislimit.Open("redis://" + server.Addr)
	if err != nil {
		return nil, err
	}
	defer piped.Close()
	for _, work := range sharedWorks() {
		sharers, stop, err := sharersOf(work, host, piped)
		if err != nil {
			return nil, err
		}
		figures, err := measureSharers(ctx, s, server, work.keys, sharers)
		stop()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", work.name, err)
		}
		results = append(results, sharedResults(work.name, figures)...)
	}
	return results, nil
}

// sharersOf are the contenders, ours first.
func sharersOf(work sharedWork, host *redis.Client, piped *rueidislimit.Client) (map[string]sharer, func(), error) {
	quiet, patient := redislimit.WithLogger(slog.New(slog.DiscardHandler)), redislimit.WithTimeout(10*time.Second) // on a busy machine
	exact, err1 := redislimit.New(piped, quiet, patient)
	leases, err2 := redislimit.New(piped, quiet, patient, redislimit.WithLeases(), redislimit.WithPrefix("lease:"))
	hosted, err3 := redislimit.New(goredislimit.FromGoRedis(host), quiet, patient, redislimit.WithPrefix("hosted:"))
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, nil, err
	}
	ours := func(s *redislimit.Store) sharer {
		return func(ctx context.Context, key string) error {
			var d [1]ratelimit.Decision
			_, err := s.Take(ctx, []ratelimit.Charge{{Policy: work.policy, Key: key, Cost: 1}}, d[:])
			if d[0].Source != ratelimit.Exact && d[0].Source != ratelimit.Lease {
				return errors.Join(err, fmt.Errorf("decided by %v", d[0].Source))
			}
			return err
		}
	}
	rate := redis_rate.NewLimiter(host)
	limit := redis_rate.Limit{Rate: int(work.policy.Limit), Burst: int(work.policy.Depth()), Period: work.policy.Window}
	store, err := goredisstore.NewCtx(host, "throttled:")
	if err != nil {
		return nil, nil, err
	}
	throttle, err := throttled.NewGCRARateLimiterCtx(store, throttled.RateQuota{
		MaxRate: throttled.PerDuration(int(work.policy.Limit), work.policy.Window), MaxBurst: int(work.policy.Depth()) - 1,
	})
	if err != nil {
		return nil, nil, err
	}
	throttle.SetMaxCASAttemptsLimit(1000) // 10 are not enough for one key
	windows, err := ulule.NewStore(host)
	if err != nil {
		return nil, nil, err
	}
	window := limiter.New(windows, limiter.Rate{Period: work.policy.Window, Limit: work.policy.Limit})
	return map[string]sharer{
		"exact": ours(exact), "leases": ours(leases), "exact on go-redis": ours(hosted),
		"redis_rate": func(ctx context.Context, key string) error { _, err := rate.Allow(ctx, key, limit); return err },
		"throttled": func(ctx context.Context, key string) error {
			_, _, err := throttle.RateLimitCtx(ctx, key, 1)
			return err
		},
		"ulule": func(ctx context.Context, key string) error { _, err := window.Get(ctx, key); return err },
	}, func() { exact.Close(); leases.Close(); hosted.Close() }, nil
}

// sharedFigure is per decision: microseconds, and commands of the server.
type sharedFigure struct{ wall, server, client, middle, commands float64 }

func measureSharers(ctx context.Context, s settings, server *redisserver.Server, keys int, sharers map[string]sharer) (map[string]sharedFigure, error) {
	names := make([]string, keys)
	for i := range names {
		names[i] = "user:" + strconv.Itoa(1_000_000+i)
	}
	all := map[string][]sharedFigure{}
	for range s.rounds {
		for name, do := range sharers {
			f, err := shareFor(ctx, s.length/3, server, names, do)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			all[name] = append(all[name], f)
		}
	}
	out := map[string]sharedFigure{}
	for name, list := range all {
		middle := func(of func(sharedFigure) float64) float64 {
			var x []float64
			for _, f := range list {
				x = append(x, of(f))
			}
			return median(x)
		}
		out[name] = sharedFigure{
			middle(func(f sharedFigure) float64 { return f.wall }), middle(func(f sharedFigure) float64 { return f.server }),
			middle(func(f sharedFigure) float64 { return f.client }), middle(func(f sharedFigure) float64 { return f.middle }),
			middle(func(f sharedFigure) float64 { return f.commands }),
		}
	}
	return out, nil
}

// shareFor lets 64 goroutines ask as fast as they can.
func shareFor(ctx context.Context, length time.Duration, server *redisserver.Server, keys []string, do sharer) (f sharedFigure, err error) {
	const warm = 200 * time.Millisecond
	if _, _, err := askAll(ctx, warm, keys, do); err != nil {
		return f, err
	}
	commands, err := serverScripts(ctx, server)
	if err != nil {
		return f, err
	}
	before, err := cpuOf(strconv.Itoa(server.PID()))
	if err != nil {
		return f, err
	}
	self, began := cpuOfSelf(), time.Now()
	n, waits, err := askAll(ctx, length, keys, do)
	if err != nil {
		return f, err
	}
	took, client := time.Since(began), cpuOfSelf()-self
	after, err := cpuOf(strconv.Itoa(server.PID()))
	if err != nil {
		return f, err
	}
	now, err := serverScripts(ctx, server)
	slices.Sort(waits)
	return sharedFigure{
		wall: float64(took.Microseconds()) / n, server: (after - before) / n, client: client / n,
		middle: float64(waits[len(waits)/2].Nanoseconds()) / 1e3, commands: (now - commands) / n,
	}, err
}

func askAll(ctx context.Context, length time.Duration, keys []string, do sharer) (n float64, waits []time.Duration, err error) {
	const sample = 61 // of so many decisions one is timed
	var mu sync.Mutex
	var group sync.WaitGroup
	end := time.Now().Add(length)
	for c := range callers {
		group.Go(func() {
			var own []time.Duration
			count, failed := 0, error(nil)
			for i := c; failed == nil; i += 7 {
				count++
				if count%sample != 1 {
					failed = do(ctx, keys[i%len(keys)])
					continue
				}
				start := time.Now()
				if start.After(end) {
					break
				}
				failed = do(ctx, keys[i%len(keys)])
				own = append(own, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			n, waits, err = n+float64(count), append(waits, own...), errors.Join(err, failed)
		})
	}
	group.Wait()
	runtime.Gosched()
	return n, waits, err
}

// serverScripts is how many scripts a server has run.
func serverScripts(ctx context.Context, server *redisserver.Server) (float64, error) {
	answer, err := server.Do(ctx, "INFO", "commandstats")
	if err != nil {
		return 0, err
	}
	_, after, ok := strings.Cut(answer, "cmdstat_evalsha:calls=")
	if !ok {
		return 0, nil // none yet
	}
	text, _, _ := strings.Cut(after, ",")
	return strconv.ParseFloat(text, 64)
}

// cpuOfSelf is this process's CPU time in microseconds.
func cpuOfSelf() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e3
}

func sharedResults(work string, f map[string]sharedFigure) []result {
	peer, exact, leases := f["redis_rate"], f["exact"], f["leases"]
	const by = "redis_rate"
	results := []result{
		{work: work + ", exact: time", ours: exact.wall, theirs: peer.wall, unit: "us", peer: by, bar: 1},
		{work: work + ", exact: server CPU", ours: exact.server, theirs: peer.server, unit: "us", peer: by, bar: 0.85},
		{work: work + ", exact: client CPU", ours: exact.client, theirs: peer.client, unit: "us", peer: by},
		{work: work + ", leases: time", ours: leases.wall, theirs: peer.wall, unit: "us", peer: by, bar: 0.1},
		{work: work + ", leases: client CPU", ours: leases.client, theirs: peer.client, unit: "us", peer: by, bar: 1.0 / 15},
		{work: work + ", leases: median wait", ours: leases.middle, theirs: peer.middle, unit: "us", peer: by, bar: 1, absolute: true},
		{work: work + ", leases: commands", ours: leases.commands, theirs: peer.commands, unit: "each", peer: by, bar: 0.1, absolute: true},
	}
	for _, other := range []string{"throttled", "ulule"} {
		results = append(results,
			result{work: work + ", exact: server CPU", ours: exact.server, theirs: f[other].server, unit: "us", peer: other},
			result{work: work + ", exact: client CPU", ours: exact.client, theirs: f[other].client, unit: "us", peer: other})
	}
	hosted := f["exact on go-redis"]
	return append(results, result{work: work + ", on go-redis: server CPU", ours: hosted.server, theirs: peer.server, unit: "us", peer: by},
		result{work: work + ", on go-redis: client CPU", ours: hosted.client, theirs: peer.client, unit: "us", peer: by})
}
