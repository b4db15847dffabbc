package featureflag_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
)

const typed = `{"flags":{
	"bool":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"on"},
	"zero":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off"},
	"string":{"state":"ENABLED","variants":{"a":"x","empty":""},"defaultVariant":"a"},
	"empty":{"state":"ENABLED","variants":{"a":"x","empty":""},"defaultVariant":"empty"},
	"number":{"state":"ENABLED","variants":{"a":-7.9},"defaultVariant":"a"},
	"huge":{"state":"ENABLED","variants":{"a":1e300},"defaultVariant":"a"},
	"object":{"state":"ENABLED","variants":{"a":{"k":"v"}},"defaultVariant":"a"},
	"none":{"state":"ENABLED","variants":{"a":true},"defaultVariant":null},
	"disabled":{"state":"DISABLED","variants":{"a":true},"defaultVariant":"a"},
	"broken":{"state":"ENABLED","variants":{"a":true},"defaultVariant":"a","targeting":{"no such":1}},
	"plan":{"state":"ENABLED","variants":{"true":true,"false":false},"defaultVariant":"false","targeting":{"==":[{"var":"plan"},"pro"]}}
}}`

func typedFlags(tb testing.TB) *featureflag.Flags {
	tb.Helper()
	flags := featureflag.New()
	flags.Replace(parse(tb, typed))
	return flags
}

func TestTyped(t *testing.T) {
	flags := typedFlags(t)
	ctx := featureflag.WithFlags(context.Background(), flags)
	pro := featureflag.WithContext(ctx, featureflag.Context{Attributes: map[string]any{"plan": "pro"}})
	for _, test := range []struct {
		name      string
		got, want any
	}{
		{"bool", featureflag.Bool(ctx, "bool", false), true},
		{"false is a value", featureflag.Bool(ctx, "zero", true), false},
		{"unknown", featureflag.Bool(ctx, "nobody", true), true},
		{"of another type", featureflag.Bool(ctx, "string", true), true},
		{"no default variant", featureflag.Bool(ctx, "none", false), false},
		{"disabled", featureflag.Bool(ctx, "disabled", false), false},
		{"broken", featureflag.Bool(ctx, "broken", false), false},
		{"targeted", featureflag.Bool(pro, "plan", false), true},
		{"not targeted", featureflag.Bool(ctx, "plan", true), false},
		{"string", featureflag.String(ctx, "string", "d"), "x"},
		{"an empty string is a value", featureflag.String(ctx, "empty", "d"), ""},
		{"no string", featureflag.String(ctx, "bool", "d"), "d"},
		{"int", featureflag.Int(ctx, "number", 1), int64(-7)},
		{"no int64", featureflag.Int(ctx, "huge", 1), int64(1)},
		{"float", featureflag.Float(ctx, "number", 1), -7.9},
		{"no number", featureflag.Float(ctx, "bool", 1.5), 1.5},
		{"object", fmt.Sprint(featureflag.Object(ctx, "object", nil)), "map[k:v]"},
		{"no object", fmt.Sprint(featureflag.Object(ctx, "bool", map[string]any{"d": 1})), "map[d:1]"},
		{"no flags", featureflag.Bool(context.Background(), "bool", true), true},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, test.got, test.want)
		}
	}
}

func TestContextsMerge(t *testing.T) {
	ctx := featureflag.WithContext(context.Background(), featureflag.Context{TargetingKey: "a", Attributes: map[string]any{"x": 1, "y": 1}})
	ctx = featureflag.WithFlags(ctx, featureflag.New())
	ctx = featureflag.WithContext(ctx, featureflag.Context{Attributes: map[string]any{"y": 2, "z": 2}})
	c := featureflag.FromContext(ctx)
	if got, want := fmt.Sprint(c.TargetingKey, " ", c.Attributes), "a map[x:1 y:2 z:2]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	ctx = featureflag.WithContext(ctx, featureflag.Context{TargetingKey: "b"})
	if c := featureflag.FromContext(ctx); c.TargetingKey != "b" || len(c.Attributes) != 3 {
		t.Errorf("got %+v", c)
	}
	if c := featureflag.FromContext(context.Background()); c != nil {
		t.Errorf("got %+v of nothing", c)
	}
}

// A host's own context answers, and only when a flag needs it.
type request struct {
	context.Context
	flags *featureflag.Flags
	asked *int
}

func (r *request) Value(key any) any {
	if key == featureflag.ContextKey() {
		return r
	}
	return r.Context.Value(key)
}

func (r *request) Flags() *featureflag.Flags { return r.flags }

func (r *request) FlagContext() *featureflag.Context {
	*r.asked++
	return &featureflag.Context{Attributes: map[string]any{"plan": "pro"}}
}

func TestRequester(t *testing.T) {
	asked := 0
	ctx := &request{context.Background(), typedFlags(t), &asked}
	if !featureflag.Bool(ctx, "bool", false) || asked != 0 {
		t.Errorf("asked %d times for a flag that needs nobody", asked)
	}
	if !featureflag.Bool(ctx, "plan", false) || asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
	over := featureflag.WithContext(ctx, featureflag.Context{Attributes: map[string]any{"plan": "free"}})
	if featureflag.Bool(over, "plan", true) {
		t.Error("what is said later does not win")
	}
}

func TestWatch(t *testing.T) {
	flags := featureflag.New()
	var heard []string
	stop := flags.Watch(func(changed []string) { heard = append(heard, strings.Join(changed, ",")) })
	replace := func(text string) {
		t.Helper()
		flags.Replace(parse(t, text))
	}
	a, b := `"a":`+on(""), `"b":`+on(`,"metadata":{"prerequisites":"a=off"}`)
	s := `"s":` + on(`,"targeting":{"$ref":"seg"}`)
	segment := func(n int) string {
		return fmt.Sprintf(`,"$evaluators":{"seg":{"==":[%d,1]},"other":{"==":[1,%d]}}`, n, n)
	}
	replace(`{"flags":{` + a + `,` + b + `}}`)
	replace(`{"flags":{` + b + `,` + a + `}}`)
	replace(`{"flags":{"a":` + on(`,"targeting":{"if":[true,"on"]}`) + `,` + b + `}}`)
	replace(`{"flags":{` + a + `}}`)
	replace(`{"flags":{` + a + `,` + s + `}` + segment(1) + `}`)
	replace(`{"flags":{` + a + `,` + s + `}` + segment(2) + `}`)
	replace(`{"flags":{` + a + `,` + s + `}` + segment(2) + `,"metadata":{"x":1}}`)
	stop()
	stop()
	flags.Replace(nil)
	want := []string{"a,b", "a,b", "a,b", "s", "s", "a,s"}
	if !slices.Equal(heard, want) {
		t.Errorf("got %q, want %q", heard, want)
	}
}

func TestExposures(t *testing.T) {
	flags := typedFlags(t)
	ctx := featureflag.WithFlags(context.Background(), flags)
	pro := featureflag.WithContext(ctx, featureflag.Context{Attributes: map[string]any{"plan": "pro"}})
	for range 3 {
		featureflag.Bool(pro, "plan", false)
	}
	featureflag.Bool(ctx, "plan", false)
	flags.Evaluate(ctx, "plan")
	flags.Explain(ctx, "plan")
	flags.Snapshot().Evaluate("plan", nil)
	featureflag.String(ctx, "plan", "")
	featureflag.Bool(ctx, "none", false)
	want := []featureflag.Exposure{{Count: 0}, {Variant: "false", Count: 2}, {Variant: "true", Count: 3}}
	if got := flags.Exposures("plan"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := flags.Exposures("none")[0].Count; got != 1 {
		t.Errorf("got %d code defaults, want 1", got)
	}
	// they stay while the flag stays
	flags.Replace(parse(t, `{"flags":{"plan":{"state":"ENABLED","variants":{"true":true,"maybe":true},"defaultVariant":"maybe"}}}`))
	flags.Replace(parse(t, `{"flags":{"plan":{"state":"ENABLED","variants":{"true":true,"maybe":true},"defaultVariant":"true"}}}`))
	if got := flags.Exposures("plan"); got[2].Count != 3 || flags.Exposed("plan") != 3 {
		t.Errorf("got %v after the change", got)
	}
	if got := flags.Exposures("nobody"); got != nil {
		t.Errorf("got %v of an unknown flag", got)
	}
}

// Readers see one set or the other, never something between, and do not wait.
func TestSwaps(t *testing.T) {
	definitions := func(n int) string {
		var b strings.Builder
		b.WriteString(`{"flags":{`)
		for i := range 50 {
			fmt.Fprintf(&b, `%s"f%d":{"state":"ENABLED","variants":{"v":%d},"defaultVariant":"v","metadata":{"n":%d}}`, strings.Repeat(",", min(i, 1)), i, n, n)
		}
		b.WriteString(`}}`)
		return b.String()
	}
	sets := []*featureflag.Set{parse(t, definitions(0)), parse(t, definitions(1)), parse(t, definitions(2))}
	flags := featureflag.New()
	flags.Replace(sets[0])
	ctx, cancel := context.WithCancel(context.Background())
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				set := flags.Snapshot()
				want := set.Evaluate("f0", nil).Value
				for e := range set.EvaluateAll(nil) {
					if !e.Value.Equal(want) || e.Metadata["n"] != e.Value.Any() {
						t.Errorf("half of a set: %v and %v", e.Value, want)
						return
					}
				}
				if flags.Float(ctx, "f7", -1) < 0 {
					t.Error("a flag was gone")
					return
				}
			}
		})
	}
	for i := range 2000 {
		flags.Replace(sets[i%len(sets)])
	}
	cancel()
	readers.Wait()
}

func TestExperiment(t *testing.T) {
	flags := featureflag.New()
	flags.Replace(parse(t, `{"flags":{"f":{"state":"ENABLED","variants":{"a":"A","b":"B"},"defaultVariant":"a","targeting":{"if":[{"==":[{"var":"g"},"b"]},"b","a"]}}}}`))
	as := func(group string) context.Context {
		return featureflag.WithContext(context.Background(), featureflag.Context{TargetingKey: group, Attributes: map[string]any{"g": group}})
	}
	for i := range 1000 {
		flags.String(as("a"), "f", "")
		flags.String(as("b"), "f", "")
		if i%10 == 0 {
			flags.Track(as("a"), "order", float64(10+i%3))
		}
		if i%5 == 0 {
			flags.Track(as("b"), "order", float64(20+i%3))
		}
	}
	flags.Track(as("a"), "order", math.NaN())
	flags.Track(as("a"), "", 1)
	r := flags.Experiment("f", "order")
	if r.Control != "a" || len(r.Variants) != 2 || !slices.Equal(flags.Metrics(), []string{"order"}) {
		t.Fatalf("got %+v", r)
	}
	a, b := r.Variants[0], r.Variants[1]
	if a.Exposures != 1000 || a.Count != 100 || math.Abs(a.Rate-.1) > 1e-9 || b.Count != 200 {
		t.Errorf("got %+v and %+v", a, b)
	}
	// Wilson's interval of 100 in 1000, from tables
	if math.Abs(a.RateInterval.Low-.0829) > 1e-4 || math.Abs(a.RateInterval.High-.1202) > 1e-4 {
		t.Errorf("got the interval %+v", a.RateInterval)
	}
	if a.Difference != nil || b.Difference == nil || !b.Difference.Significant || math.Abs(b.Difference.Value-10) > .5 {
		t.Errorf("got the difference %+v", b.Difference)
	}
	if d := b.RateDifference; d == nil || !d.Significant || math.Abs(d.Value-.1) > 1e-9 || d.Interval.Low < .06 || d.Interval.High > .14 {
		t.Errorf("got the difference %+v", d)
	}
	if r := flags.Experiment("nobody", "order"); r.Variants != nil {
		t.Errorf("got %+v of an unknown flag", r)
	}
	for i := range 1000 { // memory stays bounded
		flags.Track(as("a"), fmt.Sprint("metric", i), 1)
	}
	if n := len(flags.Metrics()); n > 64 {
		t.Errorf("%d metrics are kept", n)
	}
}
