package ai_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
)

const somePrices = `{"date":"2025-12-01","sources":["https://example.com"],"currency":"USD","prices":[
	{"provider":"p","models":["m","m-20*"],"input":1.25,"cached_input":0.125,"cache_write":2,"output":10},
	{"provider":"p","models":["m"],"above":1000,"input":2.5,"output":20},
	{"provider":"p","models":["m"],"from":"2026-01-01","input":1,"output":1},
	{"provider":"p","models":["*"],"input":7,"output":7},
	{"provider":"*","models":["everywhere"],"currency":"EUR","input":0.000001,"output":1000000}
]}`

func parsePrices(t *testing.T, text string) *ai.Prices {
	t.Helper()
	p, err := ai.ParsePrices([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCost(t *testing.T) {
	p := parsePrices(t, somePrices)
	before, after := time.Date(2025, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	usd := func(n int64) ai.Cost { return ai.Cost{Micros: n, Currency: "USD"} }
	for name, tt := range map[string]struct {
		provider, model string
		at              time.Time
		usage           ai.Usage
		want            ai.Cost
	}{
		"input and output":       {"p", "m", before, ai.Usage{Input: 100, Output: 10}, usd(225)},
		"rounds half up":         {"p", "m", before, ai.Usage{Input: 2}, usd(3)}, // 2.5
		"rounds down":            {"p", "m", before, ai.Usage{Input: 1}, usd(1)}, // 1.25
		"rounds once":            {"p", "m", before, ai.Usage{Input: 1, CachedInput: 1}, usd(0)},
		"cached and written":     {"p", "m", before, ai.Usage{Input: 100, CachedInput: 40, CacheWrite: 20}, usd(95)},
		"more cached than there": {"p", "m", before, ai.Usage{Input: 8, CachedInput: 40, CacheWrite: 20}, usd(1)},
		"negative":               {"p", "m", before, ai.Usage{Input: -8, Output: -1}, usd(0)},
		"above":                  {"p", "m", before, ai.Usage{Input: 1001}, usd(2503)},
		"not above":              {"p", "m", before, ai.Usage{Input: 1000}, usd(1250)},
		"later":                  {"p", "m", after, ai.Usage{Input: 1000}, usd(1000)},
		"dated":                  {"p", "m-2025-10-10", before, ai.Usage{Input: 1000}, usd(1250)},
		"any of the provider":    {"p", "other", before, ai.Usage{Input: 1}, usd(7)},
		"any provider":           {"q", "everywhere", before, ai.Usage{Output: 3}, ai.Cost{Micros: 3_000_000, Currency: "EUR"}},
		"too much":               {"q", "everywhere", before, ai.Usage{Output: math.MaxInt64}, ai.Cost{Micros: math.MaxInt64, Currency: "EUR"}},
		"all too much":           {"p", "m", before, ai.Usage{Input: math.MaxInt64, CachedInput: 5, CacheWrite: 5, Output: math.MaxInt64}, usd(math.MaxInt64)},
		"little for a lot":       {"q", "everywhere", before, ai.Usage{Input: math.MaxInt64}, ai.Cost{Micros: 9223372036855, Currency: "EUR"}},
		"unknown model":          {"q", "m", before, ai.Usage{Input: 1}, ai.Cost{Unknown: true}},
		"unknown with no usage":  {"q", "m", before, ai.Usage{}, ai.Cost{Unknown: true}},
	} {
		if got := p.Cost(tt.provider, tt.model, tt.at, tt.usage); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
	}
	if got := (*ai.Prices)(nil).Cost("p", "m", before, ai.Usage{Input: 1}); !got.Unknown {
		t.Errorf("no table: got %+v", got)
	}
}

func TestPricesWith(t *testing.T) {
	now := time.Now()
	p := parsePrices(t, somePrices).With(parsePrices(t, `{"date":"2026-02-02","sources":["https://ours.example"],"currency":"EUR","prices":[
		{"provider":"p","models":["m"],"input":5,"output":5}]}`))
	for model, want := range map[string]ai.Cost{
		"m":       {Micros: 10_000, Currency: "EUR"}, // not the one beneath for long requests either
		"m-20251": {Micros: 2500, Currency: "USD"},
	} {
		if got := p.Cost("p", model, now, ai.Usage{Input: 2000}); got != want {
			t.Errorf("%s: got %+v, want %+v", model, got, want)
		}
	}
	if p.Date() != "2026-02-02" || len(p.Sources()) != 2 {
		t.Errorf("got %s, %v", p.Date(), p.Sources())
	}
}

func TestDefaultPrices(t *testing.T) {
	p := ai.DefaultPrices()
	for _, name := range [][2]string{{"openai", "gpt-5"}, {"openai", "gpt-5-2025-08-07"}, {"openai", "gpt-4o-mini-2024-07-18"}, {"openai", "text-embedding-3-small"},
		{"anthropic", "claude-sonnet-4-5-20250929"}, {"anthropic", "claude-haiku-4-5"}, {"gemini", "gemini-2.5-flash"}, {"ollama", "anything"}} {
		if got := p.Cost(name[0], name[1], time.Now(), ai.Usage{Input: 1_000_000, Output: 1_000_000}); got.Unknown || got.Currency != "USD" {
			t.Errorf("%v: got %+v", name, got)
		}
	}
	if got := p.Cost("openai", "gpt-5-mini", time.Now(), ai.Usage{Input: 1_000_000}); got.Micros != 250_000 {
		t.Errorf("a closer name did not win: %+v", got)
	}
	if _, err := time.Parse(time.DateOnly, p.Date()); err != nil || len(p.Sources()) == 0 {
		t.Errorf("got %q, %v", p.Date(), p.Sources())
	}
}

func TestParsePricesRefuses(t *testing.T) {
	entry := func(s string) string { return `{"date":"2025-12-01","currency":"USD","prices":[` + s + `]}` }
	for name, text := range map[string]string{
		"nothing":        ``,
		"no date":        `{"prices":[]}`,
		"more":           entry("") + "{}",
		"unknown field":  entry(`{"provider":"p","models":["m"],"input":1,"output":1,"in":1}`),
		"no output":      entry(`{"provider":"p","models":["m"],"input":1}`),
		"negative":       entry(`{"provider":"p","models":["m"],"input":-1,"output":1}`),
		"exponent":       entry(`{"provider":"p","models":["m"],"input":1e3,"output":1}`),
		"too exact":      entry(`{"provider":"p","models":["m"],"input":0.0000001,"output":1}`),
		"too much":       entry(`{"provider":"p","models":["m"],"input":1000000.1,"output":1}`),
		"no models":      entry(`{"provider":"p","models":[],"input":1,"output":1}`),
		"no provider":    entry(`{"models":["m"],"input":1,"output":1}`),
		"many stars":     entry(`{"provider":"p","models":["*a*a*a*a*"],"input":1,"output":1}`),
		"bad from":       entry(`{"provider":"p","models":["m"],"input":1,"output":1,"from":"soon"}`),
		"bad currency":   entry(`{"provider":"p","models":["m"],"input":1,"output":1,"currency":"$"}`),
		"negative above": entry(`{"provider":"p","models":["m"],"input":1,"output":1,"above":-1}`),
	} {
		if _, err := ai.ParsePrices([]byte(text)); err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
}

func FuzzParsePrices(f *testing.F) {
	f.Add([]byte(somePrices), "p", "m", int64(100), int64(3))
	f.Add([]byte(`{"date":"2025-12-01","currency":"USD","prices":[{"provider":"*","models":["a*b*"],"input":0.5,"output":999999.999999}]}`), "", "ab", int64(math.MaxInt64), int64(-1))
	f.Fuzz(func(t *testing.T, data []byte, provider, model string, in, out int64) {
		p, err := ai.ParsePrices(data)
		if err != nil {
			return
		}
		c := p.Cost(provider, model, time.Unix(0, 0), ai.Usage{Input: in, Output: out, CachedInput: out, CacheWrite: in})
		if c.Micros < 0 || c.Unknown && c != (ai.Cost{Unknown: true}) || !c.Unknown && len(c.Currency) != 3 {
			t.Errorf("got %+v", c)
		}
	})
}

func TestRecordHasCost(t *testing.T) {
	prices := parsePrices(t, `{"date":"2025-12-01","currency":"USD","prices":[{"provider":"p","models":["m"],"input":1.25,"output":10},
		{"provider":"p","models":["*"],"input":7,"output":7}]}`)
	start := ai.Event{Kind: ai.EventStart, Start: &ai.Start{Provider: "p", Model: "m"}}
	text := ai.Event{Kind: ai.EventText, Text: "123456789"}
	used := ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 100, Output: 10}}
	end := ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}
	failing := func(kind ai.ErrorKind) ai.Model { return play(ai.Fail(&ai.Error{Kind: kind})) }
	// The request is estimated as 4 tokens for its message and 2 for its text.
	for name, tt := range map[string]struct {
		model ai.Model
		leave int // after so many events
		usage ai.Usage
		cost  ai.Cost
	}{
		"counted":            {play(events(start, text, used, end)), 9, ai.Usage{Input: 100, Output: 10}, ai.Cost{Micros: 225, Currency: "USD"}},
		"not counted":        {play(events(start, text, end)), 9, ai.Usage{Input: 6, Output: 3, Estimated: true}, ai.Cost{Micros: 38, Currency: "USD"}},
		"left early":         {play(events(start, text, used, end)), 2, ai.Usage{Input: 6, Output: 3, Estimated: true}, ai.Cost{Micros: 38, Currency: "USD"}},
		"never began":        {failing(ai.Overloaded), 9, ai.Usage{}, ai.Cost{}},
		"gave up on it":      {failing(ai.Timeout), 9, ai.Usage{Input: 6, Estimated: true}, ai.Cost{Micros: 42, Currency: "USD"}},
		"unknown model":      {play(events(ai.Event{Kind: ai.EventStart, Start: &ai.Start{Provider: "q", Model: "m"}}, used, end)), 9, ai.Usage{Input: 100, Output: 10}, ai.Cost{Unknown: true}},
		"only input counted": {play(events(start, ai.Event{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 50}}, text, end)), 3, ai.Usage{Input: 50, Output: 3, Estimated: true}, ai.Cost{Micros: 93, Currency: "USD"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got *ai.Record
			model := ai.Decorate(tt.model, ai.WithRecord(nil, func(_ context.Context, r *ai.Record) { got = r }), ai.WithPrices(func() *ai.Prices { return prices }))
			n := 0
			for _, err := range model.Generate(t.Context(), &ai.Request{Model: "p/other", Messages: []ai.Message{ai.User("123456")}}) {
				_ = err // how it ends is looked at elsewhere
				if n++; n == tt.leave {
					break
				}
			}
			if got.Usage != tt.usage || got.Cost != tt.cost {
				t.Errorf("got %+v %+v, want %+v %+v", got.Usage, got.Cost, tt.usage, tt.cost)
			}
		})
	}
}

func ExamplePrices() {
	ours, err := ai.ParsePrices([]byte(`{"date": "2026-01-01", "sources": ["our contract"], "currency": "EUR", "prices": [
		{"provider": "openai", "models": ["gpt-5*"], "input": 1, "cached_input": 0.1, "output": 8}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	prices := ai.DefaultPrices().With(ours)
	cost := prices.Cost("openai", "gpt-5-2026-01-01", time.Now(), ai.Usage{Input: 2000, Output: 500})
	fmt.Println(cost.Micros, cost.Currency)
	fmt.Println(prices.Cost("openai", "no-such-model", time.Now(), ai.Usage{Input: 2000}).Unknown)
	// Output:
	// 6000 EUR
	// true
}
