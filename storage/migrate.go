package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// Migration is one step of a scope's schema. Once released it never changes:
// a later edit is refused with [ErrChecksum].
type Migration struct {
	// Version orders the migrations of a scope: 1 or more, ascending.
	Version int
	// Name says what it does, such as "add invoices". Required.
	Name string
	// SQL is one or more statements separated by semicolons, without BEGIN
	// or COMMIT, that work on both databases.
	SQL string
	// SQLite and PostgreSQL replace SQL where the databases differ.
	SQLite, PostgreSQL string
	// Up runs after the SQL in the same transaction. It cannot be covered by
	// the checksum.
	Up func(ctx context.Context, tx *Tx) error
}

// script returns the SQL of one database.
func (m Migration) script(d Dialect) string {
	switch {
	case d == SQLite && m.SQLite != "":
		return m.SQLite
	case d == PostgreSQL && m.PostgreSQL != "":
		return m.PostgreSQL
	}
	return m.SQL
}

// checksum covers what one database was told. Line ends do not count: a
// checkout may change them.
func (m Migration) checksum(d Dialect) string {
	text := strings.ReplaceAll(m.script(d), "\r\n", "\n")
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s", m.Version, m.Name, text))
	return hex.EncodeToString(sum[:])
}

// Migrate applies every pending migration of scope, in order, each in a
// transaction of its own. It is safe to call from several processes at once:
// each migration runs once.
//
// scope is [a-z][a-z0-9_-]*, at most 64 bytes. [ErrChecksum], [ErrFuture] and
// [ErrOrder] are found before anything is applied. An error of a migration
// itself leaves the earlier ones applied.
func (db *DB) Migrate(ctx context.Context, scope string, migrations []Migration) error {
	ctx = withoutHook(ctx)
	pending, err := db.Pending(ctx, scope, migrations)
	if err != nil {
		return err
	}
	for range pending {
		// Another process may have been faster: look again under the lock.
		err := db.Update(ctx, func(tx *Tx) error {
			if err := lockMigrations(ctx, tx); err != nil {
				return err
			}
			next, err := pendingIn(ctx, tx, scope, migrations)
			if err != nil || len(next) == 0 {
				return err
			}
			return apply(ctx, tx, scope, next[0])
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// MigrateStep applies one migration and runs also (which may be nil) in the
// same transaction, so that both happen or neither. If the migration is
// applied already, only also runs.
func (db *DB) MigrateStep(ctx context.Context, scope string, m Migration, also func(*Tx) error) error {
	if err := validate(scope, []Migration{m}); err != nil {
		return err
	}
	if err := db.ensureMigrations(ctx); err != nil {
		return err
	}
	return db.Update(ctx, func(tx *Tx) error {
		if err := lockMigrations(ctx, tx); err != nil {
			return err
		}
		done, err := stepDone(ctx, tx, scope, m)
		if err != nil {
			return err
		}
		if !done {
			if err := apply(ctx, tx, scope, m); err != nil {
				return err
			}
		}
		if also == nil {
			return nil
		}
		return also(tx)
	})
}

// stepDone reports whether m is applied.
func stepDone(ctx context.Context, tx *Tx, scope string, m Migration) (bool, error) {
	applied, err := appliedIn(ctx, tx, scope)
	if err != nil {
		return false, err
	}
	for _, a := range applied {
		if a.version == m.Version {
			return true, a.matches(scope, m, tx.dialect)
		}
	}
	if n := len(applied); n > 0 && applied[n-1].version > m.Version {
		return false, applied[n-1].precedes(scope, m)
	}
	return false, nil
}

// Pending returns the migrations of scope that are not applied, in order. It
// checks the applied ones as [DB.Migrate] does and applies none.
func (db *DB) Pending(ctx context.Context, scope string, migrations []Migration) ([]Migration, error) {
	if err := validate(scope, migrations); err != nil {
		return nil, err
	}
	if err := db.ensureMigrations(ctx); err != nil {
		return nil, err
	}
	var pending []Migration
	err := db.View(ctx, func(tx *Tx) (err error) {
		pending, err = pendingIn(ctx, tx, scope, migrations)
		return err
	})
	return pending, err
}

// ForgetMigrations removes the record of scope's migrations inside tx: for a
// purge that drops the scope's tables in the same transaction.
func (db *DB) ForgetMigrations(ctx context.Context, tx *Tx, scope string) error {
	if !db.migrated.Load() {
		return errors.New("forget migrations: nothing was migrated or asked through this database yet")
	}
	_, err := tx.Exec(ctx, `DELETE FROM dashboard_migrations WHERE scope = $1`, scope)
	if err != nil {
		return fmt.Errorf("forget migrations of %s: %w", scope, err)
	}
	return nil
}

const createMigrations = `CREATE TABLE IF NOT EXISTS dashboard_migrations (
	scope TEXT NOT NULL,
	version BIGINT NOT NULL,
	name TEXT NOT NULL,
	checksum TEXT NOT NULL,
	applied_at BIGINT NOT NULL,
	PRIMARY KEY (scope, version)
)`

// ensureMigrations makes the table of migrations once.
func (db *DB) ensureMigrations(ctx context.Context) error {
	if db.migrated.Load() {
		return nil
	}
	ctx = withoutHook(ctx)
	err := db.Update(ctx, func(tx *Tx) error {
		if err := lockMigrations(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, createMigrations)
		return err
	})
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	db.migrated.Store(true)
	return nil
}

// lockMigrations keeps other processes from migrating until tx ends. On
// SQLite the transaction itself does.
func lockMigrations(ctx context.Context, tx *Tx) error {
	if tx.dialect != PostgreSQL {
		return nil
	}
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(7237128889341047156)`)
	return err
}

// apply runs one migration and records it.
func apply(ctx context.Context, tx *Tx, scope string, m Migration) error {
	wrap := func(err error) error {
		return fmt.Errorf("migrate %s to version %d (%s): %w", scope, m.Version, m.Name, err)
	}
	if script := m.script(tx.dialect); script != "" {
		if _, err := tx.Exec(ctx, script); err != nil {
			return wrap(err)
		}
	}
	if m.Up != nil {
		if err := m.Up(ctx, tx); err != nil {
			return wrap(err)
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO dashboard_migrations (scope, version, name, checksum, applied_at)
		VALUES ($1, $2, $3, $4, `+tx.dialect.NowMicros()+`)`, scope, m.Version, m.Name, m.checksum(tx.dialect))
	if err != nil {
		return wrap(err)
	}
	return nil
}

// pendingIn compares what is applied with what the program knows.
func pendingIn(ctx context.Context, tx *Tx, scope string, migrations []Migration) ([]Migration, error) {
	applied, err := appliedIn(ctx, tx, scope)
	if err != nil {
		return nil, err
	}
	known := make(map[int]Migration, len(migrations))
	for _, m := range migrations {
		known[m.Version] = m
	}
	done, last := make(map[int]bool, len(applied)), 0
	for _, a := range applied {
		m, ok := known[a.version]
		if !ok {
			return nil, errorf(ErrFuture, "database has migration %d (%s) of %s, which this program does not know: "+
				"a newer version of it made the change; run that version, or restore a backup", a.version, a.name, scope)
		}
		if err := a.matches(scope, m, tx.dialect); err != nil {
			return nil, err
		}
		done[a.version], last = true, a.version
	}
	var pending []Migration
	for _, m := range migrations {
		if done[m.Version] {
			continue
		}
		if m.Version < last {
			return nil, applied[len(applied)-1].precedes(scope, m)
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

func appliedIn(ctx context.Context, tx *Tx, scope string) ([]appliedMigration, error) {
	rows, err := tx.Query(ctx, `SELECT version, name, checksum FROM dashboard_migrations WHERE scope = $1 ORDER BY version`, scope)
	if err != nil {
		return nil, fmt.Errorf("read migrations of %s: %w", scope, err)
	}
	defer rows.Close()
	var applied []appliedMigration
	for rows.Next() {
		var a appliedMigration
		if err := rows.Scan(&a.version, &a.name, &a.checksum); err != nil {
			return nil, fmt.Errorf("read migrations of %s: %w", scope, err)
		}
		applied = append(applied, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read migrations of %s: %w", scope, err)
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
