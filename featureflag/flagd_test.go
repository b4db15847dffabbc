package featureflag_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// documentedFlags follow flagd's documentation, feature by feature.
const documentedFlags = `{
  "metadata": {"flagSetId": "set", "owner": "set"},
  "$evaluators": {
    "staff": {"in": ["@example.com", {"var": "email"}]},
    "adult": {">=": [{"var": "age"}, 18]}
  },
  "flags": {
    "bool-zero":   {"state": "ENABLED", "variants": {"zero": false, "one": true}, "defaultVariant": "zero"},
    "string-zero": {"state": "ENABLED", "variants": {"zero": "", "one": "str"}, "defaultVariant": "zero"},
    "int-zero":    {"state": "ENABLED", "variants": {"zero": 0, "one": 1}, "defaultVariant": "zero"},
    "float-zero":  {"state": "ENABLED", "variants": {"zero": 0.0, "one": 1.5}, "defaultVariant": "zero"},
    "object-zero": {"state": "ENABLED", "variants": {"zero": {}, "one": {"a": 1}}, "defaultVariant": "zero"},
    "bool-zero-targeted":   {"state": "ENABLED", "variants": {"zero": false, "one": true}, "defaultVariant": "one", "targeting": {"if": [{"$ref": "staff"}, "zero"]}},
    "string-zero-targeted": {"state": "ENABLED", "variants": {"zero": "", "one": "str"}, "defaultVariant": "one", "targeting": {"if": [{"$ref": "staff"}, "zero"]}},
    "int-zero-targeted":    {"state": "ENABLED", "variants": {"zero": 0, "one": 1}, "defaultVariant": "one", "targeting": {"if": [{"$ref": "staff"}, "zero"]}},

    "no-default":           {"state": "ENABLED", "variants": {"on": true, "off": false}},
    "null-default":         {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": null},
    "no-default-targeted":  {"state": "ENABLED", "variants": {"on": true, "off": false}, "targeting": {"if": [{"$ref": "staff"}, "on"]}},
    "disabled":             {"state": "DISABLED", "variants": {"on": true}, "defaultVariant": "on"},

    "shorthand": {"state": "ENABLED", "variants": {"true": "yes", "false": "no"}, "defaultVariant": "false", "targeting": {"$ref": "staff"}},
    "two-refs":  {"state": "ENABLED", "variants": {"on": 1, "off": 0}, "defaultVariant": "off", "targeting": {"if": [{"and": [{"$ref": "staff"}, {"$ref": "adult"}]}, "on", "off"]}},
    "null-rule": {"state": "ENABLED", "variants": {"on": 1, "off": 0}, "defaultVariant": "off", "targeting": {"if": [true, null]}},
    "unknown":   {"state": "ENABLED", "variants": {"on": 1, "off": 0}, "defaultVariant": "off", "targeting": {"if": [true, "nowhere"]}},
    "empty":     {"state": "ENABLED", "variants": {"on": 1, "off": 0}, "defaultVariant": "off", "targeting": {}},

    "key":       {"state": "ENABLED", "variants": {"key": "found", "x": "x"}, "defaultVariant": "x", "targeting": {"if": [{"==": [{"var": "$flagd.flagKey"}, "key"]}, "key"]}},
    "time":      {"state": "ENABLED", "variants": {"late": "late", "early": "early"}, "defaultVariant": "early", "targeting": {"if": [{">": [{"var": "$flagd.timestamp"}, 1700000000]}, "late"]}},
    "who":       {"state": "ENABLED", "variants": {"ada": "ada", "x": "x"}, "defaultVariant": "x", "targeting": {"var": "targetingKey"}},
    "nested":    {"state": "ENABLED", "variants": {"on": 1, "off": 0}, "defaultVariant": "off", "targeting": {"if": [{"==": [{"var": "company.tier"}, "gold"]}, "on"]}},
    "starts":    {"state": "ENABLED", "variants": {"on": 1, "off": 0}, "defaultVariant": "off", "targeting": {"if": [{"starts_with": [{"var": "email"}, "ada@"]}, "on"]}},
    "ends":      {"state": "ENABLED", "variants": {"on": 1, "off": 0}, "defaultVariant": "off", "targeting": {"if": [{"ends_with": [{"var": "email"}, "@example.com"]}, "on"]}},

    "semver-eq":    {"state": "ENABLED", "variants": {"on": 1, "off": 0}, "defaultVariant": "off", "targeting": {"if": [{"sem_ver": [{"var": "version"}, "=", "2.0.0"]}, "on"]}},
    "semver-caret": {"state": "ENABLED", "variants": {"on": 1, "off": 0}, "defaultVariant": "off", "targeting": {"if": [{"sem_ver": [{"var": "version"}, "^", "2.0.0"]}, "on"]}},
    "semver-tilde": {"state": "ENABLED", "variants": {"on": 1, "off": 0}, "defaultVariant": "off", "targeting": {"if": [{"sem_ver": [{"var": "version"}, "~", "2.1.0"]}, "on"]}},
    "semver-range": {"state": "ENABLED", "variants": {"on": 1, "off": 0}, "defaultVariant": "off", "targeting": {"if": [{"and": [{"sem_ver": [{"var": "version"}, ">=", "2.1.0"]}, {"sem_ver": [{"var": "version"}, "<", "3.0.0"]}]}, "on"]}},

    "split":       {"state": "ENABLED", "variants": {"a": "a", "b": "b"}, "defaultVariant": "a", "targeting": {"fractional": [["a", 50], ["b", 50]]}},
    "split-all":   {"state": "ENABLED", "variants": {"a": "a", "b": "b"}, "defaultVariant": "a", "targeting": {"fractional": [["a", 0], ["b", 100]]}},
    "split-short": {"state": "ENABLED", "variants": {"a": "a", "b": "b"}, "defaultVariant": "a", "targeting": {"fractional": [["b"]]}},
    "split-by":    {"state": "ENABLED", "variants": {"a": "a", "b": "b"}, "defaultVariant": "a", "targeting": {"fractional": [{"var": "email"}, ["b", 1]]}},

    "noted": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on", "metadata": {"owner": "flag", "weight": 0.5, "beta": true}}
  }
}`

func TestFlagdDocumentation(t *testing.T) {
	flags := parsed(t, documentedFlags)
	handler := remote(t, flags)
	staff := `{"targetingKey":"ada","email":"ada@example.com","age":42,"version":"2.1.3","company":{"tier":"gold"}}`
	other := `{"targetingKey":"bob","email":"bob@b.c","age":7,"version":"3.0.0-rc.1","company":null}`
	for _, test := range []struct{ key, context, want string }{ // value, variant, reason, code
		{"bool-zero", `{}`, "false zero STATIC "},
		{"string-zero", `{}`, `"" zero STATIC `},
		{"int-zero", `{}`, "0 zero STATIC "},
		{"float-zero", `{}`, "0 zero STATIC "},
		{"object-zero", `{}`, "{} zero STATIC "},
		{"bool-zero-targeted", staff, "false zero TARGETING_MATCH "},
		{"bool-zero-targeted", other, "true one DEFAULT "},
		{"string-zero-targeted", staff, `"" zero TARGETING_MATCH `},
		{"int-zero-targeted", staff, "0 zero TARGETING_MATCH "},
		{"no-default", `{}`, "null  DEFAULT "},
		{"null-default", `{}`, "null  DEFAULT "},
		{"no-default-targeted", staff, "true on TARGETING_MATCH "},
		{"no-default-targeted", other, "null  DEFAULT "},
		{"disabled", `{}`, "null  DISABLED "},
		{"shorthand", staff, `"yes" true TARGETING_MATCH `},
		{"shorthand", other, `"no" false TARGETING_MATCH `},
		{"two-refs", staff, "1 on TARGETING_MATCH "},
		{"two-refs", other, "0 off TARGETING_MATCH "},
		{"null-rule", staff, "0 off DEFAULT "},
		{"unknown", staff, "null  ERROR GENERAL"},
		{"empty", staff, "0 off STATIC "},
		{"missing", staff, "null  ERROR FLAG_NOT_FOUND"},
		{"key", `{}`, `"found" key TARGETING_MATCH `},
		{"time", `{}`, `"late" late TARGETING_MATCH `},
		{"who", staff, `"ada" ada TARGETING_MATCH `},
		{"who", `{}`, `"x" x DEFAULT `},
		{"nested", staff, "1 on TARGETING_MATCH "},
		{"nested", other, "0 off DEFAULT "},
		{"starts", staff, "1 on TARGETING_MATCH "},
		{"starts", other, "0 off DEFAULT "},
		{"ends", staff, "1 on TARGETING_MATCH "},
		{"ends", `{"email":7}`, "0 off DEFAULT "},
		{"semver-eq", `{"version":"v2.0.0"}`, "1 on TARGETING_MATCH "},
		{"semver-eq", `{"version":"2.0.0+build"}`, "1 on TARGETING_MATCH "},
		{"semver-eq", `{"version":"2.0.0-rc.1"}`, "0 off DEFAULT "},
		{"semver-eq", `{"version":"two"}`, "0 off DEFAULT "},
		{"semver-caret", staff, "1 on TARGETING_MATCH "},
		{"semver-caret", other, "0 off DEFAULT "},
		{"semver-tilde", staff, "1 on TARGETING_MATCH "},
		{"semver-tilde", `{"version":"2.2.0"}`, "0 off DEFAULT "},
		{"semver-range", staff, "1 on TARGETING_MATCH "},
		{"semver-range", `{"version":"3.0.0"}`, "0 off DEFAULT "},
		{"split-all", staff, `"b" b TARGETING_MATCH `},
		{"split-short", staff, `"b" b TARGETING_MATCH `},
		{"split-by", staff, `"b" b TARGETING_MATCH `},
		{"split-by", `{"targetingKey":"u","email":7}`, `"a" a DEFAULT `},
	} {
		var attributes map[string]any
		if err := json.Unmarshal([]byte(test.context), &attributes); err != nil {
			t.Fatal(err)
		}
		c := featureflag.Context{Attributes: attributes}
		c.TargetingKey, _ = attributes["targetingKey"].(string)
		e := flags.EvaluateFor(context.Background(), test.key, &c)
		got := e.Value.String() + " " + e.Variant + " " + string(e.Reason) + " " + string(e.Code)
		if got != test.want {
			t.Errorf("%s for %s: got %q, want %q (%s)", test.key, test.context, got, test.want, e.Detail)
		}
		// And the same over the wire.
		var answer struct {
			Value                      json.RawMessage
			Variant, Reason, ErrorCode string
		}
		w := post(handler, single+test.key, `{"context":`+test.context+`}`)
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		if answer.Value == nil {
			answer.Value = json.RawMessage("null")
		}
		if answer.ErrorCode != "" {
			answer.Reason = "ERROR"
		}
		if wire := string(answer.Value) + " " + answer.Variant + " " + answer.Reason + " " + answer.ErrorCode; wire != test.want {
			t.Errorf("%s for %s over OFREP: got %q, want %q", test.key, test.context, wire, test.want)
		}
	}
}

// A flag's metadata lies over the set's.
func TestFlagdMetadata(t *testing.T) {
	flags := parsed(t, documentedFlags)
	for key, want := range map[string]string{
		"noted":    `{"beta":true,"flagSetId":"set","owner":"flag","weight":0.5}`,
		"int-zero": `{"flagSetId":"set","owner":"set"}`,
	} {
		got, err := json.Marshal(flags.Evaluate(t.Context(), key).Metadata)
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
		if w := post(remote(t, flags), single+key, `{"context":{}}`); !strings.Contains(w.Body.String(), `"metadata":`+want) {
			t.Errorf("%s over OFREP: got %s", key, w.Body)
		}
	}
}

// Halves are halves, the same person stays in one, and keys split apart.
func TestFlagdSplit(t *testing.T) {
	flags := parsed(t, documentedFlags)
	count := map[string]int{}
	const people = 10_000
	for i := range people {
		c := featureflag.Context{TargetingKey: strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26%100) + string(rune(0x100+i))}
		first := flags.Snapshot().Evaluate("split", &c)
		if again := flags.Snapshot().Evaluate("split", &c); again.Variant != first.Variant {
			t.Fatalf("%q is in %s and %s", c.TargetingKey, first.Variant, again.Variant)
		}
		count[first.Variant]++
	}
	if a := count["a"]; a < people*45/100 || a > people*55/100 {
		t.Errorf("got %v", count)
	}
}
