package storage

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// Querier runs statements: a [*DB] or a [*Tx]. Statements use $1, $2, …
// Arguments are integers, floats, strings, booleans, nil and []byte; a time
// is passed as its UnixMicro. RETURNING is the portable way to a new id:
// LastInsertId is not.
type Querier interface {
	// Exec runs a statement that returns no rows.
	Exec(ctx context.Context, query string, args ...any) (sql.Result, error)
	// Query runs a statement that returns rows. The caller closes them and asks
	// for their Err.
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	// QueryRow runs a statement that returns at most one row.
	QueryRow(ctx context.Context, query string, args ...any) *sql.Row
}

// Config is what an adapter hands to [New].
type Config struct {
	// Dialect is required.
	Dialect Dialect
	// Writer runs Exec and Update, Reader runs Query, QueryRow and View.
	// Both are required; they may be the same pool. Their drivers return
	// *Error for the failures this package names. A Writer limited to one
	// connection serves writes in the order they came.
	Writer, Reader *sql.DB
	// Path is the database file, "" if there is none.
	Path string
	// WriteWait is how long a write waits for its turn before ErrBusy when
	// its context does not end earlier. Default 30 s.
	WriteWait time.Duration
	// Close releases what the adapter owns after both pools are closed. It
	// may be nil.
	Close func() error
}

// DB is a database. Make one with an adapter such as storage/sqlite. It is
// safe for concurrent use.
type DB struct {
	cfg      Config
	gate     chan struct{} // full while somebody writes; nil if many may
	closed   atomic.Bool
	closing  sync.Once
	closeErr error
	migrated atomic.Bool // the table of migrations exists
	memo     memo        // of what was migrated
	leased   atomic.Bool // the table of leases exists
	refused  refusals
}

// New returns a DB over an adapter's pools. Only adapters call it.
func New(c Config) (*DB, error) {
	if c.Dialect != SQLite && c.Dialect != PostgreSQL {
		return nil, errors.New("new storage: no dialect")
	}
	if c.Writer == nil || c.Reader == nil {
		return nil, errors.New("new storage: writer and reader are required")
	}
	if c.WriteWait <= 0 {
		c.WriteWait = 30 * time.Second
	}
	db := &DB{cfg: c}
	if c.Writer.Stats().MaxOpenConnections == 1 {
		db.gate = make(chan struct{}, 1)
	}
	return db, nil
}

// Dialect returns the SQL the database speaks.
func (db *DB) Dialect() Dialect { return db.cfg.Dialect }

// Path returns the database file, or "" when the database is not a file of
// the caller's.
func (db *DB) Path() string { return db.cfg.Path }

// Ping reports whether the database answers a read.
func (db *DB) Ping(ctx context.Context) error {
	if db.closed.Load() {
		return ErrClosed
	}
	return db.cfg.Reader.PingContext(ctx)
}

// Close waits for running statements and transactions, closes every
// connection and releases the file. Further calls return the first one's
// error; later statements fail with [ErrClosed].
func (db *DB) Close() error {
	db.closing.Do(func() {
		db.closed.Store(true)
		err := db.cfg.Reader.Close()
		if db.cfg.Writer != db.cfg.Reader {
			err = errors.Join(err, db.cfg.Writer.Close())
		}
		if db.cfg.Close != nil {
			err = errors.Join(err, db.cfg.Close())
		}
		db.closeErr = err
	})
	return db.closeErr
}

// Exec runs one write statement in a transaction of its own. An error means
// that nothing was applied. Called inside [DB.Update] it waits for that very
// transaction and ends with [ErrBusy]: use the Tx there.
func (db *DB) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if db.closed.Load() {
		return nil, ErrClosed
	}
	if db.hooks(ctx) != nil {
		return db.execHooked(ctx, query, args)
	}
	release, err := db.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	result, err := db.cfg.Writer.ExecContext(ctx, query, args...)
	return result, db.refused.begun(err)
}

// turn waits until the caller may write. Where there is one writer, callers
// go first come, first served: the pool of database/sql picks at random, and
// under load some would wait far longer than others. The turn ends with ctx,
// as the transaction does, even if its function goes on.
func (db *DB) turn(ctx context.Context) (release func(), err error) {
	if db.gate == nil {
		return func() {}, nil
	}
	select {
	case db.gate <- struct{}{}:
	default:
		if err := db.queue(ctx); err != nil {
			return nil, err
		}
	}
	end := sync.OnceFunc(func() { <-db.gate })
	stop := context.AfterFunc(ctx, end)
	return func() { stop(); end() }, nil
}

// queue waits behind other writers.
func (db *DB) queue(ctx context.Context) error {
	timer := time.NewTimer(db.cfg.WriteWait)
	defer timer.Stop()
	select {
	case db.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		name := db.cfg.Path
		if name == "" {
			name = db.cfg.Dialect.String()
		}
		return errorf(ErrBusy, "database %s: other writes took longer than %s (Exec and Update inside Update wait for themselves)",
			name, db.cfg.WriteWait)
	}
}

// Query runs a read. The caller closes the rows. It is served by the read
// pool and so sees only what is committed, also inside [DB.Update].
func (db *DB) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if db.closed.Load() {
		return nil, ErrClosed
	}
	return db.cfg.Reader.QueryContext(ctx, query, args...)
}

// QueryRow runs a read of at most one row; its Scan returns [sql.ErrNoRows]
// when there is none, and an error of database/sql's own after Close. See
// [DB.Query].
func (db *DB) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return db.cfg.Reader.QueryRowContext(ctx, query, args...)
}

// Update runs fn in a write transaction and commits it when fn returns nil.
// An error, a panic (which continues) or the end of ctx rolls it back. On
// SQLite there is one write transaction at a time, on PostgreSQL they run
// side by side.
//
// A statement that fails ends the transaction: later ones return the same
// error, and so does Update, whatever fn returns. Calling Exec or Update of
// the same DB inside fn waits for fn itself and ends with [ErrBusy]; reading
// through the DB is fine and sees what is committed.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	if db.closed.Load() {
		return ErrClosed
	}
	release, err := db.turn(ctx)
	if err != nil {
		return err
	}
	defer release()
	tx, err := db.cfg.Writer.BeginTx(ctx, nil)
	if err != nil {
		return db.closedOr(db.refused.begun(err))
	}
	hooks := db.hooks(ctx)
	if hooks == nil {
		return db.refused.ended(db.run(ctx, tx, fn))
	}
	err = db.run(ctx, tx, func(tx *Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		for _, h := range hooks {
			if err := h.run(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	_ = db.refused.ended(err)
	if err == nil {
		for _, h := range hooks {
			h.done.Store(true)
		}
	}
	return err
}

// View runs fn in a read-only transaction that sees one snapshot of the
// database, taken at its first statement.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	if db.closed.Load() {
		return ErrClosed
	}
	opts := &sql.TxOptions{ReadOnly: true}
	if db.cfg.Dialect == PostgreSQL {
		opts.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.cfg.Reader.BeginTx(ctx, opts)
	if err != nil {
		return db.closedOr(err)
	}
	return db.run(ctx, tx, fn)
}

// closedOr returns ErrClosed for what a closed pool says in its own words.
func (db *DB) closedOr(err error) error {
	if db.closed.Load() {
		return ErrClosed
	}
	return err
}

// run calls fn and ends the transaction.
func (db *DB) run(ctx context.Context, tx *sql.Tx, fn func(*Tx) error) (err error) {
	ended := false
	defer func() {
		if ended {
			return
		}
		// After an error, a panic or Goexit.
		if rerr := tx.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) {
			err = errors.Join(err, rerr)
		}
	}()
	t := &Tx{tx: tx, dialect: db.cfg.Dialect}
	defer func() { db.memo.forget(t.forgotten) }()
	err = fn(t)
	if err == nil {
		ended = true
		err = tx.Commit()
	}
	if ctx.Err() != nil && errors.Is(err, sql.ErrTxDone) {
		return ctx.Err() // its end rolled the transaction back
	}
	return err
}

// Tx is a transaction, valid until the function it was given to returns. It
// is for one goroutine at a time.
type Tx struct {
	tx        *sql.Tx
	dialect   Dialect
	forgotten []string // scopes, see DB.ForgetMigrations
}

// Dialect returns the SQL the database speaks.
func (tx *Tx) Dialect() Dialect { return tx.dialect }

// Exec runs a write.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return tx.tx.ExecContext(ctx, query, args...)
}

// Query runs a read, or a write with RETURNING. The caller closes the rows
// before the next statement: PostgreSQL runs one at a time.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.tx.QueryContext(ctx, query, args...)
}

// QueryRow runs a read, or a write with RETURNING, of at most one row.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return tx.tx.QueryRowContext(ctx, query, args...)
}

var (
	_ Querier = (*DB)(nil)
	_ Querier = (*Tx)(nil)
)
