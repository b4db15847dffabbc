package prompts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// Schema returns the migrations that Start applies.
func Schema() storage.Schema { return storage.Schema{Scope: Scope, Migrations: migrations()} }

// A row stays for a while when its prompt is deleted, so that the versions of
// another of the same name go on.
func migrations() []storage.Migration {
	return []storage.Migration{{Version: 1, Name: "prompts and their history", SQL: `
CREATE TABLE prompts_state (
	id         BIGINT PRIMARY KEY,
	generation BIGINT NOT NULL
);
INSERT INTO prompts_state (id, generation) VALUES (1, 0);
CREATE TABLE prompts_items (
	name       TEXT   PRIMARY KEY,
	version    BIGINT NOT NULL,
	generation BIGINT NOT NULL,
	definition TEXT   NOT NULL,
	at         BIGINT NOT NULL,
	actor      TEXT   NOT NULL,
	actor_name TEXT   NOT NULL
);
CREATE INDEX prompts_items_deleted ON prompts_items (generation) WHERE definition = '';
CREATE TABLE prompts_history (
	name       TEXT   NOT NULL,
	version    BIGINT NOT NULL,
	definition TEXT   NOT NULL,
	at         BIGINT NOT NULL,
	actor      TEXT   NOT NULL,
	actor_name TEXT   NOT NULL,
	comment    TEXT   NOT NULL,
	PRIMARY KEY (name, version)
);
`}}
}

func generation(ctx context.Context, q storage.Querier) (gen int64, err error) {
	if err := q.QueryRow(ctx, `SELECT generation FROM prompts_state WHERE id = 1`).Scan(&gen); err != nil {
		return 0, fmt.Errorf("read generation of prompts: %w", err)
	}
	return gen, nil
}

const columns = `name, version, definition, at, actor, actor_name`

func (s *Store) scan(ctx context.Context, scan func(...any) error, more ...any) (Item, error) {
	var it Item
	var definition string
	var at int64
	if err := scan(append([]any{&it.Name, &it.Version, &definition, &at, &it.By.ID, &it.By.Name}, more...)...); err != nil {
		return Item{}, err
	}
	it.At = time.UnixMicro(at).UTC()
	s.read(ctx, &it, definition)
	return it, nil
}

func (s *Store) all(ctx context.Context, q storage.Querier) (map[string]Item, error) {
	rows, err := q.Query(ctx, `SELECT `+columns+` FROM prompts_items WHERE definition <> ''`)
	if err != nil {
		return nil, fmt.Errorf("read prompts: %w", err)
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	items := map[string]Item{}
	for rows.Next() {
		it, err := s.scan(ctx, rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("read prompts: %w", err)
		}
		items[it.Name] = it
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read prompts: %w", err)
	}
	return items, nil
}

// stored reads the present row; Version is 0 where there is none.
func (s *Store) stored(ctx context.Context, q storage.Querier, name string) (Item, error) {
	it, err := s.scan(ctx, q.QueryRow(ctx, `SELECT `+columns+` FROM prompts_items WHERE name = $1`, name).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Item{Name: name}, nil
	}
	return it, err
}

// past reads one version. Errors: [ErrUnknown], also where it is the end of the
// prompt.
func (s *Store) past(ctx context.Context, q storage.Querier, name string, version int64) (Item, error) {
	it, err := s.scan(ctx, q.QueryRow(ctx, `SELECT `+columns+` FROM prompts_history WHERE name = $1 AND version = $2`, name, version).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && it.Definition == nil:
		return Item{}, fmt.Errorf("prompt %q, version %d: %w", name, version, ErrUnknown)
	case err != nil:
		return Item{}, fmt.Errorf("read prompt %q, version %d: %w", name, version, err)
	}
	return it, nil
}

// History returns versions of a prompt, the newest first, from the one before
// another, or from the newest where before is 0.
func (s *Store) History(ctx context.Context, name string, before int64, limit int) (list []Item, err error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+`, comment FROM prompts_history WHERE name = $1 AND (version < $2 OR $2 = 0) ORDER BY version DESC LIMIT $3`, name, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read history of prompt %q: %w", name, err)
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	for rows.Next() {
		var comment string
		it, err := s.scan(ctx, rows.Scan, &comment)
		if err != nil {
			return nil, fmt.Errorf("read history of prompt %q: %w", name, err)
		}
		it.Comment = comment
		list = append(list, it)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read history of prompt %q: %w", name, err)
	}
	return list, nil
}

// put writes the next version and its entry in the history.
func put(ctx context.Context, tx *storage.Tx, gen int64, it Item, definition string) error {
	_, err := tx.Exec(ctx, `INSERT INTO prompts_items (name, version, generation, definition, at, actor, actor_name) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (name) DO UPDATE SET version = excluded.version, generation = excluded.generation, definition = excluded.definition,
		at = excluded.at, actor = excluded.actor, actor_name = excluded.actor_name`,
		it.Name, it.Version, gen, definition, it.At.UnixMicro(), it.By.ID, it.By.Name)
	if err == nil {
		_, err = tx.Exec(ctx, `INSERT INTO prompts_history (name, version, definition, at, actor, actor_name, comment) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			it.Name, it.Version, definition, it.At.UnixMicro(), it.By.ID, it.By.Name, it.Comment)
	}
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM prompts_history WHERE name = $1 AND version <= $2`, it.Name, it.Version-Kept)
	}
	if err != nil {
		return fmt.Errorf("write prompt %q: %w", it.Name, err)
	}
	return nil
}

// full holds the store to its bounds.
func full(ctx context.Context, tx *storage.Tx) error {
	var n, bytes int64
	err := tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(LENGTH(definition)), 0) FROM prompts_items WHERE definition <> ''`).Scan(&n, &bytes)
	if err == nil && (n > MaxPrompts || bytes > MaxTotal) {
		err = ErrFull
	}
	return err
}

// forget removes what was deleted long ago, once there is too much of it.
func forget(ctx context.Context, tx *storage.Tx) error {
	var edge int64
	err := tx.QueryRow(ctx, `SELECT generation FROM prompts_items WHERE definition = '' ORDER BY generation DESC LIMIT 1 OFFSET $1`, keptDeleted).Scan(&edge)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM prompts_history WHERE name IN (SELECT name FROM prompts_items WHERE definition = '' AND generation <= $1)`, edge)
	}
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM prompts_items WHERE definition = '' AND generation <= $1`, edge)
	}
	return err
}
