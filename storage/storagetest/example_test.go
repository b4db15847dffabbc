package storagetest_test

import (
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/storagetest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// An implementation's test hands the suite a function that makes a fresh one.
//
//nolint:testableexamples // it needs the *testing.T that only a test has
func Example() {
	testCache := func(t *testing.T) {
		storagetest.RunCache(t, func(t *testing.T) storage.Cache {
			cache := storage.NewMemoryCache(0)
			t.Cleanup(func() { cache.Close() })
			return cache
		})
	}
	_ = testCache // func TestCache(t *testing.T), in reality
}
