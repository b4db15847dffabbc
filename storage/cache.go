package storage

import (
	"bytes"
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// Cache keeps bytes for a while. It may forget at any time, so a value must
// be reproducible. Implementations are safe for concurrent use, bounded in
// memory, and copy values in and out.
type Cache interface {
	// Get returns the value, and false when there is none.
	Get(ctx context.Context, key string) ([]byte, bool, error)
	// Set stores a value for ttl. A ttl of zero or less deletes the key.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Delete removes keys; missing ones are no error.
	Delete(ctx context.Context, keys ...string) error
}

// defaultCacheBytes is what NewMemoryCache holds unless told.
const defaultCacheBytes = 32 << 20

// entryOverhead is about what an entry costs beside its key and value.
const entryOverhead = 128

// MemoryCache is a [Cache] of this process, bounded in bytes. Make one with
// [NewMemoryCache].
type MemoryCache struct {
	entries entries
	max     int64
	closed  atomic.Bool
}

// entries is what is used of otter's cache. It is an interface so that otter's
// generic types are not part of MemoryCache: packages that import it would
// compile them again.
type entries interface {
	GetIfPresent(key string) (cached, bool)
	Set(key string, value cached) (cached, bool)
	Invalidate(key string) (cached, bool)
	InvalidateAll()
	StopAllGoroutines() bool
}

type cached struct {
	value []byte
	ttl   time.Duration
}

// NewMemoryCache returns a cache that holds about maxBytes of keys, values
// and overhead, and prefers what is asked for often; zero or less means 32
// MiB. A value larger than the whole cache is not kept.
func NewMemoryCache(maxBytes int64) *MemoryCache {
	if maxBytes <= 0 {
		maxBytes = defaultCacheBytes
	}
	made := otter.Must(&otter.Options[string, cached]{
		MaximumWeight: uint64(maxBytes),
		Weigher: func(key string, c cached) uint32 {
			return uint32(min(int64(len(key)+len(c.value)+entryOverhead), math.MaxUint32))
		},
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, cached]) time.Duration {
			return e.Value.ttl
		}),
	})
	return &MemoryCache{entries: made, max: maxBytes}
}

// Get implements [Cache].
func (c *MemoryCache) Get(_ context.Context, key string) ([]byte, bool, error) {
	if c.closed.Load() {
		return nil, false, ErrClosed
	}
	v, ok := c.entries.GetIfPresent(key)
	if !ok {
		return nil, false, nil
	}
	return append(make([]byte, 0, len(v.value)), v.value...), true, nil
}

// Set implements [Cache].
func (c *MemoryCache) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	switch {
	case c.closed.Load():
		return ErrClosed
	case ttl <= 0 || int64(len(key)+len(value)+entryOverhead) > c.max:
		c.entries.Invalidate(key) // what was there is stale now
	default:
		c.entries.Set(key, cached{value: bytes.Clone(value), ttl: ttl})
	}
	return nil
}

// Delete implements [Cache].
func (c *MemoryCache) Delete(_ context.Context, keys ...string) error {
	if c.closed.Load() {
		return ErrClosed
	}
	for _, k := range keys {
		c.entries.Invalidate(k)
	}
	return nil
}

// Close forgets everything and stops the cache's goroutine. Later calls of
// Get, Set and Delete return [ErrClosed]. It may be called more than once.
func (c *MemoryCache) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.entries.InvalidateAll()
		c.entries.StopAllGoroutines()
	}
	return nil
}

var _ Cache = (*MemoryCache)(nil)
