package featureflag_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// What nothing reads is told, and takes nothing away: strict parsers take it, and so
// does flagd's schema.
func TestLint(t *testing.T) {
	schema := flagdSchema(t)
	flag := func(rest string) string { return `{"flags":{"a/f":` + on(rest) + `}}` }
	const at, doubled = "/flags/a~1f/", "targett" + "ing"
	for _, test := range []struct{ name, text, pointer, detail string }{
		{"nothing", flag(`,"targeting":{"if":[true,"on"]},"metadata":{"owner":"me","description":"d","expires":"2026-01-01","killed":false,"killedVariant":"on","prerequisites":"","schedule":""}`), "", ""},
		{"all of a document", `{"$schema":"x","metadata":{"a":1},"$evaluators":{},"flags":{}}`, "", ""},
		{"metadata of one's own", flag(`,"metadata":{"team":"x","jira":"A-1","old":true,"own":"x","schemata":"x"}`), "", ""},
		{"notes", flag(`,"$comment":"x","_note":"y"`), "", ""},
		{"targeting", flag(`,"` + doubled + `":{"if":[true,"on"]}`), at + doubled, `"targeting"`},
		{"a word too short", flag(`,"target":{"if":[true,"on"]}`), at + "target", "is ignored"},
		{"swapped", flag(`,"tragetnig":{"if":[true,"on"]}`), at + "tragetnig", `"targeting"`},
		{"case", flag(`,"default_variant":"on"`), at + "default_variant", `"defaultVariant"`},
		{"anything", flag(`,"rollout":5`), at + "rollout", "is ignored"},
		{"an extension beside the metadata", flag(`,"expires":"2026-01-01"`), at + "expires", `stands in "metadata"`},
		{"expire", flag(`,"metadata":{"expire":"2026-01-01"}`), at + "metadata/expire", `"expires"`},
		{"Expires", flag(`,"metadata":{"Expires":"2026-01-01"}`), at + "metadata/Expires", `"expires"`},
		{"killed variant", flag(`,"metadata":{"killedvariant":"on"}`), at + "metadata/killedvariant", `"killedVariant"`},
		{"of the document", `{"$evaluator":{},"flags":{}}`, "/$evaluator", `"$evaluators"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var v any
			if err := json.Unmarshal([]byte(test.text), &v); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(v); err != nil {
				t.Errorf("flagd refuses it: %v", err)
			}
			if _, err := featureflag.ParseStrict([]byte(test.text)); err != nil {
				t.Errorf("the strict parser refuses it: %v", err)
			}
			got := featureflag.Lint([]byte(test.text))
			if test.pointer == "" {
				if len(got) > 0 {
					t.Errorf("got %v, want nothing", got)
				}
				return
			}
			if len(got) != 1 || got[0].Pointer != test.pointer || got[0].Code != featureflag.UnknownMember || !strings.Contains(got[0].Detail, test.detail) {
				t.Errorf("got %v, want one at %s that has %s", got, test.pointer, test.detail)
			}
		})
	}
	list := featureflag.Lint([]byte("{\"flags\":[\n{\"key\":\"f\"," + on("")[1:] + ",\n{\"key\":\"g\",\"sate\":\"ENABLED\",\"variants\":{\"on\":true}}]}"))
	if len(list) != 1 || list[0].Pointer != "/flags/1/sate" || list[0].Line != 3 || list[0].Column != 12 {
		t.Errorf("of a list: got %v", list)
	}
	for _, text := range []string{"", "[]", "{", `{"flags":1}`, `{"flags":[1,{"metadata":[]}]}`} {
		if got := featureflag.Lint([]byte(text)); len(got) > 0 {
			t.Errorf("%s: got %v", text, got)
		}
	}
}
