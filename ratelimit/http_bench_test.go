package ratelimit_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// answer is a response that keeps only its header.
type answer struct {
	header http.Header
	status int
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(b []byte) (int, error) { return len(b), nil }
func (a *answer) WriteHeader(status int)      { a.status = status }

func nothing(http.ResponseWriter, *http.Request) {}

// plenty is a policy that nothing in a benchmark uses up.
func plenty(name string) ratelimit.Policy {
	return ratelimit.Policy{Name: name, Limit: ratelimit.MaxLimit, Window: time.Minute}
}

// serve returns a function that sends the same request again and again.
func serve(handler http.Handler, remote string) func() {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = remote
	a := &answer{header: http.Header{}}
	return func() {
		clear(a.header)
		handler.ServeHTTP(a, r)
	}
}

// hot are the ways through the middleware that are worth their allocations.
func hot(t testing.TB) map[string]func() {
	t.Helper()
	live := must(ratelimit.NewPolicies(plenty("live")))
	wrap := func(rules ...ratelimit.Rule) http.Handler {
		return must(ratelimit.NewMiddleware(ratelimit.NewLocal(), rules)).Wrap(http.HandlerFunc(nothing))
	}
	byIP := ratelimit.ByIP(ratelimit.ClientIP{})
	slots := must(ratelimit.NewConcurrency(ratelimit.ConcurrencyLimit{Total: 10, PerKey: 5, By: byIP}))
	return map[string]func(){
		"one bucket":   serve(wrap(ratelimit.Rule{Policy: plenty("all"), By: ratelimit.Everyone}), "192.0.2.1:1234"),
		"IPv4":         serve(wrap(ratelimit.Rule{Policy: plenty("ip"), By: byIP}), "192.0.2.1:1234"),
		"IPv6":         serve(wrap(ratelimit.Rule{Policy: plenty("ip"), By: byIP}), "[2001:db8::1]:1234"),
		"live":         serve(wrap(ratelimit.Rule{Live: live, Name: "live", By: byIP}), "192.0.2.1:1234"),
		"two policies": serve(wrap(ratelimit.Rule{Policy: plenty("a"), By: byIP}, ratelimit.Rule{Policy: plenty("b"), By: ratelimit.Everyone}), "192.0.2.1:1234"),
		"concurrency":  serve(slots.Wrap(http.HandlerFunc(nothing)), "192.0.2.1:1234"),
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func BenchmarkMiddleware(b *testing.B) {
	for name, do := range hot(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	}
}
