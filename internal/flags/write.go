package flags

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/modular-dashboard/dashboard/storage"
)

// A Change is one edit of an item.
type Change struct {
	ID
	// Edit returns the next definition of the present one, which is nil where
	// there is none, and the last good one where it is damaged: nil deletes the item, or goes back to what a file says.
	Edit func(present json.RawMessage) (json.RawMessage, error)
	// Based is the version that the change is based on; nil is whatever is there.
	Based *int64
	// New says that nothing of the key may be there yet.
	New bool
	// There says that something of the key must be there.
	There bool
	// By is who makes the change, Comment why, for people.
	By      Actor
	Comment string
	// Also runs in the transaction; its error undoes the change.
	Also func(tx *storage.Tx, before, after Item) error
}

// To is an Edit that sets a definition.
func To(definition json.RawMessage) func(json.RawMessage) (json.RawMessage, error) {
	return func(json.RawMessage) (json.RawMessage, error) { return definition, nil }
}

// Away is an Edit that deletes.
func Away(json.RawMessage) (json.RawMessage, error) { return nil, nil }

// Killed is an Edit that puts the emergency brake of a flag on, with the variant
// that is served then ("" is the default variant), or takes it off.
func Killed(killed bool, variant string) func(json.RawMessage) (json.RawMessage, error) {
	return func(present json.RawMessage) (json.RawMessage, error) {
		if present == nil {
			return nil, ErrUnknown
		}
		next, err := setKilled(present, killed, variant)
		if err != nil {
			return nil, invalid("damaged", "what is stored is damaged: write it anew, or go back to an earlier version")
		}
		return next, nil
	}
}

// errUnchanged undoes a transaction that has nothing to do.
var errUnchanged = errors.New("nothing changed")

// Apply makes a change, which is in force on this instance when it returns. What
// changes nothing makes no version. Errors: [ErrUnknown], [ErrExists],
// [ErrChanged], [ErrFile], [ErrFull], [*InvalidError].
func (s *Store) Apply(ctx context.Context, c Change) (Item, error) {
	if err := checkKey(c.ID); err != nil {
		return Item{}, err
	}
	var out Item
	var gen int64
	err := s.db.Update(ctx, func(tx *storage.Tx) (err error) {
		var v *view
		if gen, v, err = s.open(ctx, tx); err != nil {
			return err
		}
		out, err = s.apply(ctx, tx, gen, v, c)
		return err
	})
	if errors.Is(err, errUnchanged) {
		return out, nil
	}
	if err != nil {
		return Item{}, err
	}
	s.settle(ctx, gen)
	return out, nil
}

// Rollback makes an earlier version of an item the next one. Errors: those of
// Apply, and [ErrUnknown] for a version that is not kept.
func (s *Store) Rollback(ctx context.Context, c Change, version int64) (Item, error) {
	definition, err := past(ctx, s.db, c.ID, version)
	if err != nil {
		return Item{}, err
	}
	c.Edit = To(definition)
	return s.Apply(ctx, c)
}

// open takes the turn to write, and returns all definitions as the transaction
// finds them.
func (s *Store) open(ctx context.Context, tx *storage.Tx) (gen int64, v *view, err error) {
	gen, floor, err := raise(ctx, tx)
	if err != nil {
		return 0, nil, err
	}
	// What is read into the rows meanwhile is older than this transaction.
	v, seen := s.present()
	if seen == gen-1 {
		return gen, v, nil
	}
	if seen < floor || seen >= gen {
		v.rows, v.bytes, v.count, seen = nil, 0, 0, -1
	}
	newer, err := since(ctx, tx, seen)
	for _, it := range newer {
		v.lay(it)
	}
	return gen, v, err
}

// apply makes one change in a transaction, and lays it over the view.
func (s *Store) apply(ctx context.Context, tx *storage.Tx, gen int64, v *view, c Change) (Item, error) {
	row, err := stored(ctx, tx, c.ID)
	if err != nil {
		return Item{}, err
	}
	before, there := v.look(c.ID)
	if err := c.allowed(before, there); err != nil {
		return Item{}, err
	}
	next, err := c.Edit(s.usable(before))
	if err != nil {
		return Item{}, err
	}
	if next != nil {
		if err := checkDefinition(next); err != nil {
			return Item{}, err
		}
	}
	written := next // as it is written, for errors to name its lines
	if next, err = compact(next); err != nil {
		return Item{}, err
	}
	switch {
	case next == nil && !there:
		return Item{}, ErrUnknown
	case next == nil && before.InFile:
		return Item{}, ErrFile
	case there && string(next) == string(before.Definition):
		return before, errUnchanged
	}
	it := draft(c.ID, written)
	it.Version, it.At, it.By, it.Comment = row.Version+1, moment(), c.By, clip(c.Comment)
	v.lay(it)
	if v.count > MaxItems || v.bytes > MaxTotal {
		return Item{}, ErrFull
	}
	if _, err := check(s.mended(v.affected(c.ID), map[ID]bool{c.ID: true}), c.ID, s.failing(c.ID)); err != nil {
		return Item{}, err
	}
	it.Definition = next
	v.lay(it)
	if err := put(ctx, tx, gen, it); err != nil {
		return Item{}, err
	}
	if next == nil {
		if err := forget(ctx, tx); err != nil {
			return Item{}, err
		}
	}
	if c.Also != nil {
		err = c.Also(tx, before, it)
	}
	return it, err
}

// usable is an item's definition, or the last good one where that is damaged:
// it is the one in force, which the emergency brake stops.
func (s *Store) usable(it Item) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	if good, ok := s.good[it.ID]; ok && s.damaged[it.ID] != "" {
		return good
	}
	return it.Definition
}

// allowed holds a change to its conditions.
func (c *Change) allowed(before Item, there bool) error {
	switch {
	case c.New && there:
		return ErrExists
	case c.There && !there:
		return ErrUnknown
	case c.Based == nil:
		return nil
	case !there:
		return ErrUnknown
	case *c.Based != before.Version:
		return ErrChanged
	}
	return nil
}

// moment is now, as it is stored.
func moment() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func clip(text string) string {
	if len(text) <= maxComment {
		return text
	}
	return strings.ToValidUTF8(text[:maxComment], "")
}

// settle has a change known on this instance, told to the others and, soon, in
// force here.
func (s *Store) settle(ctx context.Context, gen int64) {
	if err := s.look(ctx); err != nil {
		s.opts.Log.DebugContext(ctx, "flags: cannot read what was written, which the next poll does", "error", err)
	}
	s.loop.Tell(ctx, nil)
	s.await(ctx, gen)
}

// checkKey refuses keys that a path cannot hold, and those that the API means
// something else by.
func checkKey(id ID) error {
	refuse := func(detail string) error { return invalid("key", detail) }
	switch {
	case id.Kind == Set:
		return nil
	case id.Key == "" || len(id.Key) > MaxKey:
		return refuse("a key has 1 to 200 bytes")
	case !utf8.ValidString(id.Key) || strings.ContainsFunc(id.Key, func(r rune) bool { return unicode.IsControl(r) || r == '\\' || r == 0x2028 || r == 0x2029 }):
		return refuse("a key has no control characters and no backslash")
	case strings.TrimSpace(id.Key) != id.Key:
		return refuse("a key does not begin or end with a space")
	}
	for part := range strings.SplitSeq(id.Key, "/") {
		if part == "." || part == ".." || part == "" {
			return refuse("a key has no empty parts and none of dots between its slashes")
		}
	}
	if id.Kind == Flag {
		switch id.Key {
		case "check", "explain", "import", "metrics":
			return refuse("the key " + id.Key + " is reserved")
		}
	}
	return nil
}
