package registry_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/storage"
)

// fakeLocker hands out leases that the test can take away.
type fakeLocker struct {
	lost  atomic.Bool
	fence atomic.Int64
}

func (l *fakeLocker) Acquire(_ context.Context, name string, ttl time.Duration) (*storage.Lease, error) {
	return storage.NewLease(name, "me", l.fence.Load(), ttl, l), nil
}

func (l *fakeLocker) RenewLease(context.Context, *storage.Lease) error   { return nil }
func (l *fakeLocker) ReleaseLease(context.Context, *storage.Lease) error { return nil }

func (l *fakeLocker) CheckLease(context.Context, *storage.Tx, *storage.Lease) error {
	if l.lost.Load() {
		return storage.ErrLost
	}
	return nil
}

var (
	_ storage.Locker      = (*fakeLocker)(nil)
	_ storage.LeaseKeeper = (*fakeLocker)(nil)
)

// TestLostLease takes the lease away between the effect of a hook, or of a
// migration, and its record: nothing is recorded, and who has the lease next
// does it again.
func TestLostLease(t *testing.T) {
	for _, at := range []string{"billing/install/hook/effect", "billing/install/migration:1/begin", "billing/install/hook/done"} {
		t.Run(at, func(t *testing.T) {
			inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
				l := &fakeLocker{}
				l.fence.Store(7)
				passed := 0
				hook := func(point string) {
					if point == at {
						if passed++; passed == 1 {
							l.lost.Store(true)
						}
					}
				}
				r, err := registry.New(db, nil, l, []registry.Unit{migrated(j.unit("billing", "1.0.0"), 1)},
					options{Log: testLog(t), StepHook: hook})
				if err != nil {
					t.Fatal(err)
				}
				if err := r.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				defer stop(t, r)
				pass(3 * time.Second)
				if v := view(t, r, "billing"); v.State != lifecycle.Installing || v.Failure != nil {
					t.Errorf("with the lease lost: got %+v, want installing", v)
				}
				l.lost.Store(false)
				settle(t, r)
				wantState(t, r, "billing", lifecycle.Enabled)
				if got := rows(t, db, "billing"); got != "1" {
					t.Errorf("migrations: got %s, want 1", got)
				}
			})
		})
	}
}

// TestLowerFence refuses a holder that is older than what the database has seen.
func TestLowerFence(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		l := &fakeLocker{}
		l.fence.Store(7)
		r, err := registry.New(db, nil, l, []registry.Unit{j.unit("billing", "1.0.0")}, options{Log: testLog(t)})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer stop(t, r)
		settle(t, r)
		l.fence.Store(6)
		act(t, r, lifecycle.OpUninstall, "billing", registry.Request{})
		pass(3 * time.Second)
		wantState(t, r, "billing", lifecycle.Installed)
		if j.count("uninstall billing false") != 0 {
			t.Error("an older holder ran the hook")
		}
		l.fence.Store(8)
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Available)
	})
}

// TestOtherWaysOut changes what is desired of a module that failed here, which
// rolls it back.
func TestOtherWaysOut(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		enable, disable := errBroken, error(nil)
		u := j.unit("billing", "1.0.0")
		u.Enable = func(context.Context) error { return enable }
		u.Disable = func(context.Context) error { return disable }
		r := start(t, db, options{}, u)
		settle(t, r)
		wantFailure(t, r, "enable/hook", "broken")
		act(t, r, lifecycle.OpDisable, "billing", registry.Request{})
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Installed)
		enable = nil
		act(t, r, lifecycle.OpEnable, "billing", registry.Request{})
		settle(t, r)
		disable = errBroken
		act(t, r, lifecycle.OpDisable, "billing", registry.Request{})
		settle(t, r)
		wantFailure(t, r, "disable/hook", "broken")
		act(t, r, lifecycle.OpEnable, "billing", registry.Request{})
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Enabled)
	})
}

// TestForced tells an enable that is forced from others.
func TestForced(t *testing.T) {
	inBubble(t, func(t *testing.T, db *storage.DB, j *journal) {
		u := j.unit("billing", "1.0.0")
		u.Enable = func(ctx context.Context) error {
			j.add("forced %v", registry.Forced(ctx))
			if registry.Forced(ctx) {
				return nil
			}
			return errBroken
		}
		r := start(t, db, options{}, u)
		settle(t, r)
		act(t, r, lifecycle.OpRetry, "billing", registry.Request{})
		settle(t, r)
		act(t, r, lifecycle.OpForce, "billing", registry.Request{})
		settle(t, r)
		wantState(t, r, "billing", lifecycle.Enabled)
		if got := j.String(); got != "install billing, forced false, forced false, forced true" {
			t.Errorf("calls: got %s", got)
		}
	})
}
