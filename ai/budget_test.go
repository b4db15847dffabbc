package ai_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
)

func budgets(t *testing.T, list ...ai.Allowance) func() *ai.Budgets {
	t.Helper()
	b, err := ai.NewBudgets(list...)
	if err != nil {
		t.Fatal(err)
	}
	return func() *ai.Budgets { return b }
}

func daily(name string, tokens int64) ai.Allowance {
	return ai.Allowance{Name: name, Scope: ai.ScopeAll, Period: ai.PeriodDay, Tokens: tokens}
}

// A request of these tests is estimated as 5 tokens, its answer as at most 5.
func asks() *ai.Request {
	return &ai.Request{Model: "p/m", Messages: []ai.Message{ai.User("hi")}, MaxTokens: 5}
}

func TestBudgetHoldsUnderConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ledger := ai.NewLocalLedger()
		all := daily("all", 100)
		var sent atomic.Int64
		slow := ai.ModelFunc(func(context.Context, *ai.Request) seq {
			return func(yield func(ai.Event, error) bool) {
				sent.Add(1)
				<-time.After(time.Second)
				if yield(ai.Event{Kind: ai.EventText, Text: "x"}, nil) && yield(ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 5, Output: 5}}, nil) {
					yield(ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}, nil)
				}
			}
		})
		model := ai.WithBudgets(ai.Budgeting{Budgets: budgets(t, all), Ledger: ledger})(slow)
		var wg sync.WaitGroup
		var refused atomic.Int64
		for range 100 {
			wg.Go(func() {
				_, err := ai.Collect(model.Generate(t.Context(), asks()))
				if e, ok := errors.AsType[*ai.Error](err); ok && e.Kind == ai.Budget && !e.Again() && !e.Elsewhere() && e.RetryAfter == 0 {
					refused.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		used, held := ledger.Used(all.Account("", time.Now()))
		if sent.Load() != 10 || refused.Load() != 90 || used.Tokens != 100 || held != (ai.Amount{}) {
			t.Errorf("%d sent, %d refused, %+v used, %+v held; want 10, 90, 100 and none", sent.Load(), refused.Load(), used, held)
		}
		<-time.After(24 * time.Hour) // the next day
		if _, err := ai.Collect(model.Generate(t.Context(), asks())); err != nil {
			t.Errorf("the next day: %v", err)
		}
	})
}

// However an answer ends, what it used is settled once.
func TestBudgetSettles(t *testing.T) {
	start := ai.Event{Kind: ai.EventStart, Start: &ai.Start{Provider: "p", Model: "m"}}
	text := ai.Event{Kind: ai.EventText, Text: "123456789"} // estimated as 3
	use := ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 1, Output: 2}}
	end := ai.Event{Kind: ai.EventEnd}
	broken := func(yield func(ai.Event, error) bool) {
		_ = yield(start, nil) && yield(text, nil) && yield(ai.Event{}, &ai.Error{Kind: ai.Truncated})
	}
	for name, tt := range map[string]struct {
		answer seq
		leave  int
		panics bool
		want   int64
	}{
		"whole":             {events(start, text, use, end), 0, false, 3},
		"without usage":     {events(start, text, end), 0, false, 8},
		"broke off":         {broken, 0, false, 8},
		"left early":        {events(start, text, use, end), 2, false, 8},
		"left at once":      {events(start, text, use, end), 1, false, 5},
		"the caller panics": {events(start, text, use, end), 2, true, 8},
		"the model panics":  {func(func(ai.Event, error) bool) { panic("model") }, 0, true, 5},
		"refused":           {ai.Fail(&ai.Error{Kind: ai.Unauthorized}), 0, false, 0},
		"timed out":         {ai.Fail(&ai.Error{Kind: ai.Timeout}), 0, false, 5},
		"more than held":    {events(start, ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 50, Output: 70}}, end), 0, false, 120},
	} {
		t.Run(name, func(t *testing.T) {
			ledger, all := ai.NewLocalLedger(), daily("all", 100)
			model := ai.WithBudgets(ai.Budgeting{Budgets: budgets(t, all), Ledger: ledger})(play(tt.answer))
			func() {
				defer func() {
					if v := recover(); (v != nil) != tt.panics {
						t.Errorf("panic: %v", v)
					}
				}()
				n := 0
				for _, err := range model.Generate(t.Context(), asks()) {
					_ = err // how it ends is looked at elsewhere
					if n++; n == tt.leave {
						if tt.panics {
							panic("caller")
						}
						break
					}
				}
			}()
			if used, held := ledger.Used(all.Account("", time.Now())); used.Tokens != tt.want || held != (ai.Amount{}) {
				t.Errorf("got %+v used, %+v held; want %d and none", used, held, tt.want)
			}
		})
	}
}

func TestBudgetScopes(t *testing.T) {
	prices := parsePrices(t, `{"date":"2025-12-01","currency":"USD","prices":[{"provider":"p","models":["*"],"input":1,"output":10}]}`)
	ann := ai.Caller{User: "ann", Roles: []string{"staff", "admin"}, Key: "k1", Module: "notes"}
	const fits, not = 10, 9 // tokens that a request is estimated as, and one less
	of := func(scope ai.Scope, subject string, tokens int64, models ...string) ai.Allowance {
		return ai.Allowance{Name: "b", Scope: scope, Subject: subject, Period: ai.PeriodMonth, Tokens: tokens, Models: models}
	}
	money := func(micros int64, currency string) ai.Allowance {
		return ai.Allowance{Name: "b", Scope: ai.ScopeAll, Period: ai.PeriodDay, Micros: micros, Currency: currency}
	}
	for name, tt := range map[string]struct {
		budget ai.Allowance
		model  string
		ok     bool
	}{
		"user":            {of(ai.ScopeUser, "ann", not), "p/m", false},
		"another user":    {of(ai.ScopeUser, "bob", not), "p/m", true},
		"each user":       {of(ai.ScopeUser, ai.Everyone, not), "p/m", false},
		"each has enough": {of(ai.ScopeUser, ai.Everyone, fits), "p/m", true},
		"role":            {of(ai.ScopeRole, "admin", not), "p/m", false},
		"another role":    {of(ai.ScopeRole, "guest", not), "p/m", true},
		"key":             {of(ai.ScopeKey, "k1", not), "p/m", false},
		"module":          {of(ai.ScopeModule, "notes", not), "p/m", false},
		"all":             {of(ai.ScopeAll, "", not), "p/m", false},
		"model":           {of(ai.ScopeAll, "", not, "q/*", "p/*"), "p/m", false},
		"another model":   {of(ai.ScopeAll, "", not, "q/*"), "p/m", true},
		"money":           {money(55, "USD"), "p/m", true},
		"too much money":  {money(54, "USD"), "p/m", false},
		"other currency":  {money(1000, "EUR"), "p/m", false},
		"no price":        {money(1000, "USD"), "q/m", false},
		"an alias":        {money(55, "USD"), "fast", true},
		"a dear alias":    {money(55, "USD"), "dear", false},
	} {
		t.Run(name, func(t *testing.T) {
			targets := func(name string) []string {
				return map[string][]string{"fast": {"p/a", "p/b"}, "dear": {"p/a", "q/b"}}[name]
			}
			b := ai.Budgeting{Budgets: budgets(t, tt.budget), Prices: func() *ai.Prices { return prices }}
			if tt.model == "fast" || tt.model == "dear" {
				b.Targets = targets
			}
			req := asks()
			req.Model = tt.model
			inner := play(says(nil, "Hi"))
			_, err := ai.Collect(ai.WithBudgets(b)(inner).Generate(ai.WithCaller(t.Context(), ann), req))
			if (err == nil) != tt.ok || (inner.calls == 1) != tt.ok {
				t.Errorf("got %v after %d calls", err, inner.calls)
			}
		})
	}
}

func TestBudgetsAreChecked(t *testing.T) {
	good := daily("b", 1)
	change := func(f func(*ai.Allowance)) ai.Allowance { b := good; f(&b); return b }
	for name, b := range map[string]ai.Allowance{
		"no name":          change(func(b *ai.Allowance) { b.Name = "" }),
		"no scope":         change(func(b *ai.Allowance) { b.Scope = "" }),
		"needless subject": change(func(b *ai.Allowance) { b.Subject = "x" }),
		"no subject":       change(func(b *ai.Allowance) { b.Scope = ai.ScopeUser }),
		"no period":        change(func(b *ai.Allowance) { b.Period = "year" }),
		"nothing":          change(func(b *ai.Allowance) { b.Tokens = 0 }),
		"negative":         change(func(b *ai.Allowance) { b.Tokens = -1 }),
		"no currency":      change(func(b *ai.Allowance) { b.Micros = 1 }),
		"no money":         change(func(b *ai.Allowance) { b.Currency = "USD" }),
		"odd currency":     change(func(b *ai.Allowance) { b.Micros, b.Currency = 1, "usd" }),
		"odd model":        change(func(b *ai.Allowance) { b.Models = []string{""} }),
	} {
		if _, err := ai.NewBudgets(b); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
	if _, err := ai.NewBudgets(good, good); err == nil {
		t.Error("two of a name were taken")
	}
}

func TestPeriods(t *testing.T) {
	at := time.Date(2026, 12, 31, 23, 30, 0, 0, time.FixedZone("", -3600)) // in UTC it is next year
	for p, want := range map[ai.Period][2]string{"day": {"2027-01-01", "2027-01-02"}, "month": {"2027-01-01", "2027-02-01"}} {
		from, until := p.Bounds(at)
		if got := [2]string{from.Format(time.DateOnly), until.Format(time.DateOnly)}; got != want {
			t.Errorf("%s: got %v, want %v", p, got, want)
		}
	}
}

type rate struct{ left, settled int64 }

func (r *rate) Allow(_ context.Context, _ ai.Caller, _ string, tokens int64) (bool, time.Duration, error) {
	if tokens > r.left {
		return false, time.Minute, nil
	}
	r.left -= tokens
	return true, 0, nil
}

func (r *rate) Settle(_ context.Context, _ ai.Caller, _ string, delta int64) error {
	r.left -= delta
	r.settled++
	return nil
}

func TestTokenRate(t *testing.T) {
	r := &rate{left: 15}
	model := ai.WithTokenRate(r, 0)(play(says(nil, "Hi")))
	for i, want := range []int64{12, 9} { // each uses 3
		if _, err := ai.Collect(model.Generate(t.Context(), asks())); err != nil || r.left != want || r.settled != int64(i)+1 {
			t.Errorf("got %v, %+v, want %d left", err, r, want)
		}
	}
	_, err := ai.Collect(model.Generate(t.Context(), asks()))
	if e, ok := errors.AsType[*ai.Error](err); !ok || e.Kind != ai.RateLimited || e.RetryAfter != time.Minute || r.settled != 2 {
		t.Errorf("got %v, %+v", err, r)
	}
}

// A piece costs a call under budgets nothing that is collected.
func TestBudgetAllocations(t *testing.T) {
	const pieces = 1000
	var list []ai.Event
	for range pieces {
		list = append(list, ai.Event{Kind: ai.EventText, Text: "piece"})
	}
	b := ai.Budgeting{Budgets: budgets(t, daily("all", 1<<60)), Ledger: ai.NewLocalLedger()}
	model := ai.Decorate(ai.ModelFunc(func(context.Context, *ai.Request) seq { return events(list...) }),
		ai.WithPrices(ai.DefaultPrices), ai.WithTokenRate(&rate{left: 1 << 60}, 0), ai.WithBudgets(b))
	req := asks()
	got := testing.AllocsPerRun(20, func() {
		for _, err := range model.Generate(context.Background(), req) {
			_ = err // how it ends is looked at elsewhere
		}
	})
	if got > 40 {
		t.Errorf("%v allocations for %d pieces", got, pieces)
	}
}

func BenchmarkBudgetPiece(b *testing.B) {
	var list []ai.Event
	for range 1000 {
		list = append(list, ai.Event{Kind: ai.EventText, Text: "piece"})
	}
	set, err := ai.NewBudgets(daily("all", 1<<60))
	if err != nil {
		b.Fatal(err)
	}
	bare := ai.ModelFunc(func(context.Context, *ai.Request) seq { return events(list...) })
	for name, d := range map[string][]ai.Decorator{"bare": nil, "budgets": {ai.WithBudgets(ai.Budgeting{Budgets: func() *ai.Budgets { return set }})},
		"prices": {ai.WithPrices(ai.DefaultPrices)}} {
		b.Run(name, func(b *testing.B) {
			model, req := ai.Decorate(bare, d...), asks()
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range model.Generate(context.Background(), req) {
					_ = err // how it ends is looked at elsewhere
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/piece")
		})
	}
}

func ExampleWithBudgets() {
	perUser, err := ai.NewBudgets(ai.Allowance{Name: "each", Scope: ai.ScopeUser, Subject: ai.Everyone, Period: ai.PeriodDay, Tokens: 15})
	if err != nil {
		fmt.Println(err)
		return
	}
	model := ai.WithBudgets(ai.Budgeting{Budgets: func() *ai.Budgets { return perUser }})(play(events(
		ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 5, Output: 5}}, ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop})))
	ctx := ai.WithCaller(context.Background(), ai.Caller{User: "ann"})
	for range 2 {
		answer, err := ai.Collect(model.Generate(ctx, asks()))
		if e, ok := errors.AsType[*ai.Error](err); ok {
			fmt.Println(e.Kind, e.Code)
			continue
		}
		fmt.Println(answer.Usage.Total())
	}
	// Output:
	// 10
	// budget budget_exceeded
}

// Answers from a cache cost nothing, and neither do those that others wait for.
func TestBudgetBesideCache(t *testing.T) {
	cache, err := ai.NewCache(&store{}, ai.CacheOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ledger, all := ai.NewLocalLedger(), daily("all", 100)
	var records []*ai.Record
	model := ai.Decorate(play(says(nil, "Hi")), ai.WithRecord(nil, func(_ context.Context, r *ai.Record) { records = append(records, r) }),
		ai.WithPrices(func() *ai.Prices { return nil }), ai.WithBudgets(ai.Budgeting{Budgets: budgets(t, all), Ledger: ledger}), cache.Decorate)
	for range 3 {
		if _, err := ai.Collect(model.Generate(ai.WithCaller(t.Context(), ai.Caller{Tenant: "t"}), asks())); err != nil {
			t.Fatal(err)
		}
	}
	if used, held := ledger.Used(all.Account("", time.Now())); used.Tokens != 3 || held != (ai.Amount{}) {
		t.Errorf("got %+v used, %+v held; want that of the first answer", used, held)
	}
	if r := records[2]; r.Cache != ai.CacheExact || r.Cost != (ai.Cost{}) || !records[0].Cost.Unknown {
		t.Errorf("got %v, %+v, %+v", r.Cache, r.Cost, records[0].Cost)
	}
	bare := ai.Decorate(play(says(nil, "Hi")), ai.WithBudgets(ai.Budgeting{Budgets: budgets(t, all), Ledger: ledger}), cache.Decorate)
	if _, err := ai.Collect(bare.Generate(ai.WithCaller(t.Context(), ai.Caller{Tenant: "t"}), asks())); err != nil {
		t.Fatal(err)
	}
	if used, _ := ledger.Used(all.Account("", time.Now())); used.Tokens != 3 {
		t.Errorf("without a record: %+v used", used)
	}
}

// A budget of some models holds however they are asked for.
func TestBudgetOfModels(t *testing.T) {
	t.Parallel()
	targets := func(name string) []string {
		if name == "smart" {
			return []string{"other/model", "p/m"}
		}
		return []string{name}
	}
	for _, tc := range []struct {
		pattern, asked string
		held           bool
	}{
		{"p/*", "p/m", true},
		{"p/*", "smart", true},
		{"smart", "smart", true},
		{"q/*", "smart", false},
		{"q/*", "p/m", false},
		{"smart", "p/m", false},
	} {
		some := daily("some", 5)
		some.Models = []string{tc.pattern}
		model := ai.WithBudgets(ai.Budgeting{Budgets: budgets(t, some), Targets: targets})(pieces(1))
		req := asks()
		req.Model = tc.asked
		_, err := ai.Collect(model.Generate(t.Context(), req))
		if e, refused := errors.AsType[*ai.Error](err); refused && e.Kind != ai.Budget || refused != tc.held {
			t.Errorf("a budget of %s, %s asked for: got %v, held %v", tc.pattern, tc.asked, err, tc.held)
		}
	}
}

// Vectors are no tokens: nothing is set aside for them.
func TestBudgetOfEmbeddings(t *testing.T) {
	t.Parallel()
	embedder := ai.DecorateEmbedder(ai.EmbedderFunc(func(context.Context, *ai.EmbedRequest) (*ai.Embeddings, error) {
		return &ai.Embeddings{Vectors: [][]float32{{1}}, Usage: ai.Usage{Input: 5}}, nil
	}), ai.WithBudgets(ai.Budgeting{Budgets: budgets(t, daily("all", 10))}))
	var failed []error
	for range 3 {
		_, err := embedder.Embed(t.Context(), &ai.EmbedRequest{Model: "p/m", Inputs: []string{"hi"}})
		failed = append(failed, err)
	}
	e, ok := errors.AsType[*ai.Error](failed[2])
	if failed[0] != nil || failed[1] != nil || !ok || e.Kind != ai.Budget || strings.Contains(e.Message, "small limit") {
		t.Errorf("got %v, want two answers and a refusal", failed)
	}
}
