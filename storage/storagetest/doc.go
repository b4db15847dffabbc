// Package storagetest holds the conformance suites of package storage: what
// a database adapter, cache, bus or locker owes its callers. An
// implementation's tests call them with a function that makes a fresh one:
//
//	func TestConformance(t *testing.T) {
//		storagetest.RunDB(t, func(t *testing.T) *storage.DB { … })
//	}
//
// Time passes for real in them, as it does for a database server.
package storagetest

import (
	"testing"
	"time"
)

// patience is how long a suite waits for what must happen.
const patience = time.Minute

// eventually calls cond until it returns true, and fails t if it never does.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline:
			t.Fatalf("%s: did not happen within %s", what, patience)
		case <-tick.C:
		}
	}
}
