package storagetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// RunDB checks a database adapter. open returns an empty database, which the
// suite closes.
func RunDB(t *testing.T, open func(t *testing.T) *storage.DB) {
	cases := []struct {
		name string
		run  func(*testing.T, *storage.DB)
	}{
		{"statements", testStatements},
		{"clock", testClock},
		{"constraints", testConstraints},
		{"commit and rollback", testUpdate},
		{"panic rolls back", testPanic},
		{"failed statement ends the transaction", testFailedStatement},
		{"end of context rolls back", testCancel},
		{"reads inside update see what is committed", testReadInsideUpdate},
		{"view is one snapshot", testSnapshot},
		{"view and query refuse writes", testReadOnly},
		{"commit hook", testCommitHook},
		{"nested commit hooks", testNestedHooks},
		{"transient writes", testTransient},
		{"write while rows are open", testWriteWhileReading},
		{"read-modify-write loses nothing", testCounter},
		{"times are refused", testTimes},
		{"close", testClose},
		{"migrate", testMigrate},
		{"migrations are checked", testMigrateChecks},
		{"failed migration", testMigrateFails},
		{"migrate at once", testMigrateTogether},
		{"migrate step", testMigrateStep},
		{"forget migrations", testForget},
		{"migrate while it is forgotten", testForgetMeanwhile},
		{"forget and roll back", testForgetRolledBack},
		{"what was migrated is remembered", testMemo},
		{"migrate all", testMigrateAll},
		{"migrate all at once", testMigrateAllTogether},
		{"check schemas", testCheckSchemas},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			db := open(t)
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			c.run(t, db)
		})
	}
}

func exec(t *testing.T, q storage.Querier, query string, args ...any) {
	t.Helper()
	if _, err := q.Exec(t.Context(), query, args...); err != nil {
		t.Fatalf("exec %q: %v", query, err)
	}
}

func count(t *testing.T, q storage.Querier, table string) int {
	t.Helper()
	var n int
	if err := q.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
		t.Fatalf("count %s: %v", table, err)
	}
	return n
}

func testStatements(t *testing.T, db *storage.DB) {
	exec(t, db, `CREATE TABLE items (id TEXT PRIMARY KEY, n BIGINT, ok BOOLEAN)`)
	res, err := db.Exec(t.Context(), `INSERT INTO items (id, n, ok) VALUES ($1, $2, $3), ($4, $2, NULL)`, "a", int64(1)<<53+1, true, "b")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); n != 2 || err != nil {
		t.Errorf("rows affected = %d, %v; want 2", n, err)
	}
	rows, err := db.Query(t.Context(), `SELECT id, n, ok FROM items WHERE n = $1 ORDER BY id`, int64(1)<<53+1)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var id string
		var n int64
		var ok sql.NullBool
		if err := rows.Scan(&id, &n, &ok); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %d %v", id, n, ok))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if want := "[a 9007199254740993 {true true} b 9007199254740993 {false false}]"; fmt.Sprint(got) != want {
		t.Errorf("rows = %v, want %v", got, want)
	}
	var id string
	if err := db.QueryRow(t.Context(), `SELECT id FROM items WHERE id = $1`, "none").Scan(&id); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("missing row: %v, want sql.ErrNoRows", err)
	}
	if err := db.QueryRow(t.Context(), `SELECT nonsense FROM items`).Scan(&id); err == nil || errors.Is(err, sql.ErrNoRows) {
		t.Errorf("a wrong query: %v, want an error", err)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
}

func testClock(t *testing.T, db *storage.DB) {
	var last int64
	for range 20 {
		var now int64
		if err := db.QueryRow(t.Context(), `SELECT `+db.Dialect().NowMicros()).Scan(&now); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(time.UnixMicro(now)).Abs(); d > time.Minute {
			t.Fatalf("database clock is %s away: microseconds since the epoch are expected", d)
		}
		if now < last {
			t.Errorf("clock went back from %d to %d", last, now)
		}
		last = now
	}
}

func testConstraints(t *testing.T, db *storage.DB) {
	exec(t, db, `CREATE TABLE parents (id TEXT PRIMARY KEY, n BIGINT NOT NULL CHECK (n > 0), mail TEXT UNIQUE)`)
	exec(t, db, `CREATE TABLE children (id TEXT PRIMARY KEY, parent TEXT NOT NULL REFERENCES parents (id))`)
	exec(t, db, `INSERT INTO parents (id, n, mail) VALUES ('p', 1, 'x')`)
	exec(t, db, `INSERT INTO children (id, parent) VALUES ('c', 'p')`)
	cases := []struct {
		query string
		want  error
	}{
		{`INSERT INTO parents (id, n) VALUES ('p', 1)`, storage.ErrUnique},
		{`INSERT INTO parents (id, n, mail) VALUES ('q', 1, 'x')`, storage.ErrUnique},
		{`INSERT INTO parents (id, n) VALUES ('q', 0)`, storage.ErrConstraint},
		{`INSERT INTO parents (id) VALUES ('q')`, storage.ErrConstraint},
		{`INSERT INTO children (id, parent) VALUES ('d', 'none')`, storage.ErrForeignKey},
		{`DELETE FROM parents`, storage.ErrForeignKey},
	}
	for _, c := range cases {
		_, err := db.Exec(t.Context(), c.query)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.query, err, c.want)
		}
		err = db.Update(t.Context(), func(tx *storage.Tx) error {
			_, err := tx.Exec(t.Context(), c.query)
			return err
		})
		if !errors.Is(err, c.want) {
			t.Errorf("%s in a transaction: %v, want %v", c.query, err, c.want)
		}
	}
}

var errWanted = errors.New("wanted")

func testUpdate(t *testing.T, db *storage.DB) {
	exec(t, db, `CREATE TABLE items (id BIGINT PRIMARY KEY)`)
	err := db.Update(t.Context(), func(tx *storage.Tx) error {
		exec(t, tx, `INSERT INTO items (id) VALUES (1)`)
		var id int
		if err := tx.QueryRow(t.Context(), `INSERT INTO items (id) VALUES (2) RETURNING id`).Scan(&id); err != nil || id != 2 {
			t.Errorf("returning = %d, %v", id, err)
		}
		if n := count(t, tx, "items"); n != 2 {
			t.Errorf("inside: %d items, want 2", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(t.Context(), func(tx *storage.Tx) error {
		exec(t, tx, `DELETE FROM items`)
		return errWanted
	})
	if !errors.Is(err, errWanted) {
		t.Errorf("update = %v, want its function's error", err)
	}
	if n := count(t, db, "items"); n != 2 {
		t.Errorf("%d items, want 2", n)
	}
}

func testPanic(t *testing.T, db *storage.DB) {
	exec(t, db, `CREATE TABLE items (id BIGINT PRIMARY KEY)`)
	panicked := func() (v any) {
		defer func() { v = recover() }()
		return db.Update(t.Context(), func(tx *storage.Tx) error {
			exec(t, tx, `INSERT INTO items (id) VALUES (1)`)
			panic("wanted")
		})
	}()
	if panicked != "wanted" {
		t.Errorf("recovered %v, want the panic's own value", panicked)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = db.Update(t.Context(), func(tx *storage.Tx) error {
			if _, err := tx.Exec(t.Context(), `INSERT INTO items (id) VALUES (1)`); err != nil {
				t.Error(err)
			}
			runtime.Goexit()
			return nil
		})
	}()
	<-done
	exec(t, db, `INSERT INTO items (id) VALUES (2)`) // the writer is free again
	if n := count(t, db, "items"); n != 1 {
		t.Errorf("%d items, want 1", n)
	}
}

func testFailedStatement(t *testing.T, db *storage.DB) {
	exec(t, db, `CREATE TABLE items (id BIGINT PRIMARY KEY)`)
	err := db.Update(t.Context(), func(tx *storage.Tx) error {
		exec(t, tx, `INSERT INTO items (id) VALUES (1)`)
		if _, err := tx.Exec(t.Context(), `INSERT INTO items (id) VALUES (1)`); !errors.Is(err, storage.ErrUnique) {
			t.Errorf("second insert: %v, want ErrUnique", err)
		}
		if _, err := tx.Exec(t.Context(), `INSERT INTO items (id) VALUES (2)`); err == nil {
			t.Error("a statement after a failed one succeeded")
		}
		return nil // on purpose: the transaction must fail all the same
	})
	if err == nil {
		t.Error("update hid the failed statement")
	}
	if n := count(t, db, "items"); n != 0 {
		t.Errorf("%d items, want 0", n)
	}
	exec(t, db, `INSERT INTO items (id) VALUES (1)`)
}

func testCancel(t *testing.T, db *storage.DB) {
	exec(t, db, `CREATE TABLE items (id BIGINT PRIMARY KEY)`)
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	ended := make(chan error)
	go func() {
		ended <- db.Update(ctx, func(tx *storage.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO items (id) VALUES (1)`)
			cancel()
			<-release // a function that does not look at its context
			return err
		})
	}()
	<-ctx.Done()
	exec(t, db, `INSERT INTO items (id) VALUES (2)`) // waits for the rollback only
	close(release)
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("update = %v, want context.Canceled", err)
	}
	if n := count(t, db, "items"); n != 1 {
		t.Errorf("%d items, want 1", n)
	}
	if _, err := db.Exec(ctx, `INSERT INTO items (id) VALUES (5)`); !errors.Is(err, context.Canceled) {
		t.Errorf("exec after the end = %v, want context.Canceled", err)
	}
	if err := db.View(ctx, func(*storage.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("view after the end = %v, want context.Canceled", err)
	}
}

func testCounter(t *testing.T, db *storage.DB) {
	const workers, rounds = 8, 25
	exec(t, db, `CREATE TABLE counters (id TEXT PRIMARY KEY, n BIGINT NOT NULL)`)
	exec(t, db, `INSERT INTO counters (id, n) VALUES ('c', 0)`)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range rounds {
				err := db.Update(t.Context(), func(tx *storage.Tx) error {
					var n int
					if err := tx.QueryRow(t.Context(), `SELECT n FROM counters WHERE id = $1`+tx.Dialect().ForUpdate(), "c").Scan(&n); err != nil {
						return err
					}
					_, err := tx.Exec(t.Context(), `UPDATE counters SET n = $1 WHERE id = $2`, n+1, "c")
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	var n int
	if err := db.QueryRow(t.Context(), `SELECT n FROM counters`).Scan(&n); err != nil || n != workers*rounds {
		t.Errorf("counter = %d, %v; want %d", n, err, workers*rounds)
	}
}

func testTimes(t *testing.T, db *storage.DB) {
	exec(t, db, `CREATE TABLE items (at BIGINT NOT NULL)`)
	if _, err := db.Exec(t.Context(), `INSERT INTO items (at) VALUES ($1)`, time.Now()); err == nil {
		t.Error("a time.Time was stored: it has no one form on both databases")
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	exec(t, db, `INSERT INTO items (at) VALUES ($1)`, now.UnixMicro())
	var at int64
	if err := db.QueryRow(t.Context(), `SELECT at FROM items`).Scan(&at); err != nil || !time.UnixMicro(at).Equal(now) {
		t.Errorf("time = %s, %v; want %s", time.UnixMicro(at), err, now)
	}
}

func testClose(t *testing.T, db *storage.DB) {
	for range 2 {
		if err := db.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	}
	if _, err := db.Exec(t.Context(), `SELECT 1`); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("exec = %v, want ErrClosed", err)
	}
	rows, err := db.Query(t.Context(), `SELECT 1`)
	if err == nil {
		defer rows.Close()
		t.Errorf("a closed database gave rows, %v", rows.Err())
	} else if !errors.Is(err, storage.ErrClosed) {
		t.Errorf("query = %v, want ErrClosed", err)
	}
	nothing := func(*storage.Tx) error { return nil }
	if err := db.Update(t.Context(), nothing); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("update = %v, want ErrClosed", err)
	}
	if err := db.View(t.Context(), nothing); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("view = %v, want ErrClosed", err)
	}
	if err := db.MigrateAll(t.Context()); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("migrate nothing = %v, want ErrClosed", err)
	}
	if err := db.Ping(t.Context()); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("ping = %v, want ErrClosed", err)
	}
	var one int
	if err := db.QueryRow(t.Context(), `SELECT 1`).Scan(&one); err == nil {
		t.Error("a closed database answered")
	}
}
