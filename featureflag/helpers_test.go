package featureflag_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
)

func parse(tb testing.TB, definitions string) *featureflag.Set {
	tb.Helper()
	set, err := featureflag.Parse([]byte(definitions))
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// ruleSet has one flag "f", with a rule and variants of all results a test
// looks for.
func ruleSet(tb testing.TB, rule string) *featureflag.Set {
	tb.Helper()
	return parse(tb, `{"flags":{"f":{"state":"ENABLED","variants":{"true":"T","false":"F","a":"A","b":"B","c":"C","d":"D"},"defaultVariant":"d","targeting":`+rule+`}}}`)
}

// outcome is what a rule comes to, as JSON.
func outcome(tb testing.TB, rule string, c *featureflag.Context) string {
	tb.Helper()
	return ruleSet(tb, rule).Explain("f", c).Steps[0].Outcome
}

// attributes are those of a JSON object.
func attributes(tb testing.TB, text string) map[string]any {
	tb.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		tb.Fatal(err)
	}
	return m
}

func errorsOf(tb testing.TB, err error) featureflag.Errors {
	tb.Helper()
	var list featureflag.Errors
	if !errors.As(err, &list) {
		tb.Fatalf("got %v, want Errors", err)
	}
	return list
}
