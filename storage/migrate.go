package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
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
//
// The DB remembers what it has migrated: a further call with the same
// migrations does nothing. [DB.ForgetMigrations] ends that here, not in other processes.
func (db *DB) Migrate(ctx context.Context, scope string, migrations []Migration) error {
	return db.MigrateAll(ctx, Schema{scope, migrations})
}

// MigrateAll is [DB.Migrate] for several scopes in their order: it looks with one
// read whether there is anything to do. It stops at the first error.
func (db *DB) MigrateAll(ctx context.Context, schemas ...Schema) error {
	if db.closed.Load() {
		return ErrClosed // also where there is nothing to do
	}
	ctx = withoutHook(ctx)
	era := db.memo.now()
	schemas = slices.DeleteFunc(slices.Clone(schemas), func(s Schema) bool { return db.memo.has(s, db.cfg.Dialect) })
	if len(schemas) == 0 {
		return nil
	}
	statuses, err := db.CheckSchemas(ctx, schemas...)
	if err != nil {
		return err
	}
	for i, s := range schemas {
		if err := statuses[i].Err; err != nil {
			return err
		}
		for range statuses[i].Pending {
			if err := db.migrateNext(ctx, s); err != nil {
				return err
			}
		}
		db.memo.note(s, era)
	}
	return nil
}

// migrateNext applies the next pending migration. Another process may have been
// faster: it looks again under the lock.
func (db *DB) migrateNext(ctx context.Context, s Schema) error {
	return db.Update(ctx, func(tx *Tx) error {
		if err := lockMigrations(ctx, tx); err != nil {
			return err
		}
		applied, err := appliedIn(ctx, tx, s.Scope)
		if err != nil {
			return err
		}
		next, err := s.pending(applied[s.Scope], tx.dialect)
		if err != nil || len(next) == 0 {
			return err
		}
		return apply(ctx, tx, s.Scope, next[0])
	})
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
	of, err := appliedIn(ctx, tx, scope)
	if err != nil {
		return false, err
	}
	applied := of[scope]
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

// ForgetMigrations removes the record of scope's migrations inside tx: for a
// purge that drops the scope's tables in the same transaction.
func (db *DB) ForgetMigrations(ctx context.Context, tx *Tx, scope string) error {
	if !db.migrated.Load() {
		return errors.New("forget migrations: nothing was migrated or asked through this database yet")
	}
	tx.forgotten = append(tx.forgotten, scope)
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
