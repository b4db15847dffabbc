package flags

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// Schema returns the migrations that Start applies.
func Schema() storage.Schema { return storage.Schema{Scope: Scope, Migrations: migrations()} }

// Each write raises the one generation and leaves it in the rows it touches, so
// that who follows reads what has changed and nothing else. A row stays when its
// item is deleted, for its version to go on and for followers to see the end.
// The oldest of those are removed at some time; floor is the generation that
// followers must have seen to need none of them.
func migrations() []storage.Migration {
	return []storage.Migration{{Version: 1, Name: "flags and segments", SQL: `
CREATE TABLE flags_state (
	id         BIGINT PRIMARY KEY,
	generation BIGINT NOT NULL,
	floor      BIGINT NOT NULL
);
INSERT INTO flags_state (id, generation, floor) VALUES (1, 0, 0);
CREATE TABLE flags_items (
	kind       TEXT   NOT NULL,
	key        TEXT   NOT NULL,
	version    BIGINT NOT NULL,
	generation BIGINT NOT NULL,
	definition TEXT   NOT NULL,
	at         BIGINT NOT NULL,
	actor      TEXT   NOT NULL,
	actor_name TEXT   NOT NULL,
	PRIMARY KEY (kind, key)
);
CREATE INDEX flags_items_generation ON flags_items (generation);
CREATE TABLE flags_history (
	kind       TEXT   NOT NULL,
	key        TEXT   NOT NULL,
	version    BIGINT NOT NULL,
	definition TEXT   NOT NULL,
	at         BIGINT NOT NULL,
	actor      TEXT   NOT NULL,
	actor_name TEXT   NOT NULL,
	comment    TEXT   NOT NULL,
	PRIMARY KEY (kind, key, version)
);
`}}
}

// generations reads which generation is stored, and from which on what was
// deleted is remembered.
func generations(ctx context.Context, q storage.Querier) (gen, floor int64, err error) {
	err = q.QueryRow(ctx, `SELECT generation, floor FROM flags_state WHERE id = 1`).Scan(&gen, &floor)
	if err != nil {
		return 0, 0, fmt.Errorf("read generation of flags: %w", err)
	}
	return gen, floor, nil
}

// raise takes the next generation. Writers wait for each other here, so that
// each validates the set that the one before has left.
func raise(ctx context.Context, tx *storage.Tx) (gen, floor int64, err error) {
	err = tx.QueryRow(ctx, `UPDATE flags_state SET generation = generation + 1 WHERE id = 1 RETURNING generation, floor`).Scan(&gen, &floor)
	if err != nil {
		return 0, 0, fmt.Errorf("raise generation of flags: %w", err)
	}
	return gen, floor, nil
}

const columns = `kind, key, version, definition, at, actor, actor_name`

func scanItem(scan func(...any) error, more ...any) (Item, error) {
	var it Item
	var kind, definition string
	var at int64
	err := scan(append([]any{&kind, &it.Key, &it.Version, &definition, &at, &it.By.ID, &it.By.Name}, more...)...)
	if err != nil {
		return Item{}, err
	}
	it.Kind, it.At = Kind(kind), time.UnixMicro(at).UTC()
	if definition != "" {
		it.Definition = json.RawMessage(definition)
	}
	return it, nil
}

// since reads the rows that were written after a generation, those of deleted
// items too.
func since(ctx context.Context, q storage.Querier, gen int64) (list []Item, err error) {
	rows, err := q.Query(ctx, `SELECT `+columns+` FROM flags_items WHERE generation > $1`, gen)
	if err != nil {
		return nil, fmt.Errorf("read flags: %w", err)
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	for rows.Next() {
		it, err := scanItem(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("read flags: %w", err)
		}
		if it.Kind == Flag {
			it.needs = needsOf(it.Definition)
		}
		list = append(list, it)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read flags: %w", err)
	}
	return list, nil
}

// stored reads one row; Version is 0 where there is none.
func stored(ctx context.Context, q storage.Querier, id ID) (Item, error) {
	it, err := scanItem(q.QueryRow(ctx, `SELECT `+columns+` FROM flags_items WHERE kind = $1 AND key = $2`, string(id.Kind), id.Key).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Item{ID: id}, nil
	case err != nil:
		return Item{}, fmt.Errorf("read %s %q: %w", id.Kind, id.Key, err)
	}
	return it, nil
}

// versionsOf reads the versions of all items, those of deleted ones too.
func versionsOf(ctx context.Context, q storage.Querier) (map[ID]int64, error) {
	rows, err := q.Query(ctx, `SELECT kind, key, version FROM flags_items`)
	if err != nil {
		return nil, fmt.Errorf("read versions of flags: %w", err)
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	out := map[ID]int64{}
	for rows.Next() {
		var kind, key string
		var version int64
		if err := rows.Scan(&kind, &key, &version); err != nil {
			return nil, fmt.Errorf("read versions of flags: %w", err)
		}
		out[ID{Kind(kind), key}] = version
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read versions of flags: %w", err)
	}
	return out, nil
}

// put writes the next version of an item and its entry in the history.
func put(ctx context.Context, tx *storage.Tx, gen int64, it Item) error {
	_, err := tx.Exec(ctx, `INSERT INTO flags_items (kind, key, version, generation, definition, at, actor, actor_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (kind, key) DO UPDATE SET version = excluded.version, generation = excluded.generation,
		definition = excluded.definition, at = excluded.at, actor = excluded.actor, actor_name = excluded.actor_name`,
		string(it.Kind), it.Key, it.Version, gen, string(it.Definition), it.At.UnixMicro(), it.By.ID, it.By.Name)
	if err == nil {
		_, err = tx.Exec(ctx, `INSERT INTO flags_history (kind, key, version, definition, at, actor, actor_name, comment)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			string(it.Kind), it.Key, it.Version, string(it.Definition), it.At.UnixMicro(), it.By.ID, it.By.Name, it.Comment)
	}
	if err == nil && it.Version > Kept {
		_, err = tx.Exec(ctx, `DELETE FROM flags_history WHERE kind = $1 AND key = $2 AND version <= $3`, string(it.Kind), it.Key, it.Version-Kept)
	}
	if err != nil {
		return fmt.Errorf("write %s %q: %w", it.Kind, it.Key, err)
	}
	return nil
}

// forget removes the rows and histories of items that were deleted long ago,
// once there are too many.
func forget(ctx context.Context, tx *storage.Tx) error {
	var edge int64
	err := tx.QueryRow(ctx, `SELECT generation FROM flags_items WHERE definition = '' ORDER BY generation DESC LIMIT 1 OFFSET $1`, keptDeleted).Scan(&edge)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM flags_history WHERE EXISTS (SELECT 1 FROM flags_items i
			WHERE i.kind = flags_history.kind AND i.key = flags_history.key AND i.definition = '' AND i.generation <= $1)`, edge)
	}
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM flags_items WHERE definition = '' AND generation <= $1`, edge)
	}
	if err == nil {
		_, err = tx.Exec(ctx, `UPDATE flags_state SET floor = $1 WHERE id = 1 AND floor < $1`, edge)
	}
	if err != nil {
		return fmt.Errorf("forget deleted flags: %w", err)
	}
	return nil
}

// History returns versions of an item, the newest first, from the one before
// another, or from the newest where before is 0.
func (s *Store) History(ctx context.Context, id ID, before int64, limit int) (list []Item, err error) {
	const all = `SELECT ` + columns + `, comment FROM flags_history WHERE kind = $1 AND key = $2 AND (version < $3 OR $3 = 0) ORDER BY version DESC LIMIT $4`
	rows, err := s.db.Query(ctx, all, string(id.Kind), id.Key, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read history of %s %q: %w", id.Kind, id.Key, err)
	}
	defer func() { _ = rows.Close() }() // its error is that of Err
	for rows.Next() {
		var comment string
		it, err := scanItem(rows.Scan, &comment)
		if err != nil {
			return nil, fmt.Errorf("read history of %s %q: %w", id.Kind, id.Key, err)
		}
		it.Comment = comment
		list = append(list, it)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read history of %s %q: %w", id.Kind, id.Key, err)
	}
	return list, nil
}

// past reads one version of an item. Errors: [ErrUnknown], also where that
// version is the end of the item.
func past(ctx context.Context, q storage.Querier, id ID, version int64) (json.RawMessage, error) {
	var definition string
	err := q.QueryRow(ctx, `SELECT definition FROM flags_history WHERE kind = $1 AND key = $2 AND version = $3`,
		string(id.Kind), id.Key, version).Scan(&definition)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && definition == "":
		return nil, ErrUnknown
	case err != nil:
		return nil, fmt.Errorf("read %s %q, version %d: %w", id.Kind, id.Key, version, err)
	}
	return json.RawMessage(definition), nil
}

// sound reports whether a stored definition can be put in a document at all.
func sound(definition json.RawMessage) bool {
	return json.Valid(definition) && bytes.HasPrefix(bytes.TrimLeft(definition, " \t\r\n"), []byte("{"))
}
