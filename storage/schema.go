package storage

import (
	"context"
	"fmt"
	"strings"
)

// A Schema is the migrations of a scope.
type Schema struct {
	Scope      string
	Migrations []Migration
}

// Pending returns the migrations of scope that are not applied, in order. It
// checks the applied ones as [DB.Migrate] does and applies none.
func (db *DB) Pending(ctx context.Context, scope string, migrations []Migration) ([]Migration, error) {
	statuses, err := db.CheckSchemas(ctx, Schema{scope, migrations})
	if err != nil {
		return nil, err
	}
	return statuses[0].Pending, statuses[0].Err
}

// A SchemaStatus is what [DB.CheckSchemas] finds of a schema: what is pending, or
// what is wrong with it, such as [ErrChecksum].
type SchemaStatus struct {
	Pending []Migration
	Err     error
}

// CheckSchemas is [DB.Pending] for several scopes, with one read. It returns one
// status for each; the error is that of the read.
func (db *DB) CheckSchemas(ctx context.Context, schemas ...Schema) ([]SchemaStatus, error) {
	applied, err := db.applied(ctx, schemas)
	if err != nil {
		return nil, err
	}
	return statuses(schemas, applied, db.cfg.Dialect), nil
}

// CheckSchemas is [DB.CheckSchemas] inside of the transaction, for a database that
// was migrated or asked before.
func (tx *Tx) CheckSchemas(ctx context.Context, schemas ...Schema) ([]SchemaStatus, error) {
	applied, err := appliedIn(ctx, tx, "")
	if err != nil {
		return nil, err
	}
	return statuses(schemas, applied, tx.dialect), nil
}

func statuses(schemas []Schema, applied map[string][]appliedMigration, d Dialect) []SchemaStatus {
	list := make([]SchemaStatus, len(schemas))
	for i, s := range schemas {
		if list[i].Err = validate(s.Scope, s.Migrations); list[i].Err == nil {
			list[i].Pending, list[i].Err = s.pending(applied[s.Scope], d)
		}
	}
	return list
}

// applied reads what is applied. The table of migrations is made where that fails
// for the first time: most starts find it.
func (db *DB) applied(ctx context.Context, schemas []Schema) (map[string][]appliedMigration, error) {
	scope := ""
	if len(schemas) == 1 {
		scope = schemas[0].Scope
	}
	if len(schemas) == 0 {
		return nil, nil
	}
	ctx = withoutHook(ctx)
	if !db.migrated.Load() {
		if applied, err := appliedIn(ctx, db, scope); err == nil {
			db.migrated.Store(true)
			return applied, nil
		}
		if err := db.ensureMigrations(ctx); err != nil {
			return nil, err
		}
	}
	return appliedIn(ctx, db, scope)
}

// pending compares what is applied with what the program knows.
func (s Schema) pending(applied []appliedMigration, d Dialect) ([]Migration, error) {
	known := make(map[int]Migration, len(s.Migrations))
	for _, m := range s.Migrations {
		known[m.Version] = m
	}
	done, last := make(map[int]bool, len(applied)), 0
	for _, a := range applied {
		m, ok := known[a.version]
		if !ok {
			return nil, errorf(ErrFuture, "database has migration %d (%s) of %s, which this program does not know: "+
				"a newer version of it made the change; run that version, or restore a backup", a.version, a.name, s.Scope)
		}
		if err := a.matches(s.Scope, m, d); err != nil {
			return nil, err
		}
		done[a.version], last = true, a.version
	}
	var pending []Migration
	for _, m := range s.Migrations {
		if done[m.Version] {
			continue
		}
		if m.Version < last {
			return nil, applied[len(applied)-1].precedes(s.Scope, m)
		}
		pending = append(pending, m)
	}
	return pending, nil
}

// appliedMigration is a row of the table.
type appliedMigration struct {
	version  int
	name     string
	checksum string
}

func (a appliedMigration) matches(scope string, m Migration, d Dialect) error {
	if a.checksum == m.checksum(d) {
		return nil
	}
	return errorf(ErrChecksum, "migration %d (%s) of %s was changed after it was applied: restore its text and add a new migration",
		m.Version, m.Name, scope)
}

func (a appliedMigration) precedes(scope string, m Migration) error {
	return errorf(ErrOrder, "migration %d (%s) of %s comes before %d (%s), which is applied: give it a higher version",
		m.Version, m.Name, scope, a.version, a.name)
}

// appliedIn reads what is applied of a scope, or (empty) of all.
func appliedIn(ctx context.Context, q Querier, scope string) (map[string][]appliedMigration, error) {
	query, args := `SELECT scope, version, name, checksum FROM dashboard_migrations ORDER BY scope, version`, []any(nil)
	if scope != "" {
		query, args = `SELECT scope, version, name, checksum FROM dashboard_migrations WHERE scope = $1 ORDER BY version`, []any{scope}
	}
	wrap := func(err error) error { return fmt.Errorf("read migrations: %w", err) }
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	applied := map[string][]appliedMigration{}
	for rows.Next() {
		var of string
		var a appliedMigration
		if err := rows.Scan(&of, &a.version, &a.name, &a.checksum); err != nil {
			return nil, wrap(err)
		}
		applied[of] = append(applied[of], a)
	}
	if err := rows.Err(); err != nil {
		return nil, wrap(err)
	}
	return applied, nil
}

// validate checks what the program's author wrote.
func validate(scope string, migrations []Migration) error {
	if !validScope(scope) {
		return fmt.Errorf("migrate: scope %q must match [a-z][a-z0-9_-]* and be at most 64 bytes", scope)
	}
	last := 0
	for _, m := range migrations {
		switch {
		case m.Version <= last:
			return fmt.Errorf("migrate %s: version %d after %d: versions begin at 1 and ascend", scope, m.Version, last)
		case m.Name == "":
			return fmt.Errorf("migrate %s: version %d has no name", scope, m.Version)
		case m.Up == nil && m.SQL == "" && (m.SQLite == "" || m.PostgreSQL == ""):
			return fmt.Errorf("migrate %s: version %d (%s) does nothing on some database", scope, m.Version, m.Name)
		}
		last = m.Version
	}
	return nil
}

func validScope(s string) bool {
	if s == "" || len(s) > 64 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}
