package featureflag_test

import (
	"fmt"
	"strings"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// Explain says what was looked at and what decided.
func ExampleSet_Explain() {
	set, err := featureflag.Parse([]byte(`{
		"flags": {"beta": {
			"state": "ENABLED",
			"variants": {"on": true, "off": false},
			"defaultVariant": "off",
			"targeting": {"if": [{"and": [{"$ref": "staff"}, {"sem_ver": [{"var": "version"}, ">=", "2.0.0"]}]}, "on"]}
		}},
		"$evaluators": {"staff": {"ends_with": [{"var": "email"}, "@example.com"]}}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	x := set.Explain("beta", &featureflag.Context{Attributes: map[string]any{"email": "ada@example.com", "version": "1.9.0"}})
	fmt.Println(x.Why)
	show(x.Steps, 0)
	// Output:
	// No rule applied: it serves off.
	// if segment "staff" and version >= version "2.0.0" then "on": null
	//   segment "staff" and version >= version "2.0.0": false
	//     segment "staff": true
	//       email ends with "@example.com": true
	//         email: "ada@example.com"
	//     version >= version "2.0.0": false
	//       version: "1.9.0"
	// nothing else applied: off
}

func show(steps []featureflag.Step, depth int) {
	for _, s := range steps {
		fmt.Printf("%s%s: %s\n", strings.Repeat("  ", depth), s.Text, s.Outcome)
		show(s.Steps, depth+1)
	}
}
