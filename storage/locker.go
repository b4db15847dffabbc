package storage

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Locker hands out leases: at most one holder of a name at a time, in all
// processes that share the backend.
type Locker interface {
	// Acquire takes the lease of name for ttl, or returns [ErrHeld] at once.
	// An expired lease may be taken. ttl is at least a millisecond.
	Acquire(ctx context.Context, name string, ttl time.Duration) (*Lease, error)
}

// LeaseKeeper is the backend of a [Lease]: what else a [Locker] implements.
type LeaseKeeper interface {
	// RenewLease extends the lease by its ttl from now, or returns [ErrLost].
	RenewLease(ctx context.Context, l *Lease) error
	// ReleaseLease gives the lease up. A lost lease is no error.
	ReleaseLease(ctx context.Context, l *Lease) error
	// CheckLease returns [ErrLost] unless the lease is held at this moment,
	// and keeps it from changing hands until tx ends.
	CheckLease(ctx context.Context, tx *Tx, l *Lease) error
}

// Lease is the right to act alone under a name until it expires. Its fence
// is higher than every earlier one of the name. It is safe for concurrent use.
type Lease struct {
	name, holder string
	fence        int64
	ttl          time.Duration
	keeper       LeaseKeeper
}

// NewLease returns a lease of an implementation of [Locker]. holder is
// unique to this acquisition.
func NewLease(name, holder string, fence int64, ttl time.Duration, keeper LeaseKeeper) *Lease {
	return &Lease{name: name, holder: holder, fence: fence, ttl: ttl, keeper: keeper}
}

// Name returns what was acquired.
func (l *Lease) Name() string { return l.name }

// Holder returns the id of this acquisition.
func (l *Lease) Holder() string { return l.holder }

// Fence returns the fencing number: store it with what the lease protects
// and refuse a lower one.
func (l *Lease) Fence() int64 { return l.fence }

// TTL returns how long the lease lives without Renew.
func (l *Lease) TTL() time.Duration { return l.ttl }

// Renew extends the lease by its TTL from now, or returns [ErrLost]. A lease
// that has expired is lost, even if nobody took it.
func (l *Lease) Renew(ctx context.Context) error { return l.keeper.RenewLease(ctx, l) }

// Release gives the lease up, so that the next Acquire succeeds at once. A
// lease that is lost already is no error.
func (l *Lease) Release(ctx context.Context) error { return l.keeper.ReleaseLease(ctx, l) }

// Check returns [ErrLost] unless the lease is held at this moment. Call it in
// the transaction that commits the protected effect: the lease cannot change
// hands before that transaction ends.
func (l *Lease) Check(ctx context.Context, tx *Tx) error { return l.keeper.CheckLease(ctx, tx, l) }

// Keep renews the lease every third of its TTL until stop is called or ctx
// ends. The returned context is canceled with the cause [ErrLost] as soon as
// the lease may be lost: it was taken, or could not be renewed in time. stop
// waits for the renewing goroutine; it does not release the lease.
func (l *Lease) Keep(ctx context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	var renewing sync.WaitGroup
	expires := time.Now().Add(l.ttl)
	renewing.Go(func() {
		tick := time.NewTicker(max(l.ttl/3, time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			// Counted from before the call: the database may have extended
			// the lease any time since.
			asked := time.Now()
			attempt, end := context.WithDeadline(ctx, expires)
			err := l.Renew(attempt)
			end()
			switch {
			case err == nil:
				expires = asked.Add(l.ttl)
			case errors.Is(err, ErrLost) || !time.Now().Before(expires):
				cancel(fmt.Errorf("keep lease %s: %w", l.name, ErrLost))
				return
			}
		}
	})
	return ctx, func() {
		cancel(nil)
		renewing.Wait()
	}
}

// NewLocker returns a [Locker] whose leases are rows of db, timed by the
// database's clock. It makes its table at the first Acquire. A name's row
// remains after release, so names should come from a bounded set.
func NewLocker(db *DB) Locker { return &dbLocker{db: db} }

// dbLocker keeps leases in a table.
type dbLocker struct{ db *DB }

// leaseMigrations are the scope "storage".
func leaseMigrations() []Migration {
	return []Migration{{
		Version: 1,
		Name:    "leases",
		SQL: `CREATE TABLE dashboard_leases (
			name TEXT PRIMARY KEY,
			holder TEXT NOT NULL,
			fence BIGINT NOT NULL,
			expires_at BIGINT NOT NULL
		)`,
	}}
}

// Acquire implements [Locker].
func (k *dbLocker) Acquire(ctx context.Context, name string, ttl time.Duration) (*Lease, error) {
	if name == "" || ttl < time.Millisecond {
		return nil, fmt.Errorf("acquire lease %q for %s: a name and at least a millisecond are required", name, ttl)
	}
	ctx = withoutHook(ctx)
	if !k.db.leased.Load() {
		if err := k.db.Migrate(ctx, "storage", leaseMigrations()); err != nil {
			return nil, err
		}
		k.db.leased.Store(true)
	}
	now := k.db.Dialect().NowMicros()
	query := `INSERT INTO dashboard_leases (name, holder, fence, expires_at) VALUES ($1, $2, 1, ` + now + ` + $3)
		ON CONFLICT (name) DO UPDATE SET
			holder = excluded.holder, fence = dashboard_leases.fence + 1, expires_at = excluded.expires_at
		WHERE dashboard_leases.expires_at <= ` + now + `
		RETURNING fence`
	holder := strings.ToLower(rand.Text())
	var fence int64
	err := k.db.Update(ctx, func(tx *Tx) error {
		return tx.QueryRow(ctx, query, name, holder, ttl.Microseconds()).Scan(&fence)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("acquire lease %s: %w", name, ErrHeld)
	}
	if err != nil {
		return nil, fmt.Errorf("acquire lease %s: %w", name, err)
	}
	return NewLease(name, holder, fence, ttl, k), nil
}

// RenewLease implements [LeaseKeeper].
func (k *dbLocker) RenewLease(ctx context.Context, l *Lease) error {
	now := k.db.Dialect().NowMicros()
	res, err := k.db.Exec(withoutHook(ctx), `UPDATE dashboard_leases SET expires_at = `+now+` + $1
		WHERE name = $2 AND holder = $3 AND expires_at > `+now, l.ttl.Microseconds(), l.name, l.holder)
	if err != nil {
		return fmt.Errorf("renew lease %s: %w", l.name, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return fmt.Errorf("renew lease %s: %w", l.name, err)
	}
	if n == 0 {
		return fmt.Errorf("renew lease %s: %w", l.name, ErrLost)
	}
	return nil
}

// ReleaseLease implements [LeaseKeeper].
func (k *dbLocker) ReleaseLease(ctx context.Context, l *Lease) error {
	// The row stays: the next holder's fence counts on from it.
	_, err := k.db.Exec(withoutHook(ctx), `UPDATE dashboard_leases SET expires_at = 0, holder = ''
		WHERE name = $1 AND holder = $2`, l.name, l.holder)
	if err != nil {
		return fmt.Errorf("release lease %s: %w", l.name, err)
	}
	return nil
}

// CheckLease implements [LeaseKeeper].
func (k *dbLocker) CheckLease(ctx context.Context, tx *Tx, l *Lease) error {
	var one int
	err := tx.QueryRow(ctx, `SELECT 1 FROM dashboard_leases WHERE name = $1 AND holder = $2 AND expires_at > `+
		tx.dialect.NowMicros()+tx.dialect.ForUpdate(), l.name, l.holder).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("check lease %s: %w", l.name, ErrLost)
	}
	if err != nil {
		return fmt.Errorf("check lease %s: %w", l.name, err)
	}
	return nil
}

var (
	_ Locker      = (*dbLocker)(nil)
	_ LeaseKeeper = (*dbLocker)(nil)
)
