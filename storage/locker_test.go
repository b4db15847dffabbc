package storage_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// keeper is a backend whose renewals fail as told.
type keeper struct {
	renew func(ctx context.Context) error
	calls int
}

func (k *keeper) RenewLease(ctx context.Context, _ *storage.Lease) error {
	k.calls++
	return k.renew(ctx)
}
func (k *keeper) ReleaseLease(context.Context, *storage.Lease) error            { return nil }
func (k *keeper) CheckLease(context.Context, *storage.Tx, *storage.Lease) error { return nil }

// TestKeep lets the backend fail in the ways it can.
func TestKeep(t *testing.T) {
	errDown := errors.New("down")
	const ttl = 30 * time.Second
	begin := func(ctx context.Context, k *keeper) (context.Context, func()) {
		return storage.NewLease("a", "h", 1, ttl, k).Keep(ctx)
	}
	cases := []struct {
		name  string
		renew func(context.Context) error
		lost  time.Duration // 0: never
	}{
		{"answers", func(context.Context) error { return nil }, 0},
		{"taken", func(context.Context) error { return storage.ErrLost }, ttl / 3},
		{"down", func(context.Context) error { return errDown }, ttl},
		{"hangs", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, ttl},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := &keeper{renew: c.renew}
				start := time.Now()
				ctx, stop := begin(t.Context(), k)
				defer stop()
				select {
				case <-ctx.Done():
					if got := time.Since(start); c.lost == 0 || got != c.lost || !errors.Is(context.Cause(ctx), storage.ErrLost) {
						t.Errorf("ended after %s with %v, want ErrLost after %s", got, context.Cause(ctx), c.lost)
					}
				case <-time.After(10 * ttl):
					if c.lost != 0 {
						t.Errorf("never ended, want an end after %s", c.lost)
					}
				}
			})
		})
	}
	t.Run("down for a moment", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			k := &keeper{}
			k.renew = func(context.Context) error {
				if k.calls%3 != 0 {
					return errDown
				}
				return nil
			}
			ctx, stop := begin(t.Context(), k)
			<-time.After(10 * ttl)
			if err := context.Cause(ctx); err != nil && !errors.Is(err, storage.ErrLost) {
				t.Errorf("ended: %v", err)
			}
			stop()
			if ctx.Err() == nil {
				t.Error("the context outlived stop")
			}
		})
	})
}
