package ratelimit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// Windows are whole seconds in RateLimit-Policy.
func TestPolicyField(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"100/m":           ";q=100;w=60",
		"100/m burst 20":  ";q=100;w=60",
		"5/s":             ";q=5;w=1",
		"10/100ms":        ";q=100;w=1",
		"100/1500ms":      ";q=200;w=3",
		"1/ms":            ";q=1000;w=1",
		"7/333ms":         ";q=7000;w=333",
		"1000/d":          ";q=1000;w=86400",
		"1000000000/366d": ";q=1000000000;w=31622400",
		"3/31622400ms":    ";q=15;w=158112",
		"5/86400001ms":    ";q=5;w=86401",
		"3/366d - 1ms":    ";q=3;w=31622400",
	} {
		text, less := strings.CutSuffix(text, " - 1ms")
		p := policy(t, "", text)
		if less {
			p.Window -= time.Millisecond
		}
		w := get(wrapped(t, ratelimit.NewLocal(), []ratelimit.Rule{{Policy: p, By: ratelimit.Everyone}}))
		if got := w.Header().Get("RateLimit-Policy"); got != `"default"`+want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// Seconds in RateLimit are rounded up, and never negative.
func TestStateField(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		remaining int64
		reset     time.Duration
		want      string
	}{
		{5, 0, `"a";r=5;t=0`},
		{5, 1, `"a";r=5;t=1`},
		{5, time.Second, `"a";r=5;t=1`},
		{5, time.Second + 1, `"a";r=5;t=2`},
		{0, 146 * 366 * 24 * time.Hour, `"a";r=0;t=4616870400`},
		{-1, time.Second, `"a";r=0;t=1`},
	} {
		store := says{{Allowed: true, Remaining: test.remaining, Reset: test.reset, Source: ratelimit.Exact}}
		w := get(wrapped(t, store, []ratelimit.Rule{{Policy: policy(t, "a", "5/m"), By: ratelimit.Everyone}}))
		expect(t, test.want, w, 204, "RateLimit", test.want)
	}
}
