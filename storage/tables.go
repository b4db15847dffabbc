package storage

import (
	"context"
	"fmt"
)

// DropTables drops every table whose name begins with prefix, with its data and
// whatever refers to it. Foreign keys between the tables do not matter.
func (tx *Tx) DropTables(ctx context.Context, prefix string) error {
	list, drop := `SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, length($1)) = $1`, `DROP TABLE "%s"`
	if tx.Dialect() == PostgreSQL {
		list = `SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND left(tablename, length($1)) = $1`
		drop = `DROP TABLE "%s" CASCADE`
	} else if _, err := tx.Exec(ctx, `PRAGMA defer_foreign_keys = ON`); err != nil {
		return fmt.Errorf("drop tables %s*: %w", prefix, err)
	}
	names, err := tx.strings(ctx, list, prefix)
	if err != nil {
		return fmt.Errorf("drop tables %s*: %w", prefix, err)
	}
	for _, name := range names {
		if _, err := tx.Exec(ctx, fmt.Sprintf(drop, name)); err != nil {
			return fmt.Errorf("drop table %s: %w", name, err)
		}
	}
	return nil
}

func (tx *Tx) strings(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
