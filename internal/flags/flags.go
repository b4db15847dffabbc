// Package flags keeps the definitions of feature flags in a database: with
// versions, history and an author for each change, validated as a set before
// they are stored, and followed by every instance that shares the database
// within a second.
//
// An instance holds all definitions in memory and compiles them to one
// [featureflag.Set], which it puts in force at once. While the database is away,
// or where a row is damaged, the last good definitions stay in force.
package flags

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/follow"
	"github.com/modular-dashboard/dashboard/storage"
)

// Scope is the migration scope of the package's tables.
const Scope = "flags"

// Bounds of what is stored.
const (
	MaxItems      = 20_000   // flags and segments together
	MaxDefinition = 64 << 10 // bytes of one definition
	MaxTotal      = 32 << 20 // bytes of all definitions
	MaxKey        = 200      // bytes of a key
	Kept          = 100      // versions of one item
	keptDeleted   = MaxItems // items that are remembered after their end: one import may end all
	maxComment    = 500      // bytes
	awaitBuilt    = 10 * time.Second
)

// Errors of changes.
var (
	// ErrUnknown says that there is nothing of that key, or no such version of it.
	ErrUnknown = errors.New("there is no flag of that key")
	// ErrExists says that what was to be made is there.
	ErrExists = errors.New("there is a flag of that key")
	// ErrChanged says that the item is no longer the one a change was based on.
	ErrChanged = errors.New("the flag has changed")
	// ErrFile says that a flag of a file cannot be deleted.
	ErrFile = errors.New("the flag is defined in a file")
	// ErrFull says that a bound of the store is reached.
	ErrFull = errors.New("there are too many flags")
)

// Kind is what an item of the store is.
type Kind string

// The kinds of item.
const (
	Flag    Kind = "flag"
	Segment Kind = "segment"
	Set     Kind = "set" // the metadata of the set; its one key is "metadata"
)

// An ID names an item.
type ID struct {
	Kind Kind
	Key  string
}

func flagID(key string) ID { return ID{Flag, key} }

// metadataID is where the metadata of the set is.
var metadataID = ID{Set, "metadata"}

// An Actor is who made a change.
type Actor struct{ ID, Name string }

// An Item is a definition as it stands, or stood at one version.
type Item struct {
	ID
	// Version counts the changes of the item, from 1. It is 0 for what a file
	// defines.
	Version int64
	// Definition is a flag, a rule or metadata in flagd's JSON; nil where the item
	// was deleted.
	Definition json.RawMessage
	At         time.Time
	By         Actor
	Comment    string // in histories
	InFile     bool

	needs []string // the flags it names as prerequisites
}

// Options are optional parts of a [Store].
type Options struct {
	Bus  storage.Bus   // how instances wake each other; nil: they poll
	Log  *slog.Logger  // default [slog.Default]
	Poll time.Duration // how often the database is asked for changes; 400 ms by default
}

// Store keeps definitions. It is safe for concurrent use.
type Store struct {
	db   *storage.DB
	into *featureflag.Flags
	opts Options
	file *featureflag.Flags // nil: there is none
	loop *follow.Loop
	stop func()

	mu      sync.Mutex
	rows    map[ID]Item // what the database holds, without what was deleted
	base    map[ID]Item // what the file holds
	gen     int64       // of rows
	bytes   int         // of the definitions of rows
	dirty   map[ID]bool // what changed since the last build; nil: all may have
	special map[ID]bool // segments, metadata and flags with prerequisites are among them
	good    map[ID]json.RawMessage
	damaged map[ID]string
	built   int64 // the generation that is in force; -1 before the first
	baseSet *featureflag.Set
	renewed chan struct{} // closed when built changes
}

// New returns the store of a database that puts what it holds in force in into.
// It does no I/O.
func New(db *storage.DB, into *featureflag.Flags, opts Options) *Store {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	into.Report(featureflag.SourceNotReady, nil)
	s := &Store{db: db, into: into, opts: opts, rows: map[ID]Item{}, base: map[ID]Item{}, special: map[ID]bool{},
		good: map[ID]json.RawMessage{}, damaged: map[ID]string{}, built: -1, renewed: make(chan struct{})}
	s.loop = follow.New(follow.Options{What: "flags", Look: s.look, Then: s.renew, Turned: s.turned, Bus: opts.Bus, Poll: opts.Poll, Log: opts.Log})
	return s
}

// Over has definitions count that the database has none of in their place, such
// as those of a file. They are followed. It must be called before Start.
func (s *Store) Over(base *featureflag.Flags) { s.file = base }

// Start brings the tables up to date, puts what is stored in force, and follows
// changes until Shutdown.
func (s *Store) Start(ctx context.Context) error {
	if err := s.db.MigrateAll(ctx, Schema()); err != nil {
		return err
	}
	if err := s.look(ctx); err != nil {
		return err
	}
	s.build(ctx)
	s.into.Report(featureflag.SourceReady, nil)
	unwatch := func() {}
	if s.file != nil {
		unwatch = s.file.Watch(func([]string) { s.loop.Rouse() })
	}
	stop := s.loop.Start()
	s.stop = func() { unwatch(); stop() }
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

// List returns the items of a kind that this instance knows of, by key.
func (s *Store) List(kind Kind) []Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Item
	for id, it := range s.rows {
		if id.Kind == kind {
			list = append(list, it)
		}
	}
	for id, it := range s.base {
		if _, ok := s.rows[id]; !ok && id.Kind == kind {
			list = append(list, it)
		}
	}
	slices.SortFunc(list, func(a, b Item) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// Find returns an item as this instance knows it. Errors: [ErrUnknown].
func (s *Store) Find(id ID) (Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if it, ok := s.rows[id]; ok {
		return it, nil
	}
	if it, ok := s.base[id]; ok {
		return it, nil
	}
	return Item{ID: id}, ErrUnknown
}

// Needs returns the flags that are prerequisites of a flag, and those that it is
// a prerequisite of, sorted.
func (s *Store) Needs(key string) (needs, neededBy []string) {
	v, _ := s.present()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.each(func(it Item) {
		if it.Kind == Flag && it.Key == key {
			needs = slices.Clone(it.needs)
		}
		if it.Kind == Flag && slices.Contains(it.needs, key) {
			neededBy = append(neededBy, it.Key)
		}
	})
	slices.Sort(needs)
	slices.Sort(neededBy)
	return slices.Compact(needs), neededBy
}

// Damaged returns what is stored and cannot be used, with the reason: what was
// in force before stays in its place.
func (s *Store) Damaged() map[ID]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.damaged)
}

// present is the view of what this instance knows of, and its generation.
func (s *Store) present() (*view, int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &view{mu: &s.mu, base: s.base, rows: s.rows, special: s.special, bytes: s.bytes, count: len(s.rows)}, s.gen
}
