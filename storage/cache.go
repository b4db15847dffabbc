package storage

import (
	"context"
	"errors"
	"time"
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

// MemoryCache is a [Cache] of this process, bounded in bytes.
type MemoryCache struct{}

// NewMemoryCache returns a cache that holds about maxBytes of keys and
// values; zero or less means 32 MiB.
func NewMemoryCache(maxBytes int64) *MemoryCache { return &MemoryCache{} }

// Get implements [Cache].
func (c *MemoryCache) Get(ctx context.Context, key string) ([]byte, bool, error) {
	return nil, false, errors.ErrUnsupported
}

// Set implements [Cache].
func (c *MemoryCache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return errors.ErrUnsupported
}

// Delete implements [Cache].
func (c *MemoryCache) Delete(ctx context.Context, keys ...string) error {
	return errors.ErrUnsupported
}

// Close forgets everything and stops the cache's goroutine. Later calls of
// Get, Set and Delete return [ErrClosed].
func (c *MemoryCache) Close() error { return nil }

var _ Cache = (*MemoryCache)(nil)
