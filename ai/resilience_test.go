package ai_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
)

func TestRetry(t *testing.T) {
	t.Parallel()
	late := says(&ai.Error{Kind: ai.RateLimited, RetryAfter: 5 * time.Second})
	for _, tc := range []struct {
		name  string
		model *script
		retry ai.Retry
		text  string
		kind  ai.ErrorKind // of the error; Unknown: none
		calls int
		least time.Duration
		most  time.Duration
	}{
		{name: "the first answer is good", model: play(says(nil, "a", "b")), text: "ab", calls: 1},
		{name: "what may heal is tried again", model: play(fails(ai.Server), fails(ai.Network), says(nil, "ok")), text: "ok", calls: 3, most: 750 * time.Millisecond},
		{name: "not sooner than the provider says", model: play(late, says(nil, "ok")), text: "ok", calls: 2, least: 5 * time.Second, most: 5250 * time.Millisecond},
		{name: "a long wait is an error", model: play(says(&ai.Error{Kind: ai.RateLimited, RetryAfter: time.Minute})), kind: ai.RateLimited, calls: 1},
		{name: "a quota does not heal", model: play(fails(ai.Quota)), kind: ai.Quota, calls: 1},
		{name: "nor does a wrong request", model: play(fails(ai.Invalid)), kind: ai.Invalid, calls: 1},
		{name: "what was seen is not said again", model: play(says(&ai.Error{Kind: ai.Truncated}, "half")), text: "half", kind: ai.Truncated, calls: 1},
		{name: "it gives up", model: play(fails(ai.Overloaded)), retry: ai.Retry{Attempts: 3}, kind: ai.Overloaded, calls: 3, most: 750 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				answer, err := ai.Collect(aitest.Ordered(t, ai.WithRetry(tc.retry)(tc.model).Generate(t.Context(), request())))
				took := time.Since(begun)
				failed, _ := errors.AsType[*ai.Error](err)
				if answer.Text() != tc.text || (err != nil) != (tc.kind != ai.Unknown) || failed != nil && failed.Kind != tc.kind {
					t.Errorf("got %q, %v, want %q and kind %v", answer.Text(), err, tc.text, tc.kind)
				}
				if tc.model.calls != tc.calls || took < tc.least || took > tc.most {
					t.Errorf("got %d calls in %v, want %d in %v to %v", tc.model.calls, took, tc.calls, tc.least, tc.most)
				}
			})
		})
	}
}

func TestRetryBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		model := play(fails(ai.Server))
		retrying := ai.WithRetry(ai.Retry{Budget: 0.5})(model)
		const requests = 1000
		for range requests {
			if _, err := ai.Collect(retrying.Generate(t.Context(), request())); err == nil {
				t.Fatal("got no error")
			}
		}
		if most := requests + requests/2 + 20; model.calls > most {
			t.Errorf("got %d calls for %d requests, want at most %d", model.calls, requests, most)
		}
	})
}

func TestOneLayerRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		model := play(fails(ai.Server))
		twice := ai.Decorate(model, ai.WithRetry(ai.Retry{Attempts: 3}), ai.WithRetry(ai.Retry{Attempts: 3}))
		if _, err := ai.Collect(twice.Generate(t.Context(), request())); err == nil || model.calls != 3 {
			t.Errorf("got %v after %d calls, want an error after 3", err, model.calls)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		slow := ai.WithRetry(ai.Retry{Base: time.Hour, Max: time.Hour})(play(says(&ai.Error{Kind: ai.Server, RetryAfter: time.Second})))
		_, err := ai.Collect(slow.Generate(ctx, request()))
		if failed, ok := errors.AsType[*ai.Error](err); !ok || failed.Kind != ai.Canceled || !errors.Is(err, context.Canceled) {
			t.Errorf("canceled while waiting: got %v", err)
		}
	})
}

func TestFallback(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		models []*script
		text   string
		kind   ai.ErrorKind
		calls  []int
	}{
		{"the first answers", []*script{play(says(nil, "a")), play(says(nil, "b"))}, "a", ai.Unknown, []int{1, 0}},
		{"the second does", []*script{play(fails(ai.Unauthorized)), play(says(nil, "b"))}, "b", ai.Unknown, []int{1, 1}},
		{"not after content", []*script{play(says(&ai.Error{Kind: ai.Network}, "half")), play(says(nil, "b"))}, "half", ai.Network, []int{1, 0}},
		{"not with a wrong request", []*script{play(fails(ai.Invalid)), play(says(nil, "b"))}, "", ai.Invalid, []int{1, 0}},
		{"nor what is refused", []*script{play(fails(ai.Filtered)), play(says(nil, "b"))}, "", ai.Filtered, []int{1, 0}},
		{"all fail", []*script{play(fails(ai.Overloaded)), play(fails(ai.Quota))}, "", ai.Overloaded, []int{1, 1}},
		{"a model that breaks the rules", []*script{play(func(func(ai.Event, error) bool) {}), play(says(nil, "b"))}, "b", ai.Unknown, []int{1, 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			routes := []ai.Route{{Model: tc.models[0], Name: "one"}, {Model: tc.models[1], Names: map[string]string{"m": "two"}}}
			model, err := ai.Fallback(routes...)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := ai.Collect(aitest.Ordered(t, model.Generate(t.Context(), request())))
			failed, _ := errors.AsType[*ai.Error](err)
			if answer.Text() != tc.text || (err != nil) != (tc.kind != ai.Unknown) || failed != nil && failed.Kind != tc.kind {
				t.Errorf("got %q, %v, want %q and kind %v", answer.Text(), err, tc.text, tc.kind)
			}
			for i, m := range tc.models {
				if m.calls != tc.calls[i] {
					t.Errorf("model %d: got %d calls, want %d", i, m.calls, tc.calls[i])
				}
			}
			if names := slices.Concat(tc.models[0].names, tc.models[1].names); tc.calls[1] == 1 && !slices.Equal(names, []string{"one", "two"}) {
				t.Errorf("asked for %q, want one and two", names)
			}
		})
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		model := play(fails(ai.Server))
		guarded := ai.WithBreaker(ai.Breaker{})(model)
		ask := func() error {
			_, err := ai.Collect(guarded.Generate(t.Context(), request()))
			return err
		}
		for range 50 {
			if ask() == nil {
				t.Fatal("got no error")
			}
		}
		if model.calls != 10 {
			t.Errorf("got %d calls before it opened, want 10", model.calls)
		}
		if failed, ok := errors.AsType[*ai.Error](ask()); !ok || failed.Kind != ai.Overloaded || failed.RetryAfter <= 0 || !failed.Elsewhere() {
			t.Errorf("open: got %v, want kind overloaded with RetryAfter", failed)
		}
		<-time.After(10 * time.Second)
		if ask() == nil || model.calls != 11 {
			t.Errorf("after 10 s: got %d calls, want one that tries", model.calls)
		}
		model.list = append(model.list, says(nil, "back"))
		model.list = model.list[1:]
		<-time.After(10 * time.Second)
		for range 20 {
			if err := ask(); err != nil {
				t.Fatalf("after it came back: got %v", err)
			}
		}
	})
}

// Providers that fail three calls in ten, and one of three that is down, answer
// all but one request in a thousand with few more calls than requests, whatever
// chooses among them.
func TestProvidersThatFail(t *testing.T) {
	t.Parallel()
	for name, choose := range map[string]func(...ai.Route) (ai.Model, error){
		"fallback":           ai.Fallback,
		"balance by weight":  func(r ...ai.Route) (ai.Model, error) { return ai.Balance(ai.ByWeight, r...) },
		"balance by latency": func(r ...ai.Route) (ai.Model, error) { return ai.Balance(ai.ByLatency, r...) },
		"hedge":              func(r ...ai.Route) (ai.Model, error) { return ai.Hedge(ai.Hedging{}, r...) },
		"balance and hedge":  func(r ...ai.Route) (ai.Model, error) { return ai.Hedge(ai.Hedging{Order: ai.ByLatency}, r...) },
		"continue":           ai.Continue,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { chaos(t, choose) })
		})
	}
}

func chaos(t *testing.T, choose func(...ai.Route) (ai.Model, error)) {
	t.Helper()
	c := &flaky{random: rand.New(rand.NewPCG(1, 2))}
	down := ai.ModelFunc(func(context.Context, *ai.Request) seq { c.call(); return fails(ai.Server) })
	h := ai.NewHealth(ai.Breaker{})
	routes, err := choose(ai.Route{Model: h.Watch("down", "")(down)}, ai.Route{Model: h.Watch("a", "")(c)}, ai.Route{Model: h.Watch("b", "")(c)})
	if err != nil {
		t.Fatal(err)
	}
	model := ai.WithRetry(ai.Retry{})(routes)
	requests := 20_000
	if testing.Short() {
		requests = 5000
	}
	var answered atomic.Int64
	var group sync.WaitGroup
	for range requests {
		group.Go(func() {
			if _, err := ai.Collect(model.Generate(t.Context(), request())); err == nil {
				answered.Add(1)
			}
		})
		<-time.After(10 * time.Millisecond)
	}
	group.Wait()
	share, load := float64(answered.Load())/float64(requests), float64(c.calls)/float64(requests)
	t.Logf("%.3f %% answered, %.3f calls a request", 100*share, load)
	if share < 0.999 || load > 1.6 {
		t.Errorf("got %.3f %% answered with %.3f calls a request, want 99.9 and 1.6", 100*share, load)
	}
}

// flaky is a model that fails three calls in ten, and is slow one time in twenty.
type flaky struct {
	mu     sync.Mutex
	calls  int
	random *rand.Rand
}

// call counts, and decides what becomes of the call.
func (c *flaky) call() (kind ai.ErrorKind, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	wait = time.Duration(100+c.random.IntN(100)) * time.Millisecond
	if c.random.Float64() < 0.05 {
		wait *= 20
	}
	if c.random.Float64() < 0.3 {
		kind = []ai.ErrorKind{ai.Server, ai.Overloaded, ai.Network, ai.Timeout, ai.Truncated}[c.random.IntN(5)]
	}
	return kind, wait
}

// Generate implements [ai.Model].
func (c *flaky) Generate(ctx context.Context, _ *ai.Request) seq {
	kind, wait := c.call()
	if kind != ai.Unknown {
		return speaks("", wait, &ai.Error{Kind: kind}, 0).Generate(ctx, nil)
	}
	return speaks("ok", wait, nil, 1).Generate(ctx, nil)
}
