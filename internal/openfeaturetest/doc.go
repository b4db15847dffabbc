// Package openfeaturetest runs the Gherkin suites of the OpenFeature specification
// against a provider: evaluation (both versions), context merging, hooks and
// metadata. A provider's test says how to make one in each state:
//
//	func TestGherkin(t *testing.T) {
//		openfeaturetest.Run(t, openfeaturetest.Target{Stable: func(t *testing.T) openfeature.FeatureProvider { … }})
//	}
//
// Every scenario has an OpenFeature API of its own; none touches the process's.
package openfeaturetest
