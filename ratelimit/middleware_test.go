package ratelimit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// asked is a store that writes down what it is asked, and answers like another
// or, where it is told to, fails.
type asked struct {
	ratelimit.Store

	mu    sync.Mutex
	calls [][]ratelimit.Charge
	fail  error
}

func (a *asked) Take(ctx context.Context, charges []ratelimit.Charge, decisions []ratelimit.Decision) (bool, error) {
	a.mu.Lock()
	a.calls = append(a.calls, slices.Clone(charges))
	fail := a.fail
	a.mu.Unlock()
	if fail != nil {
		return false, fail
	}
	return a.Store.Take(ctx, charges, decisions)
}

func (a *asked) take() [][]ratelimit.Charge {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls := a.calls
	a.calls = nil
	return calls
}

// says is a store with fixed answers.
type says []ratelimit.Decision

func (s says) Take(_ context.Context, charges []ratelimit.Charge, decisions []ratelimit.Decision) (bool, error) {
	allowed := true
	for i := range charges {
		decisions[i] = s[i]
		decisions[i].Policy = charges[i].Policy.Label()
		allowed = allowed && (s[i].Allowed || charges[i].Policy.Shadow)
	}
	return allowed, nil
}

func (says) Settle(context.Context, []ratelimit.Charge) error { return nil }

func header(name string) ratelimit.Key {
	return func(r *http.Request) (string, bool) {
		value := r.Header.Get(name)
		return value, value != ""
	}
}

var quiet = ratelimit.WithLogger(slog.New(slog.DiscardHandler))

// get sends a request with header fields, given as name and value in turn.
func get(handler http.Handler, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

func wrapped(t testing.TB, store ratelimit.Store, rules []ratelimit.Rule, opts ...ratelimit.MiddlewareOption) http.Handler {
	t.Helper()
	m := must(ratelimit.NewMiddleware(store, rules, opts...))
	return m.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
}

func expect(t *testing.T, what string, w *httptest.ResponseRecorder, status int, fields ...string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("%s: got status %d, want %d: %s", what, w.Code, status, w.Body)
	}
	for i := 0; i < len(fields); i += 2 {
		if got := strings.Join(w.Header().Values(fields[i]), " | "); got != fields[i+1] {
			t.Errorf("%s: %s: got %q, want %q", what, fields[i], got, fields[i+1])
		}
	}
}

func TestMiddleware(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := wrapped(t, ratelimit.NewLocal(), []ratelimit.Rule{{Policy: policy(t, "burst", "3/m"), By: header("User")}})
		const policies = `"burst";q=3;w=60`
		expect(t, "first", get(handler, "User", "ann"), 204, "RateLimit-Policy", policies, "RateLimit", `"burst";r=2;t=20`, "Retry-After", "")
		expect(t, "second", get(handler, "User", "ann"), 204, "RateLimit-Policy", policies, "RateLimit", `"burst";r=1;t=40`)
		expect(t, "third", get(handler, "User", "ann"), 204, "RateLimit-Policy", policies, "RateLimit", `"burst";r=0;t=60`)
		pass(500 * time.Millisecond)
		w := get(handler, "User", "ann")
		expect(t, "fourth", w, 429, "RateLimit-Policy", policies, "RateLimit", `"burst";r=0;t=20`, "Retry-After", "20",
			"Content-Type", "application/problem+json", "Cache-Control", "no-store")
		want := `{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Quota exceeded","status":429,` +
			`"detail":"Try again in 20 s.","violated-policies":["burst"]}`
		if w.Body.String() != want {
			t.Errorf("body:\n got %s\nwant %s", w.Body, want)
		}
		expect(t, "another", get(handler, "User", "bob"), 204, "RateLimit", `"burst";r=2;t=20`)
		expect(t, "nobody", get(handler), 204, "RateLimit-Policy", "", "RateLimit", "")
		pass(20 * time.Second) // what was said
		expect(t, "after the wait", get(handler, "User", "ann"), 204, "RateLimit", `"burst";r=0;t=60`)
	})
}

func TestRulesAreDecidedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &asked{Store: ratelimit.NewLocal()}
		cost := func(*http.Request) int64 { return 2 }
		handler := wrapped(t, store, []ratelimit.Rule{
			{Policy: policy(t, "user", "5/m"), By: header("User"), Cost: cost},
			{Policy: policy(t, "all", "100/h"), By: ratelimit.Everyone},
			{Policy: policy(t, "team", "10/m"), By: header("Team")},
		})
		expect(t, "two", get(handler, "User", "ann"), 204, "RateLimit-Policy", `"user";q=5;w=60, "all";q=100;w=3600`,
			"RateLimit", `"user";r=3;t=24, "all";r=99;t=36`)
		expect(t, "one", get(handler), 204, "RateLimit-Policy", `"all";q=100;w=3600`, "RateLimit", `"all";r=98;t=72`)
		expect(t, "three", get(handler, "User", "ann", "Team", "x"), 204,
			"RateLimit-Policy", `"user";q=5;w=60, "all";q=100;w=3600, "team";q=10;w=60`,
			"RateLimit", `"user";r=1;t=48, "all";r=97;t=108, "team";r=9;t=6`)
		// Who refuses says when; the others only what is left, and are not charged.
		w := get(handler, "User", "ann", "Team", "x")
		expect(t, "refused", w, 429, "RateLimit", `"user";r=1;t=12, "all";r=97, "team";r=9`, "Retry-After", "12")
		if got := violated(t, w); !slices.Equal(got, []string{"user"}) {
			t.Errorf("violated: got %q", got)
		}
		calls := store.take()
		if len(calls) != 4 {
			t.Fatalf("the store was asked %d times for 4 requests", len(calls))
		}
		want := []ratelimit.Charge{{Policy: policy(t, "user", "5/m"), Key: "ann", Cost: 2}, {Policy: policy(t, "all", "100/h"), Key: "all", Cost: 1}}
		if !slices.Equal(calls[0], want) {
			t.Errorf("first call:\n got %+v\nwant %+v", calls[0], want)
		}
	})
}

// Where several rules refuse, the one that does so longest says when to retry,
// whichever comes first.
func TestTheLongestWaitCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		short := ratelimit.Rule{Policy: policy(t, "short", "1/m"), By: ratelimit.Everyone}
		long := ratelimit.Rule{Policy: policy(t, "long", "1/h"), By: ratelimit.Everyone}
		for _, rules := range [][]ratelimit.Rule{{short, long}, {long, short}} {
			handler := wrapped(t, ratelimit.NewLocal(), rules)
			expect(t, "first", get(handler), 204)
			expect(t, "second", get(handler), 429, "Retry-After", "3600")
		}
	})
}

func TestShadowIsSeenByNobody(t *testing.T) {
	t.Parallel()
	handler := wrapped(t, ratelimit.NewLocal(), []ratelimit.Rule{
		{Policy: policy(t, "try", "1/h shadow"), By: ratelimit.Everyone},
		{Policy: policy(t, "real", "3/h"), By: ratelimit.Everyone},
	})
	alone := wrapped(t, ratelimit.NewLocal(), []ratelimit.Rule{{Policy: policy(t, "try", "1/h shadow"), By: ratelimit.Everyone}})
	for i, left := range []string{"2", "1", "0"} {
		w := get(handler)
		expect(t, "beside", w, 204, "RateLimit-Policy", `"real";q=3;w=3600`)
		if got := w.Header().Get("RateLimit"); !strings.HasPrefix(got, `"real";r=`+left+";") {
			t.Errorf("request %d: RateLimit: got %q", i, got)
		}
		expect(t, "alone", get(alone), 204, "RateLimit-Policy", "", "RateLimit", "")
	}
	if w := get(handler); w.Code != 429 || !slices.Equal(violated(t, w), []string{"real"}) {
		t.Errorf("got %d, violated %q", w.Code, violated(t, w))
	}
}

var errDown = errors.New("the store is down")

func TestStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &asked{Store: ratelimit.NewLocal(), fail: errDown}
		var log bytes.Buffer
		logger := ratelimit.WithLogger(slog.New(slog.NewTextHandler(&log, nil)))
		rules := []ratelimit.Rule{{Policy: policy(t, "real", "3/h"), By: header("User")}, {Policy: policy(t, "try", "1/h shadow"), By: ratelimit.Everyone}}
		open, closed := wrapped(t, store, rules, logger), wrapped(t, store, rules, logger, ratelimit.FailClosed())
		shadow := wrapped(t, store, rules[1:], logger, ratelimit.FailClosed())

		for range 3 {
			expect(t, "open", get(open, "User", "secret-key"), 204, "RateLimit-Policy", `"real";q=3;w=3600`, "RateLimit", "")
		}
		lines := strings.Count(log.String(), "\n")
		if lines != 1 || !strings.Contains(log.String(), errDown.Error()) || strings.Contains(log.String(), "secret-key") {
			t.Errorf("logged %d lines: %s", lines, log.String())
		}
		pass(10 * time.Second)
		expect(t, "open", get(open, "User", "ann"), 204)
		if lines := strings.Count(log.String(), "\n"); lines != 2 {
			t.Errorf("after 10 s: %d lines, want 2", lines)
		}
		w := get(closed, "User", "ann")
		expect(t, "closed", w, 503, "Retry-After", "1", "RateLimit", "")
		if got := violated(t, w); !slices.Equal(got, []string{"real"}) {
			t.Errorf("violated: got %q", got)
		}
		expect(t, "closed, shadow only", get(shadow), 204)

		// Whoever hangs up while the store is asked does not get in for nothing.
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		log.Reset()
		pass(time.Minute)
		rec := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)
		r.Header.Set("User", "ann")
		open.ServeHTTP(rec, r)
		expect(t, "gone", rec, 503)
		if log.Len() > 0 {
			t.Errorf("a client that has gone is logged: %s", log.String())
		}
	})
}

// A store that answers for what it cannot reach is obeyed.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	rules := []ratelimit.Rule{{Policy: policy(t, "a", "5/m"), By: ratelimit.Everyone}}
	open := says{{Allowed: true, Limit: 5, Remaining: 5, Source: ratelimit.Unreachable}}
	expect(t, "open", get(wrapped(t, open, rules)), 204, "RateLimit-Policy", `"a";q=5;w=60`, "RateLimit", "")
	closed := says{{RetryAfter: 1500 * time.Millisecond, Source: ratelimit.Unreachable}}
	expect(t, "closed", get(wrapped(t, closed, rules)), 503, "Retry-After", "2", "RateLimit", "")
	share := says{{Allowed: true, Limit: 5, Remaining: 2, Reset: time.Second, Source: ratelimit.LocalShare}}
	expect(t, "local", get(wrapped(t, share, rules)), 204, "RateLimit", `"a";r=2;t=1`)
}

func TestLivePolicies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := must(ratelimit.NewPolicies())
		handler := wrapped(t, ratelimit.NewLocal(), []ratelimit.Rule{{Live: live, Name: "api", By: header("User")}})
		expect(t, "none", get(handler, "User", "ann"), 204, "RateLimit-Policy", "", "RateLimit", "")
		set(t, live.Set(policy(t, "api", "2/m")))
		expect(t, "set", get(handler, "User", "ann"), 204, "RateLimit-Policy", `"api";q=2;w=60`, "RateLimit", `"api";r=1;t=30`)
		set(t, live.Override("api", "bob", policy(t, "", "50/m")))
		expect(t, "overridden", get(handler, "User", "bob"), 204, "RateLimit-Policy", `"api";q=50;w=60`, "RateLimit", `"api";r=49;t=2`)
		expect(t, "the others", get(handler, "User", "ann"), 204, "RateLimit-Policy", `"api";q=2;w=60`, "RateLimit", `"api";r=0;t=60`)
		expect(t, "refused", get(handler, "User", "ann"), 429)
		set(t, live.Set(policy(t, "api", "1/s burst 2"))) // the bucket is as empty as it was
		expect(t, "refused", get(handler, "User", "ann"), 429, "Retry-After", "1", "RateLimit-Policy", `"api";q=1;w=1`)
		pass(time.Second)
		expect(t, "refilled", get(handler, "User", "ann"), 204)
		live.Remove("api")
		for range 5 {
			expect(t, "removed", get(handler, "User", "ann"), 204, "RateLimit-Policy", "")
		}
	})
}

func set(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// One middleware within another adds to its fields.
func TestNested(t *testing.T) {
	t.Parallel()
	store := ratelimit.NewLocal()
	outer := must(ratelimit.NewMiddleware(store, []ratelimit.Rule{{Policy: policy(t, "outer", "10/s"), By: ratelimit.Everyone}}))
	inner := wrapped(t, store, []ratelimit.Rule{{Policy: policy(t, "inner", "1/s"), By: ratelimit.Everyone}})
	both := outer.Wrap(inner)
	w := get(both)
	expect(t, "both", w, 204, "RateLimit-Policy", `"outer";q=10;w=1 | "inner";q=1;w=1`, "RateLimit", `"outer";r=9;t=1 | "inner";r=0;t=1`)
	// What a handler does to its header fields is nobody else's business.
	w.Header()["Ratelimit"][0] = "spoiled"
	w.Header().Add("RateLimit", "added")
	expect(t, "again", get(outer.Wrap(http.HandlerFunc(nothing))), 200, "RateLimit", `"outer";r=8;t=1`)
}

func TestNewMiddlewareRefuses(t *testing.T) {
	t.Parallel()
	good := ratelimit.Rule{Policy: policy(t, "a", "1/s"), By: ratelimit.Everyone}
	live := must(ratelimit.NewPolicies())
	many := make([]ratelimit.Rule, 9)
	for i := range many {
		many[i] = ratelimit.Rule{Live: live, Name: strings.Repeat("x", i+1), By: ratelimit.Everyone}
	}
	store := ratelimit.NewLocal()
	must(ratelimit.NewMiddleware(store, many[:8]))
	one := []ratelimit.Rule{good}
	for name, test := range map[string]struct {
		store ratelimit.Store
		rules []ratelimit.Rule
		opts  []ratelimit.MiddlewareOption
	}{
		"no store":      {rules: one},
		"no rule":       {store: store},
		"too many":      {store: store, rules: many},
		"one name":      {store: store, rules: []ratelimit.Rule{good, {Live: live, Name: "a", By: good.By}}},
		"no name":       {store: store, rules: []ratelimit.Rule{{Live: live, By: good.By}}},
		"no key":        {store: store, rules: []ratelimit.Rule{{Policy: good.Policy}}},
		"no policy":     {store: store, rules: []ratelimit.Rule{{By: good.By}}},
		"nil logger":    {store, one, []ratelimit.MiddlewareOption{ratelimit.WithLogger(nil)}},
		"nil meters":    {store, one, []ratelimit.MiddlewareOption{ratelimit.WithMeterProvider(nil)}},
		"nil rendering": {store, one, []ratelimit.MiddlewareOption{ratelimit.WithRefusal(nil)}},
	} {
		if m, err := ratelimit.NewMiddleware(test.store, test.rules, test.opts...); err == nil || m != nil {
			t.Errorf("%s: got %v, %v, want an error", name, m, err)
		}
	}
}

func TestMiddlewareAllocations(t *testing.T) {
	pool := sync.Pool{New: func() any { return new(int) }}
	slack := testing.AllocsPerRun(1000, func() { // under the race detector a pool drops what it is given now and then
		for range 10 {
			pool.Put(pool.Get())
		}
	})
	want := map[string]float64{"one bucket": 0, "IPv4": 0, "live": 0, "two policies": 0, "IPv6": 1, "concurrency": 2}
	for name, do := range hot(t) {
		if got := testing.AllocsPerRun(1000, do); got > want[name]+slack {
			t.Errorf("%s: got %v allocations, want at most %v", name, got, want[name])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s was not measured", name)
	}
}

// Many at once get their own fields and nobody gets too much.
func TestMiddlewareConcurrently(t *testing.T) {
	t.Parallel()
	handler := wrapped(t, ratelimit.NewLocal(), []ratelimit.Rule{
		{Policy: policy(t, "user", "50/h"), By: header("User")}, {Policy: policy(t, "all", "150/h"), By: ratelimit.Everyone},
	})
	var all, passed sync.Map
	var group sync.WaitGroup
	for _, user := range []string{"ann", "bob", "eve", "joe"} {
		for range 4 {
			group.Go(func() {
				for range 30 {
					if w := get(handler, "User", user); w.Code == 204 {
						if _, twice := passed.LoadOrStore(user+w.Header().Get("RateLimit"), true); twice {
							t.Errorf("two requests of %s got %s", user, w.Header().Get("RateLimit"))
						}
						all.Store(w, true)
					}
				}
			})
		}
	}
	group.Wait()
	count := 0
	all.Range(func(any, any) bool { count++; return true })
	if count != 150 {
		t.Errorf("%d requests passed, want 150", count)
	}
}
