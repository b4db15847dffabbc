package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// View is what may be shown of a module's settings.
type View struct {
	// Values are the effective values of the fields that the module knows, without secrets.
	Values json.RawMessage `json:"values"`
	// Secrets says for each secret field, by its path with dots, whether it has a value.
	Secrets map[string]bool `json:"secrets"`
	// Version is the stored one; 0 until something was stored.
	Version int64 `json:"version"`
}

// Get returns what may be shown. It opens no secret, so it works while a master key is missing.
func (s *Store) Get(ctx context.Context, id string) (View, error) {
	m, err := s.module(id)
	if err != nil {
		return View{}, err
	}
	r, err := s.currentRow(ctx, s.db, id)
	if err != nil {
		return View{}, err
	}
	v := View{Secrets: map[string]bool{}, Version: r.version}
	for _, f := range m.secrets {
		v.Secrets[f.name()] = m.isSet(r, f)
	}
	if v.Values, err = encode(m.visible(r)); err != nil {
		return View{}, fmt.Errorf("encode settings of module %q: %w", id, err)
	}
	return v, nil
}

// Load returns the complete effective values, secrets included, as Attach would apply them. Errors: *[InvalidError],
// *[SecretError].
func (s *Store) Load(ctx context.Context, id string) (json.RawMessage, error) {
	m, err := s.module(id)
	if err != nil {
		return nil, err
	}
	r, err := s.currentRow(ctx, s.db, id)
	if err != nil {
		return nil, err
	}
	c, err := s.candidate(m, r, nil)
	if err != nil {
		return nil, err
	}
	return c.raw, nil
}

// Version is one entry of a module's history.
type Version struct {
	Version int64     `json:"version"`
	At      time.Time `json:"at"`    // by the database's clock, UTC
	Actor   string    `json:"actor"` // as given to Put or Rollback
	Changes []Change  `json:"changes"`
}

// History returns the versions that are kept (Options.Keep), newest first. A field that is secret today shows no values,
// whatever it was then.
func (s *Store) History(ctx context.Context, id string) (_ []Version, err error) {
	m, err := s.module(id)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT version, at, actor, changes FROM settings_history
		WHERE module = $1 ORDER BY version DESC LIMIT $2`, id, s.opts.Keep)
	if err != nil {
		return nil, fmt.Errorf("read settings history of module %q: %w", id, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out := []Version{}
	for rows.Next() {
		var v Version
		var at int64
		var changes string
		if err := rows.Scan(&v.Version, &at, &v.Actor, &changes); err != nil {
			return nil, fmt.Errorf("read settings history of module %q: %w", id, err)
		}
		if err := json.Unmarshal([]byte(changes), &v.Changes); err != nil {
			return nil, fmt.Errorf("settings history of module %q, version %d, is damaged: %w", id, v.Version, err)
		}
		v.At = time.UnixMicro(at).UTC()
		m.hideSecrets(v.Changes)
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read settings history of module %q: %w", id, err)
	}
	return out, nil
}

// hideSecrets removes the values of changes that touch a field which is secret by now.
func (m *module) hideSecrets(changes []Change) {
	for i, c := range changes {
		for _, f := range m.secrets {
			if strings.HasPrefix(f.name()+".", c.Field+".") || strings.HasPrefix(c.Field+".", f.name()+".") {
				changes[i] = Change{Field: c.Field, Secret: true}
			}
		}
	}
}
