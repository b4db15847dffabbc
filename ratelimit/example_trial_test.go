package ratelimit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// A limit on trial: requests pass and clients see nothing of it, while metrics
// and traces tell what it would have refused.
func ExampleMiddleware_shadow() {
	policies, err := ratelimit.NewPolicies(ratelimit.Policy{Name: "uploads", Limit: 1, Window: ratelimit.MaxWindow, Shadow: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	limits, err := ratelimit.NewMiddleware(ratelimit.NewLocal(), []ratelimit.Rule{
		{Live: policies, Name: "uploads", By: ratelimit.Everyone},
	}) // and ratelimit.WithMeterProvider
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := limits.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	send := func() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/uploads", nil))
		fmt.Printf("%d %q\n", w.Code, w.Header().Get("RateLimit-Policy"))
	}

	send()
	send()
	// The trial is over.
	if err := policies.Set(ratelimit.Policy{Name: "uploads", Limit: 1, Window: ratelimit.MaxWindow}); err != nil {
		fmt.Println(err)
	}
	send()
	// Output:
	// 200 ""
	// 200 ""
	// 429 "\"uploads\";q=1;w=31622400"
}
