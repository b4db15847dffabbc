package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// remote hides that a store is local, as one on a server is not.
type remote struct{ ratelimit.Store }

// everyStore runs a test with the local store and with one that is not known.
func everyStore(t *testing.T, run func(t *testing.T, store ratelimit.Store)) {
	t.Run("local", func(t *testing.T) { run(t, ratelimit.NewLocal()) })
	t.Run("other", func(t *testing.T) { run(t, remote{ratelimit.NewLocal()}) })
}

func policy(t testing.TB, name, text string) ratelimit.Policy {
	t.Helper()
	p, err := ratelimit.ParsePolicy(text)
	if err != nil {
		t.Fatal(err)
	}
	p.Name = name
	return p
}

func limiter(t testing.TB, store ratelimit.Store, policies ...ratelimit.Policy) *ratelimit.Fixed {
	t.Helper()
	l, err := ratelimit.New(store, policies...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func allow(t testing.TB, l ratelimit.Limiter, key string, cost int64) ratelimit.Decision {
	t.Helper()
	d, err := l.Allow(t.Context(), key, cost)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNewRefuses(t *testing.T) {
	store, good := ratelimit.NewLocal(), policy(t, "", "1/m")
	for name, build := range map[string]func() (*ratelimit.Fixed, error){
		"no store":     func() (*ratelimit.Fixed, error) { return ratelimit.New(nil, good) },
		"no policy":    func() (*ratelimit.Fixed, error) { return ratelimit.New(store) },
		"zero policy":  func() (*ratelimit.Fixed, error) { return ratelimit.New(store, good, ratelimit.Policy{Name: "x"}) },
		"one name":     func() (*ratelimit.Fixed, error) { return ratelimit.New(store, good, policy(t, "", "5/m")) },
		"default name": func() (*ratelimit.Fixed, error) { return ratelimit.New(store, good, policy(t, "default", "5/m")) },
	} {
		if l, err := build(); err == nil || l != nil {
			t.Errorf("%s: got %v, %v, want an error", name, l, err)
		}
	}
}

// The decision is that of the policy that says most.
func TestVerdict(t *testing.T) {
	everyStore(t, func(t *testing.T, store ratelimit.Store) {
		l := limiter(t, store, policy(t, "day", "10/d"), policy(t, "hour", "5/h"), policy(t, "trial", "3/h shadow"))
		for _, step := range []struct {
			cost int64
			want ratelimit.Decision // durations are not compared
		}{
			{0, ratelimit.Decision{Policy: "trial", Limit: 3, Remaining: 3, Allowed: true, Source: ratelimit.Exact}},
			{2, ratelimit.Decision{Policy: "trial", Limit: 3, Remaining: 1, Allowed: true, Source: ratelimit.Exact}},
			{2, ratelimit.Decision{Policy: "trial", Limit: 3, Remaining: 1, Allowed: true, Source: ratelimit.Shadow}},
			{1, ratelimit.Decision{Policy: "hour", Limit: 5, Remaining: 0, Allowed: true, Source: ratelimit.Exact}},
			{1, ratelimit.Decision{Policy: "hour", Limit: 5, Remaining: 0, Source: ratelimit.Exact}},
			{6, ratelimit.Decision{Policy: "hour", Limit: 5, Remaining: 0, TooLarge: true, Source: ratelimit.Exact}},
			{20, ratelimit.Decision{Policy: "hour", Limit: 5, Remaining: 0, TooLarge: true, Source: ratelimit.Exact}},
		} {
			got := allow(t, l, "ann", step.cost)
			got.Reset, got.RetryAfter = 0, 0
			if got != step.want {
				t.Errorf("cost %d: got %+v, want %+v", step.cost, got, step.want)
			}
		}
	})
}

// Of two refusals the one that holds longer counts.
func TestVerdictOfTwoRefusals(t *testing.T) {
	everyStore(t, func(t *testing.T, store ratelimit.Store) {
		l := limiter(t, store, policy(t, "hour", "1/h"), policy(t, "day", "1/d"))
		allow(t, l, "ann", 1)
		if d := allow(t, l, "ann", 1); d.Policy != "day" || d.RetryAfter < 23*time.Hour || d.Allowed {
			t.Errorf("got %+v, want a refusal until tomorrow", d)
		}
	})
}

func TestManyPolicies(t *testing.T) {
	everyStore(t, func(t *testing.T, store ratelimit.Store) {
		var policies []ratelimit.Policy
		for i := range 9 {
			policies = append(policies, policy(t, fmt.Sprint("policy-", i), fmt.Sprintf("%d/h", 20-i)))
		}
		l := limiter(t, store, policies...)
		if got := l.Policies(); !slices.Equal(got, policies) {
			t.Errorf("got %v, want %v", got, policies)
		}
		if d := allow(t, l, "ann", 12); !d.Allowed || d.Policy != "policy-8" || d.Remaining != 0 {
			t.Errorf("got %+v, want the last policy's", d)
		}
		if d := allow(t, l, "ann", 1); d.Allowed || d.Policy != "policy-8" {
			t.Errorf("got %+v, want the last policy's refusal", d)
		}
		if d := allow(t, limiter(t, store, policies[:8]...), "ann", 1); !d.Allowed || d.Remaining != 0 {
			t.Errorf("got %+v, want what the refusal did not cost", d)
		}
	})
}

func TestShadowAlone(t *testing.T) {
	everyStore(t, func(t *testing.T, store ratelimit.Store) {
		l := limiter(t, store, policy(t, "trial", "1/h shadow"))
		if d := allow(t, l, "ann", 1); !d.Allowed || d.Source != ratelimit.Exact {
			t.Errorf("got %+v, want it allowed", d)
		}
		if d := allow(t, l, "ann", 1); !d.Allowed || d.Source != ratelimit.Shadow || d.RetryAfter == 0 {
			t.Errorf("got %+v, want it allowed in shadow mode", d)
		}
	})
}

func TestSettle(t *testing.T) {
	everyStore(t, func(t *testing.T, store ratelimit.Store) {
		l := limiter(t, store, policy(t, "hour", "10/h"), policy(t, "day", "100/d"))
		allow(t, l, "ann", 1)
		for _, step := range []struct{ delta, left int64 }{{8, 1}, {-3, 4}, {-100, 10}} {
			if err := l.Settle(t.Context(), "ann", step.delta); err != nil {
				t.Fatal(err)
			}
			if d := allow(t, l, "ann", 0); d.Remaining != step.left {
				t.Errorf("settle %d: got %d left, want %d", step.delta, d.Remaining, step.left)
			}
		}
		for _, bad := range []int64{ratelimit.MaxLimit + 1, -ratelimit.MaxLimit - 1} {
			if err := l.Settle(t.Context(), "ann", bad); !errors.Is(err, ratelimit.ErrCost) {
				t.Errorf("settle %d: got %v, want ErrCost", bad, err)
			}
		}
		for _, bad := range []int64{ratelimit.MaxLimit + 1, -1} {
			if d, err := l.Allow(t.Context(), "ann", bad); !errors.Is(err, ratelimit.ErrCost) || d.Allowed {
				t.Errorf("allow %d: got %+v, %v, want ErrCost", bad, d, err)
			}
		}
	})
}

// broken is a store that cannot be asked.
type broken struct{}

func (broken) Take(context.Context, []ratelimit.Charge, []ratelimit.Decision) (bool, error) {
	return true, errBroken
}
func (broken) Settle(context.Context, []ratelimit.Charge) error { return errBroken }

var errBroken = errors.New("broken")

func TestBrokenStore(t *testing.T) {
	l := limiter(t, broken{}, policy(t, "hour", "10/h"))
	if d, err := l.Allow(t.Context(), "ann", 1); !errors.Is(err, errBroken) || d.Allowed {
		t.Errorf("got %+v, %v, want a refusal and the error", d, err)
	}
	if err := l.Settle(t.Context(), "ann", 1); !errors.Is(err, errBroken) {
		t.Errorf("got %v, want the error", err)
	}
}

func TestSource(t *testing.T) {
	for source, want := range map[ratelimit.Source]string{
		ratelimit.Exact: "exact", ratelimit.Lease: "lease", ratelimit.LocalShare: "local", ratelimit.Shadow: "shadow",
		ratelimit.Overflow: "overflow", ratelimit.Unreachable: "unreachable", 0: "unknown", 99: "unknown",
	} {
		if got := source.String(); got != want {
			t.Errorf("%d: got %q, want %q", source, got, want)
		}
	}
}
