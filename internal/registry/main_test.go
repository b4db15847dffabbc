package registry_test

import (
	"os"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(childMain(role))
	}
	leaktest.Main(m)
}
