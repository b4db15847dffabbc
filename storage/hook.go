package storage

import (
	"context"
	"database/sql"
	"sync/atomic"
)

type commitHookKey struct{}

// commitHook is what the write transactions of a context have to do as well.
type commitHook struct {
	db   *DB
	fn   func(context.Context, *Tx) error
	over *commitHook // what the context had already
	done atomic.Bool // some transaction has committed with it, or it was stopped
}

// WithCommitHook returns a context whose writes to db, by [DB.Update] or
// [DB.Exec], run fn in their transaction, as its last act before it commits. An
// error of fn rolls the transaction back and is returned. Once a transaction has
// committed with it, or after stop, fn is not called again.
//
// Where the context has hooks already they run, too, after fn.
//
// It lets a caller record that something was done together with what was done,
// without those who do it knowing. Leases and migrations do not count as writes.
// fn may be called by several transactions at a time.
func (db *DB) WithCommitHook(ctx context.Context, fn func(context.Context, *Tx) error) (_ context.Context, stop func()) {
	h := &commitHook{db: db, fn: fn, over: hookOf(ctx)}
	return context.WithValue(ctx, commitHookKey{}, h), func() { h.done.Store(true) }
}

func hookOf(ctx context.Context) *commitHook {
	h, _ := ctx.Value(commitHookKey{}).(*commitHook)
	return h
}

// hooks returns those that db's writes under ctx are to run, the latest first;
// mostly there is none, which costs a look at the context.
func (db *DB) hooks(ctx context.Context) (out []*commitHook) {
	for h := hookOf(ctx); h != nil; h = h.over {
		if h.db == db && !h.done.Load() {
			out = append(out, h)
		}
	}
	return out
}

// withoutHook is for writes that are not a caller's own.
func withoutHook(ctx context.Context) context.Context {
	if hookOf(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, commitHookKey{}, (*commitHook)(nil))
}

// run calls fn with the transaction of a write that succeeded so far.
func (h *commitHook) run(ctx context.Context, tx *Tx) error {
	if h.done.Load() { // since the transaction began
		return nil
	}
	return h.fn(withoutHook(ctx), tx)
}

// execHooked is Exec in a transaction that the hook joins.
func (db *DB) execHooked(ctx context.Context, query string, args []any) (res sql.Result, err error) {
	err = db.Update(ctx, func(tx *Tx) error {
		res, err = tx.Exec(ctx, query, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return res, nil
}
