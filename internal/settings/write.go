package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/internal/problem"
	"github.com/modular-dashboard/dashboard/storage"
)

// commitTimeout bounds the transaction that stores a change. The change is in effect by then, so that the caller's own
// context no longer counts.
const commitTimeout = 10 * time.Second

// Put replaces the values of a module. A field that is left out gets its default; a secret that is left out keeps its
// value, a string replaces it, and "" takes it away. The module must know every field.
//
// All or nothing: the values are validated as a whole, applied on this instance if the module is attached, and stored if
// the stored version still is ifVersion, or that is AnyVersion. On any failure the former values are applied back and
// nothing is stored. Values that change nothing make no new version. It returns the version that is stored now.
//
// Errors: *[InvalidError], *[ConflictError], *[ApplyError], *[SecretError] (a secret to keep does not open), ErrBusy,
// ErrUnknownModule.
func (s *Store) Put(ctx context.Context, id string, values json.RawMessage, ifVersion int64, actor string) (int64, error) {
	m, err := s.module(id)
	if err != nil {
		return 0, err
	}
	doc, secrets, err := m.input(values)
	if err != nil {
		return 0, err
	}
	return s.change(ctx, m, ifVersion, edit{actor: actor, action: ActionChange, next: func(cur row) (row, map[string]string, error) {
		old, given := m.adopt(cur)
		_, unknown := split(old.doc, m.shape)
		for pointer, text := range secrets {
			if text == "" && cur.sealed[pointer] == "" && given[pointer] == "" {
				continue
			}
			given[pointer] = text
		}
		return row{doc: union(doc, unknown), sealed: cur.sealed}, given, nil
	}})
}

// Rollback makes the values of a former version, secrets included, the newest version. They are validated by today's
// schema, applied and stored like those of Put. Version 0 is all defaults. ErrUnknownVersion if it is not kept.
func (s *Store) Rollback(ctx context.Context, id string, version, ifVersion int64, actor string) (int64, error) {
	m, err := s.module(id)
	if err != nil {
		return 0, err
	}
	return s.change(ctx, m, ifVersion, edit{actor: actor, action: ActionRollback, from: &version, next: func(row) (row, map[string]string, error) {
		past, err := s.pastRow(ctx, s.db, id, version)
		if err != nil {
			return row{}, nil, err
		}
		past, given := m.adopt(past)
		return past, given, nil
	}})
}

// Purge forgets the values, secrets and history of a module inside tx. Only a version number stays, so that no version is
// ever used twice. The module should be detached everywhere.
func (s *Store) Purge(ctx context.Context, tx *storage.Tx, id string) error {
	s.takeFirst(id)
	_, err := tx.Exec(ctx, `UPDATE settings_current SET version = version + 1, doc = '{}', secrets = '{}' WHERE module = $1`, id)
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM settings_history WHERE module = $1`, id)
	}
	if err != nil {
		return fmt.Errorf("purge settings of module %q: %w", id, err)
	}
	return nil
}

// input checks what somebody sent, as far as that is possible without the stored values.
func (m *module) input(values json.RawMessage) (doc object, secrets map[string]string, err error) {
	invalid := func(fields ...problem.Field) error { return &InvalidError{Module: m.id, Fields: fields} }
	if len(values) > MaxBytes {
		return nil, nil, invalid(problem.Field{Code: "max", Detail: fmt.Sprintf("must be at most %d bytes", MaxBytes)})
	}
	doc, err = parse(values)
	if err != nil {
		return nil, nil, invalid(problem.Field{Code: "syntax", Detail: err.Error()})
	}
	bad := unknownFields(doc, m.shape, "")
	secrets = map[string]string{}
	for _, f := range m.secrets {
		rest, v, found := take(doc, f.path)
		if !found {
			continue
		}
		doc = rest
		text, ok := v.(string)
		if !ok {
			bad = append(bad, problem.Field{Pointer: f.pointer, Code: "type", Detail: "must be a string"})
			continue
		}
		secrets[f.pointer] = text
	}
	if len(bad) > 0 {
		return nil, nil, invalid(bad...)
	}
	return doc, secrets, nil
}

// union adds the fields of extra to o where it has none, deep.
func union(o, extra object) object {
	out := maps.Clone(o)
	for name, value := range extra {
		have, ok := out[name]
		if !ok {
			out[name] = value
			continue
		}
		a, ok1 := have.(object)
		b, ok2 := value.(object)
		if ok1 && ok2 {
			out[name] = union(a, b)
		}
	}
	return out
}

// edit makes the next version of the present one.
type edit struct {
	actor, action string
	from          *int64
	// next returns the next row and the secrets that are given in plain, "" for one to take away.
	next func(cur row) (row, map[string]string, error)
}

// change validates, applies and stores one edit.
func (s *Store) change(ctx context.Context, m *module, ifVersion int64, e edit) (int64, error) {
	t, err := s.take(ctx, m)
	if err != nil {
		return 0, err
	}
	defer t.release()
	cur, err := s.currentRow(ctx, s.db, m.id)
	if err != nil {
		return 0, err
	}
	if ifVersion != AnyVersion && ifVersion != cur.version {
		return 0, &ConflictError{Module: m.id, Version: ifVersion, Current: cur.version}
	}
	next, given, err := e.next(cur)
	if err != nil {
		return 0, err
	}
	next.version = cur.version + 1
	c, err := s.candidate(m, next, given)
	if err != nil {
		return 0, err
	}
	if e.from == nil && len(given) == 0 && reflect.DeepEqual(next.doc, cur.doc) {
		return cur.version, nil
	}
	p, err := s.prepare(m, cur, c, given, e)
	if err != nil {
		return 0, err
	}
	if err := s.applyAndStore(ctx, t, cur, c, p); err != nil {
		return 0, err
	}
	s.announce(ctx, m.id, next.version)
	return next.version, nil
}

// applyAndStore is the part of change that has effects, and undoes them.
func (s *Store) applyAndStore(ctx context.Context, t *turn, cur row, c candidate, p prepared) error {
	m := t.m
	// From here the caller's leaving must not stop half way.
	ctx = context.WithoutCancel(ctx)
	attached := m.isAttached()
	if attached {
		if refused := t.apply(ctx, c); refused != nil {
			refused.Restored = s.undo(ctx, t, cur.version)
			return refused
		}
	}
	if err := s.store(ctx, m, cur, p); err != nil {
		if attached {
			s.undo(ctx, t, cur.version)
			s.loop.Rouse()
		}
		return err
	}
	if attached {
		c.row.sealed = p.row.sealed
		m.inEffect(c)
	}
	return nil
}

// undo applies the former values back, or leaves it to the follower to put the stored version in effect.
func (s *Store) undo(ctx context.Context, t *turn, stored int64) bool {
	err := t.restore(ctx)
	if err == nil {
		return true
	}
	t.m.notInEffect(stored, err)
	s.opts.Log.WarnContext(ctx, "change settings: stored version is not in effect", "module", t.m.id, "version", stored, "error", err)
	return false
}

// announce tells everybody who wants to know. A lost message costs one poll.
func (s *Store) announce(ctx context.Context, id string, version int64) {
	ctx = context.WithoutCancel(ctx)
	s.loop.Tell(ctx, []byte(id))
	if s.opts.OnChange != nil {
		s.opts.OnChange(ctx, id, version)
	}
}

// prepared is a version as it is stored.
type prepared struct {
	row                   row
	edit                  edit
	doc, secrets, changes string
	fields                []string
}

func (s *Store) prepare(m *module, cur row, c candidate, given map[string]string, e edit) (prepared, error) {
	p := prepared{row: c.row, edit: e, fields: []string{}}
	var err error
	if p.row.sealed, err = s.resealed(m, c, given); err != nil {
		return prepared{}, err
	}
	changes, err := diff(m.visible(cur), m.visible(c.row), m.shape, "")
	if err != nil {
		return prepared{}, fmt.Errorf("compare settings of module %q: %w", m.id, err)
	}
	for _, f := range m.secrets {
		if s.secretChanged(m, cur, c.row, f, given) {
			changes = append(changes, Change{Field: f.name(), Secret: true})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Field, b.Field) })
	for _, ch := range changes {
		p.fields = append(p.fields, ch.Field)
	}
	if changes == nil {
		changes = []Change{}
	}
	for dst, v := range map[*string]any{&p.doc: p.row.doc, &p.secrets: p.row.sealed, &p.changes: changes} {
		raw, err := encode(v)
		if err != nil {
			return prepared{}, fmt.Errorf("encode settings of module %q: %w", m.id, err)
		}
		*dst = string(raw)
	}
	return p, nil
}

// secretChanged takes every secret that was sent for changed: comparing it would let its sender test guesses.
func (s *Store) secretChanged(m *module, cur, next row, f secretField, given map[string]string) bool {
	if _, ok := given[f.pointer]; ok {
		return true
	}
	if cur.sealed[f.pointer] == next.sealed[f.pointer] {
		return false
	}
	before, err1 := s.plain(m, cur, f)
	after, err2 := s.plain(m, next, f)
	return err1 != nil || err2 != nil || before != after
}

// store commits p if cur still is what is stored.
func (s *Store) store(ctx context.Context, m *module, cur row, p prepared) error {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	err := s.db.Update(ctx, func(tx *storage.Tx) error {
		if err := s.swap(ctx, tx, m.id, cur.version, p); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO settings_history (module, version, at, actor, doc, secrets, changes)
			VALUES ($1, $2, `+tx.Dialect().NowMicros()+`, $3, $4, $5, $6)`,
			m.id, p.row.version, p.edit.actor, p.doc, p.secrets, p.changes); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM settings_history WHERE module = $1 AND version <= $2`,
			m.id, p.row.version-int64(s.opts.Keep)); err != nil {
			return err
		}
		if s.opts.Audit == nil {
			return nil
		}
		return s.opts.Audit(ctx, tx, p.edit.action, m.id, AuditDetail{Version: p.row.version, From: p.edit.from, Fields: p.fields})
	})
	var conflict *ConflictError
	if err == nil || errors.As(err, &conflict) {
		return err
	}
	return fmt.Errorf("store settings of module %q: %w", m.id, err)
}

// swap writes the current row if its version still is the expected one.
func (s *Store) swap(ctx context.Context, tx *storage.Tx, id string, expected int64, p prepared) error {
	s.takeFirst(id)
	query := `UPDATE settings_current SET version = $1, doc = $2, secrets = $3 WHERE module = $4 AND version = $5`
	args := []any{p.row.version, p.doc, p.secrets, id, expected}
	if expected == 0 {
		query = `INSERT INTO settings_current (version, doc, secrets, module) VALUES ($1, $2, $3, $4)
			ON CONFLICT (module) DO NOTHING`
		args = args[:4]
	}
	result, err := tx.Exec(ctx, query, args...)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if n != 1 {
		return &ConflictError{Module: id, Version: expected, Current: unknownVersion}
	}
	return nil
}
