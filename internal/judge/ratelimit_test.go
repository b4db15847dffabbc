package judge_test

import (
	"context"
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/dunglas/httpsfv"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// answers is a store that answers anything that a store may.
type answers struct{ random *rand.Rand }

func (a answers) Take(_ context.Context, charges []ratelimit.Charge, decisions []ratelimit.Decision) (bool, error) {
	passed := true
	for i, charge := range charges {
		d := ratelimit.Decision{Policy: charge.Policy.Label(), Limit: charge.Policy.Depth(), Allowed: true,
			Remaining: a.random.Int64N(charge.Policy.Depth() + 1), Reset: a.wait(), Source: ratelimit.Source(1 + a.random.IntN(6))}
		if a.random.IntN(3) == 0 {
			d.Allowed = false
			if d.TooLarge = a.random.IntN(4) == 0; !d.TooLarge {
				d.RetryAfter = a.wait()
			}
			passed = passed && charge.Policy.Shadow
		}
		decisions[i] = d
	}
	return passed, nil
}

func (answers) Settle(context.Context, []ratelimit.Charge) error { return nil }

// wait is any time, of every length alike.
func (a answers) wait() time.Duration { return 1 + time.Duration(a.random.Int64()>>a.random.IntN(62)) }

func anyPolicy(random *rand.Rand, i int) ratelimit.Policy {
	const runes = "abcdefghijklmnopqrstuvwxyz0123456789._-"
	name := []byte{byte('a' + i)}
	for range random.IntN(63) {
		name = append(name, runes[random.IntN(len(runes))])
	}
	p := ratelimit.Policy{Name: string(name), Limit: 1 + random.Int64N(ratelimit.MaxLimit)>>random.IntN(30), Shadow: random.IntN(4) == 0,
		Window: time.Duration(1+random.Int64N(int64(ratelimit.MaxWindow/time.Millisecond)-1)>>random.IntN(35)) * time.Millisecond}
	if random.IntN(2) == 0 {
		p.Burst = 1 + random.Int64N(ratelimit.MaxLimit)>>random.IntN(30)
	}
	return p
}

// TestRateLimitFields judges the fields that draft-ietf-httpapi-ratelimit-headers
// defines, with a parser of structured fields, for any policies and decisions.
func TestRateLimitFields(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	statuses := map[int]int{}
	for range 5000 {
		var policies []ratelimit.Policy
		var rules []ratelimit.Rule
		for i := range 1 + random.IntN(8) {
			p := anyPolicy(random, i)
			policies = append(policies, p)
			rules = append(rules, ratelimit.Rule{Policy: p, By: ratelimit.Everyone})
		}
		m, err := ratelimit.NewMiddleware(answers{random}, rules)
		if err != nil {
			t.Fatalf("%+v: %v", policies, err)
		}
		w := httptest.NewRecorder()
		m.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		statuses[w.Code]++
		judgeFields(t, policies, w)
		if t.Failed() {
			t.Fatalf("policies %+v, answer %d %v %s", policies, w.Code, w.Header(), w.Body)
		}
	}
	for _, status := range []int{200, 413, 429, 503} {
		if statuses[status] == 0 {
			t.Errorf("no answer was %d: %v", status, statuses)
		}
	}
}

func judgeFields(t *testing.T, policies []ratelimit.Policy, w *httptest.ResponseRecorder) {
	t.Helper()
	at := 0
	for _, item := range itemsOf(t, w.Header(), "RateLimit-Policy") {
		for at < len(policies) && (policies[at].Shadow || policies[at].Name != item.Value) {
			at++
		}
		if at == len(policies) {
			t.Errorf("RateLimit-Policy has %v, which is not there, in shadow mode, or not in order", item.Value)
			return
		}
		quota, _ := number(t, item, "q")
		window, ok := number(t, item, "w")
		p := policies[at]
		// q / w is the rate, exactly where that can be said in a reasonable time.
		rate := new(big.Rat).Mul(big.NewRat(p.Limit, 1), big.NewRat(int64(time.Second), int64(p.Window)))
		if !ok || quota < 1 || window < 1 || window > int64(ratelimit.MaxWindow/time.Second) {
			t.Errorf("%s is advertised as %d in %d s", p, quota, window)
			continue
		}
		said := big.NewRat(quota, window)
		least := new(big.Rat).Mul(rate, big.NewRat(9999, 10_000))
		if said.Cmp(rate) != 0 && (p.Window < time.Hour || quota != p.Limit || said.Cmp(rate) > 0 || said.Cmp(least) < 0) {
			t.Errorf("%s is advertised as %d in %d s", p, quota, window)
		}
	}
	retry, err := strconv.ParseInt(w.Header().Get("Retry-After"), 10, 64)
	refused := w.Code == 429 || w.Code == 503
	if (err == nil) != refused || refused && retry < 1 {
		t.Errorf("answer %d with Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	for _, item := range itemsOf(t, w.Header(), "RateLimit") {
		if !slices.ContainsFunc(policies, func(p ratelimit.Policy) bool { return !p.Shadow && p.Name == item.Value }) {
			t.Errorf("RateLimit has %v, which is not there or in shadow mode", item.Value)
		}
		if remaining, ok := number(t, item, "r"); !ok || remaining < 0 || remaining > ratelimit.MaxLimit {
			t.Errorf("%v has %d left", item.Value, remaining)
		}
		reset, ok := number(t, item, "t")
		if reset < 0 || ok && refused && reset > retry && retry < 9_223_372_036 {
			t.Errorf("%v resets in %d s, Retry-After says %d", item.Value, reset, retry)
		}
	}
	if w.Code != 200 {
		judgeProblem(t, policies, w)
	}
}

func judgeProblem(t *testing.T, policies []ratelimit.Policy, w *httptest.ResponseRecorder) {
	t.Helper()
	var problem struct {
		Type     string   `json:"type"`
		Title    string   `json:"title"`
		Status   int      `json:"status"`
		Violated []string `json:"violated-policies"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil || problem.Status != w.Code || problem.Type == "" || problem.Title == "" ||
		w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("problem %+v, %v", problem, err)
	}
	if len(problem.Violated) == 0 {
		t.Error("no policy is violated")
	}
	for _, name := range problem.Violated {
		if !slices.ContainsFunc(policies, func(p ratelimit.Policy) bool { return !p.Shadow && p.Name == name }) {
			t.Errorf("%s is violated, and is not there or in shadow mode", name)
		}
	}
}

// itemsOf parses a field, which is a list of strings.
func itemsOf(t *testing.T, h http.Header, name string) []httpsfv.Item {
	t.Helper()
	members, err := httpsfv.UnmarshalList(h.Values(name))
	if err != nil {
		t.Errorf("%s %q: %v", name, h.Values(name), err)
	}
	var items []httpsfv.Item
	for _, member := range members {
		item, ok := member.(httpsfv.Item)
		if _, text := item.Value.(string); !ok || !text {
			t.Errorf("%s %q: %v is no string", name, h.Values(name), member)
		}
		items = append(items, item)
	}
	return items
}

// number is a parameter that is an integer.
func number(t *testing.T, item httpsfv.Item, name string) (int64, bool) {
	t.Helper()
	value, ok := item.Params.Get(name)
	if !ok {
		return 0, false
	}
	n, isInteger := value.(int64)
	if !isInteger {
		t.Errorf("%v: %s is %T", item.Value, name, value)
	}
	return n, true
}

// TestConcurrencyFields judges those of requests that are under way at once.
func TestConcurrencyFields(t *testing.T) {
	c, err := ratelimit.NewConcurrency(ratelimit.ConcurrencyLimit{Name: "slots", PerKey: 2, By: ratelimit.Everyone})
	if err != nil {
		t.Fatal(err)
	}
	var nested func(left int) http.Handler
	nested = func(left int) http.Handler {
		return c.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			w := httptest.NewRecorder()
			nested(left-1).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
			policy, state := itemsOf(t, w.Header(), "RateLimit-Policy"), itemsOf(t, w.Header(), "RateLimit")
			if len(policy) != 1 || len(state) != 1 || policy[0].Value != "slots" || state[0].Value != "slots" {
				t.Fatalf("got %v, %v", policy, state)
			}
			quota, _ := number(t, policy[0], "q")
			remaining, _ := number(t, state[0], "r")
			if unit, _ := policy[0].Params.Get("qu"); quota != 2 || unit != "concurrent-requests" || remaining != int64(max(left-1, 0)) {
				t.Errorf("got %v, %v with %d left", policy[0], state[0], left)
			}
		}))
	}
	nested(1).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
}
