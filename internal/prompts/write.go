package prompts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

const maxComment = 500 // bytes

// A Change is one edit of a prompt.
type Change struct {
	Name string
	// Definition is the next one; nil deletes the prompt.
	Definition *Definition
	// Based is the version that the change is based on; nil is whatever is there.
	Based *int64
	// New says that nothing of the name may be there yet, There that something must be.
	New, There bool
	// By is who makes the change, Comment why, for people.
	By      Actor
	Comment string
	// Also runs in the transaction; its error undoes the change.
	Also func(tx *storage.Tx, before, after Item) error
}

// errUnchanged undoes a transaction that has nothing to do.
var errUnchanged = errors.New("nothing changed")

// Apply makes a change, which is in force on this instance when it returns. What
// changes nothing makes no version. Errors: [ErrUnknown], [ErrExists],
// [ErrChanged], [ErrFull], an [*ai.PromptError].
func (s *Store) Apply(ctx context.Context, c Change) (Item, error) {
	return s.apply(ctx, c, 0)
}

// Rollback makes an earlier version the next one. Errors: those of Apply, and
// [ErrUnknown] for a version that is not kept.
func (s *Store) Rollback(ctx context.Context, c Change, version int64) (Item, error) {
	return s.apply(ctx, c, version)
}

func (s *Store) apply(ctx context.Context, c Change, back int64) (out Item, err error) {
	err = s.db.Update(ctx, func(tx *storage.Tx) error {
		var gen int64
		err := tx.QueryRow(ctx, `UPDATE prompts_state SET generation = generation + 1 WHERE id = 1 RETURNING generation`).Scan(&gen)
		if err != nil {
			return err
		}
		if back > 0 {
			past, err := s.past(ctx, tx, c.Name, back)
			if err != nil {
				return err
			}
			c.Definition = past.Definition
		}
		out, err = s.change(ctx, tx, gen, c)
		return err
	})
	if errors.Is(err, errUnchanged) {
		return out, nil
	}
	if err != nil {
		return Item{}, fmt.Errorf("change prompt %q: %w", c.Name, err)
	}
	if err := s.look(ctx); err != nil {
		s.opts.Log.DebugContext(ctx, "prompts: cannot read what was written, which the next poll does", "error", err)
	}
	s.loop.Tell(ctx, nil)
	return out, nil
}

func (s *Store) change(ctx context.Context, tx *storage.Tx, gen int64, c Change) (Item, error) {
	before, err := s.stored(ctx, tx, c.Name)
	if err != nil {
		return Item{}, err
	}
	if err := c.allowed(&before); err != nil {
		return Item{}, err
	}
	after := Item{Name: c.Name, Version: before.Version + 1, Definition: c.Definition, At: time.Now().UTC().Truncate(time.Microsecond), By: c.By,
		Comment: strings.ToValidUTF8(c.Comment[:min(len(c.Comment), maxComment)], "")}
	definition, err := after.encode()
	if err != nil {
		return Item{}, err
	}
	if present, _ := before.encode(); before.Definition != nil && definition == present {
		return before, errUnchanged
	}
	if err := put(ctx, tx, gen, after, definition); err != nil {
		return Item{}, err
	}
	if definition == "" {
		err = forget(ctx, tx)
	} else {
		err = full(ctx, tx)
	}
	if err == nil && c.Also != nil {
		err = c.Also(tx, before, after)
	}
	return after, err
}

// encode checks the definition and writes it; "" where there is none.
func (it *Item) encode() (string, error) {
	if it.Definition == nil {
		return "", nil
	}
	prompt, err := it.Definition.parse(it.Name, it.Version)
	if err != nil {
		return "", err
	}
	it.prompt = prompt
	raw, err := json.Marshal(it.Definition)
	return string(raw), err
}

// allowed holds a change to its conditions.
func (c *Change) allowed(before *Item) error {
	there := before.Definition != nil
	switch {
	case c.New && there:
		return ErrExists
	case (c.There || c.Definition == nil || c.Based != nil) && !there:
		return ErrUnknown
	case c.Based != nil && *c.Based != before.Version:
		return ErrChanged
	}
	return nil
}
