// Package lifecycle says what can happen to a module and in which order.
//
// It is pure: no HTTP, no SQL, no clock, no goroutine. Package registry drives
// it on a database. [Next] is the transition table, [Record] a module's place
// in it, [Plan] the steps that an action leads to and [Check] the judge of
// manifests. docs/state-machine.md draws the table; a test compares the two.
package lifecycle
