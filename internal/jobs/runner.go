package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// Options are the optional settings of [New].
type Options struct {
	// Log defaults to [slog.Default].
	Log *slog.Logger
	// Instance names this instance in histories. Default: a random name.
	Instance func() string
	// Lease is how long a job of an instance that died stays reserved. Default 15 s.
	Lease time.Duration
	// Redact takes secrets out of the text of an error before it is kept in the
	// history, which people read. Default: as it is.
	Redact func(text string) string
	// Ready, unless nil, is waited for before a job is looked at for the first
	// time: what starts has more urgent things to do.
	Ready <-chan struct{}
	// Panicked is told of panics of jobs.
	Panicked func(ctx context.Context, module string, value any, stack []byte)
}

// DefaultLease is how long a job of an instance that died stays reserved.
const DefaultLease = 15 * time.Second

// A Runner runs jobs. Make one with [New]. It is safe for concurrent use.
type Runner struct {
	db     *storage.DB
	locker storage.Locker
	opts   Options
	log    *slog.Logger

	entering chan struct{} // full while a job looks for the first time: those of a start share one connection

	mu      sync.Mutex
	active  map[Key]*active
	alive   map[string]bool // ids of what runs here
	stop    context.CancelFunc
	sweeper sync.WaitGroup
}

// New returns a runner. It does no I/O.
func New(db *storage.DB, locker storage.Locker, opts Options) *Runner {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if opts.Lease <= 0 {
		opts.Lease = DefaultLease
	}
	if opts.Instance == nil {
		name := token()
		opts.Instance = func() string { return name }
	}
	if opts.Redact == nil {
		opts.Redact = func(text string) string { return text }
	}
	return &Runner{db: db, locker: locker, opts: opts, log: opts.Log, active: map[Key]*active{}, alive: map[string]bool{}, entering: make(chan struct{}, 1)}
}

func token() string { return strings.ToLower(rand.Text()) }

// Start makes the tables and begins to look for runs that were lost, until
// Shutdown; ctx bounds the start alone.
func (r *Runner) Start(ctx context.Context) error {
	if err := r.db.MigrateAll(ctx, Schema()); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stop != nil {
		return errors.New("start jobs: started already")
	}
	ctx, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	r.sweeper.Go(func() { r.sweep(ctx) })
	return nil
}

// Shutdown ends the search for lost runs. The jobs themselves end with their
// modules.
func (r *Runner) Shutdown(context.Context) error {
	r.mu.Lock()
	stop := r.stop
	r.mu.Unlock()
	if stop != nil {
		stop()
		r.sweeper.Wait()
	}
	return nil
}

// Attach begins the times of a module's jobs. spawn starts a goroutine whose
// context ends when the module is disabled, and which disabling waits for.
func (r *Runner) Attach(module string, list []Job, spawn func(func(context.Context))) {
	for _, j := range list {
		a := newActive(r, module, j, spawn)
		r.mu.Lock()
		r.active[a.key] = a
		r.mu.Unlock()
		spawn(a.loop)
	}
}

func (r *Runner) detach(a *active) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.active[a.key] == a {
		delete(r.active, a.key)
	}
}

// Run runs a job now, on this instance, and returns the id of the run as soon as
// it has begun. The errors are [ErrNotHere] and [ErrRunning].
func (r *Runner) Run(ctx context.Context, k Key) (id string, err error) {
	r.mu.Lock()
	a := r.active[k]
	r.mu.Unlock()
	if a == nil {
		return "", ErrNotHere
	}
	answer := make(chan begun, 1)
	select {
	case a.asked <- answer:
	case <-a.gone:
		return "", ErrNotHere
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	select {
	case b := <-answer:
		return b.id, b.err
	case <-a.gone:
		return "", ErrNotHere
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

type begun struct {
	id  string
	err error
}

// Runs returns entries of a job's history, newest first, that are older than
// before; 0 begins at the newest.
func (r *Runner) Runs(ctx context.Context, k Key, before int64, limit int) ([]Run, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	return readAll(ctx, r.db, `WHERE module = $1 AND name = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4`, k.Module, k.Name, before, limit)
}

// Latest returns the last run of every job that has ended, and which jobs are
// running.
func (r *Runner) Latest(ctx context.Context) (last map[Key]Run, running map[Key]bool, err error) {
	ended, err := readAll(ctx, r.db, `WHERE seq IN (SELECT MAX(seq) FROM jobs_runs WHERE outcome <> 'running' GROUP BY module, name)`)
	if err != nil {
		return nil, nil, err
	}
	going, err := readAll(ctx, r.db, `WHERE outcome = 'running'`)
	if err != nil {
		return nil, nil, err
	}
	last, running = map[Key]Run{}, map[Key]bool{}
	for _, run := range ended {
		last[run.Key] = run
	}
	for _, run := range going {
		running[run.Key] = true
	}
	return last, running, nil
}

// Purge removes what is stored of a module's jobs.
func (r *Runner) Purge(ctx context.Context, tx *storage.Tx, module string) error {
	for _, query := range []string{`DELETE FROM jobs_state WHERE module = $1`, `DELETE FROM jobs_runs WHERE module = $1`} {
		if _, err := tx.Exec(ctx, query, module); err != nil {
			return fmt.Errorf("purge jobs of module %s: %w", module, err)
		}
	}
	return nil
}
