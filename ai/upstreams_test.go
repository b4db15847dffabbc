package ai_test

import (
	"context"
	"errors"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
)

// The slower one of a hedge is canceled when the other begins to answer, not when
// that has ended.
func TestHedgeCancelsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var ended time.Duration
		first := ai.ModelFunc(func(context.Context, *ai.Request) iter.Seq2[ai.Event, error] {
			return func(yield func(ai.Event, error) bool) {
				says(nil, "a", "b")(func(e ai.Event, err error) bool {
					<-time.After(2 * time.Second)
					return yield(e, err)
				})
			}
		})
		second := ai.ModelFunc(func(ctx context.Context, _ *ai.Request) iter.Seq2[ai.Event, error] {
			return func(yield func(ai.Event, error) bool) {
				<-ctx.Done()
				ended = time.Since(begun)
				yield(ai.Event{}, &ai.Error{Kind: ai.Canceled, Err: ctx.Err()})
			}
		})
		model, err := ai.Hedge(ai.Hedging{After: time.Second}, ai.Route{Model: first}, ai.Route{Model: second})
		if err != nil {
			t.Fatal(err)
		}
		at := time.Duration(0)
		for e, err := range model.Generate(t.Context(), request()) {
			if err != nil {
				t.Error(err)
			}
			if at == 0 && e.Kind == ai.EventText {
				at = time.Since(begun)
			}
		}
		if ended == 0 || ended != at {
			t.Errorf("the second ended after %v, want %v as the first began", ended, at)
		}
	})
}

// While one request tries whether an upstream is back, others are not sent.
func TestBreakerTriesWithOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent, broken := 0, true
		model := ai.WithBreaker(ai.Breaker{Least: 2, Open: 10 * time.Second})(ai.ModelFunc(func(context.Context, *ai.Request) iter.Seq2[ai.Event, error] {
			return func(yield func(ai.Event, error) bool) {
				if sent++; broken {
					yield(ai.Event{}, &ai.Error{Kind: ai.Server})
					return
				}
				<-time.After(5 * time.Second)
				says(nil, "x")(yield)
			}
		}))
		for range 10 {
			_, _ = ai.Collect(model.Generate(t.Context(), request()))
		}
		<-time.After(11 * time.Second)
		sent, broken = 0, false
		var wg sync.WaitGroup
		refused := 0
		var mu sync.Mutex
		for range 5 {
			wg.Go(func() {
				_, err := ai.Collect(model.Generate(t.Context(), request()))
				mu.Lock()
				defer mu.Unlock()
				if e, _ := errors.AsType[*ai.Error](err); e != nil && e.Kind == ai.Overloaded {
					refused++
				}
			})
		}
		wg.Wait()
		if sent != 1 || refused != 4 {
			t.Errorf("%d sent and %d refused, want 1 and 4", sent, refused)
		}
	})
}

// A provider that says a key is of no use for ages is asked with it again after an
// hour.
func TestKeysRestAnHourAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		limited := ai.ModelFunc(func(context.Context, *ai.Request) iter.Seq2[ai.Event, error] {
			asked++
			return ai.Fail(&ai.Error{Kind: ai.RateLimited, RetryAfter: 1<<63 - 1})
		})
		model, err := ai.NewHealth(ai.Breaker{}).Keys("p", ai.Key{Name: "a", Model: limited}, ai.Key{Name: "b", Model: ai.ModelFunc(func(context.Context, *ai.Request) iter.Seq2[ai.Event, error] {
			return says(nil, "x")
		})})
		if err != nil {
			t.Fatal(err)
		}
		ask := func() {
			for range 4 {
				if _, err := ai.Collect(model.Generate(t.Context(), request())); err != nil {
					t.Error(err)
				}
			}
		}
		if ask(); asked != 1 {
			t.Errorf("asked %d times, want once", asked)
		}
		<-time.After(59 * time.Minute)
		if ask(); asked != 1 {
			t.Errorf("within the hour: asked %d times, want once", asked)
		}
		<-time.After(2 * time.Minute)
		if ask(); asked != 2 {
			t.Errorf("after it: asked %d times, want twice", asked)
		}
	})
}
