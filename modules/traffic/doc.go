// Package traffic is a dashboard module that shows the HTTP traffic of its host:
// requests, errors and latency percentiles, by route and over time. It counts
// what passes through a middleware that any handler can wear:
//
//	requests := traffic.New()
//	d, err := dashboard.New(store, dashboard.WithModules(requests))
//	// …
//	mux.Handle("/admin/", d)
//	http.ListenAndServe(addr, requests.Middleware(mux))
//
// A route is the pattern that matched, as [http.ServeMux] leaves it in
// [http.Request.Pattern]; [WithRoute] asks another router. At most 200 routes are
// told apart and the rest counted as one, so nobody can fill the memory by asking
// for paths that do not exist.
//
// The middleware costs less than a microsecond and one allocation a request.
// Durations are counted in sketches whose percentiles are at most 1 % off and
// merge without a further error: every minute each instance writes one row per
// route that was asked for, and panels over a range of time show the fleet. A live
// panel shows the instance that answered. Rows of minutes are kept for two days,
// those of hours for as long as the settings say; a job of the module takes
// care of both.
//
// Event streams and connections that were taken over (hijacked) are counted, but
// how long they lasted is not: that says nothing of how quick the server is. A
// handler that panics is counted as status 500, whatever it had written. One that
// cuts the connection with [http.ErrAbortHandler] has not panicked: the status it
// had written counts, or 500 where it had not answered.
package traffic
