package featureflag_test

import (
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// A caller chooses how long its texts are, and pays for having them read.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("1", 1<<20)
	c := &featureflag.Context{TargetingKey: long, Attributes: map[string]any{
		"long": long, "space": strings.Repeat(" ", 1<<20), "five": 5, "list": []any{long}, "digits": strings.Repeat("0", 1000) + "7",
	}}
	for _, test := range []struct{ name, rule, want string }{
		{"compared", `{">":[{"var":"long"},5]}`, "false"},
		{"compared with", `{"<":[{"var":"five"},{"var":"long"}]}`, "false"},
		{"different", `{"!=":[{"var":"long"},5]}`, "true"},
		{"computed", `{"+":[{"var":"long"},1]}`, "1"},
		{"looked for", `{"in":[5,{"var":"list"}]}`, "false"},
		{"space", `{"==":[{"var":"space"},0]}`, "false"},
		{"still a number", `{"==":[{"var":"digits"},7]}`, "true"},
	} {
		if got := outcome(t, test.rule, c); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
	splits := strings.Repeat(`{"==":[{"fractional":[["a",1],["b",1]]},"c"]},`, 10)
	inLoop := `{"map":[[1,2,3,4,5,6,7,8,9,10],{"merge":[1]}]}`
	for _, rule := range []string{`{"or":[` + splits + `false]}`, `{"if":[` + inLoop + `,{"or":[` + splits + `true]}]}`} {
		if got := ruleSet(t, rule).Evaluate("f", c); got.Code != featureflag.CodeGeneral || !strings.Contains(got.Detail, "steps") {
			t.Errorf("%.30s…: got %s %q %s, want the end of the budget", rule, got.Code, got.Variant, got.Detail)
		}
	}
}

// A flag whose prerequisites read a long targeting key again and again fails,
// and does not serve what it would without them.
func TestLongTargetingKeyInSchedule(t *testing.T) {
	const schedule = `"schedule":"[{\"at\":\"2020-01-01\",\"percent\":50}]"`
	set := parse(t, `{"flags":{
		"f":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off","metadata":{`+schedule+`}},
		"g":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"off","metadata":{"prerequisites":"`+
		strings.Repeat("f=off, ", 9)+`f=off",`+schedule+`}}}}`)
	key := "b"
	for set.Evaluate("f", &featureflag.Context{TargetingKey: key}).Variant != "off" {
		key += "b"
	}
	if got := set.Evaluate("g", &featureflag.Context{TargetingKey: key}); got.Code != "" {
		t.Fatalf("a short key: got %s %s", got.Code, got.Detail)
	}
	got := set.Evaluate("g", &featureflag.Context{TargetingKey: strings.Repeat("b", 1<<20)})
	if got.Variant == "on" {
		t.Errorf("got %q, want nothing but the default", got.Variant)
	}
	if got := set.Evaluate("f", &featureflag.Context{TargetingKey: strings.Repeat("b", 8<<20)}); got.Code != featureflag.CodeGeneral {
		t.Errorf("8 MiB: got %q %s, want an error", got.Variant, got.Code)
	}
}

// What prerequisites take is taken from the budget of the flag that has them.
func TestPrerequisitesShareTheBudget(t *testing.T) {
	list := "[" + strings.Repeat("1,", 89) + "1]"
	loops := `{"all":[` + list + `,{"all":[` + list + `,{"==":[1,1]}]}]}` // more than half of it
	rule := `,"targeting":{"if":[` + loops + `,"on","off"]}`
	set := parse(t, `{"flags":{"alone":`+on(rule)+`,"base":`+on(rule)+`,"more":`+on(rule)+`,
		"f":`+on(rule+`,"metadata":{"prerequisites":"base=on"}`)+`,
		"two":`+on(`,"targeting":{"if":[true,"on"]},"metadata":{"prerequisites":"base=on, more=on"}`)+`}}`)
	if got := set.Evaluate("alone", nil); got.Variant != "on" {
		t.Fatalf("alone: got %q %s %s", got.Variant, got.Code, got.Detail)
	}
	if got := set.Evaluate("f", nil); got.Code != featureflag.CodeGeneral || !strings.Contains(got.Detail, "steps") {
		t.Errorf("after another: got %q %s %s, want the end of the budget", got.Variant, got.Code, got.Detail)
	}
	if got := set.Evaluate("two", nil); got.Variant != "off" {
		t.Errorf("two of them: got %q, want off, as the second cannot be evaluated", got.Variant)
	}
}

// The body of a loop is paid for, whatever it is made of.
func TestLoopBodiesCount(t *testing.T) {
	list := "[" + strings.Repeat("1,", 99) + "1]"
	body := `{"or":[` + strings.Repeat(`{"var":"x"},`, 2000) + `true]}`
	if got := ruleSet(t, `{"all":[`+list+`,`+body+`]}`).Evaluate("f", nil); got.Code != featureflag.CodeGeneral {
		t.Errorf("got %q %s, want the end of the budget", got.Variant, got.Code)
	}
}
