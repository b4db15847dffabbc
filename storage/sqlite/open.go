package sqlite

import (
	"errors"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// Option is an optional setting of [Open].
type Option interface{ apply(*config) }

type option func(*config)

func (o option) apply(c *config) { o(c) }

type config struct {
	wait    time.Duration
	readers int
}

// WithWait sets how long a write waits for other writers, in this process or
// another, before [storage.ErrBusy]. Default 30 s. A context that ends
// earlier wins.
func WithWait(d time.Duration) Option { return option(func(c *config) { c.wait = d }) }

// WithReaders sets how many reads run at once. Default 16.
func WithReaders(n int) Option { return option(func(c *config) { c.readers = n }) }

// Open opens the database file at path, creating it with mode 0600 when it
// does not exist; its folder must exist and be writable. The path
// ":memory:" makes a private database that ends with Close.
//
// Errors are [*storage.Error] with one clear line: [storage.ErrUnavailable],
// [storage.ErrReadOnly], [storage.ErrCorrupt], [storage.ErrFull],
// [storage.ErrBusy].
func Open(path string, opts ...Option) (*storage.DB, error) {
	return nil, errors.ErrUnsupported
}
