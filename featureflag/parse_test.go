package featureflag_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// on is a flag to put into definitions, with what more it has.
func on(more string) string {
	return `{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off"` + more + `}`
}

func TestParseErrors(t *testing.T) {
	meta := func(m string) string { return `{"flags":{"f":` + on(`,"metadata":{`+m+`}`) + `}}` }
	for _, test := range []struct {
		name, definitions, code, pointer string
		line, column                     int
	}{
		{"nothing", ``, featureflag.InvalidJSON, "", 1, 1},
		{"no JSON", "{\n  \"flags\": {,}\n}", featureflag.InvalidJSON, "", 2, 13},
		{"two documents", `{"flags":{}} {}`, featureflag.InvalidJSON, "", 1, 14},
		{"leading zero", `{"flags":01}`, featureflag.InvalidJSON, "", 1, 10},
		{"a number too large", `{"flags":1e999}`, featureflag.InvalidJSON, "", 1, 10},
		{"bad escape", `{"flags":"\x"}`, featureflag.InvalidJSON, "", 1, 11},
		{"no UTF-8", "{\"\xff\":1}", featureflag.InvalidJSON, "", 1, 2},
		{"too deep", strings.Repeat("[", 101), featureflag.LimitExceeded, "", 1, 101},
		{"a key twice", "{\"flags\":{\"f\":{\n\"state\":\"ENABLED\",\"state\":\"DISABLED\"}}}", featureflag.DuplicateKey, "/flags/f/state", 2, 19},
		{"a flag twice", `{"flags":{"f":` + on("") + `,"f":` + on("") + `}}`, featureflag.DuplicateKey, "/flags/f", 1, 93},
		{"a flag twice in an array", `{"flags":[` + on(`,"key":"f"`) + `,` + on(`,"key":"f"`) + `]}`, featureflag.DuplicateKey, "/flags/1", 1, 99},
		{"no object", `[]`, featureflag.InvalidDocument, "", 1, 1},
		{"no flags", `{"metadata":{}}`, featureflag.InvalidDocument, "", 1, 1},
		{"flags that are none", `{"flags":3}`, featureflag.InvalidDocument, "/flags", 1, 10},
		{"a flag that is none", `{"flags":{"a/b":3}}`, featureflag.InvalidDocument, "/flags/a~1b", 1, 17},
		{"no key", `{"flags":[` + on("") + `]}`, featureflag.InvalidDocument, "/flags/0", 1, 11},
		{"empty key", `{"flags":{"":` + on("") + `}}`, featureflag.InvalidDocument, "/flags/", 1, 14},
		{"no state", `{"flags":{"f":{"variants":{"on":true}}}}`, featureflag.InvalidDocument, "/flags/f", 1, 15},
		{"unknown state", "{\"flags\":{\"f\":{\n\"state\":\"enabled\",\"variants\":{\"on\":true}}}}", featureflag.InvalidDocument, "/flags/f/state", 2, 9},
		{"no variants", `{"flags":{"f":{"state":"ENABLED"}}}`, featureflag.InvalidDocument, "/flags/f", 1, 15},
		{"empty variants", `{"flags":{"f":{"state":"ENABLED","variants":{}}}}`, featureflag.InvalidDocument, "/flags/f/variants", 1, 45},
		{"mixed variants", `{"flags":{"f":{"state":"ENABLED","variants":{"a":1,"b":"x"}}}}`, featureflag.InvalidDocument, "/flags/f/variants/b", 1, 56},
		{"a variant that is null", `{"flags":{"f":{"state":"ENABLED","variants":{"a":null}}}}`, featureflag.InvalidDocument, "/flags/f/variants/a", 1, 50},
		{"unknown default", `{"flags":{"f":{"state":"ENABLED","variants":{"a":1},"defaultVariant":"b"}}}`, featureflag.InvalidDocument, "/flags/f/defaultVariant", 1, 70},
		{"metadata that are nested", `{"flags":{"f":` + on(`,"metadata":{"x":{}}`) + `}}`, featureflag.InvalidDocument, "/flags/f/metadata/x", 1, 108},
		{"metadata of the set", `{"flags":{},"metadata":[]}`, featureflag.InvalidDocument, "/metadata", 1, 24},
		{"evaluators that are none", `{"flags":{},"$evaluators":[]}`, featureflag.InvalidDocument, "/$evaluators", 1, 27},
		{"an evaluator that is none", `{"flags":{},"$evaluators":{"a":true}}`, featureflag.InvalidDocument, "/$evaluators/a", 1, 32},

		{"expiry", meta(`"expires":"soon"`), featureflag.InvalidExtension, "/flags/f/metadata/expires", 1, 114},
		{"owner", meta(`"owner":7`), featureflag.InvalidExtension, "/flags/f/metadata/owner", 1, 112},
		{"killed", meta(`"killed":"yes"`), featureflag.InvalidExtension, "/flags/f/metadata/killed", 1, 113},
		{"killed variant", meta(`"killedVariant":"x"`), featureflag.InvalidExtension, "/flags/f/metadata/killedVariant", 1, 120},
		{"prerequisites", meta(`"prerequisites":"g"`), featureflag.InvalidExtension, "/flags/f/metadata/prerequisites", 1, 120},
		{"unknown prerequisite", meta(`"prerequisites":"g=on"`), featureflag.UnknownReference, "/flags/f/metadata/prerequisites", 1, 120},
		{"prerequisite of itself", meta(`"prerequisites":"f=on"`), featureflag.CircularReference, "/flags/f/metadata/prerequisites", 1, 120},
		{"unknown variant of a prerequisite", meta(`"prerequisites":"f=x"`), featureflag.UnknownReference, "/flags/f/metadata/prerequisites", 1, 120},
		{"schedule that is no JSON", meta(`"schedule":"{"`), featureflag.InvalidExtension, "/flags/f/metadata/schedule", 1, 115},
		{"schedule without dates", meta(`"schedule":"[{\"percent\":1}]"`), featureflag.InvalidExtension, "/flags/f/metadata/schedule", 1, 115},
		{"schedule out of order", meta(`"schedule":"[{\"at\":\"2026-02-01\",\"percent\":1},{\"at\":\"2026-01-01\",\"percent\":2}]"`), featureflag.InvalidExtension, "/flags/f/metadata/schedule", 1, 115},
		{"schedule of too much", meta(`"schedule":"[{\"at\":\"2026-02-01\",\"percent\":101}]"`), featureflag.InvalidExtension, "/flags/f/metadata/schedule", 1, 115},
		{"schedule with a typo", meta(`"schedule":"[{\"at\":\"2026-02-01\",\"percentage\":10}]"`), featureflag.InvalidExtension, "/flags/f/metadata/schedule", 1, 115},
	} {
		t.Run(test.name, func(t *testing.T) {
			set, err := featureflag.Parse([]byte(test.definitions))
			if err == nil {
				t.Fatalf("got %v, want an error", set)
			}
			want := featureflag.Error{Code: test.code, Pointer: test.pointer, Line: test.line, Column: test.column}
			for _, one := range errorsOf(t, err) {
				got := *one
				got.Detail = ""
				if got == want {
					return
				}
			}
			t.Errorf("got %v, want %+v among them", errorsOf(t, err), want)
		})
	}
}

// A rule that cannot be evaluated spoils its flag only.
func TestProblems(t *testing.T) {
	for _, test := range []struct{ name, rule, code, pointer, answer string }{
		{"operator", `{"no such":[1]}`, featureflag.InvalidTargeting, "/flags/f/targeting", "PARSE_ERROR"},
		{"operator deep down", `{"if":[{"no such":[1]},"on"]}`, featureflag.InvalidTargeting, "/flags/f/targeting/if/0", "PARSE_ERROR"},
		{"operator not reached", `{"if":[true,"on",{"no such":[1]}]}`, featureflag.InvalidTargeting, "/flags/f/targeting/if/2", ""},
		{"reference", `{"if":[{"$ref":"nobody"},"on"]}`, featureflag.UnknownReference, "/flags/f/targeting/if/0/$ref", "PARSE_ERROR"},
		{"and of no array", `{"and":{"var":"x"}}`, featureflag.InvalidTargeting, "/flags/f/targeting/and", "PARSE_ERROR"},
		{"version", `{"sem_ver":[{"var":"v"},">","one"]}`, featureflag.InvalidTargeting, "/flags/f/targeting/sem_ver/2", ""},
		{"version operator", `{"sem_ver":[{"var":"v"},"=>","1.0.0"]}`, featureflag.InvalidTargeting, "/flags/f/targeting/sem_ver/1", ""},
		{"operands", `{"starts_with":[{"var":"v"}]}`, featureflag.InvalidTargeting, "/flags/f/targeting/starts_with", ""},
		{"weight", `{"fractional":[["on","50"]]}`, featureflag.InvalidTargeting, "/flags/f/targeting/fractional/0/1", ""},
		{"flagd property", `{"var":"$flagd.key"}`, featureflag.InvalidTargeting, "/flags/f/targeting/var", ""},
		{"two operators", `{"if":[{"==":[1,1],"!=":[1,2]},"on"]}`, featureflag.InvalidTargeting, "/flags/f/targeting/if/0", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := `{"flags":{"f":` + on(`,"targeting":`+test.rule) + `,"good":` + on("") + `}}`
			set := parse(t, text)
			problems := set.Problems()
			if !slices.ContainsFunc(problems, func(e *featureflag.Error) bool { return e.Code == test.code && e.Pointer == test.pointer }) {
				t.Errorf("got %v, want %s at %s", problems, test.code, test.pointer)
			}
			if got := set.Evaluate("f", nil); string(got.Code) != test.answer {
				t.Errorf("got %q %s, want %q", got.Code, got.Detail, test.answer)
			}
			if got := set.Evaluate("good", nil); got.Variant != "off" {
				t.Errorf("the good flag answers %+v", got)
			}
			if _, err := featureflag.ParseStrict([]byte(text)); err == nil {
				t.Error("the strict parser took it")
			}
		})
	}
}

func TestEvaluators(t *testing.T) {
	set := parse(t, `{"$evaluators":{
		"staff":{"ends_with":[{"var":"email"},"@example.com"]},
		"admins":{"and":[{"$ref":"staff"},{"==":[{"var":"role"},"admin"]}]},
		"unused":{"no such":[]}, "a":{"!":[{"$ref":"b"}]}, "b":{"!":[{"$ref":"a"}]}
	},"flags":{
		"f":`+on(`,"targeting":{"if":[{"$ref":"admins"},"on"]}`)+`,
		"some":`+on(`,"targeting":{"if":[{"some":[{"var":"people"},{"$ref":"staff"}]},"on"]}`)+`,
		"circle":`+on(`,"targeting":{"if":[{"$ref":"a"},"on"]}`)+`
	}}`)
	c := &featureflag.Context{Attributes: attributes(t, `{"email":"ada@example.com","role":"admin"}`)}
	if got := set.Evaluate("f", c); got.Variant != "on" {
		t.Errorf("got %+v, want on", got)
	}
	people := &featureflag.Context{Attributes: attributes(t, `{"people":[{"email":"x@y"},{"email":"ada@example.com"}]}`)}
	if got := set.Evaluate("some", people); got.Variant != "on" {
		t.Errorf("within a loop: got %+v, want on", got)
	}
	if got := set.Evaluate("circle", nil); got.Code != featureflag.CodeParse {
		t.Errorf("in a circle: got %+v, want a parse error", got)
	}
	var names []string
	for _, s := range set.Segments() {
		names = append(names, fmt.Sprint(s.Name, s.Flags))
	}
	if got, want := fmt.Sprint(names), "[a[circle] admins[f] b[circle] staff[f some] unused[]]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	pointers := map[string]string{}
	for _, p := range set.Problems() {
		pointers[p.Pointer] = p.Code
	}
	if pointers["/$evaluators/unused"] != featureflag.InvalidTargeting || pointers["/$evaluators/b/!/0/$ref"] != featureflag.CircularReference {
		t.Errorf("got %v, want the places in the evaluators", pointers)
	}
}

// Evaluators that refer to each other do not multiply.
func TestExpansionIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"flags":{"f":` + on(`,"targeting":{"$ref":"e29"}`) + `},"$evaluators":{"e0":{"!":[true]}`)
	for i := 1; i < 30; i++ {
		fmt.Fprintf(&b, `,"e%d":{"or":[{"$ref":"e%d"},{"$ref":"e%d"}]}`, i, i-1, i-1)
	}
	b.WriteString(`}}`)
	_, err := featureflag.Parse([]byte(b.String()))
	if err == nil || errorsOf(t, err)[0].Code != featureflag.LimitExceeded {
		t.Errorf("got %v, want that it is too large", err)
	}
	list := `{"in":[{"var":"x"},[` + strings.Repeat("1,", 10_000) + `1]]}`
	if _, err := featureflag.Parse([]byte(`{"flags":{"f":` + on(`,"targeting":`+list) + `}}`)); err == nil || errorsOf(t, err)[0].Code != featureflag.LimitExceeded {
		t.Errorf("got %v, want that it is too large", err)
	}
}

// Flags that need each other do not multiply either.
func TestPrerequisitesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"flags":{"f0":` + on("") + `,"g0":` + on(""))
	for i := 1; i < 30; i++ {
		need := on(fmt.Sprintf(`,"metadata":{"prerequisites":"f%d=off,g%d=off"}`, i-1, i-1))
		fmt.Fprintf(&b, `,"f%d":%s,"g%d":%s`, i, need, i, need)
	}
	b.WriteString(`}}`)
	_, err := featureflag.Parse([]byte(b.String()))
	if err == nil || errorsOf(t, err)[0].Code != featureflag.LimitExceeded {
		t.Errorf("got %v, want that it is too much", err)
	}
}

// Rules over lists that a caller brings end within a budget.
func TestStepBudget(t *testing.T) {
	huge := make([]any, 5000)
	for i := range huge {
		huge[i] = float64(i)
	}
	for _, rule := range []string{
		`{"some":[{"var":"l"},{"some":[{"var":".l"},{"==":[1,2]}]}]}`,
		`{"map":[{"var":"l"},{"map":[{"var":"m"},{"var":""}]}]}`,
		`{"reduce":[{"var":"l"},{"cat":[{"var":"accumulator"},{"var":"accumulator"}]},"xxxxxxxx"]}`,
		`{"filter":[{"var":"l"},{"in":[-1,{"var":"l"}]}]}`,
		`{"none":[{"var":"l"},{"contains_any":[{"var":"l"},{"var":"l"}]}]}`,
		`{"filter":[{"var":"l"},{"in":["y",{"var":"text"}]}]}`,
		`{"filter":[{"var":"l"},{"==":[{"var":"text"},{"var":"text2"}]}]}`,
	} {
		inner := map[string]any{"l": huge, "m": huge}
		nested := make([]any, len(huge))
		for i := range nested {
			nested[i] = inner
		}
		c := &featureflag.Context{Attributes: map[string]any{"l": nested, "text": strings.Repeat("x", 1<<20), "text2": strings.Repeat("x", 1<<20)}}
		got := ruleSet(t, rule).Evaluate("f", c)
		if got.Code != featureflag.CodeGeneral && got.Code != featureflag.CodeParse {
			t.Errorf("%s: got %+v, want that it takes too many steps", rule, got)
		}
	}
}

// Layout, order and form do not count.
func TestHash(t *testing.T) {
	a := parse(t, `{"flags":{"b":`+on("")+`,"a":`+on(`,"metadata":{"n":1.0}`)+`}}`)
	b := parse(t, `{"flags":[{"metadata":{"n":1e0},"defaultVariant":"off","key":"a","variants":{"off":false,"on":true},"state":"ENABLED"},
		`+on(`,"key":"b"`)+`]}`)
	if a.Hash() != b.Hash() {
		t.Errorf("%s\n%s", a.Definitions(), b.Definitions())
	}
	if c := parse(t, `{"flags":{"b":`+on("")+`}}`); c.Hash() == a.Hash() {
		t.Error("another set has the same hash")
	}
	again := parse(t, string(a.Definitions()))
	if again.Hash() != a.Hash() || !bytes.Equal(again.Definitions(), a.Definitions()) {
		t.Errorf("exported and parsed again: %s\n%s", again.Definitions(), a.Definitions())
	}
}

func TestFlag(t *testing.T) {
	set := parse(t, `{"$schema":"https://flagd.dev/schema/v0/flags.json","metadata":{"version":"7","owner":"set"},"flags":{
		"n":{"state":"DISABLED","variants":{"b":2,"a":1.5},"metadata":{"owner":"ops","description":"numbers","expires":"2026-05-01"}},
		"o":{"state":"ENABLED","variants":{"a":{"x":[1,{"y":null}]}},"defaultVariant":"a","targeting":{}}}}`)
	f, ok := set.Flag("n")
	if !ok || f.Key() != "n" || f.Enabled() || f.HasTargeting() || f.Kind() != featureflag.KindNumber {
		t.Errorf("got %+v", f)
	}
	if v := f.Variants(); len(v) != 2 || v[0].Name != "a" || v[0].Value.String() != "1.5" {
		t.Errorf("got %v", v)
	}
	if name, ok := f.DefaultVariant(); ok {
		t.Errorf("got the default %q, want none", name)
	}
	if x := f.Extensions(); x.Owner != "ops" || x.Description != "numbers" || x.Expires.Format("2006-01-02") != "2026-05-01" {
		t.Errorf("got %+v", x)
	}
	if got := set.Evaluate("n", nil); got.Reason != featureflag.ReasonDisabled || !got.Value.IsNone() || got.Metadata["owner"] != "ops" || got.Metadata["version"] != "7" {
		t.Errorf("got %+v", got)
	}
	if got := set.Evaluate("nobody", nil); got.Code != featureflag.CodeFlagNotFound || got.Metadata["owner"] != "set" {
		t.Errorf("got %+v", got)
	}
	got := set.Evaluate("o", nil)
	if got.Reason != featureflag.ReasonStatic || got.Value.String() != `{"x":[1,{"y":null}]}` {
		t.Errorf("got %+v", got)
	}
	// what is handed out is a copy
	object, _ := got.Value.Object()
	object["x"].([]any)[0] = "changed"
	if again, _ := json.Marshal(set.Evaluate("o", nil).Value); string(again) != `{"x":[1,{"y":null}]}` {
		t.Errorf("the set changed to %s", again)
	}
	if !strings.Contains(string(set.Definitions()), "$schema") {
		t.Errorf("got %s, want the schema kept", set.Definitions())
	}
}

func TestEvaluateAll(t *testing.T) {
	set := benchSet(t, 30)
	c := benchContext()
	var keys []string
	for got := range set.EvaluateAll(&c) {
		if want := set.Evaluate(got.Key, &c); got.Variant != want.Variant || got.Reason != want.Reason {
			t.Errorf("got %+v, want %+v", got, want)
		}
		keys = append(keys, got.Key)
	}
	if !slices.Equal(keys, set.Keys()) || set.Len() != len(keys) {
		t.Errorf("got %v, want %v", keys, set.Keys())
	}
}
