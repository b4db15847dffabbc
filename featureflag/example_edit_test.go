package featureflag_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// One flag of a set changes, and mistakes have a place.
func ExampleSet_With() {
	set, err := featureflag.Parse([]byte(`{"flags": {"a": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off"}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = set.With(map[string]json.RawMessage{"a": json.RawMessage(`{
		"state": "ENABLED",
		"variants": {"on": true, "off": 0}
	}`)})
	if list, ok := errors.AsType[featureflag.Errors](err); ok {
		fmt.Println(list[0])
	}
	next, err := set.With(map[string]json.RawMessage{"a": json.RawMessage(`{"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on"}`)})
	fmt.Println(next.Evaluate("a", nil).Value, set.Evaluate("a", nil).Value, err)
	// Output:
	// /flags/a/variants/on (line 3, column 22): all variants of a flag are of one type: this is a boolean among numbers
	// true false <nil>
}
