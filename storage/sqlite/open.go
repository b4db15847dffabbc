package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
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
	lazy    bool
}

// WithWait sets how long a write waits for other writers, in this process or
// another, before [storage.ErrBusy]. Default 30 s. A context that ends
// earlier wins.
func WithWait(d time.Duration) Option { return option(func(c *config) { c.wait = d }) }

// WithReaders sets how many reads run at once; further ones wait for their
// turn. Default 16.
func WithReaders(n int) Option { return option(func(c *config) { c.readers = n }) }

// WithLazyOpen makes Open return at once: the first statement or [storage.DB.Ping]
// connects, as with [database/sql.Open], and returns what Open would have. A
// program can do something else meanwhile.
func WithLazyOpen() Option { return option(func(c *config) { c.lazy = true }) }

// closeWait bounds how long Close waits for statements that still run.
const closeWait = 10 * time.Second

// Open opens the database file at path, creating it with mode 0600 when it
// does not exist; its folder must exist and be writable. Several processes
// may open the same file on one machine, not over a network.
//
// The path ":memory:" makes a private database that ends with Close. It
// behaves as a file does, because it is one: in a folder of its own below
// [os.TempDir], never flushed to the disk.
//
// Errors are [*storage.Error] with one clear line: [storage.ErrUnavailable],
// [storage.ErrReadOnly], [storage.ErrCorrupt], [storage.ErrFull],
// [storage.ErrBusy].
func Open(path string, opts ...Option) (*storage.DB, error) {
	c := config{wait: 30 * time.Second, readers: 16}
	for _, o := range opts {
		o.apply(&c)
	}
	if c.wait <= 0 || c.readers <= 0 {
		return nil, errors.New("open database: wait and readers must be positive")
	}
	if path != ":memory:" {
		return open(path, path, c, false, nil)
	}
	dir, err := os.MkdirTemp("", "dashboard-memory-")
	if err != nil {
		return nil, folderError(os.TempDir(), err)
	}
	remove := func() error { return os.RemoveAll(dir) }
	db, err := open(filepath.Join(dir, "memory.db"), "", c, true, remove)
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	return db, nil
}

// open opens file, which errors call name, or ":memory:" if that is empty.
func open(file, name string, c config, ephemeral bool, cleanup func() error) (*storage.DB, error) {
	target, err := newTarget(file, name, ephemeral)
	if err != nil {
		return nil, err
	}
	if err := target.create(); err != nil {
		return nil, err
	}
	live := &gauge{}
	writer := sql.OpenDB(&connector{target: target, live: live, wait: c.wait, writer: true})
	writer.SetMaxOpenConns(1)
	writer.SetMaxIdleConns(1)
	// The first connection sets the file up, so that later ones only read it.
	first := func(ctx context.Context) error { return target.await(ctx, writer.PingContext) }
	if !c.lazy {
		if err := first(context.Background()); err != nil {
			return nil, errors.Join(err, writer.Close())
		}
	}
	reader := sql.OpenDB(&connector{target: target, live: live, wait: c.wait, first: first})
	reader.SetMaxOpenConns(c.readers)
	reader.SetMaxIdleConns(c.readers)
	reader.SetConnMaxIdleTime(5 * time.Minute)
	return storage.New(storage.Config{
		Dialect: storage.SQLite, Writer: writer, Reader: reader, Path: name, WriteWait: c.wait,
		Close: func() error {
			err := live.wait(closeWait)
			if cleanup != nil {
				err = errors.Join(err, cleanup())
			}
			return err
		},
	})
}
