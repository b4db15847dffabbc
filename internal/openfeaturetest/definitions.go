package openfeaturetest

import (
	"encoding/json"
	"fmt"
)

// conditions are the rules of the suites' flags, which their file writes in a
// language of its own, as flagd's targeting.
const conditions = `{
  "email == 'ballmer@macrosoft.com' ? 'zero' : ''":
    {"if": [{"==": [{"var": "email"}, "ballmer@macrosoft.com"]}, "zero"]},
  "!customer && email == 'ballmer@macrosoft.com' && age > 10 ? 'internal' : ''":
    {"if": [{"and": [{"!": {"var": "customer"}}, {"==": [{"var": "email"}, "ballmer@macrosoft.com"]}, {">": [{"var": "age"}, 10]}]}, "internal"]}
}`

// contextAware is a flag of the older evaluation suite that its file of flags no
// longer has.
const contextAware = `{
  "state": "ENABLED", "variants": {"internal": "INTERNAL", "external": "EXTERNAL"}, "defaultVariant": "external",
  "targeting": {"if": [{"and": [
    {"==": [{"var": "fn"}, "Sulisław"]}, {"==": [{"var": "ln"}, "Świętopełk"]},
    {"==": [{"var": "age"}, 29]}, {"==": [{"var": "customer"}, false]}]}, "internal"]}
}`

// Definitions returns the flags of the suites in flagd's format.
func Definitions() ([]byte, error) {
	source, err := files.ReadFile("testdata/test-flags.json")
	if err != nil {
		return nil, err
	}
	var written map[string]struct {
		Disabled         bool            `json:"disabled"`
		Variants         json.RawMessage `json:"variants"`
		DefaultVariant   *string         `json:"defaultVariant"`
		FlagMetadata     json.RawMessage `json:"flagMetadata"`
		ContextEvaluator string          `json:"contextEvaluator"`
	}
	if err := json.Unmarshal(source, &written); err != nil {
		return nil, fmt.Errorf("read test-flags.json: %w", err)
	}
	var rules map[string]json.RawMessage
	if err := json.Unmarshal([]byte(conditions), &rules); err != nil {
		return nil, fmt.Errorf("read conditions: %w", err)
	}
	flags := map[string]any{"context-aware": json.RawMessage(contextAware)}
	for key, flag := range written {
		made := map[string]any{"state": "ENABLED", "variants": flag.Variants}
		if flag.Disabled {
			made["state"] = "DISABLED"
		}
		if flag.DefaultVariant != nil {
			made["defaultVariant"] = *flag.DefaultVariant
		}
		if len(flag.FlagMetadata) > 0 && string(flag.FlagMetadata) != "null" {
			made["metadata"] = flag.FlagMetadata
		}
		if flag.ContextEvaluator != "" {
			rule, ok := rules[flag.ContextEvaluator]
			if !ok {
				return nil, fmt.Errorf("flag %s: no translation of %q", key, flag.ContextEvaluator)
			}
			made["targeting"] = rule
		}
		flags[key] = made
	}
	return json.MarshalIndent(map[string]any{"flags": flags}, "", "  ")
}
