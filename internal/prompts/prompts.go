// Package prompts keeps templates of prompts in a database: with versions, history
// and an author for each change, and followed by every instance that shares the
// database within a second.
package prompts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/internal/follow"
	"github.com/modular-dashboard/dashboard/storage"
)

// Scope is the migration scope of the package's tables.
const Scope = "prompts"

// Bounds of what is stored.
const (
	MaxPrompts  = 1_000
	MaxTotal    = 16 << 20 // bytes of all present versions
	Kept        = 100      // versions of one prompt
	keptDeleted = 1_000    // prompts that are remembered after their end
	maxOld      = 256      // earlier versions in memory
)

// Errors of changes.
var (
	// ErrUnknown says that there is no prompt of that name, or no such version of it.
	ErrUnknown = errors.New("there is no prompt of that name")
	// ErrExists says that what was to be made is there.
	ErrExists = errors.New("there is a prompt of that name")
	// ErrChanged says that the prompt is no longer the one a change was based on.
	ErrChanged = errors.New("the prompt has changed")
	// ErrFull says that a bound of the store is reached.
	ErrFull = errors.New("there are too many prompts")
)

// A Definition is what people write.
type Definition struct {
	Description string    `json:"description,omitempty"`
	Messages    []Message `json:"messages"`
	Variables   []string  `json:"variables,omitempty"`
	Model       string    `json:"model,omitempty"` // that is asked where the request names none
	Flag        string    `json:"flag,omitempty"`  // whose variant is the version
}

// A Message is one of a template.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// An Actor is who made a change.
type Actor struct{ ID, Name string }

// An Item is a prompt as it stands, or stood at one version.
type Item struct {
	Name       string
	Version    int64       // counts the changes, from 1
	Definition *Definition // nil where it was deleted
	At         time.Time
	By         Actor
	Comment    string // in histories

	prompt *ai.Prompt
}

// Prompt is the template, nil where it was deleted or cannot be read.
func (it *Item) Prompt() *ai.Prompt { return it.prompt }

// Options are optional parts of a [Store].
type Options struct {
	Bus  storage.Bus   // how instances wake each other; nil: they poll
	Log  *slog.Logger  // default [slog.Default]
	Poll time.Duration // default [follow.Poll]
}

// Store keeps prompts. It is safe for concurrent use.
type Store struct {
	db   *storage.DB
	opts Options
	loop *follow.Loop
	stop func()

	mu    sync.Mutex
	items map[string]Item
	gen   int64
	old   map[oldKey]Item // earlier versions, which do not change
}

type oldKey struct {
	name    string
	version int64
}

// New returns the store of a database. It does no I/O.
func New(db *storage.DB, opts Options) *Store {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	s := &Store{db: db, opts: opts, items: map[string]Item{}, gen: -1, old: map[oldKey]Item{}}
	s.loop = follow.New(follow.Options{What: "prompts", Look: s.look, Bus: opts.Bus, Poll: opts.Poll, Log: opts.Log})
	return s
}

// Start brings the tables up to date, reads what is stored, and follows changes
// until Shutdown.
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

// look reads what is stored where it has changed.
func (s *Store) look(ctx context.Context) error {
	gen, err := generation(ctx, s.db)
	if err != nil {
		return err
	}
	s.mu.Lock()
	same := gen == s.gen
	s.mu.Unlock()
	if same {
		return nil
	}
	var items map[string]Item
	err = s.db.View(ctx, func(tx *storage.Tx) error {
		if gen, err = generation(ctx, tx); err != nil {
			return err
		}
		items, err = s.all(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if gen > s.gen { // a change of our own may have been faster
		s.items, s.gen = items, gen
		clear(s.old)
	}
	return nil
}

// read makes an item of a row. What a newer version wrote and this one does not
// understand is told to the log, and cannot be rendered.
func (s *Store) read(ctx context.Context, it *Item, definition string) {
	if definition == "" {
		return
	}
	d := &Definition{}
	err := json.Unmarshal([]byte(definition), d)
	if err == nil {
		it.prompt, err = d.parse(it.Name, it.Version)
	}
	if it.Definition = d; err != nil {
		s.opts.Log.WarnContext(ctx, "a stored prompt is not understood", "prompt", it.Name, "version", it.Version, "error", err)
	}
}

func (d *Definition) parse(name string, version int64) (*ai.Prompt, error) {
	messages := make([]ai.PromptText, len(d.Messages))
	for i, m := range d.Messages {
		messages[i] = ai.PromptText{Role: ai.Role(m.Role), Text: m.Content}
	}
	return ai.ParsePrompt(name, strconv.FormatInt(version, 10), d.Variables, messages...)
}

// List returns the prompts that this instance knows of, by name.
func (s *Store) List() []Item {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Item, 0, len(s.items))
	for _, name := range slices.Sorted(maps.Keys(s.items)) {
		list = append(list, s.items[name])
	}
	return list
}

// Find returns the present version as this instance knows it. Errors: [ErrUnknown].
func (s *Store) Find(name string) (Item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if it, ok := s.items[name]; ok {
		return it, nil
	}
	return Item{Name: name}, fmt.Errorf("prompt %q: %w", name, ErrUnknown)
}

// At returns a version of a prompt that is there. Errors: [ErrUnknown].
func (s *Store) At(ctx context.Context, name string, version int64) (Item, error) {
	present, err := s.Find(name)
	if err != nil || present.Version == version {
		return present, err
	}
	key := oldKey{name, version}
	s.mu.Lock()
	it, ok := s.old[key]
	s.mu.Unlock()
	if ok {
		return it, nil
	}
	if it, err = s.past(ctx, s.db, name, version); err != nil {
		return Item{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.old) >= maxOld {
		clear(s.old)
	}
	s.old[key] = it
	return it, nil
}
