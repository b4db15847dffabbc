package storage_test

import (
	"testing"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/storagetest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestMemoryCache(t *testing.T) {
	storagetest.RunCache(t, func(t *testing.T) storage.Cache {
		c := storage.NewMemoryCache(0)
		t.Cleanup(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
		return c
	})
}

func TestMemoryBus(t *testing.T) {
	storagetest.RunBus(t, func(t *testing.T) storage.Bus {
		b := storage.NewMemoryBus()
		t.Cleanup(func() {
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		})
		return b
	})
}
