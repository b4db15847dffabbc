package ai_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
)

// store is a shared cache: of a fleet, in these tests.
type store struct {
	mu     sync.Mutex
	values map[string][]byte
	ttl    map[string]time.Duration
	fails  error
	hangs  bool
}

func (s *store) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if s.hangs {
		<-ctx.Done()
		return nil, false, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.values[key]
	return bytes.Clone(v), ok, s.fails
}

func (s *store) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if s.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		s.values, s.ttl = map[string][]byte{}, map[string]time.Duration{}
	}
	s.values[key], s.ttl[key] = bytes.Clone(value), ttl
	return s.fails
}

// answers are the keys of the answers that are stored.
func (s *store) answers() (keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.values {
		if strings.HasPrefix(k, "ai/answer/") {
			keys = append(keys, k)
		}
	}
	return keys
}

func newCache(t testing.TB, s ai.CacheStore, o ai.CacheOptions) *ai.Cache {
	t.Helper()
	o.Log = discard()
	if o.Timeout == 0 { // machines are busy
		o.Timeout = time.Minute
	}
	if o.Semantic != nil && o.Semantic.Timeout == 0 {
		semantic := *o.Semantic
		semantic.Timeout = time.Minute
		o.Semantic = &semantic
	}
	c, err := ai.NewCache(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sequence(events ...ai.Event) seq {
	return func(yield func(ai.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// rich has everything that an answer can have, but calls.
func rich() []ai.Event {
	return []ai.Event{
		{Kind: ai.EventStart, Start: &ai.Start{ID: "id", Provider: "p", Format: "f", Model: "m-1"}},
		{Kind: ai.EventReasoning, ID: "r1", Text: "hm"}, {Kind: ai.EventReasoning, ID: "r1", Text: "m", Signature: "sig"},
		{Kind: ai.EventReasoning, ID: "r2", Opaque: "opaque"},
		{Kind: ai.EventText, Text: "Hel"}, {Kind: ai.EventText, Text: "lo "}, {Kind: ai.EventText, Text: "wörld"}, {Kind: ai.EventRefusal, Text: "no"},
		{Kind: ai.EventUsage, Usage: &ai.Usage{Input: 9, Output: 300, CachedInput: 2, CacheWrite: 1, Reasoning: 5, Estimated: true}},
		{Kind: ai.EventEnd, Reason: ai.ReasonStop},
	}
}

func eventsOf(t *testing.T, events seq) (out []ai.Event) {
	t.Helper()
	for e, err := range aitest.Ordered(t, events) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// What is stored comes back as it was, or in one piece.
func TestCacheReplay(t *testing.T) {
	upstream := play(sequence(rich()...))
	model := newCache(t, &store{}, ai.CacheOptions{}).Decorate(upstream)
	first := eventsOf(t, model.Generate(t.Context(), request()))
	if !reflect.DeepEqual(first, rich()) {
		t.Errorf("the first time: got %+v", first)
	}
	want := rich()
	want[0].Start.Cache = ai.CacheExact
	if again := eventsOf(t, model.Generate(t.Context(), request())); !reflect.DeepEqual(again, want) {
		t.Errorf("again: got %+v, want %+v", again, want)
	}
	whole := request()
	whole.Whole, whole.User = true, "u"
	want = append(want[:1], append([]ai.Event{{Kind: ai.EventReasoning, ID: "r1", Text: "hmm", Signature: "sig"}, want[3], {Kind: ai.EventText, Text: "Hello wörld"}}, want[7:]...)...)
	if got := eventsOf(t, model.Generate(t.Context(), whole)); !reflect.DeepEqual(got, want) {
		t.Errorf("whole: got %+v, want %+v", got, want)
	}
	if upstream.calls != 1 {
		t.Errorf("%d calls, want 1", upstream.calls)
	}
}

// Only whole answers that stopped, say something and call nothing are kept.
func TestCacheKeeps(t *testing.T) {
	text, end := ai.Event{Kind: ai.EventText, Text: "x"}, ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonStop}
	for name, tc := range map[string]struct {
		answer seq
		leave  int
		keeps  bool
	}{
		"stopped":             {sequence(text, end), 0, true},
		"left at the end":     {sequence(text, end), 2, true},
		"left before":         {sequence(text, end), 1, false},
		"length":              {sequence(text, ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonLength}), 0, false},
		"filtered":            {sequence(text, ai.Event{Kind: ai.EventEnd, Reason: ai.ReasonFiltered}), 0, false},
		"nothing":             {sequence(end), 0, false},
		"calls":               {sequence(ai.Event{Kind: ai.EventToolCall, ID: "1", Name: "f"}, text, end), 0, false},
		"error":               {says(&ai.Error{Kind: ai.Server}, "x"), 0, false},
		"too long":            {sequence(ai.Event{Kind: ai.EventText, Text: strings.Repeat("x", 2000)}, end), 0, false},
		"too long in the end": {sequence(text, ai.Event{Kind: ai.EventText, Text: strings.Repeat("x", 2000)}, text, end), 0, false},
		"no end":              {sequence(text), 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &store{}
			n := 0
			for range newCache(t, s, ai.CacheOptions{MaxEntry: 1500, Apart: true}).Decorate(play(tc.answer)).Generate(t.Context(), request()) {
				if n++; n == tc.leave {
					break
				}
			}
			if got := len(s.answers()); got > 0 != tc.keeps {
				t.Errorf("%d answers are kept, want some: %t", got, tc.keeps)
			}
		})
	}
}

// A request, or a policy, says what it wants of the cache.
func TestCacheControl(t *testing.T) {
	s := &store{}
	upstream := play(says(nil, "1"), says(nil, "2"), says(nil, "3"), says(nil, "4"), says(nil, "5"))
	model := newCache(t, s, ai.CacheOptions{}).Decorate(upstream)
	ask := func(c ai.CacheControl) string {
		a, err := ai.Collect(model.Generate(ai.WithCacheControl(t.Context(), c), request()))
		if err != nil {
			t.Fatal(err)
		}
		return a.Text()
	}
	var got string
	for _, c := range []ai.CacheControl{{NoStore: true}, {}, {}, {NoLookup: true}, {}, {NoLookup: true, NoStore: true}, {}, {NoLookup: true, TTL: time.Minute}, {NoStore: true}} {
		got += ask(c)
	}
	if want := "122334355"; got != "122334355" && got != "122334344" {
		t.Errorf("got %s, want %s", got, want)
	}
	if ttl := s.ttl[s.answers()[0]]; ttl != time.Minute {
		t.Errorf("kept for %v, want a minute", ttl)
	}
	asked := ai.CacheControl{}
	decided := newCache(t, &store{}, ai.CacheOptions{Policy: func(ctx context.Context, r *ai.Request) ai.CacheControl {
		asked = ai.CacheControlOf(ctx)
		return ai.CacheControl{NoLookup: r.Temperature == nil, NoStore: r.Temperature == nil}
	}}).Decorate(play(says(nil, "1"), says(nil, "2")))
	for range 2 {
		if a, err := ai.Collect(decided.Generate(ai.WithCacheControl(t.Context(), ai.CacheControl{TTL: 5}), request())); err != nil || a.Cache != ai.CacheNone {
			t.Errorf("by policy: got %v, %v", a.Cache, err)
		}
	}
	if asked.TTL != 5 {
		t.Errorf("the policy is told %+v", asked)
	}
}

// Answers are forgotten in all processes that share a store, within a second.
func TestCacheForget(t *testing.T) {
	for name, forget := range map[string]func(*ai.Cache, context.Context) error{
		"all": (*ai.Cache).Forget, "tenant": func(c *ai.Cache, ctx context.Context) error { return c.ForgetTenant(ctx, "t") },
		"model": func(c *ai.Cache, ctx context.Context) error { return c.ForgetModel(ctx, "m") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &store{}
				one, two := newCache(t, s, ai.CacheOptions{}), newCache(t, s, ai.CacheOptions{})
				models := []ai.Model{one.Decorate(play(says(nil, "x"))), two.Decorate(play(says(nil, "x")))}
				hit := func(i int, tenant, model string) bool {
					r := request()
					r.Model = model
					a, err := ai.Collect(models[i].Generate(ai.WithCaller(t.Context(), ai.Caller{Tenant: tenant}), r))
					return err == nil && a.Cache == ai.CacheExact
				}
				hit(0, "t", "m")
				hit(0, "other", "n")
				if !hit(0, "t", "m") || !hit(1, "t", "m") || !hit(1, "other", "n") {
					t.Fatal("no hit before")
				}
				if err := forget(one, t.Context()); err != nil {
					t.Fatal(err)
				}
				if hit(0, "t", "m") {
					t.Error("a hit here, afterwards")
				}
				<-time.After(1001 * time.Millisecond)
				s.mu.Lock()
				for k := range s.values { // what was answered anew
					if strings.HasPrefix(k, "ai/answer/") {
						s.values[k] = append(s.values[k], 0)
					}
				}
				s.mu.Unlock()
				if hit(1, "t", "m") {
					t.Error("a hit elsewhere, a second afterwards")
				}
			})
		})
	}
}

// Tenants see nothing of each other, whatever they are called.
func TestCacheTenants(t *testing.T) {
	s := &store{}
	cache := newCache(t, s, ai.CacheOptions{})
	model := cache.Decorate(play(says(nil, "secret")))
	callers := []ai.Caller{{Tenant: "a"}, {Tenant: "b"}, {}, {Tenant: "a\x00"}, {Tenant: "ab"}, {Tenant: "A"}, {User: "a"}}
	hits := 0
	for _, c := range callers {
		a, err := ai.Collect(model.Generate(ai.WithCaller(t.Context(), c), request()))
		if err != nil {
			t.Fatal(err)
		}
		if a.Cache == ai.CacheExact {
			hits++
		}
	}
	if hits != 1 { // the last one, which is of no tenant either
		t.Errorf("%d hits, want 1", hits)
	}
	shared := newCache(t, s, ai.CacheOptions{Scope: func(ai.Caller) string { return "everybody" }}).Decorate(play(says(nil, "x")))
	for i, c := range callers {
		if a, err := ai.Collect(shared.Generate(ai.WithCaller(t.Context(), c), request())); err != nil || (a.Cache == ai.CacheExact) != (i > 0) {
			t.Errorf("shared: caller %d: got %v, %v", i, a.Cache, err)
		}
	}
	for _, key := range s.answers() {
		if strings.Contains(key, "a\x00") || len(key) != len("ai/answer/")+43 {
			t.Errorf("the key %q tells something", key)
		}
	}
}

// A store that fails or hangs fails no request, and is left alone for a while.
func TestCacheFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, s := range map[string]*store{"fails": {fails: errors.New("down")}, "hangs": {hangs: true}} {
			cache, err := ai.NewCache(s, ai.CacheOptions{Log: discard()})
			if err != nil {
				t.Fatal(err)
			}
			model := cache.Decorate(play(says(nil, "x")))
			begun := time.Now()
			for range 5 {
				if a, err := ai.Collect(model.Generate(t.Context(), request())); err != nil || a.Text() != "x" || a.Cache != ai.CacheNone {
					t.Errorf("%s: got %q, %v", name, a.Text(), err)
				}
			}
			if took := time.Since(begun); took > 250*time.Millisecond {
				t.Errorf("%s: five requests took %v", name, took)
			}
			s.fails, s.hangs = nil, false
			<-time.After(2 * time.Second)
			for range 2 {
				if _, err := ai.Collect(model.Generate(t.Context(), request())); err != nil {
					t.Error(err)
				}
			}
			if a, _ := ai.Collect(model.Generate(t.Context(), request())); a.Cache != ai.CacheExact {
				t.Errorf("%s: back again: got %v", name, a.Cache)
			}
		}
	})
}

// A damaged entry is a miss, wherever it is damaged.
func TestCacheDamage(t *testing.T) {
	s := &store{}
	model := newCache(t, s, ai.CacheOptions{}).Decorate(ai.ModelFunc(func(context.Context, *ai.Request) seq { return sequence(rich()...) }))
	if _, err := ai.Collect(model.Generate(t.Context(), request())); err != nil {
		t.Fatal(err)
	}
	key := s.answers()[0]
	good := s.values[key]
	for i := range good {
		for _, damaged := range [][]byte{append(append(bytes.Clone(good[:i]), good[i]^0x10), good[i+1:]...), good[:i]} {
			s.values[key] = damaged
			if a, err := ai.Collect(model.Generate(t.Context(), request())); err != nil || a.Cache != ai.CacheNone || a.Text() != "Hello wörld" {
				t.Fatalf("byte %d: got %v, %q, %v", i, a.Cache, a.Text(), err)
			}
		}
	}
}

// A request that is canceled hears so, hit or not.
func TestCacheCanceled(t *testing.T) {
	model := newCache(t, &store{}, ai.CacheOptions{}).Decorate(play(says(nil, "x")))
	if _, err := ai.Collect(model.Generate(t.Context(), request())); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	events := model.Generate(ctx, request())
	if _, err := ai.Collect(events); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
	if _, err := ai.Collect(events); errors.Is(err, context.Canceled) || err == nil {
		t.Errorf("ranged over twice: got %v", err)
	}
}

// Requests at the same time share a call, and one of them stores the answer.
func TestCacheCoalesces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		upstream := &pacer{pieces: []string{"a", "b"}}
		var mu sync.Mutex
		states := map[ai.CacheState]int{}
		model := ai.Decorate(upstream, ai.WithRecord(nil, func(_ context.Context, r *ai.Record) {
			mu.Lock()
			defer mu.Unlock()
			states[r.Cache]++
		}), newCache(t, &store{}, ai.CacheOptions{}).Decorate)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if a, err := ai.Collect(model.Generate(t.Context(), request())); err != nil || a.Text() != "ab" {
					t.Errorf("got %q, %v", a.Text(), err)
				}
			})
		}
		wg.Wait()
		if _, err := ai.Collect(model.Generate(t.Context(), request())); err != nil {
			t.Error(err)
		}
		if upstream.calls.Load() != 1 || states[ai.CacheMiss] != 1 || states[ai.CacheShared] != 9 || states[ai.CacheExact] != 1 {
			t.Errorf("%d calls, records %v", upstream.calls.Load(), states)
		}
	})
}

func ExampleCache() {
	cache, err := ai.NewCache(&store{}, ai.CacheOptions{TTL: 10 * time.Minute}) // or a storage.Cache
	if err != nil {
		fmt.Println(err)
		return
	}
	model := ai.Decorate(play(says(nil, "Hello")), cache.Decorate)
	ctx := ai.WithCaller(context.Background(), ai.Caller{Tenant: "acme"})
	for range 2 {
		answer, err := ai.Collect(model.Generate(ctx, request()))
		fmt.Println(answer.Text(), answer.Cache, err)
	}
	anew, err := ai.Collect(model.Generate(ai.WithCacheControl(ctx, ai.CacheControl{NoLookup: true}), request()))
	fmt.Println(anew.Text(), anew.Cache, err)
	// Output:
	// Hello none <nil>
	// Hello exact <nil>
	// Hello none <nil>
}
