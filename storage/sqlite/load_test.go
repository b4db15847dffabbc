package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// soak is how long .ci/soak/storage.sh wants the load to last.
const soak = "DASHBOARD_STORAGE_SOAK"

// load is a mix of writers and readers with an invariant: transfers between
// accounts keep their sum, and each write leaves an entry.
type load struct {
	db               *storage.DB
	writers, readers int

	writes, reads atomic.Int64
	worst         atomic.Int64 // longest write in nanoseconds
	mu            sync.Mutex
	errs          []error
}

const (
	accounts = 20
	balance  = 100
)

func prepareLoad(ctx context.Context, db *storage.DB) error {
	return db.Update(ctx, func(tx *storage.Tx) error {
		if _, err := tx.Exec(ctx, `CREATE TABLE accounts (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL);
			CREATE TABLE entries (id INTEGER PRIMARY KEY, note TEXT NOT NULL);`); err != nil {
			return err
		}
		for i := range accounts {
			if _, err := tx.Exec(ctx, `INSERT INTO accounts (id, balance) VALUES ($1, $2)`, i, balance); err != nil {
				return err
			}
		}
		return nil
	})
}

// run loads the database until ctx ends.
func (l *load) run(ctx context.Context) {
	var wg sync.WaitGroup
	loop := func(n int, done *atomic.Int64, step func(context.Context) error) {
		for range n {
			wg.Go(func() {
				for ctx.Err() == nil {
					// Not ctx: a step that has begun is finished.
					if err := step(context.WithoutCancel(ctx)); err != nil {
						l.mu.Lock()
						l.errs = append(l.errs, err)
						l.mu.Unlock()
						return
					}
					done.Add(1)
				}
			})
		}
	}
	loop(l.writers, &l.writes, l.write)
	loop(l.readers, &l.reads, l.read)
	wg.Wait()
}

func (l *load) write(ctx context.Context) error {
	begin := time.Now()
	err := l.transfer(ctx)
	took := time.Since(begin).Nanoseconds()
	for old := l.worst.Load(); took > old && !l.worst.CompareAndSwap(old, took); old = l.worst.Load() {
	}
	return err
}

func (l *load) transfer(ctx context.Context) error {
	const note = "a note of about the length that an audit entry has in practice"
	if rand.N(4) == 0 {
		_, err := l.db.Exec(ctx, `INSERT INTO entries (note) VALUES ($1)`, note)
		return err
	}
	from, to := rand.N(accounts), rand.N(accounts)
	return l.db.Update(ctx, func(tx *storage.Tx) error {
		var have int
		if err := tx.QueryRow(ctx, `SELECT balance FROM accounts WHERE id = $1`, from).Scan(&have); err != nil {
			return err
		}
		amount := rand.N(have + 1)
		if _, err := tx.Exec(ctx, `UPDATE accounts SET balance = balance - $1 WHERE id = $2`, amount, from); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE accounts SET balance = balance + $1 WHERE id = $2`, amount, to); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO entries (note) VALUES ($1)`, note)
		return err
	})
}

func (l *load) read(ctx context.Context) error {
	if rand.N(2) == 0 {
		var sum int
		if err := l.db.QueryRow(ctx, `SELECT sum(balance) FROM accounts`).Scan(&sum); err != nil {
			return err
		}
		return checkSum(sum)
	}
	return l.db.View(ctx, func(tx *storage.Tx) error {
		rows, err := tx.Query(ctx, `SELECT balance FROM accounts`)
		if err != nil {
			return err
		}
		defer rows.Close()
		sum := 0
		for rows.Next() {
			var n int
			if err := rows.Scan(&n); err != nil {
				return err
			}
			sum += n
		}
		return errors.Join(rows.Err(), checkSum(sum))
	})
}

func checkSum(sum int) error {
	if sum != accounts*balance {
		return fmt.Errorf("the sum of all accounts is %d, want %d", sum, accounts*balance)
	}
	return nil
}

// childLoad runs the load in a second process until its input closes, and
// prints the number of its writes.
func childLoad(path string) error {
	db, err := sqlite.Open(path)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		// Ends when the parent closes it, or dies.
		if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	l := &load{db: db, writers: 8, readers: 8}
	l.run(ctx)
	fmt.Println(l.writes.Load())
	return errors.Join(append(l.errs, db.Close())...)
}

// TestLoad holds the promise that nobody sees a busy database: 16 writers and
// 16 readers here, then also 8 and 8 in each of two other processes.
func TestLoad(t *testing.T) {
	for _, processes := range []int{0, 2} {
		t.Run(fmt.Sprintf("with %d other processes", processes), func(t *testing.T) { testLoad(t, processes) })
	}
}

func testLoad(t *testing.T, processes int) {
	lasts := 2 * time.Second
	if s := os.Getenv(soak); s != "" {
		var err error
		if lasts, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "test.db")
	db := openAt(t, path)
	if err := prepareLoad(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	var others []*child
	for range processes {
		others = append(others, start(t, "load", path))
	}
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	var wal atomic.Int64
	var watch sync.WaitGroup
	watch.Go(func() { watchLog(ctx, path, &wal) })
	l := &load{db: db, writers: 16, readers: 16}
	l.run(ctx)
	watch.Wait()
	for _, err := range l.errs {
		t.Error(err)
	}
	total := l.writes.Load()
	for _, c := range others {
		c.in.Close()
		for _, line := range c.lines(t) {
			n, err := strconv.ParseInt(line, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			total += n
		}
	}
	var entries int64
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM entries`).Scan(&entries); err != nil || entries != total {
		t.Errorf("%d entries, %v; want the %d acknowledged", entries, err, total)
	}
	s := lasts.Seconds()
	t.Logf("%.0f writes/s here (%.0f in all), %.0f reads/s, longest write %s, log at most %.1f MiB",
		float64(l.writes.Load())/s, float64(total)/s, float64(l.reads.Load())/s,
		time.Duration(l.worst.Load()).Round(time.Millisecond), float64(wal.Load())/(1<<20))
}

// watchLog records the largest size of the log beside the database.
func watchLog(ctx context.Context, path string, most *atomic.Int64) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if info, err := os.Stat(path + "-wal"); err == nil {
				most.Store(max(most.Load(), info.Size()))
			}
		}
	}
}
