package featureflag_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// flagdSchema is flagd's published schema of definitions.
func flagdSchema(t *testing.T) *jsonschema.Resolved {
	t.Helper()
	load := func(name string) *jsonschema.Schema {
		text, err := os.ReadFile("testdata/flagd/" + name)
		if err != nil {
			t.Fatal(err)
		}
		var schema jsonschema.Schema
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Fatal(name, err)
		}
		return &schema
	}
	resolved, err := load("flags.json").Resolve(&jsonschema.ResolveOptions{
		Loader: func(at *url.URL) (*jsonschema.Schema, error) { return load(path.Base(at.Path)), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// What flagd's schema refuses is an error or a problem here too, and what is
// good here, with extensions, is good for flagd, also after an export.
func TestAgainstFlagdSchema(t *testing.T) {
	schema := flagdSchema(t)
	valid := func(text []byte) error {
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		return schema.Validate(v)
	}
	rule := func(rule string) string { return `{"flags":{"f":` + on(`,"targeting":`+rule) + `}}` }
	for _, text := range []string{
		string(benchDefinitions(6)),
		`{"$schema":"https://flagd.dev/schema/v0/flags.json","flags":{},"metadata":{"a":"b","n":1,"t":true}}`,
		`{"flags":{"f":` + on(`,"targeting":{}`) + `}}`,
		`{"flags":{"f":` + on(`,"metadata":{"owner":"me","expires":"2026-01-01","killed":true,"killedVariant":"on","schedule":"[{\"at\":\"2026-01-01\",\"percent\":5}]","prerequisites":"g=on"}`) + `,"g":` + on("") + `}}`,
		`{"$evaluators":{"e":{"==":[{"var":"a"},1]}},"flags":{"f":` + on(`,"targeting":{"if":[{"$ref":"e"},"on"]}`) + `}}`,
		`{"flags":{"f":{"state":"DISABLED","variants":{"a":{"x":1}},"defaultVariant":null}}}`,
		rule(`{"if":[{"and":[{"<":[1,{"var":"a"},3]},{"in":["x",{"var":["b","y"]}]},{"!":[{"missing":["c"]}]}]},"on",null]}`),
		rule(`{"fractional":[{"cat":[{"var":"$flagd.flagKey"},{"var":"a"}]},["on",{"if":[true,1,2]}],["off"]]}`),
		rule(`{"if":[{"sem_ver":[{"var":"v"},"~","1.2.3"]},"on",{"starts_with":[{"var":"a"},"b"]},"off"]}`),
		rule(`{"if":[{"some":[{"var":"l"},{"==":[{"var":""},1]}]},"on"]}`),
		rule(`{"if":[{">":[{"reduce":[{"var":"l"},{"+":[{"var":"current"},{"var":"accumulator"}]},0]},1]},"on"]}`),
	} {
		set, err := featureflag.ParseStrict([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if err := valid([]byte(text)); err != nil {
			t.Errorf("flagd refuses %s: %v", text, err)
		}
		if err := valid(set.Definitions()); err != nil {
			t.Errorf("flagd refuses the export %s: %v", set.Definitions(), err)
		}
	}
	for _, text := range []string{
		`{}`, `{"flags":1}`, `{"flags":{"":` + on("") + `}}`, `{"flags":{"f":{}}}`, `{"flags":{"f":{"state":"ON","variants":{"a":1}}}}`,
		`{"flags":{"f":{"state":"ENABLED","variants":{}}}}`, `{"flags":{"f":{"state":"ENABLED","variants":{"a":[1]}}}}`,
		`{"flags":{"f":{"state":"ENABLED","variants":{"a":1,"b":true}}}}`, `{"flags":{"f":{"state":"ENABLED","variants":{"a":1},"defaultVariant":1}}}`,
		`{"flags":{"f":{"state":"ENABLED","variants":{"":1}}}}`, `{"flags":{"f":` + on(`,"metadata":{"x":null}`) + `}}`, `{"flags":{},"metadata":{"x":[]}}`,
		`{"flags":{},"$evaluators":{"e":1}}`, rule(`"on"`), rule(`{"no such":[1]}`), rule(`{"sem_ver":[{"var":"v"},"=>","1.0.0"]}`),
		rule(`{"starts_with":[{"var":"a"}]}`), rule(`{"fractional":[["on",-1]]}`), rule(`{"fractional":[["on",0.5]]}`),
		rule(`{"==":[1]}`), rule(`{"var":"$flagd.key"}`), rule(`{"starts_with":[1,"x"]}`),
	} {
		if valid([]byte(text)) == nil {
			t.Errorf("flagd takes %s", text)
		}
		if _, err := featureflag.ParseStrict([]byte(text)); err == nil {
			t.Errorf("taken: %s", text)
		}
	}
}
