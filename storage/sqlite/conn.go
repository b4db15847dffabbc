package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	engine "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/modular-dashboard/dashboard/storage"
)

// walLimit is how large the log beside the database may stay, in bytes, once
// its content has moved to the database.
const walLimit = 16 << 20

// newEngine returns the driver with the clock that storage.SQLite.NowMicros
// names: time.Now, so that it follows testing/synctest and has microseconds.
var newEngine = sync.OnceValues(func() (*engine.Driver, error) {
	d := &engine.Driver{}
	err := d.RegisterScalarFunction("dashboard_now", 0,
		func(*engine.FunctionContext, []driver.Value) (driver.Value, error) {
			return time.Now().UnixMicro(), nil
		})
	return d, err
})

// engineConn is what a connection of the engine can do.
type engineConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
	IsReadOnly(schema string) (bool, error)
}

// connector opens the connections of one pool.
type connector struct {
	*target
	live   *gauge
	wait   time.Duration
	writer bool
	first  func(context.Context) error // of a reader: waits for the first connection, a writer's
}

// Driver implements driver.Connector.
func (k *connector) Driver() driver.Driver { return &engine.Driver{} }

// Connect implements driver.Connector.
func (k *connector) Connect(ctx context.Context) (driver.Conn, error) {
	d, err := newEngine()
	if err != nil {
		return nil, fmt.Errorf("register clock: %w", err)
	}
	if k.first != nil {
		if err := k.first(ctx); err != nil {
			return nil, err
		}
	}
	if err := k.intact(); err != nil {
		return nil, err
	}
	c := &conn{connector: k}
	opened, err := d.Open(k.dsn())
	if err != nil {
		return nil, c.translate(err)
	}
	inner, ok := opened.(engineConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("open database: unexpected engine %T", opened), opened.Close())
	}
	c.engine = inner
	c.stmts.engine = inner
	if err := c.configure(ctx); err != nil {
		return nil, errors.Join(c.translate(err), inner.Close())
	}
	if err := k.note(); err != nil {
		return nil, errors.Join(err, inner.Close())
	}
	k.live.add(1)
	return c, nil
}

// conn is a connection that translates errors, keeps prepared statements and
// ends a transaction at its first failure, as PostgreSQL does: SQLite rolls
// back by itself on some errors, and a statement after that would commit
// alone.
type conn struct {
	*connector
	engine engineConn
	stmts  statements
	inTx   bool
	failed error // why the transaction can only be rolled back
	broken bool  // the connection must not be used again
	lax    bool  // commits are not flushed, as storage.Transient allows
}

// configure sets a new connection up and reads the schema, so that a file
// that cannot be used is refused here.
func (c *conn) configure(ctx context.Context) error {
	if !c.writer {
		return c.pragmas(ctx, []string{
			fmt.Sprintf("PRAGMA busy_timeout = %d", c.wait.Milliseconds()), "PRAGMA trusted_schema = OFF", "PRAGMA query_only = ON",
		})
	}
	sync := "FULL" // a commit is on the disk before it is acknowledged
	if c.ephemeral {
		sync = "OFF"
	}
	// The writer waits by itself, see turn.
	if err := c.pragmas(ctx, []string{"PRAGMA busy_timeout = 0", "PRAGMA trusted_schema = OFF"}); err != nil {
		return err
	}
	readOnly, err := c.engine.IsReadOnly("main")
	if err != nil {
		return err
	}
	if readOnly {
		return failure(storage.ErrReadOnly, nil, "database %s is read-only: let this process write the file and its folder", c.name)
	}
	mode, err := c.scalar(ctx, "PRAGMA journal_mode = WAL")
	if err != nil {
		return err
	}
	if mode != "wal" {
		return failure(storage.ErrUnavailable, nil, "cannot open database %s: its file system cannot share memory, as SQLite's WAL needs; use a local disk", c.name)
	}
	if err := c.pragmas(ctx, []string{
		"PRAGMA synchronous = " + sync, "PRAGMA foreign_keys = ON",
		fmt.Sprintf("PRAGMA journal_size_limit = %d", walLimit),
	}); err != nil {
		return err
	}
	_, err = c.scalar(ctx, "SELECT count(*) FROM sqlite_schema")
	return err
}

func (c *conn) pragmas(ctx context.Context, list []string) error {
	for _, p := range list {
		if _, err := c.scalar(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// scalar returns the first column of a query's first row. Changing the
// journal mode and recovering a log answer busy without waiting: it retries.
func (c *conn) scalar(ctx context.Context, query string) (any, error) {
	for t := newTurn(c.wait); ; {
		v, err := c.first(ctx, query)
		if !locked(err) || !t.next(ctx) {
			return v, err
		}
	}
}

func (c *conn) first(ctx context.Context, query string) (v any, err error) {
	rows, err := c.engine.QueryContext(ctx, query, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if len(rows.Columns()) == 0 {
		return nil, nil
	}
	dest := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(dest); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, err
	}
	return dest[0], nil
}

// turn is a bounded wait for a lock that another process holds. There is one
// waiter per process, so it may ask often: SQLite's own pauses grow to 100 ms
// and let a busy process starve the others.
type turn struct {
	until time.Time
	pause time.Duration
}

func newTurn(wait time.Duration) turn {
	return turn{until: time.Now().Add(wait), pause: 100 * time.Microsecond}
}

// next waits a moment and reports whether to try again.
func (t *turn) next(ctx context.Context) bool {
	if !time.Now().Before(t.until) {
		return false
	}
	timer := time.NewTimer(t.pause/2 + rand.N(t.pause)) //nolint:gosec // G404: jitter is no secret
	defer timer.Stop()
	t.pause = min(2*t.pause, time.Millisecond)
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Prepare implements driver.Conn.
func (c *conn) Prepare(query string) (driver.Stmt, error) {
	return c.engine.PrepareContext(context.Background(), query)
}

// Close implements driver.Conn.
func (c *conn) Close() error {
	defer c.live.add(-1)
	return errors.Join(c.stmts.close(), c.engine.Close())
}

// Ping implements driver.Pinger: it reads the file.
func (c *conn) Ping(ctx context.Context) error {
	if err := c.intact(); err != nil {
		return err
	}
	_, err := c.scalar(ctx, "SELECT count(*) FROM sqlite_schema")
	return c.translate(err)
}

// ResetSession implements driver.SessionResetter.
func (c *conn) ResetSession(ctx context.Context) error {
	if c.broken {
		return driver.ErrBadConn
	}
	return c.engine.ResetSession(ctx)
}

// IsValid implements driver.Validator.
func (c *conn) IsValid() bool { return !c.broken && c.engine.IsValid() }

// Begin implements driver.Conn.
func (c *conn) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx implements driver.ConnBeginTx. A write transaction takes the lock
// at once: one that reads first and writes later would find the database
// busy whatever the timeout.
func (c *conn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	return tx{c}, nil
}

func (c *conn) begin(ctx context.Context) error {
	query := "BEGIN IMMEDIATE"
	if !c.writer {
		query = "BEGIN"
	} else if err := errors.Join(c.intact(), c.flush(ctx)); err != nil {
		return err
	}
	for t := newTurn(c.wait); ; {
		_, err := c.stmts.exec(ctx, query, nil)
		if err == nil {
			c.inTx, c.failed = true, nil
			return nil
		}
		if locked(err) && t.next(ctx) {
			continue
		}
		err = c.undo(err) // a BEGIN may succeed as ctx ends
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
}

// flush has the commits from here on flushed to the disk, or not. A checkpoint
// flushes in either case, and so does the next commit that has to: what is there
// already stays whole.
func (c *conn) flush(ctx context.Context) error {
	lax := storage.IsTransient(ctx)
	if lax == c.lax || c.ephemeral {
		return nil
	}
	level := "FULL"
	if lax {
		level = "NORMAL"
	}
	if _, err := c.scalar(ctx, "PRAGMA synchronous = "+level); err != nil {
		return c.translate(err)
	}
	c.lax = lax
	return nil
}

func (c *conn) commit() error {
	if failed := c.failed; failed != nil {
		if err := c.rollback(); err != nil {
			return errors.Join(failed, err)
		}
		return failed
	}
	c.inTx = false
	if _, err := c.stmts.exec(context.Background(), "COMMIT", nil); err != nil {
		if primary(err) == codes.SQLITE_ERROR {
			return fmt.Errorf("commit: a statement inside the transaction ended it: %w", err)
		}
		return c.undo(err)
	}
	return nil
}

// undo rolls back because of err, which it translates.
func (c *conn) undo(err error) error {
	err = c.translate(err)
	if rerr := c.rollback(); rerr != nil {
		return errors.Join(err, rerr)
	}
	return err
}

// rollback leaves the connection without a transaction, or marks it broken.
func (c *conn) rollback() error {
	c.inTx, c.failed = false, nil
	_, err := c.stmts.exec(context.Background(), "ROLLBACK", nil)
	if err == nil || primary(err) == codes.SQLITE_ERROR {
		return nil // SQLITE_ERROR: SQLite has rolled back already
	}
	c.broken = true
	return c.translate(err)
}

// fail remembers the first failure of a transaction.
func (c *conn) fail(err error) error {
	err = c.translate(err)
	if c.inTx && c.failed == nil {
		c.failed = err
	}
	return err
}

// check refuses what must not reach the engine.
func (c *conn) check(args []driver.NamedValue) error {
	if c.failed != nil {
		return c.failed
	}
	for i := range args {
		if _, ok := args[i].Value.(time.Time); ok {
			return c.fail(fmt.Errorf("argument %d is a time: pass t.UnixMicro()", i+1))
		}
	}
	return nil
}

// ExecContext implements driver.ExecerContext. Outside a transaction it makes
// one, so that the lock is taken as Update takes it and a script of several
// statements is applied whole or not at all.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.check(args); err != nil {
		return nil, err
	}
	if c.inTx {
		res, err := c.stmts.exec(ctx, query, args)
		if err != nil {
			return nil, c.fail(err)
		}
		return res, nil
	}
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	res, err := c.stmts.exec(ctx, query, args)
	if err != nil {
		return nil, c.undo(err)
	}
	if err := c.commit(); err != nil {
		return nil, err
	}
	return res, nil
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.check(args); err != nil {
		return nil, err
	}
	if !c.writer {
		// A read seldom blocks, so many of them keep every processor for a
		// scheduler's slice of 10 ms each, and a write that comes back from
		// the disk waits for all of them. Measured with 16 readers on two
		// cores: three times the writes.
		runtime.Gosched()
	}
	for t := newTurn(c.wait); ; {
		rows, err := c.stmts.query(ctx, query, args)
		if err == nil {
			rows.conn = c
			return rows, nil
		}
		if c.writer || !locked(err) || !t.next(ctx) {
			return nil, c.fail(err)
		}
	}
}

// tx is the transaction of a connection.
type tx struct{ c *conn }

// Commit implements driver.Tx.
func (t tx) Commit() error { return t.c.commit() }

// Rollback implements driver.Tx.
func (t tx) Rollback() error { return t.c.rollback() }

var (
	_ driver.Connector       = (*connector)(nil)
	_ driver.ConnBeginTx     = (*conn)(nil)
	_ driver.ExecerContext   = (*conn)(nil)
	_ driver.QueryerContext  = (*conn)(nil)
	_ driver.Pinger          = (*conn)(nil)
	_ driver.SessionResetter = (*conn)(nil)
	_ driver.Validator       = (*conn)(nil)
)
