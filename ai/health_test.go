package ai_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/aitest"
)

// ask asks for a model by name.
func ask(t *testing.T, m ai.Model, name string) error {
	t.Helper()
	r := request()
	r.Model = name
	_, err := ai.Collect(aitest.Ordered(t, m.Generate(t.Context(), r)))
	return err
}

// only returns the health of the one provider there is.
func only(t *testing.T, h *ai.Health) ai.ProviderHealth {
	t.Helper()
	list := h.Providers()
	if len(list) != 1 {
		t.Fatalf("got %d providers, want 1", len(list))
	}
	return list[0]
}

func TestHealth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := ai.NewHealth(ai.Breaker{})
		broken := h.Watch("a", "")(play(fails(ai.Server)))
		for range 20 {
			if ask(t, broken, "m") == nil {
				t.Fatal("got no error")
			}
		}
		if p := only(t, h); p.State != ai.HealthOpen || p.Requests != 10 || p.Failures != 10 || p.LastError != ai.Server || p.Upstreams[0].Free.IsZero() {
			t.Errorf("a broken model: got %+v", p)
		}
		steady := h.Watch("a", "")(slow(100 * time.Millisecond))
		for range 30 {
			if err := ask(t, steady, "other"); err != nil {
				t.Errorf("another model of it: got %v, want a breaker of its own", err)
			}
		}
		p := only(t, h)
		if u := p.Upstreams[1]; p.State != ai.HealthDegraded || u.State != ai.HealthUp || u.First != 100*time.Millisecond || !about(u.P50, 100*time.Millisecond) {
			t.Errorf("one of two models is broken: got %+v", p)
		}
		for range 30 {
			_ = ask(t, h.Watch("a", "")(slow(time.Second)), "other")
		}
		if p := only(t, h); p.P95 < 800*time.Millisecond || p.P95 > 1300*time.Millisecond || p.Requests != 70 {
			t.Errorf("got %+v, want a p95 of about a second", p)
		}
		<-time.After(16 * time.Minute)
		if p := only(t, h); p.Requests != 0 || p.P50 != 0 || p.Upstreams[1].State != ai.HealthUnknown {
			t.Errorf("after 16 minutes: got %+v, want nothing", p)
		}
	})
	h := ai.NewHealth(ai.Breaker{})
	for _, kind := range []ai.ErrorKind{ai.TooLarge, ai.Unsupported, ai.Filtered, ai.Invalid, ai.Quota} {
		_ = ask(t, h.Watch("p", "")(play(fails(kind))), "m")
	}
	if p := only(t, h); p.Requests != 5 || p.Failures != 1 || p.LastError != ai.Quota {
		t.Errorf("got %+v, want one failure, of the key", p)
	}
	if got := (*ai.Health)(nil).Providers(); got != nil {
		t.Errorf("nil: got %v", got)
	}
}

// about allows for the width of a bucket.
func about(got, want time.Duration) bool { return got > want*3/4 && got < want*5/4 }

// Callers choose names of models: what they make up neither fills the memory nor
// pushes out what is known.
func TestHealthIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := ai.NewHealth(ai.Breaker{})
		model := h.Watch("p", "")(ai.ModelFunc(func(_ context.Context, req *ai.Request) seq {
			if strings.HasPrefix(req.Model, "no-") {
				return fails(ai.NotFound)
			}
			return says(nil, "ok")
		}))
		if err := ask(t, model, "real"); err != nil {
			t.Fatal(err)
		}
		for i := range 2000 {
			_ = ask(t, model, fmt.Sprint("no-", i))
		}
		if u := only(t, h).Upstreams; len(u) != 1 || u[0].Model != "real" {
			t.Errorf("got %d upstreams, want the one that is there", len(u))
		}
		for i := range 2000 {
			if err := ask(t, model, fmt.Sprint("yes-", i)); err != nil {
				t.Fatal(err)
			}
		}
		if u := only(t, h).Upstreams; len(u) != 512 {
			t.Errorf("got %d upstreams, want 512", len(u))
		}
	})
}

// attempts asks and returns the attempts of the record.
func attempts(t *testing.T, m ai.Model, name string) (list []ai.Attempt, err error) {
	t.Helper()
	err = ask(t, ai.WithRecord(nil, func(_ context.Context, r *ai.Record) { list = r.Attempts })(m), name)
	return list, err
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	h := ai.NewHealth(ai.Breaker{})
	model, err := ai.Fallback(ai.Route{Model: h.Watch("a", "k")(play(fails(ai.Quota)))}, ai.Route{Model: h.Watch("", "")(play(says(nil, "ok"))), Name: "n"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := attempts(t, model, "m")
	for i := range got {
		if got[i].Took < 0 {
			t.Errorf("attempt %d took %v", i, got[i].Took)
		}
		got[i].Took = 0
	}
	if want := []ai.Attempt{{Provider: "a", Model: "m", Key: "k", Kind: ai.Quota}, {Model: "n", OK: true}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	limited := says(&ai.Error{Kind: ai.RateLimited, RetryAfter: 20 * time.Second})
	for _, tc := range []struct {
		name  string
		first []seq         // what the first of three keys answers
		wait  time.Duration // after 9 requests, before 9 more
		calls [2]int        // of it, before and after
		state ai.HealthState
	}{
		{"in turn", []seq{says(nil, "a")}, 0, [2]int{3, 6}, ai.HealthUp},
		{"rate limited", []seq{limited}, 10 * time.Second, [2]int{1, 1}, ai.HealthOpen},
		{"until the provider says", []seq{limited, says(nil, "a")}, 20 * time.Second, [2]int{1, 4}, ai.HealthUp},
		{"out of quota", []seq{fails(ai.Quota)}, 9 * time.Minute, [2]int{1, 1}, ai.HealthOpen},
		{"tried again later", []seq{fails(ai.Quota), says(nil, "a")}, 10 * time.Minute, [2]int{1, 4}, ai.HealthUp},
		{"refused", []seq{fails(ai.Unauthorized)}, 0, [2]int{1, 1}, ai.HealthOpen},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := ai.NewHealth(ai.Breaker{Least: 1000})
				one, two, three := play(tc.first...), play(says(nil, "b")), play(says(nil, "c"))
				model, err := h.Keys("p", ai.Key{Name: "1", Model: one}, ai.Key{Name: "2", Model: two}, ai.Key{Name: "3", Model: three})
				if err != nil {
					t.Fatal(err)
				}
				for round, want := range tc.calls {
					for range 9 {
						if err := ask(t, model, "m"); err != nil {
							t.Errorf("got %v, want another key's answer", err)
						}
					}
					if one.calls != want {
						t.Errorf("round %d: got %d calls with the first key, want %d", round, one.calls, want)
					}
					if round == 0 {
						<-time.After(tc.wait)
					}
				}
				if all := one.calls + two.calls + three.calls; all > 19 {
					t.Errorf("got %d calls for 18 requests", all)
				}
				if k := only(t, h).Keys; len(k) != 3 || k[0].Name != "1" || k[0].State != tc.state && tc.wait < 20*time.Second {
					t.Errorf("got %+v, want the first %v", k, tc.state)
				}
			})
		})
	}
}

func TestKeysThatAreNoUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := ai.NewHealth(ai.Breaker{})
		one := play(says(&ai.Error{Kind: ai.RateLimited, RetryAfter: 9 * time.Second}), says(nil, "ok"))
		two := play(fails(ai.Unauthorized))
		model, err := h.Keys("p", ai.Key{Name: "1", Model: one}, ai.Key{Name: "2", Model: two})
		if err != nil {
			t.Fatal(err)
		}
		if failed, ok := errors.AsType[*ai.Error](ask(t, model, "m")); !ok || failed.Kind != ai.RateLimited || failed.RetryAfter != 9*time.Second {
			t.Errorf("got %v, want the error that asking again can heal", failed)
		}
		if err := ask(t, model, "m"); err != nil || one.calls != 2 || two.calls != 1 {
			t.Errorf("got %v with %d and %d calls, want the key that is free first", err, one.calls, two.calls)
		}
		broken, err := h.Keys("q", ai.Key{Name: "1", Model: play(fails(ai.Server))}, ai.Key{Name: "2", Model: two})
		if err != nil {
			t.Fatal(err)
		}
		if err := ask(t, broken, "m"); err == nil || two.calls != 1 {
			t.Errorf("got %v and %d calls, want what no key heals to be left to others", err, two.calls)
		}
		for _, keys := range [][]ai.Key{nil, {{Name: "1"}}, {{Model: one}, {Model: two}}} {
			if _, err := h.Keys("p", keys...); err == nil {
				t.Errorf("%v: got no error", keys)
			}
		}
	})
}
