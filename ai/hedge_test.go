package ai_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
)

// speaks waits, then says its name in pieces, or fails; what it yields carries
// the name.
func speaks(name string, wait time.Duration, fails error, pieces int) ai.Model {
	return ai.ModelFunc(func(ctx context.Context, _ *ai.Request) seq {
		return func(yield func(ai.Event, error) bool) {
			if !yield(ai.Event{Kind: ai.EventStart, Start: &ai.Start{Model: name}}, nil) {
				return
			}
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				yield(ai.Event{}, &ai.Error{Kind: ai.Canceled, Err: ctx.Err()})
				return
			}
			for e, err := range says(fails, make([]string, pieces)...) {
				if e.Kind == ai.EventStart {
					continue
				}
				if e.Kind == ai.EventText {
					e.Text = name
				}
				if !yield(e, err) {
					return
				}
			}
		}
	})
}

func TestHedge(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	broken := &ai.Error{Kind: ai.Server}
	for _, tc := range []struct {
		name   string
		routes []ai.Model
		text   string
		kind   ai.ErrorKind // of the error; Unknown: none
		took   time.Duration
		hedged bool
	}{
		{"the first is quick", []ai.Model{speaks("a", 50*ms, nil, 2), speaks("b", 0, nil, 2)}, "aa", ai.Unknown, 50 * ms, false},
		{"the second is quicker", []ai.Model{speaks("a", time.Hour, nil, 2), speaks("b", 50*ms, nil, 2)}, "bb", ai.Unknown, 150 * ms, true},
		{"the first is quicker after all", []ai.Model{speaks("a", 120*ms, nil, 2), speaks("b", 50*ms, nil, 2)}, "aa", ai.Unknown, 120 * ms, true},
		{"the first fails at once", []ai.Model{speaks("a", 0, broken, 0), speaks("b", 50*ms, nil, 2)}, "bb", ai.Unknown, 50 * ms, false},
		{"the first fails while the second is awaited", []ai.Model{speaks("a", 110*ms, broken, 0), speaks("b", 50*ms, nil, 2)}, "bb", ai.Unknown, 150 * ms, true},
		{"the second fails", []ai.Model{speaks("a", 200*ms, nil, 2), speaks("b", 0, broken, 0)}, "aa", ai.Unknown, 200 * ms, true},
		{"both fail, the third answers", []ai.Model{speaks("a", 200*ms, broken, 0), speaks("b", 0, broken, 0), speaks("c", 0, nil, 1)}, "c", ai.Unknown, 200 * ms, true},
		{"all fail", []ai.Model{speaks("a", 200*ms, broken, 0), speaks("b", 0, broken, 0), speaks("c", 0, broken, 0)}, "", ai.Server, 200 * ms, true},
		{"a wrong request goes nowhere else", []ai.Model{speaks("a", 0, &ai.Error{Kind: ai.Invalid}, 0), speaks("b", 0, nil, 1)}, "", ai.Invalid, 0, false},
		{"it is wrong for the second", []ai.Model{speaks("a", 200*ms, broken, 0), speaks("b", 0, &ai.Error{Kind: ai.Filtered}, 0), speaks("c", 0, nil, 1)}, "", ai.Filtered, 200 * ms, true},
		{"the winner breaks off", []ai.Model{speaks("a", time.Hour, nil, 2), speaks("b", 0, broken, 1)}, "b", ai.Server, 100 * ms, true},
		{"one that breaks the rules", []ai.Model{speaks("a", 200*ms, nil, 2), play(func(func(ai.Event, error) bool) {})}, "aa", ai.Unknown, 200 * ms, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := ai.NewHealth(ai.Breaker{})
				var routes []ai.Route
				for i, m := range tc.routes {
					routes = append(routes, ai.Route{Model: h.Watch(fmt.Sprint(i), "")(m)})
				}
				hedging, err := ai.Hedge(ai.Hedging{After: 100 * ms}, routes...)
				if err != nil {
					t.Fatal(err)
				}
				var record *ai.Record
				model := ai.WithRecord(nil, func(_ context.Context, r *ai.Record) { record = r })(hedging)
				begun := time.Now()
				answer, err := ai.Collect(aitest.Ordered(t, model.Generate(t.Context(), request())))
				took := time.Since(begun)
				failed, _ := errors.AsType[*ai.Error](err)
				if answer.Text() != tc.text || (err != nil) != (tc.kind != ai.Unknown) || failed != nil && failed.Kind != tc.kind || took != tc.took {
					t.Errorf("got %q, %v in %v, want %q and kind %v in %v", answer.Text(), err, took, tc.text, tc.kind, tc.took)
				}
				hedges := 0
				for _, a := range record.Attempts {
					if a.Hedge {
						hedges++
					}
				}
				if (hedges == 1) != tc.hedged || (len(record.Notes) == 1) != tc.hedged {
					t.Errorf("got attempts %+v and notes %+v, want a hedge: %v", record.Attempts, record.Notes, tc.hedged)
				}
			})
		})
	}
}

// However the loop is left, both calls have ended before.
func TestHedgeLeavesNothing(t *testing.T) {
	t.Parallel()
	for leave := range 4 {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			running := 0
			watched := func(m ai.Model) ai.Model {
				return ai.ModelFunc(func(ctx context.Context, req *ai.Request) seq {
					return func(yield func(ai.Event, error) bool) {
						mu.Lock()
						running++
						mu.Unlock()
						defer func() {
							mu.Lock()
							running--
							mu.Unlock()
						}()
						m.Generate(ctx, req)(yield)
					}
				})
			}
			model, err := ai.Hedge(ai.Hedging{After: time.Second}, ai.Route{Model: watched(speaks("a", 3*time.Second, nil, 3))},
				ai.Route{Model: watched(speaks("b", time.Second+time.Duration(leave%2)*time.Hour, nil, 3))})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if leave == 3 {
				time.AfterFunc(1500*time.Millisecond, cancel) // while both are awaited
			}
			for e := range model.Generate(ctx, request()) {
				if leave < 2 && e.Kind == ai.EventText {
					break
				}
			}
			if running != 0 {
				t.Errorf("%d: got %d calls under way after the loop, want none", leave, running)
			}
		})
	}
}

func TestHedgeThatPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		panics := ai.ModelFunc(func(context.Context, *ai.Request) seq { return func(func(ai.Event, error) bool) { panic("lost") } })
		model, err := ai.Hedge(ai.Hedging{After: time.Second}, ai.Route{Model: speaks("a", 2*time.Second, nil, 1)}, ai.Route{Model: panics})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if p := recover(); p != "lost" {
				t.Errorf("got %v, want what the model panicked with, in the goroutine of the caller", p)
			}
		}()
		_ = ask(t, model, "m")
	})
}

// A provider that is slow for all does not get twice the load.
func TestHedgeBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lazy, other := pacedBy(time.Second), pacedBy(time.Second)
		model, err := ai.Hedge(ai.Hedging{After: 100 * time.Millisecond}, ai.Route{Model: lazy}, ai.Route{Model: other})
		if err != nil {
			t.Fatal(err)
		}
		const requests = 1000
		for range requests {
			if err := ask(t, model, "m"); err != nil {
				t.Fatal(err)
			}
		}
		if n := other.calls.Load(); n < requests/10 || n > requests/10+10 || other.left.Load() != n {
			t.Errorf("got %d hedges, of which %d were canceled, want a tenth of %d and 10, all canceled", n, other.left.Load(), requests)
		}
	})
}

func TestHedgeByQuantile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		usual, other := pacedBy(100*time.Millisecond), pacedBy(100*time.Millisecond)
		model, err := ai.Hedge(ai.Hedging{}, ai.Route{Model: usual}, ai.Route{Model: other})
		if err != nil {
			t.Fatal(err)
		}
		timed := func() time.Duration {
			begun := time.Now()
			if err := ask(t, model, "m"); err != nil {
				t.Fatal(err)
			}
			return time.Since(begun)
		}
		usual.wait.Store(int64(10 * time.Second))
		if took := timed(); took != 10*time.Second {
			t.Errorf("nothing is known: took %v, want no hedge", took)
		}
		usual.wait.Store(int64(100 * time.Millisecond))
		for range 100 {
			timed()
		}
		hedges := other.calls.Load()
		usual.wait.Store(int64(10 * time.Second))
		<-time.After(time.Second)
		if took := timed(); took > 400*time.Millisecond || other.calls.Load() != hedges+1 {
			t.Errorf("took %v with %d hedges, want one soon after the usual 100 ms", took, other.calls.Load()-hedges)
		}
	})
}

func TestHedgesDoNotRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two := play(fails(ai.Server)), play(fails(ai.Server))
		retry := ai.WithRetry(ai.Retry{})
		model, err := ai.Hedge(ai.Hedging{}, ai.Route{Model: retry(one)}, ai.Route{Model: retry(two)})
		if err != nil {
			t.Fatal(err)
		}
		if err := ask(t, model, "m"); err == nil || one.calls != 1 || two.calls != 1 {
			t.Errorf("got %v after %d and %d calls, want an error after one each", err, one.calls, two.calls)
		}
	})
}
