package airecord

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/storage"
)

// Scope is the migration scope of the package's tables.
const Scope = "airecord"

// Bounds of what is held in memory.
const (
	maxQueue = 8192 // records that wait to be written
	maxBatch = 256  // of one transaction
)

// tellEvery is how often the log is told of the same trouble.
const tellEvery = time.Minute

// Options are optional parts of a [Store].
type Options struct {
	Log *slog.Logger // default [slog.Default]
	// Every is how long records wait for others before they are written; 200 ms by
	// default.
	Every time.Duration
	// Keep is how long records are kept; 90 days by default. Sums by day are kept for
	// 400 days, feedback for as long as there is room.
	Keep time.Duration
	// Key returns the secret, at least 16 bytes, that authenticates cursors.
	Key func() []byte

	most int // records that are kept
}

// Store keeps records. It is safe for concurrent use.
type Store struct {
	db                *storage.DB
	opts              Options
	queries           queries
	records, feedback listing
	wake              chan struct{} // there is something to write
	full              chan struct{} // there is a batch
	stop              func()

	writing sync.Mutex // one batch is written at a time

	mu      sync.Mutex
	pending []*ai.Record
	dropped int64 // since the store was made
	told    bool  // that records are dropped, and not yet that they are written again
	// When it was told last that there is no room, and that a batch cannot be written:
	// a flood of requests is none of lines in the log.
	crowded, failed time.Time
}

// New returns the store of a database. It does no I/O.
func New(db *storage.DB, opts Options) *Store {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if opts.Every <= 0 {
		opts.Every = 200 * time.Millisecond
	}
	if opts.Keep <= 0 {
		opts.Keep = 90 * 24 * time.Hour
	}
	if opts.most <= 0 {
		opts.most = maxRecords
	}
	return &Store{db: db, opts: opts, queries: newQueries(), records: recordListing(), feedback: feedbackListing(), wake: make(chan struct{}, 1), full: make(chan struct{}, 1)}
}

// Start brings the tables up to date, and writes what [Store.Add] takes until
// Shutdown.
func (s *Store) Start(ctx context.Context) error {
	if err := s.db.MigrateAll(ctx, Schema()); err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { s.run(running) })
	all.Go(func() { s.sweep(running) })
	s.stop = func() { cancel(); all.Wait() }
	return nil
}

// Shutdown writes what still waits, as long as ctx allows. It is valid without
// Start.
func (s *Store) Shutdown(ctx context.Context) error {
	if s.stop == nil {
		return nil
	}
	s.stop()
	s.stop = nil
	return s.Flush(ctx)
}

// Add takes a record, which must not be changed any more. It never waits: where
// the queue is full the record is dropped and counted, of which the log is told at
// most once a minute.
func (s *Store) Add(r *ai.Record) {
	s.mu.Lock()
	if len(s.pending) >= maxQueue {
		s.dropped++
		dropped, tell := s.dropped, due(&s.crowded)
		s.told = s.told || tell
		s.mu.Unlock()
		if tell {
			s.opts.Log.Warn("records of requests to models are dropped: the database does not keep up", "waiting", maxQueue, "dropped", dropped)
		}
		return
	}
	s.pending = append(s.pending, r)
	n := len(s.pending)
	s.mu.Unlock()
	if n == 1 {
		signal(s.wake)
	}
	if n == maxBatch {
		signal(s.full)
	}
}

// due reports whether a minute has passed since the time, which then is now.
func due(last *time.Time) bool {
	now := time.Now()
	if !last.IsZero() && now.Sub(*last) < tellEvery {
		return false
	}
	*last = now
	return true
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Dropped returns how many records were dropped since the store was made.
func (s *Store) Dropped() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// Flush writes what was added before.
func (s *Store) Flush(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	for {
		batch := s.batch()
		if len(batch) == 0 {
			return nil
		}
		err := s.write(ctx, batch)
		if err != nil && passing(ctx, err) {
			return err
		}
		s.settle(ctx, len(batch), err)
	}
}

// passing tells whether the same batch can be written later.
func passing(ctx context.Context, err error) bool {
	for _, one := range []error{storage.ErrBusy, storage.ErrFull, storage.ErrReadOnly, storage.ErrIO, storage.ErrUnavailable, storage.ErrClosed} {
		if errors.Is(err, one) {
			return true
		}
	}
	return ctx.Err() != nil
}

// batch returns the oldest records, which stay where they are until they are
// written.
func (s *Store) batch() []*ai.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.pending[:min(len(s.pending), maxBatch)])
}

// settle removes a batch that was written, or cannot be.
func (s *Store) settle(ctx context.Context, n int, err error) {
	s.mu.Lock()
	s.pending = slices.Delete(s.pending, 0, n)
	if len(s.pending) == 0 && cap(s.pending) > maxBatch {
		s.pending = nil
	}
	if err != nil {
		s.dropped += int64(n)
	}
	again, dropped := s.told && err == nil && len(s.pending) == 0, s.dropped
	s.told = s.told && !again
	tell := err != nil && due(&s.failed)
	s.mu.Unlock()
	if tell {
		s.opts.Log.ErrorContext(ctx, "records of requests to models cannot be written and are dropped", "records", n, "dropped", dropped, "error", err)
	}
	if again {
		s.opts.Log.WarnContext(ctx, "records of requests to models are written again", "dropped", dropped)
	}
}

// run writes batches, each a moment after its first record.
func (s *Store) run(ctx context.Context) {
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		pause := s.opts.Every
		if failing {
			pause = time.Second
		}
		if !s.gather(ctx, pause) {
			return
		}
		err := s.Flush(ctx)
		if err != nil && ctx.Err() == nil {
			if !failing {
				s.opts.Log.WarnContext(ctx, "records of requests to models wait for the database", "error", err)
			}
			signal(s.wake)
		}
		failing = err != nil
	}
}

// gather waits until there is a batch, but not longer than a pause.
func (s *Store) gather(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-s.full:
	}
	return true
}
