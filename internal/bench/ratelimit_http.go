package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/go-chi/httprate"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// unread is an answer of which only header and status are kept.
type unread struct {
	header http.Header
	status int
}

func (u *unread) Header() http.Header         { return u.header }
func (u *unread) Write(b []byte) (int, error) { return len(b), nil }
func (u *unread) WriteHeader(status int)      { u.status = status }

// ratelimitHTTP compares the middleware with its header fields: of one bucket
// for all, of the address of one client, and of many.
func ratelimitHTTP(s settings) (results []result, err error) {
	for _, c := range []struct {
		work    string
		clients int
		ours    ratelimit.Key
		theirs  httprate.KeyFunc
	}{
		{"one bucket", 1, ratelimit.Everyone, httprate.Key("all")},
		{"one address", 1, ratelimit.ByIP(ratelimit.ClientIP{}), remoteIP},
		{"10,000 addresses", 10_000, ratelimit.ByIP(ratelimit.ClientIP{}), remoteIP},
	} {
		ours, err := ratelimit.NewMiddleware(ratelimit.NewLocal(), []ratelimit.Rule{
			{Policy: ratelimit.Policy{Name: "burst", Limit: 1, Window: time.Hour, Burst: plenty}, By: c.ours}})
		if err != nil {
			return nil, err
		}
		clients := addressesOf(c.clients)
		a, err := served("ours", ours.Wrap(answerNothing()), clients, "Ratelimit", "Ratelimit-Policy")
		if err != nil {
			return nil, err
		}
		b, err := served("httprate", httprate.LimitBy(plenty, time.Hour, c.theirs)(answerNothing()), clients, "X-Ratelimit-Remaining")
		if err != nil {
			return nil, err
		}
		got, err := decide(s.rounds, 500_000, 1, []decider{a, b})
		if err != nil {
			return nil, err
		}
		results = append(results,
			result{work: c.work, ours: got["ours"].ns, theirs: got["httprate"].ns, unit: "ns", peer: "httprate", bar: 0.4},
			result{work: c.work, ours: got["ours"].allocs, theirs: got["httprate"].allocs, unit: "allocs", peer: "httprate", bar: 2, absolute: true})
	}
	return results, nil
}

func answerNothing() http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
}

// remoteIP is how httprate's documentation keys by address without a proxy.
func remoteIP(r *http.Request) (string, error) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return httprate.CanonicalizeIP(host), err
}

func addressesOf(clients int) []string {
	addresses := make([]string, clients)
	for i := range addresses {
		addresses[i] = fmt.Sprintf("198.51.%d.%d:4711", i/250, i%250)
	}
	return addresses
}

// served is a decider that sends a request through a middleware, which must set
// the given header fields, from one address after the other.
func served(name string, handler http.Handler, clients []string, fields ...string) (decider, error) {
	w, r := &unread{header: http.Header{}}, httptest.NewRequest(http.MethodGet, "/", nil)
	d := decider{name, func(i int) bool {
		clear(w.header)
		w.status = http.StatusOK
		r.RemoteAddr = clients[i%len(clients)]
		handler.ServeHTTP(w, r)
		return w.status == http.StatusOK
	}}
	ok := d.allow(0)
	for _, field := range fields {
		ok = ok && len(w.header[field]) == 1
	}
	if !ok {
		return d, errors.New(name + " does not set its fields")
	}
	return d, nil
}
