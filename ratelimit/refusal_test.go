package ratelimit_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// violated is the member of a problem document.
func violated(t *testing.T, w *httptest.ResponseRecorder) []string {
	t.Helper()
	var body struct {
		Violated []string `json:"violated-policies"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Errorf("%v in %s", err, w.Body)
	}
	return body.Violated
}

// Retry-After is the longest wait of those that refuse, rounded up, and at least
// what their items of RateLimit say.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	no := func(wait time.Duration) ratelimit.Decision {
		return ratelimit.Decision{RetryAfter: wait, Reset: time.Hour, Source: ratelimit.Exact}
	}
	yes := ratelimit.Decision{Allowed: true, Remaining: 3, Reset: 24 * time.Hour, Source: ratelimit.Exact}
	for _, test := range []struct {
		name      string
		decisions says
		retry     string
		state     string
		violated  []string
	}{
		{"whole", says{no(3 * time.Second), yes}, "3", `"a";r=0;t=3, "b";r=3`, []string{"a"}},
		{"rounded up", says{no(3*time.Second + 1), yes}, "4", `"a";r=0;t=4, "b";r=3`, []string{"a"}},
		{"short", says{no(1), yes}, "1", `"a";r=0;t=1, "b";r=3`, []string{"a"}},
		{"longest", says{no(3 * time.Second), no(90 * time.Minute)}, "5400", `"a";r=0;t=3, "b";r=0;t=5400`, []string{"a", "b"}},
		{"forever", says{yes, no(1<<63 - 1)}, "9223372036", `"a";r=3, "b";r=0;t=9223372037`, []string{"b"}},
	} {
		w := get(wrapped(t, test.decisions, []ratelimit.Rule{
			{Policy: policy(t, "a", "5/m"), By: ratelimit.Everyone}, {Policy: policy(t, "b", "5/m"), By: ratelimit.Everyone},
		}))
		expect(t, test.name, w, 429, "Retry-After", test.retry, "RateLimit", test.state)
		if got := violated(t, w); !slices.Equal(got, test.violated) {
			t.Errorf("%s: violated: got %q, want %q", test.name, got, test.violated)
		}
	}
}

// A cost that never fits is not to be tried again.
func TestTooCostly(t *testing.T) {
	t.Parallel()
	for cost, asks := range map[string]int{"6": 0, "1000000000": 0, "9000000000": 0} {
		store := &asked{Store: ratelimit.NewLocal()}
		handler := wrapped(t, store, []ratelimit.Rule{
			{Policy: policy(t, "all", "100/m"), By: ratelimit.Everyone},
			{Policy: policy(t, "bytes", "100/m burst 5"), By: ratelimit.Everyone, Cost: costOf("Cost")},
			{Policy: policy(t, "try", "3/m shadow"), By: ratelimit.Everyone, Cost: costOf("Cost")},
		})
		w := get(handler, "Cost", cost)
		expect(t, cost, w, 413, "Retry-After", "", "RateLimit", "", "RateLimit-Policy", `"all";q=100;w=60, "bytes";q=100;w=60`)
		if got := violated(t, w); !slices.Equal(got, []string{"bytes"}) {
			t.Errorf("%s: violated: got %q", cost, got)
		}
		if got := len(store.take()); got != asks {
			t.Errorf("%s: the store was asked %d times, want %d", cost, got, asks)
		}
		// What was remembered of that is forgotten.
		expect(t, "after "+cost, get(handler, "Cost", "5"), 204, "RateLimit", `"all";r=99;t=1, "bytes";r=0;t=3`)
		expect(t, "free after "+cost, get(handler, "Cost", "-5"), 204)
	}
	// A store may know it before us.
	large := says{{TooLarge: true, Remaining: 4, Source: ratelimit.Lease}, {RetryAfter: time.Second, Source: ratelimit.Exact}}
	w := get(wrapped(t, large, []ratelimit.Rule{
		{Policy: policy(t, "a", "5/m"), By: ratelimit.Everyone}, {Policy: policy(t, "b", "5/m"), By: ratelimit.Everyone},
	}))
	expect(t, "said by the store", w, 413, "Retry-After", "", "RateLimit", `"a";r=4, "b";r=0;t=1`)
}

func costOf(name string) func(*http.Request) int64 {
	return func(r *http.Request) int64 {
		cost, err := strconv.ParseInt(r.Header.Get(name), 10, 64)
		if err != nil {
			return 1
		}
		return cost
	}
}

func TestRefusalInAnotherForm(t *testing.T) {
	t.Parallel()
	var got ratelimit.Refusal
	handler := wrapped(t, ratelimit.NewLocal(), []ratelimit.Rule{{Policy: policy(t, "a", "1/h"), By: ratelimit.Everyone}},
		ratelimit.WithoutFields(), ratelimit.WithRefusal(func(w http.ResponseWriter, _ *http.Request, f ratelimit.Refusal) {
			got = f
			w.WriteHeader(f.Status)
		}))
	get(handler)
	expect(t, "refused", get(handler), 429, "Retry-After", "3600", "RateLimit", "", "RateLimit-Policy", "", "Content-Type", "")
	if got.Reason != ratelimit.OverLimit || got.RetryAfter != time.Hour || got.Title == "" || got.Detail == "" || !slices.Equal(got.Violated, []string{"a"}) {
		t.Errorf("got %+v", got)
	}
}
