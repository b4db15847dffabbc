package limits

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/storage"
)

// Schema returns the migrations that Start applies.
func Schema() storage.Schema { return storage.Schema{Scope: Scope, Migrations: migrations()} }

// Rows of limits_limits are never deleted, so that the sum of their versions
// grows with every change and tells whether there was one.
func migrations() []storage.Migration {
	return []storage.Migration{{Version: 1, Name: "edited limits", SQL: `
CREATE TABLE limits_limits (
	name    TEXT   PRIMARY KEY,
	version BIGINT NOT NULL,
	policy  TEXT   NOT NULL
);
CREATE TABLE limits_overrides (
	name   TEXT NOT NULL,
	key    TEXT NOT NULL,
	policy TEXT NOT NULL,
	PRIMARY KEY (name, key)
);
`}}
}

// stored is what the tables hold.
type stored struct {
	sum       int64
	limits    map[string]storedLimit
	overrides map[string]map[string]ratelimit.Policy
}

type storedLimit struct {
	version int64
	policy  ratelimit.Policy // zero: as declared
}

func versions(ctx context.Context, q storage.Querier) (sum int64, err error) {
	if err := q.QueryRow(ctx, `SELECT COALESCE(SUM(version), 0) FROM limits_limits`).Scan(&sum); err != nil {
		return 0, fmt.Errorf("read versions of limits: %w", err)
	}
	return sum, nil
}

// read reads all there is at one moment.
func (s *Store) read(ctx context.Context) (out stored, err error) {
	err = s.db.View(ctx, func(tx *storage.Tx) error {
		out = stored{limits: map[string]storedLimit{}, overrides: map[string]map[string]ratelimit.Policy{}}
		if err := s.readLimits(ctx, tx, &out); err != nil {
			return err
		}
		return s.readOverrides(ctx, tx, &out)
	})
	if err != nil {
		return stored{}, fmt.Errorf("read limits: %w", err)
	}
	return out, nil
}

func (s *Store) readLimits(ctx context.Context, tx *storage.Tx, out *stored) error {
	rows, err := tx.Query(ctx, `SELECT name, version, policy FROM limits_limits`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	for rows.Next() {
		var name, policy string
		var l storedLimit
		if err := rows.Scan(&name, &l.version, &policy); err != nil {
			return err
		}
		if policy != "" {
			l.policy = s.parse(ctx, name, policy)
		}
		out.limits[name] = l
		out.sum += l.version
	}
	return rows.Err()
}

func (s *Store) readOverrides(ctx context.Context, tx *storage.Tx, out *stored) error {
	rows, err := tx.Query(ctx, `SELECT name, key, policy FROM limits_overrides`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	for rows.Next() {
		var name, key, policy string
		if err := rows.Scan(&name, &key, &policy); err != nil {
			return err
		}
		p := s.parse(ctx, name, policy)
		if p == (ratelimit.Policy{}) {
			continue
		}
		if out.overrides[name] == nil {
			out.overrides[name] = map[string]ratelimit.Policy{}
		}
		out.overrides[name][key] = p
	}
	return rows.Err()
}

// parse reads a stored policy. One that a newer version wrote and this one does
// not understand counts as none, and what is declared stays in force.
func (s *Store) parse(ctx context.Context, name, text string) ratelimit.Policy {
	p, err := ratelimit.ParsePolicy(text)
	if err != nil {
		s.opts.Log.WarnContext(ctx, "limits: a stored limit is not understood", "limit", name, "error", err)
		return ratelimit.Policy{}
	}
	return p
}

// A Change is one edit of a limit.
type Change struct {
	Name string
	// Key is whose policy changes; "" is everybody who has none of their own.
	Key string
	// Policy is the new one; nil goes back to what is declared or, with a Key, to
	// what everybody has.
	Policy *ratelimit.Policy
	// Based is the version that the change is based on; nil is whatever is there.
	Based *int64
	// Also runs in the transaction; its error undoes the change.
	Also func(tx *storage.Tx) error
}

// Apply makes a change, which is in force on this instance when it returns.
// Errors: [ErrUnknown], [ErrChanged], [ErrTooMany], a policy that is not valid.
func (s *Store) Apply(ctx context.Context, c Change) (Limit, error) {
	if _, err := s.Find(c.Name); err != nil {
		return Limit{}, err
	}
	text := ""
	if c.Policy != nil {
		if err := c.Policy.Validate(); err != nil {
			return Limit{}, err
		}
		text = c.Policy.String()
	}
	err := s.db.Update(ctx, func(tx *storage.Tx) error { return write(ctx, tx, c, text) })
	if err != nil {
		return Limit{}, fmt.Errorf("change limit %s: %w", c.Name, err)
	}
	if err := s.look(ctx); err != nil {
		return Limit{}, err
	}
	s.loop.Tell(ctx, nil)
	return s.Find(c.Name)
}

func write(ctx context.Context, tx *storage.Tx, c Change, text string) error {
	var version int64
	var policy string
	err := tx.QueryRow(ctx, `SELECT version, policy FROM limits_limits WHERE name = $1`, c.Name).Scan(&version, &policy)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if c.Based != nil && *c.Based != version {
		return ErrChanged
	}
	if c.Key == "" {
		policy = text
	} else if err := writeOverride(ctx, tx, c, text); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO limits_limits (name, version, policy) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET version = excluded.version, policy = excluded.policy`, c.Name, version+1, policy)
	if err == nil && c.Also != nil {
		err = c.Also(tx)
	}
	return err
}

func writeOverride(ctx context.Context, tx *storage.Tx, c Change, text string) error {
	if text == "" {
		_, err := tx.Exec(ctx, `DELETE FROM limits_overrides WHERE name = $1 AND key = $2`, c.Name, c.Key)
		return err
	}
	var others int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM limits_overrides WHERE NOT (name = $1 AND key = $2)`, c.Name, c.Key).Scan(&others)
	if err != nil {
		return err
	}
	if others >= MaxOverrides {
		return ErrTooMany
	}
	_, err = tx.Exec(ctx, `INSERT INTO limits_overrides (name, key, policy) VALUES ($1, $2, $3)
		ON CONFLICT (name, key) DO UPDATE SET policy = excluded.policy`, c.Name, c.Key, text)
	return err
}
