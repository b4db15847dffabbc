package featureflag_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// Whatever is parsed: never a panic, errors with places, and what is taken
// survives export and evaluates.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"flags":{}}`, `{"flags":[]}`, `[]`, `{`, "\xef\xbb\xbf{}", `{"flags":{"f":` + on("") + `}}`,
		`{"flags":[` + on(`,"key":"f","targeting":{"fractional":[["on",1],["off",2]]}`) + `]}`,
		`{"$evaluators":{"e":{"==":[1,1]}},"flags":{"f":` + on(`,"targeting":{"if":[{"$ref":"e"},"on"]}`) + `},"metadata":{"a":1}}`,
		`{"flags":{"f":` + on(`,"metadata":{"prerequisites":"f=on","schedule":"[{\"at\":\"2026-01-01\",\"percent\":5}]","expires":"2026-01-01","killed":true}`) + `}}`,
		`{"flags":{"f":` + on(`,"targeting":{"reduce":[{"var":"l"},{"+":[{"var":"current"},{"var":"accumulator"}]},0]}`) + `}}`,
		`{"flags":{"é\ud83d\ude00\u0000":` + on(`,"targeting":{"sem_ver":[{"var":"v"},"^","1.2.3-a.1+b"]}`) + `}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := featureflag.Parse(text)
		if err != nil {
			lines := bytes.Count(text, []byte("\n")) + 1
			for _, e := range errorsOf(t, err) {
				if e.Line < 1 || e.Line > lines || e.Column < 1 || e.Column > len(text)+1 || e.Detail == "" || e.Code == "" {
					t.Errorf("%+v", e)
				}
			}
			return
		}
		exported := set.Definitions()
		if !json.Valid(exported) {
			t.Fatalf("exported %s", exported)
		}
		again, err := featureflag.Parse(exported)
		if err != nil || again.Hash() != set.Hash() {
			t.Fatalf("%s\nexported and parsed again: %v\n%s", text, err, exported)
		}
		c := &featureflag.Context{TargetingKey: "u", Attributes: map[string]any{"v": "1.2.3", "l": []any{1.0, "x", nil}}}
		for e := range set.EvaluateAll(c) {
			x := again.Explain(e.Key, c)
			if x.Variant != e.Variant || x.Reason != e.Reason || x.Code != e.Code {
				t.Errorf("%s: evaluated to %+v, explained as %+v", text, e, x)
			}
		}
	})
}

// Whatever a context holds: no panic, and an answer that can be explained.
func FuzzEvaluate(f *testing.F) {
	set := parse(f, `{"flags":{
		"rule":`+on(`,"targeting":{"if":[{"and":[{"==":[{"var":"a"},"x"]},{"in":[{"var":"b"},["x","y"]]},{">=":[{"var":"c"},18]},{"ends_with":[{"var":"a"},"x"]},{"sem_ver":[{"var":"b"},">=","1.0.0"]}]},"on"]}`)+`,
		"split":`+on(`,"targeting":{"fractional":[{"cat":[{"var":"a"},{"var":"b"}]},["on",1],["off",1]]}`)+`,
		"loops":`+on(`,"targeting":{"if":[{"some":[{"var":"a"},{"reduce":[{"var":".b"},{"+":[{"var":"current"},{"var":"accumulator"}]},0]}]},"on"]}`)+`,
		"texts":`+on(`,"targeting":{"if":[{"in":[{"substr":[{"var":"a"},{"var":"c"},{"var":"b"}]},{"var":["b",{"var":""}]}]},"on"]}`)+`,
		"lists":`+on(`,"targeting":{"if":[{"missing_some":[{"var":"c"},{"merge":[{"var":"a"},{"map":[{"var":"b"},{"var":{"var":"a"}}]}]}]},"on"]}`)+`
	}}`)
	f.Add("user", `"x"`, `["y",{"a":[1]}]`, `18`)
	f.Add("", `{"a":"x"}`, `"1.0.0"`, `-1`)
	f.Add("\xff", `[[1,2],[3]]`, `null`, `1e300`)
	f.Fuzz(func(t *testing.T, key, a, b, c string) {
		attributes := map[string]any{"time": time.Unix(0, 0), "ints": []int{1}}
		for name, text := range map[string]string{"a": a, "b": b, "c": c} {
			var v any
			if json.Unmarshal([]byte(text), &v) != nil {
				v = text
			}
			attributes[name] = v
		}
		ctx := &featureflag.Context{TargetingKey: key, Attributes: attributes}
		for e := range set.EvaluateAll(ctx) {
			x := set.Explain(e.Key, ctx)
			if x.Variant != e.Variant || x.Reason != e.Reason || x.Code != e.Code {
				t.Errorf("%s: evaluated to %+v, explained as %+v", e.Key, e, x)
			}
		}
	})
}
