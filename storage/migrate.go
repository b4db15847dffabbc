package storage

import (
	"context"
	"errors"
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

// Migrate applies every pending migration of scope, in order, each in a
// transaction of its own. It is safe to call from several processes at once.
// Errors: [ErrChecksum], [ErrFuture], [ErrOrder]; then nothing was applied.
// An error of a migration itself leaves the earlier ones applied.
func (db *DB) Migrate(ctx context.Context, scope string, migrations []Migration) error {
	return errors.ErrUnsupported
}

// MigrateStep applies one migration and runs also (which may be nil) in the
// same transaction, so that both happen or neither. If the migration is
// applied already, only also runs.
func (db *DB) MigrateStep(ctx context.Context, scope string, m Migration, also func(*Tx) error) error {
	return errors.ErrUnsupported
}

// Pending returns the migrations of scope that are not applied, in order. It
// checks the applied ones as [DB.Migrate] does and changes nothing.
func (db *DB) Pending(ctx context.Context, scope string, migrations []Migration) ([]Migration, error) {
	return nil, errors.ErrUnsupported
}

// ForgetMigrations removes the record of scope's migrations inside tx: for a
// purge that drops the scope's tables in the same transaction.
func (db *DB) ForgetMigrations(ctx context.Context, tx *Tx, scope string) error {
	return errors.ErrUnsupported
}
