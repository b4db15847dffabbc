package flags

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/storage"
)

// turned tells the evaluation whether the database answers. While it does not, all
// stays as it is.
func (s *Store) turned(err error) {
	if err != nil {
		s.into.Report(featureflag.SourceStale, err)
		return
	}
	s.into.Report(featureflag.SourceReady, nil)
}

// renew puts what was found in force. Compiling takes at most half of the time, so
// that a flood of changes is taken many at once.
func (s *Store) renew(ctx context.Context) {
	begun := time.Now()
	if s.build(ctx) {
		rest(ctx, min(time.Since(begun), maxRest))
	}
}

// maxRest bounds how long changes wait for the next compilation.
const maxRest = 300 * time.Millisecond

func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// look reads what was written since it last looked.
func (s *Store) look(ctx context.Context) error {
	s.mu.Lock()
	seen := s.gen
	s.mu.Unlock()
	if gen, _, err := generations(ctx, s.db); err != nil || gen == seen {
		return err
	}
	var list []Item
	var gen int64
	whole := false
	err := s.db.View(ctx, func(tx *storage.Tx) error {
		var floor int64
		var err error
		if gen, floor, err = generations(ctx, tx); err != nil {
			return err
		}
		from := seen
		if whole = seen < floor || gen < seen; whole { // or it is another database
			from = -1
		}
		list, err = since(ctx, tx, from)
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gen != seen && (whole || gen <= s.gen) { // somebody else was faster
		return nil
	}
	if whole {
		s.rows, s.bytes, s.dirty = map[ID]Item{}, 0, nil
	}
	for _, it := range list {
		s.adopt(it)
	}
	s.gen = gen
	return nil
}

// adopt takes a row. s.mu is held.
func (s *Store) adopt(it Item) {
	s.note(it)
	if s.dirty != nil {
		s.dirty[it.ID] = true
	}
	s.bytes += len(it.Definition) - len(s.rows[it.ID].Definition)
	if it.Definition == nil {
		delete(s.rows, it.ID)
		return
	}
	s.rows[it.ID] = it
}

// build compiles what is there and puts it in force, where it is not yet.
func (s *Store) build(ctx context.Context) bool {
	base := s.baseNow()
	s.mu.Lock()
	if s.gen == s.built && base == s.baseSet {
		s.mu.Unlock()
		return false
	}
	if base != s.baseSet {
		s.base, s.baseSet, s.dirty = itemsOf(ctx, s, base), base, nil
		for _, it := range s.base {
			s.note(it)
		}
	}
	good, dirty := s.good, s.dirty
	s.dirty = map[ID]bool{} // for what comes meanwhile
	s.mu.Unlock()
	v, gen := s.present()
	set, used, damaged, err := s.amend(v, dirty, good)
	if set == nil {
		set, used, damaged, err = compile(v.definitions(), good)
	}
	if err != nil {
		s.opts.Log.ErrorContext(ctx, "flags: the stored definitions cannot be used; what was in force stays", "error", err)
	} else {
		s.into.Replace(set)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, why := range damaged {
		if s.damaged[id] != why {
			s.opts.Log.ErrorContext(ctx, "flags: a stored definition cannot be used; what was in force before stays",
				"kind", id.Kind, "key", id.Key, "reason", why)
		}
	}
	s.damaged, s.built = damaged, gen
	if err == nil {
		s.good = used
	}
	if err != nil || len(damaged) > 0 {
		s.dirty = nil
	}
	close(s.renewed)
	s.renewed = make(chan struct{})
	return true
}

// amend makes a set of the one in force where only flags have changed, and all
// is well; else it returns none.
func (s *Store) amend(v *view, dirty map[ID]bool, good map[ID]json.RawMessage) (set *featureflag.Set, used map[ID]json.RawMessage, damaged map[ID]string, err error) {
	if dirty == nil {
		return nil, nil, nil, nil
	}
	changes := make(map[string]json.RawMessage, len(dirty))
	for id := range dirty {
		it, _ := v.look(id)
		if id.Kind != Flag || it.Definition != nil && !sound(it.Definition) {
			return nil, nil, nil, nil
		}
		changes[id.Key] = it.Definition
	}
	if set, err = s.into.Snapshot().With(changes); err != nil {
		return nil, nil, nil, nil // compile finds out whose fault it is
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, definition := range changes {
		if definition == nil {
			delete(good, flagID(key))
		} else {
			good[flagID(key)] = definition
		}
	}
	return set, good, map[ID]string{}, nil
}

// note remembers what changes may touch beyond themselves. s.mu is held.
func (s *Store) note(it Item) {
	if it.Kind != Flag || len(it.needs) > 0 {
		s.special[it.ID] = true
	}
}

// baseNow is the set that a file holds, nil where there is no file.
func (s *Store) baseNow() *featureflag.Set {
	if s.file == nil {
		return nil
	}
	return s.file.Snapshot()
}

// itemsOf takes the set of a file apart.
func itemsOf(ctx context.Context, s *Store, set *featureflag.Set) map[ID]Item {
	out := map[ID]Item{}
	if set == nil {
		return out
	}
	parts, err := split(set.Definitions())
	if err != nil {
		s.opts.Log.ErrorContext(ctx, "flags: cannot read what the file holds", "error", err)
		return out
	}
	for id, definition := range parts {
		it := draft(id, definition)
		it.InFile = true
		out[id] = it
	}
	return out
}

// compile makes a set of definitions. Those that cannot be used are replaced by
// the last ones that could, or left out.
func compile(all, good map[ID]json.RawMessage) (set *featureflag.Set, used map[ID]json.RawMessage, damaged map[ID]string, err error) {
	damaged = map[ID]string{}
	replace := func(id ID, why string) {
		last, ok := good[id]
		if _, again := damaged[id]; ok && !again {
			all[id] = last
		} else {
			delete(all, id)
		}
		damaged[id] = why
	}
	for id, definition := range all {
		if !sound(definition) {
			replace(id, "the text is no JSON object")
		}
	}
	for range maxRepairs {
		if set, err = featureflag.Parse(assemble(all, ID{})); err == nil {
			return set, all, damaged, nil
		}
		list, ok := errors.AsType[featureflag.Errors](err)
		if !ok {
			return nil, nil, damaged, err
		}
		found := map[ID]string{}
		for _, e := range list {
			if id, _ := owner(e.Pointer); all[id] != nil && found[id] == "" {
				found[id] = fmt.Sprintf("%s: %s", e.Pointer, e.Detail)
			}
		}
		if len(found) == 0 {
			return nil, nil, damaged, err
		}
		// What was good and did not change suffers from others, which come first.
		suspect := func(id ID) bool { return string(good[id]) != string(all[id]) }
		anySuspect := slices.ContainsFunc(slices.Collect(maps.Keys(found)), suspect)
		for id, why := range found {
			if !anySuspect || suspect(id) {
				replace(id, why)
			}
		}
	}
	return nil, nil, damaged, err
}

// maxRepairs is how often the rest is tried again without what was found wrong:
// each time, what needs it may be found wrong in turn.
const maxRepairs = 20

// await waits until a generation is in force on this instance, but not for
// ever: it is stored.
func (s *Store) await(ctx context.Context, gen int64) {
	ctx, cancel := context.WithTimeout(ctx, awaitBuilt)
	defer cancel()
	s.loop.Rouse()
	for {
		s.mu.Lock()
		built, renewed := s.built, s.renewed
		s.mu.Unlock()
		if built >= gen {
			return
		}
		select {
		case <-renewed:
		case <-ctx.Done():
			return
		}
	}
}
