package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// Lockers are two lockers of one backend, as two processes have them, and the
// database in whose transactions their leases are checked.
type Lockers struct {
	DB       *storage.DB
	One, Two storage.Locker
}

// RunLocker checks a locker. open returns lockers with no lease held; the
// test that opens them closes them.
func RunLocker(t *testing.T, open func(t *testing.T) Lockers) {
	cases := []struct {
		name string
		run  func(*testing.T, Lockers)
	}{
		{"one holder", testLockerOne},
		{"release", testLockerRelease},
		{"expiry", testLockerExpiry},
		{"renew", testLockerRenew},
		{"check", testLockerCheck},
		{"check keeps the lease", testLockerCheckKeeps},
		{"keep", testLockerKeep},
		{"keep tells of a loss", testLockerKeepLost},
		{"at once", testLockerTogether},
		{"bad arguments", testLockerArguments},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// short is a time to live that ends within a test.
const short = 500 * time.Millisecond

// inTime runs a test of a lease that must be seen to before it ends. A machine may
// be too slow for that, so what fails is tried again with one that lives longer.
func inTime(t *testing.T, run func(name string, ttl time.Duration) error) {
	t.Helper()
	var err error
	for ttl := short; ttl <= 16*short; ttl *= 4 {
		if err = run("lease of "+ttl.String(), ttl); err == nil {
			return
		}
		t.Logf("with a lease of %s: %v", ttl, err)
	}
	t.Error(err)
}

// held is nil while the lease cannot be had.
func held(t *testing.T, k storage.Locker, name string) error {
	t.Helper()
	if _, err := k.Acquire(t.Context(), name, time.Hour); !errors.Is(err, storage.ErrHeld) {
		return fmt.Errorf("acquire of a lease that is held: %v, want ErrHeld", err) //nolint:errorlint // nil also
	}
	return nil
}

func acquire(t *testing.T, k storage.Locker, name string, ttl time.Duration) *storage.Lease {
	t.Helper()
	l, err := k.Acquire(t.Context(), name, ttl)
	if err != nil {
		t.Fatalf("acquire: %v", err)
	}
	return l
}

// take waits until the lease can be had.
func take(t *testing.T, k storage.Locker, name string) (l *storage.Lease) {
	t.Helper()
	eventually(t, "expiry", func() bool {
		var err error
		l, err = k.Acquire(t.Context(), name, time.Hour)
		if err != nil && !errors.Is(err, storage.ErrHeld) {
			t.Fatalf("acquire: %v", err)
		}
		return err == nil
	})
	return l
}

func check(t *testing.T, k Lockers, l *storage.Lease) error {
	t.Helper()
	return k.DB.Update(t.Context(), func(tx *storage.Tx) error { return l.Check(t.Context(), tx) })
}

func testLockerOne(t *testing.T, k Lockers) {
	l := acquire(t, k.One, "a", time.Hour)
	if l.Name() != "a" || l.TTL() != time.Hour || l.Holder() == "" || l.Fence() < 1 {
		t.Errorf("lease = %q, %s, %q, fence %d", l.Name(), l.TTL(), l.Holder(), l.Fence())
	}
	for i, other := range []storage.Locker{k.One, k.Two} {
		if _, err := other.Acquire(t.Context(), "a", time.Hour); !errors.Is(err, storage.ErrHeld) {
			t.Errorf("locker %d: %v, want ErrHeld", i, err)
		}
	}
	if b := acquire(t, k.Two, "b", time.Hour); b.Holder() == l.Holder() {
		t.Error("two acquisitions have one holder")
	}
}

func testLockerRelease(t *testing.T, k Lockers) {
	last := int64(0)
	for i := range 10 {
		l := acquire(t, []storage.Locker{k.One, k.Two}[i%2], "a", time.Hour)
		if l.Fence() <= last {
			t.Errorf("fence %d after %d", l.Fence(), last)
		}
		last = l.Fence()
		for range 2 {
			if err := l.Release(t.Context()); err != nil {
				t.Fatalf("release: %v", err)
			}
		}
		if err := l.Renew(t.Context()); !errors.Is(err, storage.ErrLost) {
			t.Errorf("renew after release: %v, want ErrLost", err)
		}
	}
}

func testLockerExpiry(t *testing.T, k Lockers) {
	old := acquire(t, k.One, "a", short)
	next := take(t, k.Two, "a")
	if next.Fence() <= old.Fence() {
		t.Errorf("fence %d after %d", next.Fence(), old.Fence())
	}
	if err := old.Renew(t.Context()); !errors.Is(err, storage.ErrLost) {
		t.Errorf("renew: %v, want ErrLost", err)
	}
	if err := check(t, k, old); !errors.Is(err, storage.ErrLost) {
		t.Errorf("check: %v, want ErrLost", err)
	}
	if err := old.Release(t.Context()); err != nil {
		t.Errorf("release of a lost lease: %v", err)
	}
	if err := check(t, k, next); err != nil {
		t.Errorf("the old holder's release ended the new lease: %v", err)
	}
}

func testLockerRenew(t *testing.T, k Lockers) {
	inTime(t, func(name string, ttl time.Duration) error {
		l := acquire(t, k.One, name, ttl)
		for end := time.Now().Add(2 * ttl); time.Now().Before(end); <-time.After(time.Millisecond) {
			if err := l.Renew(t.Context()); err != nil {
				return fmt.Errorf("renew: %w", err)
			}
			if err := held(t, k.Two, name); err != nil {
				return err
			}
		}
		take(t, k.Two, name)
		return nil
	})
}

func testLockerCheck(t *testing.T, k Lockers) {
	inTime(t, func(name string, ttl time.Duration) error {
		l := acquire(t, k.One, name, ttl)
		if err := check(t, k, l); err != nil {
			return fmt.Errorf("check: %w", err)
		}
		// Lost by time alone, before anybody takes it.
		eventually(t, "loss", func() bool {
			err := check(t, k, l)
			if err != nil && !errors.Is(err, storage.ErrLost) {
				t.Fatalf("check: %v", err)
			}
			return err != nil
		})
		if err := l.Renew(t.Context()); !errors.Is(err, storage.ErrLost) {
			t.Errorf("renew of an expired lease: %v, want ErrLost", err)
		}
		return nil
	})
}

func testLockerCheckKeeps(t *testing.T, k Lockers) {
	inTime(t, func(name string, ttl time.Duration) error {
		l := acquire(t, k.One, name, ttl)
		var taken atomic.Bool
		var wg sync.WaitGroup
		err := k.DB.Update(t.Context(), func(tx *storage.Tx) error {
			if err := l.Check(t.Context(), tx); err != nil {
				return fmt.Errorf("check: %w", err)
			}
			wg.Go(func() {
				for !taken.Load() && t.Context().Err() == nil {
					_, err := k.Two.Acquire(t.Context(), name, time.Hour)
					if err != nil && !errors.Is(err, storage.ErrHeld) {
						t.Error(err)
						return
					}
					taken.Store(err == nil)
				}
			})
			begin := clock(t, tx)
			eventually(t, "end of the lease", func() bool { return clock(t, tx) > begin+ttl.Microseconds() })
			if taken.Load() {
				t.Error("the lease changed hands under a transaction that had checked it")
			}
			return nil
		})
		wg.Wait()
		if err == nil && !taken.Load() {
			t.Error("the lease could not be had after the transaction")
		}
		return err
	})
}

// clock returns the database's time in microseconds.
func clock(t *testing.T, tx *storage.Tx) (now int64) {
	t.Helper()
	if err := tx.QueryRow(t.Context(), `SELECT `+tx.Dialect().NowMicros()).Scan(&now); err != nil {
		t.Fatal(err)
	}
	return now
}

func testLockerKeep(t *testing.T, k Lockers) {
	inTime(t, func(name string, ttl time.Duration) error {
		ttl *= 2
		l := acquire(t, k.One, name, ttl)
		ctx, stop := l.Keep(t.Context())
		defer stop()
		for end := time.Now().Add(2 * ttl); time.Now().Before(end); <-time.After(time.Millisecond) {
			if err := held(t, k.Two, name); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return fmt.Errorf("the kept lease's context ended: %w", context.Cause(ctx))
		}
		stop()
		if ctx.Err() == nil {
			t.Error("the context outlived stop")
		}
		take(t, k.Two, name)
		return nil
	})
}

func testLockerKeepLost(t *testing.T, k Lockers) {
	l := acquire(t, k.One, "a", short)
	ctx, stop := l.Keep(t.Context())
	defer stop()
	if err := l.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(patience):
		t.Fatal("the context did not end")
	}
	if err := context.Cause(ctx); !errors.Is(err, storage.ErrLost) {
		t.Errorf("cause = %v, want ErrLost", err)
	}
}

func testLockerTogether(t *testing.T, k Lockers) {
	var holders, wins atomic.Int32
	var mu sync.Mutex
	fences := map[int64]bool{}
	last := int64(0)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for wins.Load() < 60 {
				l, err := []storage.Locker{k.One, k.Two}[i%2].Acquire(t.Context(), "a", time.Hour)
				if errors.Is(err, storage.ErrHeld) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d holders at once", n)
				}
				mu.Lock()
				if fences[l.Fence()] || l.Fence() <= last {
					t.Errorf("fence %d after %d", l.Fence(), last)
				}
				fences[l.Fence()], last = true, l.Fence()
				mu.Unlock()
				wins.Add(1)
				holders.Add(-1)
				if err := l.Release(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func testLockerArguments(t *testing.T, k Lockers) {
	for _, c := range []struct {
		name string
		ttl  time.Duration
	}{{"", time.Hour}, {"a", 0}, {"a", -time.Hour}, {"a", time.Microsecond}} {
		if _, err := k.One.Acquire(t.Context(), c.name, c.ttl); err == nil || errors.Is(err, storage.ErrHeld) {
			t.Errorf("acquire %q for %s: %v, want an error", c.name, c.ttl, err)
		}
	}
}
