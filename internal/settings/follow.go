package settings

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// StaleError says that this instance does not run with the stored settings of a module, and tries again.
type StaleError struct {
	Module   string
	Version  int64     // the stored version
	Since    time.Time // of the first attempt
	Attempts int
	Err      error // of the last attempt, without secrets
}

// Error implements error.
func (e *StaleError) Error() string {
	return fmt.Sprintf("settings version %d of module %q are not in effect: %v", e.Version, e.Module, e.Err)
}

// Unwrap returns the error of the last attempt.
func (e *StaleError) Unwrap() error { return e.Err }

// Attach puts the stored settings of a module in effect on this instance and follows every later change, until Detach.
// The root calls it before the module is enabled. Errors: *[InvalidError] when today's schema refuses what is stored,
// *[SecretError], *[ApplyError]; the module is not attached then.
func (s *Store) Attach(ctx context.Context, id string) error {
	m, err := s.module(id)
	if err != nil {
		return err
	}
	t, err := s.take(ctx, m)
	if err != nil {
		return err
	}
	defer t.release()
	first, early := s.takeFirst(id)
	if early {
		if err = s.attachFirst(ctx, t, first); err == nil || t.lost {
			return err
		}
	}
	r, broken := s.currentRow(ctx, s.db, id)
	if early && r.version == first.version { // nobody has mended it
		return err
	}
	if broken != nil {
		return broken
	}
	return s.attach(ctx, t, r)
}

// attachFirst attaches with what Start has read a moment ago for all modules at
// once: each of those that a start attaches would ask, and open a connection. A
// change that came between is one to follow.
func (s *Store) attachFirst(ctx context.Context, t *turn, first storedRow) error {
	r, err := first.decode(t.m.id)
	if err != nil {
		return err
	}
	return s.attach(ctx, t, r)
}

func (s *Store) attach(ctx context.Context, t *turn, r row) error {
	c, err := s.candidate(t.m, r, nil)
	if err != nil {
		return err
	}
	if err := t.apply(ctx, c); err != nil {
		return err
	}
	t.m.inEffect(c)
	t.m.mu.Lock()
	t.m.attached = true
	t.m.mu.Unlock()
	return nil
}

// Started tells that the start is over: what is attached from now on has the settings
// that are stored now. Without it that is so after the first look.
func (s *Store) Started() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.first = nil
}

// takeFirst returns what Start has read of a module, to the first who asks.
func (s *Store) takeFirst(id string) (storedRow, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.first[id]
	delete(s.first, id)
	return r, ok
}

// Detach ends what Attach began. Later changes are stored without being applied here. It waits for a call of Apply that is
// under way, at most until ctx is done; the module is detached in any case.
func (s *Store) Detach(ctx context.Context, id string) error {
	m, err := s.module(id)
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.attached, m.failure = false, nil
	m.mu.Unlock()
	t, err := s.take(ctx, m)
	if errors.Is(err, ErrClosed) {
		return nil
	}
	if err != nil {
		return err
	}
	t.release()
	return nil
}

// Failure says why this instance does not run with the stored settings of an attached module: a *[StaleError], or nil
// when it does.
func (s *Store) Failure(id string) error {
	m, err := s.module(id)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.failure
	if f == nil {
		return nil
	}
	return &StaleError{Module: id, Version: f.version, Since: f.since, Attempts: f.attempt, Err: f.err}
}

// look starts to catch up wherever another version is stored than is in effect. A module that is busy is looked at again
// at the next poll.
func (s *Store) look(ctx context.Context) error {
	s.Started()
	attached := s.attached()
	if len(attached) == 0 {
		return nil
	}
	versions, err := s.versions(ctx)
	if err != nil {
		return err
	}
	for _, m := range attached {
		version := versions[m.id]
		if !m.due(version) {
			continue
		}
		t := s.tryTake(m)
		if t == nil {
			continue
		}
		if !s.spawn(func() { s.catchUp(ctx, t, version) }) {
			t.release()
		}
	}
	return nil
}

// catchUp puts the stored version in effect on this instance. seen is the version that made it necessary.
func (s *Store) catchUp(ctx context.Context, t *turn, seen int64) {
	defer t.release()
	m := t.m
	r, err := s.currentRow(ctx, s.db, m.id)
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		seen = r.version
		if !m.due(seen) {
			return
		}
		err = s.adoptRow(ctx, t, r)
	}
	if err != nil {
		m.notInEffect(seen, err)
		s.opts.Log.WarnContext(ctx, "follow settings: stored version is not in effect", "module", m.id, "version", seen, "error", err)
	}
}

// adoptRow applies r, or what was in effect before.
func (s *Store) adoptRow(ctx context.Context, t *turn, r row) error {
	c, err := s.candidate(t.m, r, nil)
	if err != nil {
		return err
	}
	refused := t.apply(ctx, c)
	if refused == nil {
		t.m.inEffect(c)
		return nil
	}
	if err := t.restore(ctx); err != nil {
		return errors.Join(refused, err)
	}
	refused.Restored = true
	return refused
}

func (s *Store) attached() []*module {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.modules))
	s.mu.Unlock()
	return slices.DeleteFunc(all, func(m *module) bool { return !m.isAttached() })
}

// hanging names the modules whose Apply has overrun its time, or still runs.
func (s *Store) hanging() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := []string{}
	for id, m := range s.modules {
		if len(m.lane) > 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (s *Store) versions(ctx context.Context) (_ map[string]int64, err error) {
	rows, err := s.db.Query(ctx, `SELECT module, version FROM settings_current`)
	if err != nil {
		return nil, fmt.Errorf("read versions of settings: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	versions := map[string]int64{}
	for rows.Next() {
		var id string
		var version int64
		if err := rows.Scan(&id, &version); err != nil {
			return nil, fmt.Errorf("read versions of settings: %w", err)
		}
		versions[id] = version
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read versions of settings: %w", err)
	}
	return versions, nil
}
