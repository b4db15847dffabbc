package ratelimit_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// A limit for each person who is signed in, and for the addresses of all others.
func ExampleFirstOf() {
	type userKey struct{} // what an authenticating middleware uses
	userID := func(ctx context.Context) string {
		id, _ := ctx.Value(userKey{}).(string)
		return id
	}
	limits, err := ratelimit.NewMiddleware(ratelimit.NewLocal(), []ratelimit.Rule{{
		Policy: ratelimit.Policy{Name: "api", Limit: 100, Window: ratelimit.MaxWindow},
		By:     ratelimit.FirstOf(ratelimit.ByPrincipal(userID), ratelimit.ByIP(ratelimit.ClientIP{})),
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := limits.Wrap(http.NotFoundHandler())

	for _, user := range []string{"ann", "ann", "", "bob", ""} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r = r.WithContext(context.WithValue(r.Context(), userKey{}, user))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Printf("%-3s %s\n", user, w.Header().Get("RateLimit"))
	}
	// Output:
	// ann "api";r=99;t=316224
	// ann "api";r=98;t=632448
	//     "api";r=99;t=316224
	// bob "api";r=99;t=316224
	//     "api";r=98;t=632448
}
