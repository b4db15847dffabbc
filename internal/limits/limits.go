// Package limits keeps the rate limits in force: those that code declares and,
// in their place, those that people edited, the same on every instance that
// shares the database.
package limits

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/internal/follow"
	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/storage"
)

// Scope is the migration scope of the package's tables.
const Scope = "limits"

// MaxOverrides is how many keys may have a policy of their own, over all limits.
const MaxOverrides = 5_000

// Errors of changes.
var (
	// ErrUnknown says that nothing declares a limit of that name.
	ErrUnknown = errors.New("there is no limit of that name")
	// ErrChanged says that the limit is no longer the one a change was based on.
	ErrChanged = errors.New("the limit has changed")
	// ErrTooMany says that [MaxOverrides] is reached.
	ErrTooMany = errors.New("too many keys have a limit of their own")
)

// A Declared limit is what code asks for until somebody edits it.
type Declared struct {
	Policy ratelimit.Policy // with its name
	Title  string           // for people
	Module string           // whose it is; "" is the dashboard itself
	Keys   Keys             // whose buckets it has
}

// Keys are kinds of keys, as bits. 0 is any text.
type Keys uint8

// The kinds of keys.
const (
	Accounts        Keys = 1 << iota // signed-in persons
	APIKeys                          // their API keys
	Addresses                        // of IPv4, and the /64 of IPv6
	SignInAddresses                  // the same, where they sign in
	SignInAccounts                   // hashes of e-mail addresses that sign in

	// Callers are whoever is signed in, by either way.
	Callers = Accounts | APIKeys
)

// A Limit is one limit as it stands.
type Limit struct {
	Declared
	// InForce is the policy for all keys that have none of their own.
	InForce ratelimit.Policy
	// Overrides are the policies of single keys, by key.
	Overrides []ratelimit.Override
	// Version counts the changes, from 1; 0 is a limit that nobody changed.
	Version int64
}

// Options are optional parts of a [Store].
type Options struct {
	Bus  storage.Bus   // how instances wake each other; nil: they poll
	Log  *slog.Logger  // default [slog.Default]
	Poll time.Duration // how often the database is asked for changes; 400 ms by default
	// OnChange is called after another version was put in force here.
	OnChange func()
}

// Store keeps limits. It is safe for concurrent use.
type Store struct {
	db   *storage.DB
	opts Options
	live *ratelimit.Policies
	loop *follow.Loop
	stop func()

	mu       sync.Mutex
	declared map[string]Declared
	stored   stored
	seen     int64 // the sum of all versions that is in force
}

// New returns the store of a database. It does no I/O.
func New(db *storage.DB, opts Options) *Store {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	live, err := ratelimit.NewPolicies()
	if err != nil {
		panic(err) //nolint:forbidigo // no policy can be wrong where there is none
	}
	s := &Store{db: db, opts: opts, live: live, declared: map[string]Declared{}}
	s.loop = follow.New(follow.Options{What: "limits", Look: s.look, Bus: opts.Bus, Poll: opts.Poll, Log: opts.Log})
	return s
}

// Live is the collection that follows the store.
func (s *Store) Live() *ratelimit.Policies { return s.live }

// Declare adds a limit, or replaces what was declared under its name before,
// as a module does each time that it is enabled.
func (s *Store) Declare(d Declared) error {
	if err := d.Policy.Validate(); err != nil {
		return fmt.Errorf("declare limit: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.declared[d.Policy.Label()]
	if known && old == d {
		return nil
	}
	if known && old.Module != d.Module {
		return fmt.Errorf("declare limit %q: module %q declares it already", d.Policy.Label(), old.Module)
	}
	s.declared[d.Policy.Label()] = d
	if err := s.publish(); err != nil {
		if delete(s.declared, d.Policy.Label()); known {
			s.declared[d.Policy.Label()] = old
		}
		return fmt.Errorf("declare limit: %w", err)
	}
	return nil
}

// publish puts what is declared and stored in force. s.mu is held.
func (s *Store) publish() error {
	var policies []ratelimit.Policy
	var overrides []ratelimit.Override
	for name := range s.declared {
		l := s.limit(name)
		policies = append(policies, l.InForce)
		for _, o := range l.Overrides {
			o.Policy.Name = name
			overrides = append(overrides, o)
		}
	}
	return s.live.Replace(policies, overrides)
}

// limit is a declared limit as it stands. s.mu is held.
func (s *Store) limit(name string) Limit {
	l := Limit{Declared: s.declared[name]}
	l.InForce = l.Policy
	if row, ok := s.stored.limits[name]; ok {
		l.Version = row.version
		if row.policy != (ratelimit.Policy{}) {
			l.InForce = row.policy
			l.InForce.Name = name
		}
	}
	for key, p := range s.stored.overrides[name] {
		l.Overrides = append(l.Overrides, ratelimit.Override{Key: key, Policy: p})
	}
	slices.SortFunc(l.Overrides, func(a, b ratelimit.Override) int { return cmp.Compare(a.Key, b.Key) })
	return l
}

// List returns the limits in force on this instance, by name.
func (s *Store) List() []Limit {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Limit, 0, len(s.declared))
	for _, name := range slices.Sorted(maps.Keys(s.declared)) {
		list = append(list, s.limit(name))
	}
	return list
}

// Find returns one limit as it stands on this instance. Errors: [ErrUnknown].
func (s *Store) Find(name string) (Limit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.declared[name]; !ok {
		return Limit{}, ErrUnknown
	}
	return s.limit(name), nil
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
	s.stop = s.loop.Start()
	return nil
}

// Shutdown ends what Start began. It is valid without Start.
func (s *Store) Shutdown(context.Context) error {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
	return nil
}

// look puts what is stored in force where it has changed.
func (s *Store) look(ctx context.Context) error {
	sum, err := versions(ctx, s.db)
	if err != nil {
		return err
	}
	s.mu.Lock()
	changed := sum != s.seen
	s.mu.Unlock()
	if !changed {
		return nil
	}
	next, err := s.read(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if next.sum <= s.seen { // a change of our own was faster
		return nil
	}
	return s.adopt(next)
}

// adopt puts what was read in force. s.mu is held.
func (s *Store) adopt(next stored) error {
	before := s.stored
	s.stored = next
	if err := s.publish(); err != nil {
		s.stored = before
		return err
	}
	s.seen = next.sum
	if s.opts.OnChange != nil {
		s.opts.OnChange()
	}
	return nil
}
