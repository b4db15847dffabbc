package ratelimit_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// At most 20 reports are made at once, 2 of them for one address; who comes next
// waits a moment.
func ExampleNewConcurrency() {
	slots, err := ratelimit.NewConcurrency(ratelimit.ConcurrencyLimit{
		Name: "reports", Total: 20, PerKey: 2, By: ratelimit.ByIP(ratelimit.ClientIP{}), Wait: 10 * time.Millisecond,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var report http.Handler
	depth := 0
	send := func() {
		w := httptest.NewRecorder()
		report.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/report", nil))
		fmt.Println(w.Code, w.Header().Get("RateLimit-Policy"), w.Header().Get("RateLimit"))
	}
	report = slots.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if depth++; depth < 3 {
			send() // while this one is under way
		}
	}))
	send()
	// Output:
	// 429 "reports";q=2;qu="concurrent-requests" "reports";r=0
	// 200 "reports";q=2;qu="concurrent-requests" "reports";r=0
	// 200 "reports";q=2;qu="concurrent-requests" "reports";r=1
}
