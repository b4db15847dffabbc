package main

import (
	"os"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

// envRun makes the test binary be the server, so that tests run the program as
// its own process and, under -race, with the race detector.
const envRun = "DASHBOARD_TEST_RUN_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(envRun) != "" {
		os.Exit(start())
	}
	leaktest.Main(m)
}
