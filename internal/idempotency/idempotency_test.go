package idempotency_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/idempotency"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func open(t testing.TB, file string) (*storage.DB, *idempotency.Store) {
	t.Helper()
	db, err := sqlite.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	s := idempotency.New(db)
	t.Cleanup(func() {
		if err := errors.Join(s.Shutdown(context.Background()), s.Shutdown(context.Background()), db.Close()); err != nil {
			t.Error(err)
		}
	})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(t.Context(), `CREATE TABLE IF NOT EXISTS orders (name TEXT NOT NULL)`); err != nil {
		t.Fatal(err)
	}
	return db, s
}

func request(key string) idempotency.Request {
	return idempotency.Request{Owner: "ada", Scope: "POST /orders", Key: key, Print: idempotency.Print([]byte("body"))}
}

func claim(t testing.TB, s *idempotency.Store, r idempotency.Request, want idempotency.Outcome) (*idempotency.Claim, *idempotency.Answer) {
	t.Helper()
	got, c, a, err := s.Claim(t.Context(), r)
	if err != nil || got != want || (c != nil) != (want == idempotency.Run) || (a != nil) != (want == idempotency.Replay) {
		t.Fatalf("Claim: got %d, %v, %v, %v, want %d", got, c, a, err, want)
	}
	return c, a
}

func order(ctx context.Context, db *storage.DB, name string) error {
	return db.Update(ctx, func(tx *storage.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO orders (name) VALUES ($1)`, name)
		return err
	})
}

func orders(t testing.TB, db *storage.DB) (n int) {
	t.Helper()
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM orders`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func finish(t testing.TB, c *idempotency.Claim, a *idempotency.Answer) {
	t.Helper()
	if err := c.Finish(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	db, s := open(t, ":memory:")
	c, _ := claim(t, s, request("k"), idempotency.Run)
	if err := order(c.Context(t.Context()), db, "tea"); err != nil {
		t.Fatal(err)
	}
	claim(t, s, request("k"), idempotency.InProgress)
	want := &idempotency.Answer{Status: 201, Header: http.Header{"Location": {"/orders/1"}}, Body: []byte(`{"id":1}`)}
	finish(t, c, want)
	for range 2 {
		if _, got := claim(t, s, request("k"), idempotency.Replay); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if n := orders(t, db); n != 1 {
		t.Errorf("got %d orders, want 1", n)
	}
	other := request("k")
	other.Print = idempotency.Print([]byte("bod"), []byte("y"))
	claim(t, s, other, idempotency.Reused)
	for _, change := range []func(*idempotency.Request){
		func(r *idempotency.Request) { r.Owner = "bob" },
		func(r *idempotency.Request) { r.Scope = "POST /users" },
		func(r *idempotency.Request) { r.Key = "K" },
		func(r *idempotency.Request) { r.Owner, r.Scope = "adaPOST", " /orders" },
	} {
		r := request("k")
		change(&r)
		claim(t, s, r, idempotency.Run)
	}
}

func TestAnswersThatAreNotKept(t *testing.T) {
	t.Parallel()
	_, s := open(t, ":memory:")
	for name, a := range map[string]*idempotency.Answer{
		"none":       nil,
		"large":      {Status: 200, Body: make([]byte, idempotency.MaxAnswer)},
		"long value": {Status: 200, Header: http.Header{"X": {strings.Repeat("x", idempotency.MaxAnswer)}}},
	} {
		c, _ := claim(t, s, request(name), idempotency.Run)
		finish(t, c, a)
		claim(t, s, request(name), idempotency.Lost)
	}
	c, _ := claim(t, s, request("empty"), idempotency.Run)
	finish(t, c, &idempotency.Answer{Status: 204})
	if _, got := claim(t, s, request("empty"), idempotency.Replay); got.Status != 204 || len(got.Body) > 0 || len(got.Header) > 0 {
		t.Errorf("got %+v", got)
	}
}

// What failed before it wrote may be tried again, what failed after it may not.
func TestRelease(t *testing.T) {
	t.Parallel()
	db, s := open(t, ":memory:")
	c, _ := claim(t, s, request("k"), idempotency.Run)
	failed := errors.New("failed")
	if err := db.Update(c.Context(t.Context()), func(*storage.Tx) error { return failed }); !errors.Is(err, failed) {
		t.Fatal(err)
	}
	if released, err := c.Release(t.Context()); !released || err != nil {
		t.Fatalf("nothing written: got %v, %v", released, err)
	}
	c, _ = claim(t, s, request("k"), idempotency.Run)
	ctx := c.Context(t.Context())
	for _, name := range []string{"tea", "milk"} {
		if err := order(ctx, db, name); err != nil {
			t.Fatal(err)
		}
	}
	if released, err := c.Release(t.Context()); released || err != nil {
		t.Fatalf("written: got %v, %v", released, err)
	}
	finish(t, c, &idempotency.Answer{Status: 500, Body: []byte("half done")})
	if _, got := claim(t, s, request("k"), idempotency.Replay); got.Status != 500 {
		t.Errorf("got %+v", got)
	}
	// Work that goes on behind the answer has nothing to do with the key.
	if err := order(ctx, db, "sugar"); err != nil || orders(t, db) != 3 {
		t.Errorf("got %v, %d orders", err, orders(t, db))
	}
}

// However a process dies, the order is there at most once, and exactly once if
// the client keeps asking until it is told that it was carried out.
func TestDeath(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dies  func(*testing.T, *storage.DB, *idempotency.Claim)
		soon  idempotency.Outcome // of a repetition at once
		later idempotency.Outcome // and when the lease has run out
	}{
		"before the write": {func(*testing.T, *storage.DB, *idempotency.Claim) {}, idempotency.InProgress, idempotency.Run},
		"after the write": {func(t *testing.T, db *storage.DB, c *idempotency.Claim) {
			if err := order(c.Context(t.Context()), db, "tea"); err != nil {
				t.Fatal(err)
			}
		}, idempotency.InProgress, idempotency.Lost},
		"after the answer": {func(t *testing.T, db *storage.DB, c *idempotency.Claim) {
			if err := order(c.Context(t.Context()), db, "tea"); err != nil {
				t.Fatal(err)
			}
			finish(t, c, &idempotency.Answer{Status: 201})
		}, idempotency.Replay, idempotency.Replay},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "test.db")
			synctest.Test(t, func(t *testing.T) {
				first, s := open(t, file)
				dead, _ := claim(t, s, request("k"), idempotency.Run)
				c.dies(t, first, dead)

				db, s := open(t, file) // another process
				claim(t, s, request("k"), c.soon)
				<-time.After(idempotency.Lease + time.Second)
				again, _ := claim(t, s, request("k"), c.later)
				if again != nil {
					// The first was only slow: what it writes now is not written.
					if err := order(dead.Context(t.Context()), first, "tea"); !errors.Is(err, idempotency.ErrTaken) {
						t.Errorf("the first claim writes: got %v, want ErrTaken", err)
					}
					finish(t, dead, &idempotency.Answer{Status: 418})
					if err := order(again.Context(t.Context()), db, "tea"); err != nil {
						t.Fatal(err)
					}
					finish(t, again, &idempotency.Answer{Status: 201})
					if _, a := claim(t, s, request("k"), idempotency.Replay); a.Status != 201 {
						t.Errorf("got the answer %d of the first claim", a.Status)
					}
				}
				if n := orders(t, db); n != 1 {
					t.Errorf("got %d orders, want 1", n)
				}
			})
		})
	}
}

// A key with another body is refused also when its first request is dead.
func TestDeadClaimOfAnotherRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, s := open(t, ":memory:")
		claim(t, s, request("k"), idempotency.Run)
		<-time.After(2 * idempotency.Lease)
		other := request("k")
		other.Print = idempotency.Print([]byte("another body"))
		claim(t, s, other, idempotency.Reused)
		claim(t, s, request("k"), idempotency.Run)
	})
}

func TestOneOfManyRuns(t *testing.T) {
	t.Parallel()
	db, s := open(t, filepath.Join(t.TempDir(), "test.db"))
	var wg sync.WaitGroup
	var mu sync.Mutex
	ran := 0
	for range 16 {
		wg.Go(func() {
			o, c, _, err := s.Claim(t.Context(), request("k"))
			if err != nil {
				t.Error(err)
			}
			if o != idempotency.Run {
				return
			}
			mu.Lock()
			ran++
			mu.Unlock()
			if err := errors.Join(order(c.Context(t.Context()), db, "tea"), c.Finish(t.Context(), nil)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := orders(t, db); ran != 1 || n != 1 {
		t.Errorf("got %d runs and %d orders, want 1", ran, n)
	}
}

func count(t testing.TB, db *storage.DB) (n int) {
	t.Helper()
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM idempotency_keys`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestForgetting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, s := open(t, ":memory:")
		c, _ := claim(t, s, request("k"), idempotency.Run)
		finish(t, c, &idempotency.Answer{Status: 200})
		<-time.After(idempotency.Keep - time.Second)
		claim(t, s, request("k"), idempotency.Replay)
		<-time.After(time.Second)
		claim(t, s, request("k"), idempotency.Run) // it counts as new before it is swept
		<-time.After(idempotency.Keep + 11*time.Minute)
		synctest.Wait()
		if n := count(t, db); n != 0 {
			t.Errorf("%d keys are left after their time", n)
		}
	})
}

func TestSweepInBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, s := open(t, ":memory:")
		if err := s.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		fill(t, db, "ada", 1200, 0)
		<-time.After(idempotency.Keep)
		if n, err := s.Sweep(t.Context()); n != 1200 || err != nil || count(t, db) != 0 {
			t.Errorf("got %d, %v, and %d left", n, err, count(t, db))
		}
	})
}

// fill adds answered keys of an owner as if they had been sent one by one.
func fill(t testing.TB, db *storage.DB, owner string, n, size int) {
	t.Helper()
	_, err := db.Exec(t.Context(), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $3)
		INSERT INTO idempotency_keys (id, owner, print, holder, state, claimed_at, lease_until, forget_at, status, header, body, size)
		SELECT $2 || i, $2, '', '', 3, $1 + i, $1, $1 + $5, 200, '{}', NULL, $4 FROM n`,
		time.Now().Add(-time.Second).UnixMicro(), owner, n, size, (idempotency.Keep).Microseconds())
	if err != nil {
		t.Fatal(err)
	}
}

func TestBoundsOfAnOwner(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ keys, size, left int }{
		"full":       {idempotency.MaxKeys - 1, 100, idempotency.MaxKeys},
		"keys":       {idempotency.MaxKeys, 100, 9001}, // a tenth goes
		"full bytes": {512, idempotency.MaxAnswer, 513},
		"bytes":      {600, idempotency.MaxAnswer + 1000, 487}, // twice a tenth
	} {
		db, s := open(t, ":memory:")
		fill(t, db, "ada", c.keys, c.size)
		fill(t, db, "bob", 10, 10)
		claim(t, s, request("new"), idempotency.Run)
		claim(t, s, request("new"), idempotency.InProgress)
		var left, oldest int
		if err := db.QueryRow(t.Context(), `SELECT count(*), min(CAST(substr(id, 4) AS INTEGER)) FROM idempotency_keys WHERE id LIKE 'ada%'`).
			Scan(&left, &oldest); err != nil {
			t.Fatal(err)
		}
		if want := c.keys - left + 1; left+1 != c.left || oldest != want {
			t.Errorf("%s: %d keys are left and the oldest is %d, want %d and %d", name, left+1, oldest, c.left, want)
		}
		if n := count(t, db) - left - 1; n != 10 {
			t.Errorf("%s: %d keys of the other owner are left, want all 10", name, n)
		}
	}
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	db, s := open(t, ":memory:")
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, _ := claim(t, s, request("k"), idempotency.Run)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, _, err := s.Claim(t.Context(), request("k"))
	_, released := c.Release(t.Context())
	_, swept := s.Sweep(t.Context())
	for what, err := range map[string]error{"Claim": err, "Release": released, "Sweep": swept,
		"Finish": c.Finish(t.Context(), nil), "Start": idempotency.New(db).Start(t.Context())} {
		if !errors.Is(err, storage.ErrClosed) {
			t.Errorf("%s of a closed database: got %v", what, err)
		}
	}
}
