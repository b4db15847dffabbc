package openfeaturetest_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/openfeaturetest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func feature(t *testing.T, name string) *openfeaturetest.Feature {
	t.Helper()
	document, err := os.ReadFile("testdata/" + name + ".feature")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := openfeaturetest.ParseFeature(document)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return parsed
}

// A scenario that the parser lost would pass unseen.
func TestScenarios(t *testing.T) {
	want := map[string]int{"evaluation": 13, "evaluation_v2": 82, "contextMerging": 29, "hooks": 3, "metadata": 5}
	for _, suite := range openfeaturetest.Suites() {
		if got := len(feature(t, suite).Scenarios); got != want[suite] {
			t.Errorf("%s has %d scenarios, want %d", suite, got, want[suite])
		}
	}
}

func TestParseFeature(t *testing.T) {
	document := `# a comment
@a
Feature: F
  Background:
    Given b
  @b @c
  Scenario Outline: O
    When <x> of "<y>"
      | k   | v   |
      | <x> | \|\\\n\" |
    @d
    Examples: first
      | x | y |
      | 1 |   |
    Examples:
      | x | y |
      | 2 | z |
  Scenario: S
    Then done
`
	got, err := openfeaturetest.ParseFeature([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"Name":"F","Scenarios":[
{"Name":"O/1,","Tags":["@a","@b","@c","@d"],"Steps":[{"Text":"b","Table":null},{"Text":"1 of \"\"","Table":[["k","v"],["1","|\\\n\\\""]]}]},
{"Name":"O/2,z","Tags":["@a","@b","@c"],"Steps":[{"Text":"b","Table":null},{"Text":"2 of \"z\"","Table":[["k","v"],["2","|\\\n\\\""]]}]},
{"Name":"S","Tags":["@a"],"Steps":[{"Text":"b","Table":null},{"Text":"done","Table":null}]}]}`
	encoded, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if string(encoded) != strings.ReplaceAll(want, "\n", "") {
		t.Errorf("got\n%s\nwant\n%s", encoded, want)
	}
}

func TestParseFeatureRefuses(t *testing.T) {
	for name, document := range map[string]string{
		"nothing":            "",
		"no feature":         "Scenario: S\nGiven a",
		"step outside":       "Feature: F\nGiven a",
		"row outside":        "Feature: F\n| a |",
		"examples outside":   "Feature: F\nExamples:",
		"examples of nobody": "Feature: F\nScenario Outline: S\nGiven a\nExamples:\nScenario: T",
		"ragged table":       "Feature: F\nScenario: S\nGiven a\n| a |\n| a | b |",
		"open row":           "Feature: F\nScenario: S\nGiven a\n| a",
		"prose":              "Feature: F\nAs a reader",
	} {
		if got, err := openfeaturetest.ParseFeature([]byte(document)); err == nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestDefinitions(t *testing.T) {
	definitions, err := openfeaturetest.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Flags map[string]struct {
			State     string
			Targeting json.RawMessage
		}
	}
	if err := json.Unmarshal(definitions, &document); err != nil {
		t.Fatal(err)
	}
	var disabled, targeted []string
	for key, flag := range document.Flags {
		if flag.State == "DISABLED" {
			disabled = append(disabled, key)
		}
		if len(flag.Targeting) > 0 {
			targeted = append(targeted, key)
		}
	}
	slices.Sort(disabled)
	if got, want := len(document.Flags), 26; got != want || len(disabled) != 5 || len(targeted) != 7 {
		t.Errorf("got %d flags, %v disabled, %v targeted", got, disabled, targeted)
	}
}

func FuzzParseFeature(f *testing.F) {
	for _, suite := range openfeaturetest.Suites() {
		document, err := os.ReadFile("testdata/" + suite + ".feature")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		parsed, err := openfeaturetest.ParseFeature(document)
		if (parsed == nil) == (err == nil) {
			t.Errorf("got %v and %v", parsed, err)
		}
	})
}
