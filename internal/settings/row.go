package settings

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/modular-dashboard/dashboard/storage"
)

// row is one stored version. Version 0 was never stored: everything has its default.
type row struct {
	version int64
	doc     object            // what somebody set, without secrets
	sealed  map[string]string // sealed secrets by pointer
}

// unset is the row of a module whose settings were never stored.
func unset() row { return row{doc: object{}, sealed: map[string]string{}} }

// currentRow reads the stored version of a module.
func (s *Store) currentRow(ctx context.Context, q storage.Querier, id string) (row, error) {
	var r storedRow
	err := q.QueryRow(ctx, `SELECT version, doc, secrets FROM settings_current WHERE module = $1`, id).
		Scan(&r.version, &r.doc, &r.sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return unset(), nil
	}
	if err != nil {
		return row{}, fmt.Errorf("read settings of module %q: %w", id, err)
	}
	return r.decode(id)
}

// storedRow is a row as the database holds it.
type storedRow struct {
	version     int64
	doc, sealed string
}

func (r storedRow) decode(id string) (row, error) {
	if r.version == 0 {
		return unset(), nil
	}
	return decodeRow(id, r.version, r.doc, r.sealed)
}

// storedRows reads the current rows of all modules; those without one have the
// zero row.
func (s *Store) storedRows(ctx context.Context) (_ map[string]storedRow, err error) {
	rows, err := s.db.Query(ctx, `SELECT module, version, doc, secrets FROM settings_current`)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	all := map[string]storedRow{}
	s.mu.Lock()
	for id := range s.modules {
		all[id] = storedRow{}
	}
	s.mu.Unlock()
	for rows.Next() {
		var id string
		var r storedRow
		if err := rows.Scan(&id, &r.version, &r.doc, &r.sealed); err != nil {
			return nil, fmt.Errorf("read settings: %w", err)
		}
		all[id] = r
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return all, nil
}

// pastRow reads a version of the history; version 0 is all defaults.
func (s *Store) pastRow(ctx context.Context, q storage.Querier, id string, version int64) (row, error) {
	if version == 0 {
		return unset(), nil
	}
	var doc, sealed string
	err := q.QueryRow(ctx, `SELECT doc, secrets FROM settings_history WHERE module = $1 AND version = $2`, id, version).
		Scan(&doc, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return row{}, fmt.Errorf("%w: version %d of module %q", ErrUnknownVersion, version, id)
	}
	if err != nil {
		return row{}, fmt.Errorf("read settings of module %q: %w", id, err)
	}
	return decodeRow(id, version, doc, sealed)
}

// decodeRow decodes what the database holds. A damaged row still has its version.
func decodeRow(id string, version int64, doc, sealed string) (row, error) {
	r := row{version: version, sealed: map[string]string{}}
	var err error
	if r.doc, err = parse([]byte(doc)); err != nil {
		return row{version: version}, fmt.Errorf("stored settings of module %q, version %d, are damaged: %w", id, version, err)
	}
	if err := json.Unmarshal([]byte(sealed), &r.sealed); err != nil || r.sealed == nil {
		return row{version: version}, fmt.Errorf("stored secrets of module %q, version %d, are damaged", id, version)
	}
	return r, nil
}

// visible is the effective values of r without any secret.
func (m *module) visible(r row) object {
	known, _ := split(r.doc, m.shape)
	out := overlay(m.defaults, known, m.shape)
	for _, f := range m.secrets {
		out, _, _ = take(out, f.path)
	}
	return out
}

// isSet says whether a secret has a value in r.
func (m *module) isSet(r row, f secretField) bool {
	if r.sealed[f.pointer] != "" {
		return true
	}
	return m.fallback(r, f) != ""
}

// fallback is the value of a secret that is not sealed: from before the field was declared secret, or its default.
func (m *module) fallback(r row, f secretField) string {
	for _, o := range []object{r.doc, m.defaults} {
		if _, v, ok := take(o, f.path); ok {
			if text, ok := v.(string); ok && text != "" {
				return text
			}
		}
	}
	return ""
}

// plain returns the value of a secret in r.
func (s *Store) plain(m *module, r row, f secretField) (string, error) {
	sealed := r.sealed[f.pointer]
	if sealed == "" {
		return m.fallback(r, f), nil
	}
	text, err := s.opts.Box.Open(sealContext(m.id, f.pointer), sealed)
	if err != nil {
		return "", &SecretError{Module: m.id, Field: f.pointer, Err: err}
	}
	return string(text), nil
}

// sealContext names the place of a secret. Ids of modules hold no slash.
func sealContext(id, pointer string) string { return "settings/" + id + pointer }

// candidate is a version that may come into effect.
type candidate struct {
	row    row
	values object // effective, with secrets
	raw    json.RawMessage
}

// candidate opens the secrets of r, except those given in plain already, and validates the whole.
func (s *Store) candidate(m *module, r row, given map[string]string) (candidate, error) {
	c := candidate{row: r, values: m.visible(r)}
	for _, f := range m.secrets {
		text, ok := given[f.pointer]
		if ok && text == "" {
			text = m.fallback(r, f)
		} else if !ok {
			var err error
			if text, err = s.plain(m, r, f); err != nil {
				return candidate{}, err
			}
		}
		if text != "" {
			c.values = put(c.values, f.path, text)
		}
	}
	var err error
	if c.raw, err = encode(c.values); err != nil {
		return candidate{}, fmt.Errorf("encode settings of module %q: %w", m.id, err)
	}
	if err := m.validate(c.raw, m.redactor(c.values)); err != nil {
		return candidate{}, err
	}
	return c, nil
}

// resealed seals the secrets of c anew, under the newest key. Those of fields that the module does not know stay as they
// are, and a default is not ours to store.
func (s *Store) resealed(m *module, c candidate, given map[string]string) (map[string]string, error) {
	out := maps.Clone(c.row.sealed)
	for _, f := range m.secrets {
		text, ok := given[f.pointer]
		if !ok && out[f.pointer] == "" {
			continue
		}
		if !ok {
			_, v, _ := take(c.values, f.path)
			text, _ = v.(string)
		}
		if text == "" {
			delete(out, f.pointer)
			continue
		}
		sealed, err := s.opts.Box.Seal(sealContext(m.id, f.pointer), []byte(text))
		if err != nil {
			return nil, fmt.Errorf("seal settings of module %q: secret %s: %w", m.id, f.pointer, err)
		}
		out[f.pointer] = sealed
	}
	return out, nil
}

// adopt takes secrets that are stored in plain, because the field was not secret then, out of r. A sealed one counts more.
func (m *module) adopt(r row) (row, map[string]string) {
	given := map[string]string{}
	for _, f := range m.secrets {
		rest, v, found := take(r.doc, f.path)
		if !found {
			continue
		}
		r.doc = rest
		if text, ok := v.(string); ok && text != "" && r.sealed[f.pointer] == "" {
			given[f.pointer] = text
		}
	}
	return r, given
}
