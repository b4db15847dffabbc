// Package aigovern keeps how asking models is governed: the budgets, what is used
// of them, and which models roles may ask for, the same on every instance that
// shares the database.
package aigovern

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/internal/follow"
	"github.com/modular-dashboard/dashboard/storage"
)

// Scope is the migration scope of the package's tables.
const Scope = "aigovern"

// MaxRules is how many budgets there may be, and roles with rules.
const MaxRules = 1000

// Errors of changes.
var (
	// ErrUnknown says that there is no budget or role of that name.
	ErrUnknown = errors.New("there is nothing of that name")
	// ErrChanged says that it is no longer what a change was based on.
	ErrChanged = errors.New("it has changed")
	// ErrTooMany says that [MaxRules] is reached.
	ErrTooMany = errors.New("too many rules")
)

// A Budget is one that is stored.
type Budget struct {
	ai.Allowance
	Version int64
}

// A Role is which models one role may ask for.
type Role struct {
	Name    string
	Models  []string // patterns
	Version int64
}

// Options are optional parts of a [Store].
type Options struct {
	Bus  storage.Bus   // how instances wake each other; nil: they poll
	Log  *slog.Logger  // default [slog.Default]
	Poll time.Duration // how often the database is asked for changes; default [follow.Poll]
	// OnChange is called after other rules were put in force here.
	OnChange func()
}

// Store keeps the rules. It is safe for concurrent use.
type Store struct {
	db     *storage.DB
	opts   Options
	ledger *Ledger
	loop   *follow.Loop
	stop   func()

	live atomic.Pointer[rules]
	mu   sync.Mutex // held while other rules are put in force
}

// rules are what is in force.
type rules struct {
	generation int64
	budgets    []Budget
	roles      []Role
	compiled   *ai.Budgets
	access     *ai.Access
}

// New returns the store of a database. It does no I/O.
func New(db *storage.DB, opts Options) *Store {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	s := &Store{db: db, opts: opts, ledger: newLedger(db, opts.Log)}
	s.loop = follow.New(follow.Options{What: "aigovern", Look: s.look, Bus: opts.Bus, Poll: opts.Poll, Log: opts.Log})
	s.live.Store(&rules{})
	return s
}

// Budgets are those in force.
func (s *Store) Budgets() *ai.Budgets { return s.live.Load().compiled }

// Access is who may ask for which models.
func (s *Store) Access() *ai.Access { return s.live.Load().access }

// Ledger keeps what is used of the budgets.
func (s *Store) Ledger() *Ledger { return s.ledger }

// ListBudgets returns the budgets, sorted by name.
func (s *Store) ListBudgets() []Budget { return s.live.Load().budgets }

// ListRoles returns the roles that have rules, sorted by name.
func (s *Store) ListRoles() []Role { return s.live.Load().roles }

// FindBudget returns one budget. Errors: [ErrUnknown].
func (s *Store) FindBudget(name string) (Budget, error) {
	for _, b := range s.ListBudgets() {
		if b.Name == name {
			return b, nil
		}
	}
	return Budget{}, ErrUnknown
}

// FindRole returns the rule of a role. Errors: [ErrUnknown].
func (s *Store) FindRole(name string) (Role, error) {
	for _, r := range s.ListRoles() {
		if r.Name == name {
			return r, nil
		}
	}
	return Role{}, ErrUnknown
}

// Start brings the tables up to date, puts what is stored in force, and follows
// changes until Shutdown.
func (s *Store) Start(ctx context.Context) error {
	if err := s.db.MigrateAll(ctx, Schema()); err != nil {
		return err
	}
	if err := s.look(ctx); err != nil {
		return err
	}
	unfollow := s.loop.Start()
	writing, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.ledger.run(writing) })
	s.stop = func() { unfollow(); cancel(); running.Wait() }
	return nil
}

// Shutdown ends what Start began and writes down what was used. It is valid
// without Start.
func (s *Store) Shutdown(ctx context.Context) error {
	if s.stop == nil {
		return nil
	}
	s.stop()
	s.stop = nil
	return s.ledger.close(ctx)
}

// look puts what is stored in force where it has changed.
func (s *Store) look(ctx context.Context) error {
	g, err := generation(ctx, s.db)
	if err != nil || g == s.live.Load().generation {
		return err
	}
	next, err := s.read(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if next.generation <= s.live.Load().generation { // a change of our own was faster
		return nil
	}
	s.live.Store(next)
	if s.opts.OnChange != nil {
		s.opts.OnChange()
	}
	return nil
}
