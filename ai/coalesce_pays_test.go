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

// Each call of a model is paid by one of those who share it: by who began it or,
// where that one leaves before the end, by one that stays.
func TestCoalescedCallsArePaidOnce(t *testing.T) {
	const all = 99 // pieces, more than there are
	for name, tt := range map[string]struct {
		reads []int // how many events each reads before it leaves, in the order in which they come
		pays  int   // which one pays
		want  int64
	}{
		"all stay":                       {[]int{all, all, all}, 0, 70},
		"one joins and leaves":           {[]int{all, 2, all}, 0, 70},
		"who began leaves":               {[]int{1, all, all}, -1, 70},
		"all but one leave":              {[]int{1, 2, all}, 2, 70},
		"all but the first joined leave": {[]int{1, all, 2}, 1, 70},
		"alone, and leaves":              {[]int{2}, 0, 6}, // 5 of the request and "1" as one
		"all leave, the last one late":   {[]int{1, 2, 3}, 2, 6},
	} {
		for _, cached := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ledger := ai.NewLocalLedger()
					each := ai.Allowance{Name: "each", Scope: ai.ScopeUser, Subject: ai.Everyone, Period: ai.PeriodDay, Tokens: 1000}
					share := ai.WithCoalescing(ai.Coalescing{})
					if cached {
						share = newCache(t, &store{}, ai.CacheOptions{}).Decorate
					}
					model := ai.Decorate(countingSlowly(), ai.WithBudgets(ai.Budgeting{Budgets: budgets(t, each), Ledger: ledger}), share)
					users := []string{"u0", "u1", "u2"}
					var wg sync.WaitGroup
					for i, most := range tt.reads {
						wg.Go(func() {
							<-time.After(time.Duration(i) * time.Millisecond)
							n := 0
							for _, err := range model.Generate(ai.WithCaller(t.Context(), ai.Caller{User: users[i]}), asks()) {
								if err != nil {
									t.Error(err)
								}
								if n++; n == most {
									return
								}
							}
						})
					}
					wg.Wait()
					var sum int64
					for i, u := range users {
						used, held := ledger.Used(each.Account(u, time.Now()))
						if held != (ai.Amount{}) || tt.pays >= 0 && (used.Tokens > 0) != (i == tt.pays) {
							t.Errorf("%s: %+v used and %+v held", u, used, held)
						}
						sum += used.Tokens
					}
					if sum != tt.want {
						t.Errorf("%d are paid, want %d", sum, tt.want)
					}
				})
			})
		}
	}
}

// countingSlowly says 1 to 3, a second apart, and has used 70 tokens.
func countingSlowly() ai.Model {
	return ai.ModelFunc(func(ctx context.Context, _ *ai.Request) iter.Seq2[ai.Event, error] {
		return func(yield func(ai.Event, error) bool) {
			answer := events(ai.Event{Kind: ai.EventStart, Start: &ai.Start{Provider: "p", Model: "m"}},
				ai.Event{Kind: ai.EventText, Text: "1"}, ai.Event{Kind: ai.EventText, Text: "2"}, ai.Event{Kind: ai.EventText, Text: "3"},
				ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 60, Output: 10}}, ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop})
			for e, err := range answer {
				select {
				case <-time.After(time.Second):
				case <-ctx.Done():
					yield(ai.Event{}, &ai.Error{Kind: ai.Canceled, Err: ctx.Err()})
					return
				}
				if !yield(e, err) {
					return
				}
			}
		}
	})
}

// Who reads slowly and leaves pays for what the call has used meanwhile, whether
// the budget, the record or the rate is asked.
func TestCoalescedCallsThatRanAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger, whole := ai.NewLocalLedger(), daily("all", 1000)
		var record *ai.Record
		r := &rate{left: 1000}
		model := ai.Decorate(countingSlowly(), ai.WithRecord(nil, func(_ context.Context, r *ai.Record) { record = r }), ai.WithPrices(ai.DefaultPrices),
			ai.WithTokenRate(r, 0), ai.WithBudgets(ai.Budgeting{Budgets: budgets(t, whole), Ledger: ledger}), ai.WithCoalescing(ai.Coalescing{}))
		for range model.Generate(t.Context(), asks()) {
			<-time.After(time.Minute)
			break
		}
		used, held := ledger.Used(whole.Account("", time.Now()))
		if used.Tokens != 70 || held != (ai.Amount{}) || record.Usage.Total() != 70 || r.left != 930 {
			t.Errorf("got %+v used, %+v held, %+v recorded and %d left, want the 70 that the call used", used, held, record.Usage, r.left)
		}
	})
}

// An heir pays although nobody kept a record for the one that began the call, and
// has the upstream call in its own record.
func TestCoalescedCallsAreRecordedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var list []*ai.Record
		share := ai.WithCoalescing(ai.Coalescing{})(ai.NewHealth(ai.Breaker{}).Watch("p", "")(countingSlowly()))
		recorded := ai.WithRecord(nil, func(_ context.Context, r *ai.Record) { list = append(list, r) })(share)
		var wg sync.WaitGroup
		wg.Go(func() {
			for range share.Generate(t.Context(), asks()) {
				return
			}
		})
		wg.Go(func() {
			<-time.After(time.Millisecond)
			if _, err := ai.Collect(recorded.Generate(t.Context(), asks())); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if len(list) != 1 || list[0].Cache != ai.CacheNone || len(list[0].Attempts) != 1 || !list[0].Attempts[0].OK {
			t.Errorf("got %+v", list)
		}
	})
}

// Embeddings have no output that could be set aside.
func TestEmbeddingsReserveTheirInput(t *testing.T) {
	t.Parallel()
	ledger, all := ai.NewLocalLedger(), daily("all", 12)
	embed := ai.DecorateEmbedder(ai.EmbedderFunc(func(_ context.Context, req *ai.EmbedRequest) (*ai.Embeddings, error) {
		return &ai.Embeddings{Vectors: make([][]float32, len(req.Inputs)), Usage: ai.Usage{Input: 7}}, nil
	}), ai.WithBudgets(ai.Budgeting{Budgets: budgets(t, all), Ledger: ledger}))
	for i := range 2 {
		_, err := embed.Embed(t.Context(), &ai.EmbedRequest{Model: "m", Inputs: []string{"hi"}})
		if e, _ := errors.AsType[*ai.Error](err); e != nil && e.Kind == ai.Budget {
			t.Errorf("request %d: %v", i, err)
		}
	}
	if used, held := ledger.Used(all.Account("", time.Now())); used.Tokens != 14 || held != (ai.Amount{}) {
		t.Errorf("got %+v used, %+v held", used, held)
	}
}

// Who has left before anything is sent pays nothing.
func TestWhoHasLeftPaysNothing(t *testing.T) {
	t.Parallel()
	ledger, all := ai.NewLocalLedger(), daily("all", 1000)
	r := &rate{left: 1000}
	var record *ai.Record
	model := ai.Decorate(countingSlowly(), ai.WithRecord(nil, func(_ context.Context, r *ai.Record) { record = r }), ai.WithPrices(ai.DefaultPrices),
		ai.WithTokenRate(r, 0), ai.WithBudgets(ai.Budgeting{Budgets: budgets(t, all), Ledger: ledger}), ai.WithCoalescing(ai.Coalescing{}))
	for _, m := range []ai.Model{model, ai.Decorate(countingSlowly(), ai.WithBudgets(ai.Budgeting{Budgets: budgets(t, all), Ledger: ledger}), ai.WithCoalescing(ai.Coalescing{}))} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := ai.Collect(m.Generate(ctx, asks())); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	if used, held := ledger.Used(all.Account("", time.Now())); used != (ai.Amount{}) || held != (ai.Amount{}) || r.left != 1000 || record.Usage != (ai.Usage{}) {
		t.Errorf("got %+v used, %+v held, %d left and %+v", used, held, r.left, record.Usage)
	}
}

// A request that one budget refuses takes nothing of the others, which come before
// it or behind it.
func TestRefusedRequestsTakeNothing(t *testing.T) {
	t.Parallel()
	ledger, list := ai.NewLocalLedger(), []ai.Allowance{daily("wide", 1000), daily("narrow", 1), daily("other", 1000)}
	model := ai.WithBudgets(ai.Budgeting{Budgets: budgets(t, list...), Ledger: ledger})(play(says(nil, "x")))
	_, err := ai.Collect(model.Generate(t.Context(), asks()))
	if e, _ := errors.AsType[*ai.Error](err); e == nil || e.Kind != ai.Budget {
		t.Errorf("got %v", err)
	}
	for i := range list {
		if used, held := ledger.Used(list[i].Account("", time.Now())); used != (ai.Amount{}) || held != (ai.Amount{}) {
			t.Errorf("%s: %+v used, %+v held", list[i].Name, used, held)
		}
	}
}

// Embeddings whose provider says nothing of their usage, or what cannot be, are
// counted by an estimate.
func TestEmbeddingsWithoutUsage(t *testing.T) {
	t.Parallel()
	for input, want := range map[int64]int64{7: 7, 0: 5, -7: 5, 1<<63 - 1: 5} {
		ledger, all := ai.NewLocalLedger(), daily("all", 1000)
		embed := ai.DecorateEmbedder(ai.EmbedderFunc(func(context.Context, *ai.EmbedRequest) (*ai.Embeddings, error) {
			return &ai.Embeddings{Vectors: [][]float32{{1}}, Usage: ai.Usage{Input: input}}, nil
		}), ai.WithBudgets(ai.Budgeting{Budgets: budgets(t, all), Ledger: ledger}))
		if _, err := embed.Embed(t.Context(), &ai.EmbedRequest{Model: "m", Inputs: []string{"hi"}}); err != nil {
			t.Error(err)
		}
		if used, _ := ledger.Used(all.Account("", time.Now())); used.Tokens != want {
			t.Errorf("%d said: %d counted, want %d", input, used.Tokens, want)
		}
	}
}
