// Package leaktest checks that tests leave no goroutine, file or socket
// behind.
package leaktest

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Patience is a variable of the environment that says how long what is about to
// end is waited for, such as "2s"; half a minute without it, for busy machines. Tests
// that leak on purpose set it.
const Patience = "LEAKTEST_PATIENCE"

func patience() time.Duration {
	if d, err := time.ParseDuration(os.Getenv(Patience)); err == nil {
		return d
	}
	return 30 * time.Second
}

// Main runs a package's tests and fails when one leaves a goroutine, file or
// socket open. Call it from TestMain:
//
//	func TestMain(m *testing.M) { leaktest.Main(m) }
//
// Open files are compared on Linux only.
func Main(m *testing.M) {
	before := openFiles()
	code := m.Run()
	if code == 0 {
		code = report(before)
	}
	os.Exit(code)
}

// Check fails t at its end when it leaves a goroutine, file or socket that
// was not there when Check was called. Call it first in the test; it is not
// for parallel tests.
func Check(t testing.TB) {
	t.Helper()
	before, running := openFiles(), goleak.IgnoreCurrent()
	t.Cleanup(func() {
		if err := leftGoroutines(running); err != nil {
			t.Error(err)
		}
		if left := leftFiles(before); len(left) > 0 {
			t.Errorf("files left open: %v", left)
		}
	})
}
