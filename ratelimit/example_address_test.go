package ratelimit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// A limit for each address. Behind a reverse proxy its address is named, so that
// what it says of the client counts, and nothing that a client says.
func ExampleNewMiddleware() {
	policy, err := ratelimit.ParsePolicy("2/h")
	if err != nil {
		fmt.Println(err)
		return
	}
	policy.Name = "per-address"
	limits, err := ratelimit.NewMiddleware(ratelimit.NewLocal(), []ratelimit.Rule{{
		Policy: policy,
		By:     ratelimit.ByIP(ratelimit.ClientIP{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}),
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := limits.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "hello")
	}))

	for range 3 {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "10.0.0.1:4711"
		r.Header.Set("X-Forwarded-For", "203.0.113.9, 192.0.2.7") // the client made up the first
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Header().Get("RateLimit-Policy"), w.Header().Get("RateLimit"), w.Body)
	}
	// Output:
	// 200 "per-address";q=2;w=3600 "per-address";r=1;t=1800 hello
	// 200 "per-address";q=2;w=3600 "per-address";r=0;t=3600 hello
	// 429 "per-address";q=2;w=3600 "per-address";r=0;t=1800 {"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Quota exceeded","status":429,"detail":"Try again in 1800 s.","violated-policies":["per-address"]}
}
