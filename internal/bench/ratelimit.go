package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-chi/httprate"
	"github.com/sethvargo/go-limiter/memorystore"
	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/memstore"
	ulule "github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/memory"
	"golang.org/x/time/rate"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// plenty is a burst that no measurement uses up. It refills so slowly that no
// bucket becomes full meanwhile: each decision is one of a bucket in use.
const (
	plenty = 1_000_000_000
	crowd  = 1_000_000 // keys of the random measurement
)

// A decider decides one unit of the i-th key, and says whether it is allowed.
type decider struct {
	name  string
	allow func(i int) bool
}

// ratelimits compares one decision in this process: of one key, and of keys at
// random among a million.
func ratelimits(s settings) ([]result, error) {
	hot, err := hotKey(s)
	if err != nil {
		return nil, err
	}
	random, err := randomKeys(s)
	return append(hot, random...), err
}

func hotKey(s settings) ([]result, error) {
	keys := []string{"user:0190163d-8694-7000-8000-000000000001"}
	bare := rate.NewLimiter(rate.Every(time.Hour), plenty)
	all, stop, err := deciders(keys, 1, decider{"bare", func(int) bool { return bare.Allow() }})
	if err != nil {
		return nil, err
	}
	defer stop()
	got, err := decide(s.rounds, 1_000_000, 0, all)
	if err != nil {
		return nil, err
	}
	line := func(name, peer string, bar float64) result {
		return result{work: "one key", ours: got["ours"].ns, theirs: got[name].ns, unit: "ns", peer: peer, bar: bar}
	}
	return []result{
		line("bare", "bare rate.Limiter", 1.15),
		line("go-limiter", "go-limiter", 1.2),
		line("throttled", "throttled", 1),
		line("ulule", "ulule/limiter", 1),
		line("httprate", "httprate", 1),
		{work: "one key", ours: got["ours"].allocs, theirs: got["bare"].allocs, unit: "allocs", peer: "bare rate.Limiter", bar: 1e-9, absolute: true},
	}, nil
}

func randomKeys(s settings) ([]result, error) {
	keys, order := crowdOfKeys()
	array := make([]rate.Limiter, crowd)
	for i := range array {
		array[i].SetLimit(rate.Every(time.Hour))
		array[i].SetBurst(plenty)
		array[i].ReserveN(time.Now(), -plenty)
	}
	all, stop, err := deciders(keys, crowd, decider{"bare", func(i int) bool { return array[order[i]].Allow() }})
	if err != nil {
		return nil, err
	}
	defer stop()
	bytes := map[string]float64{}
	for _, d := range all {
		bytes[d.name] = grown(func() {
			for _, i := range rand.Perm(crowd) { // not the order in which they are asked
				d.allow(i)
			}
		}) / crowd
	}
	got, err := decide(s.rounds, crowd, 1, all)
	if err != nil {
		return nil, err
	}
	line := func(name, peer string, bar float64) result {
		return result{work: "a million keys", ours: got["ours"].ns, theirs: got[name].ns, unit: "ns", peer: peer, bar: bar}
	}
	memory := func(name string, bar float64) result {
		return result{work: "a million keys", ours: bytes["ours"], theirs: bytes[name], unit: "B/key", peer: name, bar: bar, absolute: true}
	}
	return []result{
		line("bare", "array of rate.Limiter", 2),
		line("go-limiter", "go-limiter", 1),
		line("throttled", "throttled", 1),
		line("ulule", "ulule/limiter", 1),
		line("httprate", "httprate", 1),
		memory("go-limiter", 128), memory("throttled", 0), memory("ulule", 0), memory("httprate", 0),
	}, nil
}

// crowdOfKeys returns keys that lie in memory as they are asked for, so that the
// processor fetches them ahead for everyone, and a random place for each.
func crowdOfKeys() (keys []string, order []int) {
	order = rand.Perm(crowd)
	var text strings.Builder
	for _, i := range order {
		fmt.Fprintf(&text, "user:%08d", i)
	}
	for i := range crowd {
		keys = append(keys, text.String()[13*i:13*i+13])
	}
	return keys, order
}

// deciders are ours and the peers', beside one of plain limiters.
func deciders(keys []string, room int, bare decider) (all []decider, stop func(), err error) {
	ctx := context.Background()
	ours, err := ratelimit.New(ratelimit.NewLocal(ratelimit.WithMaxKeys(room)), ratelimit.Policy{Limit: 1, Window: time.Hour, Burst: plenty})
	if err != nil {
		return nil, nil, err
	}
	goLimiter, err := memorystore.New(&memorystore.Config{Tokens: plenty, Interval: time.Hour})
	if err != nil {
		return nil, nil, err
	}
	gcraStore, err := memstore.NewCtx(0)
	if err != nil {
		return nil, nil, errors.Join(err, goLimiter.Close(ctx))
	}
	gcra, err := throttled.NewGCRARateLimiterCtx(gcraStore, throttled.RateQuota{MaxRate: throttled.PerHour(plenty), MaxBurst: plenty})
	if err != nil {
		return nil, nil, errors.Join(err, goLimiter.Close(ctx))
	}
	ululeLimiter := ulule.New(memory.NewStore(), ulule.Rate{Period: time.Hour, Limit: plenty})
	chi := httprate.NewRateLimiter(plenty, time.Hour, httprate.WithResponseHeaders(httprate.ResponseHeaders{}))
	request, err := http.NewRequest(http.MethodGet, "/", nil)
	if err != nil {
		return nil, nil, errors.Join(err, goLimiter.Close(ctx))
	}
	return []decider{
		{"ours", func(i int) bool { d, err := ours.Allow(ctx, keys[i], 1); return err == nil && d.Allowed }},
		bare,
		{"go-limiter", func(i int) bool { _, _, _, ok, err := goLimiter.Take(ctx, keys[i]); return err == nil && ok }},
		{"throttled", func(i int) bool { limited, _, err := gcra.RateLimitCtx(ctx, keys[i], 1); return err == nil && !limited }},
		{"ulule", func(i int) bool { got, err := ululeLimiter.Get(ctx, keys[i]); return err == nil && !got.Reached }},
		{"httprate", func(i int) bool { return !chi.OnLimit(nil, request, keys[i]) }},
	}, func() { _ = goLimiter.Close(ctx) }, nil
}

// decide measures the deciders in turn, each for as many decisions of keys i,
// i + step and so on, by the CPU time of the process.
func decide(rounds, decisions, step int, all []decider) (map[string]figure, error) {
	ns := map[string][]float64{}
	refused := 0
	for round := range rounds + 1 {
		for _, d := range all {
			runtime.GC() // nobody pays for what another left
			before := cpuTime()
			for i := range decisions {
				if !d.allow(i * step) {
					refused++
				}
			}
			if took := cpuTime() - before; round > 0 { // the first one warms the caches
				ns[d.name] = append(ns[d.name], float64(took.Nanoseconds())/float64(decisions))
			}
		}
	}
	if refused > 0 {
		return nil, fmt.Errorf("%d decisions were refused", refused)
	}
	out := map[string]figure{}
	for _, d := range all {
		out[d.name] = figure{median(ns[d.name]), testing.AllocsPerRun(1000, func() { d.allow(0) })}
	}
	return out, nil
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// grown is by how many bytes of live heap a call adds.
func grown(call func()) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	call()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return float64(after.HeapAlloc) - float64(before.HeapAlloc)
}
