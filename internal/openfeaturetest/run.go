package openfeaturetest

import (
	"embed"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/open-feature/go-sdk/openfeature"
)

//go:embed testdata
var files embed.FS

// A Target is the provider to test. Each function makes a fresh one that serves
// [Definitions] and belongs to the one scenario that asked.
type Target struct {
	// Stable becomes ready. It is required.
	Stable func(t *testing.T) openfeature.FeatureProvider
	// InState comes to be in a state other than ready when it is registered:
	// NotReadyState, ErrorState and FatalState by its Init, StaleState by an event
	// after it. Init waits for its context when it is not to become ready.
	InState func(t *testing.T, state openfeature.State) openfeature.FeatureProvider
	// Cached answers the same question the second time from a cache, and says so.
	Cached func(t *testing.T) openfeature.FeatureProvider
}

// Suites are the names of the feature files that [Run] runs.
func Suites() []string {
	return []string{"evaluation", "evaluation_v2", "contextMerging", "hooks", "metadata"}
}

// Run runs every scenario of every suite as a test of its own.
func Run(t *testing.T, target Target) {
	for _, suite := range Suites() {
		t.Run(suite, func(t *testing.T) {
			document, err := files.ReadFile("testdata/" + suite + ".feature")
			if err != nil {
				t.Fatal(err)
			}
			feature, err := ParseFeature(document)
			if err != nil {
				t.Fatal(err)
			}
			if len(feature.Scenarios) == 0 {
				t.Fatal("no scenarios")
			}
			for _, scenario := range feature.Scenarios {
				t.Run(scenario.Name, func(t *testing.T) { runScenario(t, target, scenario) })
			}
		})
	}
}

func runScenario(t *testing.T, target Target, scenario Scenario) {
	w := newWorld(t, target)
	w.cached = slices.Contains(scenario.Tags, "@reason-codes-cached")
	for _, step := range scenario.Steps {
		if !w.run(step) {
			t.Fatalf("no such step: %s", step.Text)
		}
		if t.Failed() {
			t.Fatalf("in step: %s", step.Text)
		}
	}
}

// A stepDefinition is what to do for a line. Its function gets the parts in
// parentheses, unquoted.
type stepDefinition struct {
	pattern *regexp.Regexp
	run     func(w *world, args []string, table [][]string)
}

// define compiles a pattern in which "…" stands for a quoted argument, # for a
// number and _ for a word.
func define(pattern string, run func(w *world, args []string, table [][]string)) stepDefinition {
	expression := regexp.QuoteMeta(pattern)
	expression = strings.ReplaceAll(expression, `"…"`, `"((?:[^"\\]|\\.)*)"`)
	expression = strings.ReplaceAll(expression, `_`, `([A-Za-z]+)`)
	expression = strings.ReplaceAll(expression, `#`, `(-?[0-9.]+)`)
	return stepDefinition{pattern: regexp.MustCompile("^(?:" + expression + ")$"), run: run}
}

// run does what the definition of a step says, and reports whether there is one.
func (w *world) run(step Step) bool {
	for _, definition := range w.definitions {
		found := definition.pattern.FindStringSubmatch(step.Text)
		if found == nil {
			continue
		}
		for i := range found {
			found[i] = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(found[i])
		}
		definition.run(w, found[1:], step.Table)
		return true
	}
	return false
}
