package ai_test

import (
	"context"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
)

// paced is a model that takes some time until its first piece, and counts.
type paced struct {
	calls, left atomic.Int64
	wait        atomic.Int64
}

func (p *paced) Generate(ctx context.Context, req *ai.Request) seq {
	return func(yield func(ai.Event, error) bool) {
		p.calls.Add(1)
		for e, err := range slow(time.Duration(p.wait.Load())).Generate(ctx, req) {
			if err != nil {
				p.left.Add(1)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func pacedBy(d time.Duration) *paced {
	p := new(paced)
	p.wait.Store(int64(d))
	return p
}

func TestBalanceByWeight(t *testing.T) {
	t.Parallel()
	one, two, three := play(says(nil, "a")), play(says(nil, "b")), play(fails(ai.Server))
	model, err := ai.Balance(ai.ByWeight, ai.Route{Model: one, Weight: 3}, ai.Route{Model: two}, ai.Route{Model: three})
	if err != nil {
		t.Fatal(err)
	}
	const requests = 4000
	for range requests {
		if err := ask(t, model, "m"); err != nil {
			t.Fatalf("got %v, want an answer of another route", err)
		}
	}
	if one.calls+two.calls != requests || three.calls < requests/8 || three.calls > requests/3 {
		t.Errorf("got %d, %d and %d calls, want every request answered once, and a fifth to try the third first", one.calls, two.calls, three.calls)
	}
	if share := float64(one.calls) / requests; share < 0.7 || share > 0.8 {
		t.Errorf("got a share of %.2f, want 3 in 4", share)
	}
}

func TestBalanceByLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		quick, lazy := pacedBy(100*time.Millisecond), pacedBy(2*time.Second)
		broken := play(fails(ai.Server))
		model, err := ai.Balance(ai.ByLatency, ai.Route{Model: quick}, ai.Route{Model: lazy}, ai.Route{Model: broken})
		if err != nil {
			t.Fatal(err)
		}
		for range 500 {
			if err := ask(t, model, "m"); err != nil {
				t.Fatal(err)
			}
		}
		// A third of the draws are between the slow and the broken one.
		if n := lazy.calls.Load(); n < 1 || n > 230 || quick.calls.Load() < 250 || broken.calls > 100 {
			t.Errorf("got %d calls of the quick, %d of the slow, %d of the broken one", quick.calls.Load(), n, broken.calls)
		}
		lazy.wait.Store(int64(10 * time.Millisecond)) // and is quick again
		before := lazy.calls.Load()
		for range 2000 {
			if err := ask(t, model, "m"); err != nil {
				t.Fatal(err)
			}
		}
		if n := lazy.calls.Load() - before; n < 1000 {
			t.Errorf("got %d of 2000 calls after it became quicker, want most", n)
		}
	})
}

func TestOrdersThatAreNone(t *testing.T) {
	t.Parallel()
	m := play(says(nil, "a"))
	for _, r := range []ai.Route{{}, {Model: m, Weight: -1}, {Model: m, Weight: math.NaN()}, {Model: m, Weight: math.Inf(1)}} {
		if _, err := ai.Balance(ai.ByWeight, ai.Route{Model: m}, r); err == nil {
			t.Errorf("%+v: got no error", r)
		}
	}
	if _, err := ai.Balance(ai.ByLatency+1, ai.Route{Model: m}); err == nil {
		t.Error("an unknown order: got no error")
	}
	for _, h := range []ai.Hedging{{After: -1}, {Quantile: 1}, {Quantile: math.NaN()}, {Share: 2}} {
		if _, err := ai.Hedge(h, ai.Route{Model: m}); err == nil {
			t.Errorf("%+v: got no error", h)
		}
	}
	if _, err := ai.Hedge(ai.Hedging{}); err == nil {
		t.Error("no routes: got no error")
	}
	if _, err := ai.Continue(); err == nil {
		t.Error("no routes to go on with: got no error")
	}
}
