package ratelimit_test

import (
	"fmt"
	"testing"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// unending is never used up and does not become full while a benchmark runs.
const unending = "1/h burst 1000000000"

// decisions are what the benchmarks measure and the test of allocations counts.
func decisions(tb testing.TB) map[string]func() {
	tb.Helper()
	ctx, store := tb.Context(), ratelimit.NewLocal()
	one := limiter(tb, store, policy(tb, "one", unending))
	three := limiter(tb, store, policy(tb, "a", unending), policy(tb, "b", unending), policy(tb, "c", unending))
	far := limiter(tb, remote{store}, policy(tb, "far", unending))
	empty := limiter(tb, store, policy(tb, "empty", "1/h"))
	check := func(want bool) func(ratelimit.Decision, error) {
		return func(d ratelimit.Decision, err error) {
			if err != nil || d.Allowed != want {
				tb.Fatalf("got %+v, %v, want allowed %t", d, err, want)
			}
		}
	}
	yes, no := check(true), check(false)
	yes(empty.Allow(ctx, "ann", 1))
	charges := []ratelimit.Charge{
		{Policy: policy(tb, "user", unending), Key: "ann", Cost: 1}, {Policy: policy(tb, "address", unending), Key: "192.0.2.1", Cost: 1},
	}
	answers := make([]ratelimit.Decision, 2)
	take := func(n int) {
		if allowed, err := store.Take(ctx, charges[:n], answers[:n]); err != nil || !allowed {
			tb.Fatalf("got %t, %v", allowed, err)
		}
	}
	return map[string]func(){
		"one policy":       func() { yes(one.Allow(ctx, "0190163d-8694-7000-8000-000000000001", 1)) },
		"three policies":   func() { yes(three.Allow(ctx, "0190163d-8694-7000-8000-000000000001", 1)) },
		"refused":          func() { no(empty.Allow(ctx, "ann", 1)) },
		"unknown key":      func() { yes(one.Allow(ctx, "bob", 0)) },
		"another store":    func() { yes(far.Allow(ctx, "ann", 1)) },
		"take one charge":  func() { take(1) },
		"take two charges": func() { take(2) },
		"settle": func() {
			if err := three.Settle(ctx, "ann", 1); err != nil {
				tb.Fatal(err)
			}
		},
	}
}

func TestDecisionsDoNotAllocate(t *testing.T) {
	for name, decide := range decisions(t) {
		if n := testing.AllocsPerRun(200, decide); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}

func BenchmarkDecision(b *testing.B) {
	for name, decide := range decisions(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				decide()
			}
		})
	}
}

func BenchmarkParallel(b *testing.B) {
	for _, keys := range []int{1, 1000} {
		b.Run(fmt.Sprint(keys, " keys"), func(b *testing.B) {
			b.ReportAllocs()
			l := limiter(b, ratelimit.NewLocal(), policy(b, "", unending))
			names := make([]string, keys)
			for i := range names {
				names[i] = key(i)
			}
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if d, err := l.Allow(b.Context(), names[i%keys], 1); err != nil || !d.Allowed {
						b.Errorf("got %+v, %v", d, err)
						return
					}
				}
			})
		})
	}
}

// Each key is new: the table grows, then full buckets make room or there is none.
func BenchmarkFlood(b *testing.B) {
	for name, text := range map[string]string{"buckets soon full": "1000000/s", "buckets in use": "1/h burst 2"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			l := limiter(b, ratelimit.NewLocal(ratelimit.WithMaxKeys(1<<16)), policy(b, "", text))
			buffer := []byte("key-00000000000000000000")
			for i := 0; b.Loop(); i++ {
				for at, n := len(buffer)-1, i; n > 0; at, n = at-1, n/10 {
					buffer[at] = byte('0' + n%10)
				}
				if _, err := l.Allow(b.Context(), string(buffer), 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
