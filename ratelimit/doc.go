// Package ratelimit decides how much each caller may use.
//
// A [Policy] is plain data, "100/m burst 20": what a key may use in a window,
// and how much of it at once. [New] makes a [Limiter] of policies and a [Store]
// that holds the buckets:
//
//	perUser, err := ratelimit.ParsePolicy("100/m burst 20")
//	limiter, err := ratelimit.New(ratelimit.NewLocal(), perUser)
//	decision, err := limiter.Allow(ctx, userID, 1)
//
// Several policies are decided together: all are charged or none. A [Decision]
// says what is left, when it is worth trying again, and whether it ever is. What
// a request costs may be known only afterwards: charge what is known, and
// correct it with Settle. A shadow policy counts and tells what it would refuse,
// and refuses nothing.
//
// [Middleware] holds the requests of a net/http server to rules, each a policy
// and a [Key]: a person, an API key, an address, a route or what a function
// says. It answers 429 as a problem document and tells clients how things stand
// in the fields RateLimit-Policy and RateLimit:
//
//	limits, err := ratelimit.NewMiddleware(store, []ratelimit.Rule{
//		{Policy: perAddress, By: ratelimit.ByIP(ratelimit.ClientIP{})},
//		{Live: policies, Name: "per-user", By: ratelimit.ByPrincipal(userID)},
//	})
//	http.ListenAndServe(addr, limits.Wrap(mux))
//
// [Policies] are policies by name that change while they are in use, with
// policies of their own for some keys. [Concurrency] limits how many requests
// are under way at once.
//
// A key gets at most Burst + Limit × t/Window units within any time t, for any t.
// [Local] holds the buckets in this process: it is bounded in memory, and a
// flood of new keys takes nothing from those in use. Package redislimit holds
// them on Redis for a whole fleet. Whoever writes another store finds what it
// owes its callers in package ratelimittest.
package ratelimit
