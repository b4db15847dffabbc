package featureflag_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/featureflag"
)

func withMeta(meta string) string { return on(`,"metadata":{` + meta + `}`) }

func TestKillSwitch(t *testing.T) {
	const always = `,"targeting":{"if":[true,"on"]},"metadata":`
	set := parse(t, `{"flags":{
		"running":`+on(always+`{"killed":false}`)+`,
		"killed":`+on(always+`{"killed":true}`)+`,
		"variant":`+on(`,"metadata":{"killed":true,"killedVariant":"on"}`)+`,
		"nothing":{"state":"ENABLED","variants":{"on":true},"metadata":{"killed":true}},
		"disabled":{"state":"DISABLED","variants":{"on":true},"metadata":{"killed":true,"killedVariant":"on"}}
	}}`)
	for _, test := range []struct {
		key, want string
		reason    featureflag.Reason
	}{
		{"running", "on", featureflag.ReasonTargetingMatch},
		{"killed", "off", featureflag.ReasonStatic},
		{"variant", "on", featureflag.ReasonStatic},
		{"nothing", "", featureflag.ReasonDefault},
		{"disabled", "", featureflag.ReasonDisabled},
	} {
		if got := set.Evaluate(test.key, nil); got.Variant != test.want || got.Reason != test.reason {
			t.Errorf("%s: got %q %s, want %q %s", test.key, got.Variant, got.Reason, test.want, test.reason)
		}
	}
}

func TestPrerequisites(t *testing.T) {
	set := parse(t, `{"flags":{
		"base":`+on(`,"targeting":{"if":[{"==":[{"var":"plan"},"pro"]},"on"]}`)+`,
		"other=odd":`+on("")+`,
		"middle":`+on(`,"targeting":{"if":[true,"on"]},"metadata":{"prerequisites":"base=on"}`)+`,
		"top":`+on(`,"targeting":{"if":[true,"on"]},"metadata":{"prerequisites":" middle = on , other=odd=off "}`)+`,
		"off":{"state":"DISABLED","variants":{"on":true}},
		"onOff":`+on(`,"targeting":{"if":[true,"on"]},"metadata":{"prerequisites":"off=on"}`)+`,
		"offRule":{"state":"DISABLED","variants":{"on":true},"targeting":{"if":[true,"on"]}},
		"onOffRule":`+on(`,"targeting":{"if":[true,"on"]},"metadata":{"prerequisites":"offRule=on"}`)+`,
		"broken":`+on(`,"targeting":{"no such":1}`)+`,
		"onBroken":`+on(`,"targeting":{"if":[true,"on"]},"metadata":{"prerequisites":"broken=off"}`)+`
	}}`)
	pro := &featureflag.Context{Attributes: map[string]any{"plan": "pro"}}
	for _, test := range []struct {
		key  string
		c    *featureflag.Context
		want string
	}{
		{"middle", pro, "on"}, {"middle", nil, "off"}, {"top", pro, "on"}, {"top", nil, "off"}, {"onOff", pro, "off"}, {"onOffRule", pro, "off"}, {"onBroken", pro, "off"},
	} {
		got, x := set.Evaluate(test.key, test.c), set.Explain(test.key, test.c)
		if got.Variant != test.want || x.Variant != test.want || got.Reason != x.Reason {
			t.Errorf("%s: got %q, explained as %q, want %q", test.key, got.Variant, x.Variant, test.want)
		}
	}
	x := set.Explain("top", nil)
	if s := x.Steps[0]; s.Kind != "prerequisite" || !s.Decided || len(s.Steps) == 0 || s.Steps[0].Text != "base must serve on" {
		t.Errorf("got %+v, want the prerequisite of the prerequisite", x.Steps)
	}
	if !strings.Contains(x.Why, "middle must serve on") {
		t.Errorf("got %q", x.Why)
	}
}

// A schedule opens a flag step by step, and nobody loses it meanwhile.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it is 2000-01-01 in here
		set := parse(t, `{"flags":{"f":`+on(`,"targeting":{"if":[true,"on"]},"metadata":{"schedule":"[`+strings.ReplaceAll(
			`{"at":"2000-01-02","percent":10},{"at":"2000-01-03T12:00:00Z","percent":50},{"at":"2000-01-04","percent":100},{"at":"2000-01-05","state":"off"},{"at":"2000-01-06","state":"on"},{"at":"2000-01-07","percent":25.5,"variant":"off"},{"at":"2000-01-08","variant":"off"}`,
			`"`, `\"`)+`]"}`)+`}}`)
		set = parse(t, string(set.Definitions()))
		const people = 2000
		had := map[string]bool{}
		count := func(keep bool) int {
			n := 0
			for i := range people {
				key := "user-" + strconv.Itoa(i)
				c := &featureflag.Context{TargetingKey: key}
				got := set.Evaluate("f", c)
				if x := set.Explain("f", c); x.Variant != got.Variant || x.Reason != got.Reason {
					t.Fatalf("evaluated to %+v, explained as %+v", got, x)
				}
				has := got.Variant == "on"
				if keep && had[key] && !has {
					t.Fatalf("%s lost it", key)
				}
				had[key] = has
				if has {
					n++
				}
			}
			return n
		}
		for _, test := range []struct {
			hours     int
			low, high int
			keep      bool
			nobody    string // without a targeting key
		}{
			{1, 0, 0, false, "off"}, // before it begins
			{24, 150, 250, false, "off"},
			{36, 900, 1100, true, "off"},
			{24, people, people, true, "on"},
			{12, 0, 0, false, "off"}, // off
			{24, people, people, false, "on"},
			{24, people * 70 / 100, people * 79 / 100, false, "on"},
			{24, 0, 0, false, "off"},
		} {
			<-time.After(time.Duration(test.hours) * time.Hour)
			if test.hours == 1 {
				clear(had)
			}
			if got := count(test.keep); got < test.low || got > test.high {
				t.Errorf("%s: %d have it, want %d to %d", time.Now().UTC(), got, test.low, test.high)
			}
			if got := set.Evaluate("f", nil); got.Variant != test.nobody {
				t.Errorf("%s: nobody gets %q, want %q", time.Now().UTC(), got.Variant, test.nobody)
			}
		}
	})
}

// Flags open to different people.
func TestSchedulesAreIndependent(t *testing.T) {
	const flag = `{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off","targeting":{"fractional":[["on",1],["off",1]]},
		"metadata":{"schedule":"[{\"at\":\"2000-01-01\",\"percent\":50}]"}}`
	set := parse(t, `{"flags":{"one":`+flag+`}}`)
	n := 0
	const people = 10_000
	for i := range people {
		if set.Evaluate("one", &featureflag.Context{TargetingKey: "user-" + strconv.Itoa(i)}).Variant == "on" {
			n++
		}
	}
	if n < people*23/100 || n > people*27/100 { // half of half: the gate is no split in disguise
		t.Errorf("%d of %d have it, want a quarter", n, people)
	}
}

func TestTimestamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := ruleSet(t, `{"if":[{">=":[{"var":"$flagd.timestamp"},946771200]},"a","b"]}`) // 2000-01-02
		if got := set.Evaluate("f", nil).Variant; got != "b" {
			t.Errorf("got %s, want b", got)
		}
		<-time.After(24 * time.Hour)
		if got := set.Evaluate("f", nil).Variant; got != "a" {
			t.Errorf("a day later: got %s, want a", got)
		}
	})
}

func TestStale(t *testing.T) {
	set := parse(t, `{"flags":{"f":`+withMeta(`"expires":"2026-03-01T09:00:00+02:00"`)+`,"g":`+on("")+`}}`)
	f, _ := set.Flag("f")
	at := time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC)
	if why, stale := f.Stale(at.Add(-time.Second)); stale {
		t.Errorf("stale too early: %s", why)
	}
	if why, stale := f.Stale(at); !stale || why != "expired on 2026-03-01" {
		t.Errorf("got %q %t", why, stale)
	}
	g, _ := set.Flag("g")
	if why, stale := g.Stale(at); stale {
		t.Errorf("without an expiry: %s", why)
	}
}

// An entry of a schedule holds from its second on, and a share ends before the
// place that is its own.
func TestScheduleBounds(t *testing.T) {
	schedule := func(at, percent string) *featureflag.Set {
		return parse(t, `{"flags":{"f":`+on(`,"targeting":{"if":[true,"on"]},"metadata":{"schedule":"[{\"at\":\"`+at+`\",\"percent\":`+percent+`}]"}`)+`}}`)
	}
	synctest.Test(t, func(t *testing.T) { // begins at midnight
		set := schedule("2000-01-01T00:00:01Z", "100")
		for i, want := range []string{"off", "on", "on"} {
			if got := set.Evaluate("f", nil); got.Variant != want {
				t.Errorf("after %d s: got %q, want %q", i, got.Variant, want)
			}
			<-time.After(time.Second)
		}
	})
	who := &featureflag.Context{TargetingKey: "user-1"}
	bucket := schedule("2000-01-01", "50").Explain("f", who).Steps[0].Bucket
	if bucket == nil || bucket.Total != 1_000_000 {
		t.Fatalf("got %+v, want a place of a million", bucket)
	}
	for more, want := range []string{"off", "on"} {
		percent := strconv.FormatFloat(float64(bucket.Bucket+uint64(more))/10_000, 'f', -1, 64)
		if got := schedule("2000-01-01", percent).Evaluate("f", who); got.Variant != want {
			t.Errorf("%s %% for place %d: got %q, want %q", percent, bucket.Bucket, got.Variant, want)
		}
	}
}

// What holds before a schedule begins follows from what it begins with.
func TestBeforeASchedule(t *testing.T) {
	for entry, want := range map[string]string{
		`"state":"on"`: "off", `"percent":100`: "off", `"percent":0`: "off",
		`"state":"off"`: "on", `"variant":"off"`: "on", `"percent":50,"variant":"off"`: "on",
	} {
		set := parse(t, `{"flags":{"f":`+on(`,"targeting":{"if":[true,"on"]},"metadata":{"schedule":"`+
			strings.ReplaceAll(`[{"at":"9000-01-01",`+entry+`}]`, `"`, `\"`)+`"}`)+`}}`)
		got, x := set.Evaluate("f", nil), set.Explain("f", nil)
		if got.Variant != want || x.Variant != want || x.Reason != got.Reason {
			t.Errorf("%s: got %q, explained as %q, want %q", entry, got.Variant, x.Variant, want)
		}
	}
}
