// Package settings keeps the typed settings of modules: stored with versions and history, validated and applied as a
// whole or not at all, followed by every instance of a fleet within a second.
//
// It works on JSON. A module's [Spec] brings the defaults, says which fields are secret, and judges and applies values.
// What is stored are the values somebody set; defaults fill the rest when they are read, so a field added by a later
// version of the module has its default at once, and one that an older version does not know is kept but ignored.
//
// Secrets are stored apart from the other values, each sealed for its module and field. They are opened only to be
// applied: nothing here returns, logs or compares them, and texts of errors have them cut out.
package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/internal/follow"
	"github.com/modular-dashboard/dashboard/internal/problem"
	"github.com/modular-dashboard/dashboard/storage"
)

const (
	// Topic is the bus topic that wakes the other instances. A message is the id of the module that changed.
	Topic = "dashboard.settings"
	// MaxBytes is the largest document of values that Put takes.
	MaxBytes = 64 << 10
	// AnyVersion as the expected version makes Put and Rollback overwrite whatever is there.
	AnyVersion int64 = -1
)

// Box seals secrets. The context names the place of a secret; a sealed text opens for the same context only. It must be
// safe for concurrent use, and errors of Open must name the missing key and hold nothing of the text.
type Box interface {
	Seal(context string, plain []byte) (string, error)
	Open(context, sealed string) ([]byte, error)
}

// Options of a Store. The zero value works for modules without secrets.
type Options struct {
	// Box seals secrets; modules with secret fields need one.
	Box Box
	// Bus wakes other instances at once; without one they notice at their next poll.
	Bus storage.Bus
	// Log receives what has no caller: failures to follow, with secrets cut out. None by default.
	Log *slog.Logger
	// Audit, if set, records a change in the transaction that stores it. detail is [AuditDetail].
	Audit func(ctx context.Context, tx *storage.Tx, action, target string, detail any) error
	// OnChange, if set, is called after this instance stored a new version. It must be quick.
	OnChange func(ctx context.Context, id string, version int64)
	// Poll is how often the database is asked for changes; 400 ms by default.
	Poll time.Duration
	// ApplyTimeout bounds one call of Spec.Apply; 10 s by default.
	ApplyTimeout time.Duration
	// Keep is how many versions of a module's history are kept; 100 by default.
	Keep int
}

// AuditDetail is what Options.Audit records: which fields changed, never their values.
type AuditDetail struct {
	Version int64    `json:"version"`
	From    *int64   `json:"from,omitempty"` // the version that a rollback returned to
	Fields  []string `json:"fields"`
}

// Actions that Options.Audit sees.
const (
	ActionChange   = "settings.change"
	ActionRollback = "settings.rollback"
)

// Spec describes the settings of one module.
type Spec struct {
	// Defaults is a JSON object with the default of every field. A secret may have a default, which is used while none is
	// stored, and is not returned either. None means {}.
	Defaults json.RawMessage
	// Type, if set, is the struct type of the values by the rules of encoding/json. It tells fields, which defaults fill
	// one by one, from maps, which are taken as a whole, and knows fields that Defaults leaves out. Without it the objects
	// of Defaults are structs, unless they are empty.
	Type reflect.Type
	// Secrets lists the fields whose string values are secret, as JSON pointers (RFC 6901) through objects.
	Secrets []string
	// Validate decodes complete values, secrets included, and returns what the person who set them must correct, with
	// pointers into the values. An error means that it could not judge. None accepts all.
	Validate func(values json.RawMessage) ([]problem.Field, error)
	// Apply makes complete, valid values, secrets included, take effect on this instance, or fails and leaves the former
	// ones in effect. It is called by Attach, then in place for each change, one call at a time, again with the former
	// values when a change could not be stored, and must return soon after ctx is done. It must not keep the slice or call
	// the Store. Nil does nothing.
	Apply func(ctx context.Context, values json.RawMessage) error
}

// Store holds the settings of all modules of one database. All methods may be called concurrently.
type Store struct {
	db   *storage.DB
	opts Options
	loop *follow.Loop

	mu       sync.Mutex
	modules  map[string]*module
	first    map[string]storedRow // of modules that are not attached yet, until the first look; nil then
	unfollow func()               // nil before Start
	closed   bool
	running  sync.WaitGroup // every call of Apply
}

// New returns a store on db. It does no I/O.
func New(db *storage.DB, opts Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("new settings store: no database")
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.ApplyTimeout <= 0 {
		opts.ApplyTimeout = 10 * time.Second
	}
	if opts.Keep <= 0 {
		opts.Keep = 100
	}
	s := &Store{db: db, opts: opts, modules: map[string]*module{}}
	s.loop = follow.New(follow.Options{What: Topic, Look: s.look, Bus: opts.Bus, Poll: opts.Poll, Log: opts.Log})
	return s, nil
}

// Register adds a module. It checks the spec, and that the defaults are valid values, without I/O. Registering an id
// twice is an error.
func (s *Store) Register(id string, spec Spec) error {
	m, err := newModule(id, spec, s.opts)
	if err != nil {
		return fmt.Errorf("register settings of module %q: %w", id, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.modules[id]; ok {
		return fmt.Errorf("register settings of module %q: already registered", id)
	}
	s.modules[id] = m
	return nil
}

// Start migrates the database and begins to follow changes, until Shutdown; ctx bounds the migration only. It may be
// called once.
func (s *Store) Start(ctx context.Context) error {
	if err := s.db.MigrateAll(ctx, Schema()); err != nil {
		return fmt.Errorf("start settings: %w", err)
	}
	first, err := s.storedRows(ctx)
	if err != nil {
		return fmt.Errorf("start settings: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.unfollow != nil {
		return errors.New("start settings: already started or shut down")
	}
	s.first = first
	s.unfollow = s.loop.Start()
	return nil
}

// Shutdown stops following and waits for calls of Apply, at most until ctx is done: the error then names the modules
// that hang. It is idempotent and valid without Start.
func (s *Store) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	unfollow := s.unfollow
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if unfollow != nil {
			unfollow()
		}
		s.running.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("shut down settings: apply still runs in modules %q: %w", s.hanging(), context.Cause(ctx))
	}
}

// spawn runs fn as part of the store's life, unless that is over.
func (s *Store) spawn(fn func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.running.Go(fn)
	return true
}

func (s *Store) module(id string) (*module, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.modules[id]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknownModule, id)
	}
	return m, nil
}
