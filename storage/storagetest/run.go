package storagetest

import (
	"testing"

	"github.com/modular-dashboard/dashboard/storage"
)

// RunDB checks a database adapter. open returns an empty database; the suite
// closes it.
func RunDB(t *testing.T, open func(t *testing.T) *storage.DB) {}

// RunCache checks a cache. open returns an empty one.
func RunCache(t *testing.T, open func(t *testing.T) storage.Cache) {}

// RunBus checks a bus. open returns one without subscribers.
func RunBus(t *testing.T, open func(t *testing.T) storage.Bus) {}

// RunLocker checks a locker over db. open returns a locker with no lease
// held and a second one, as another process has it, of the same backend.
func RunLocker(t *testing.T, open func(t *testing.T) (db *storage.DB, one, two storage.Locker)) {}
