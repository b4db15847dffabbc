package storage

import (
	"errors"
	"sync/atomic"
	"time"
)

// refusalLasts is how long a refused write counts although others succeed: on a
// full disk those that need no more room than there is still do.
const refusalLasts = 10 * time.Second

// refusals remember the last write that the database refused.
type refusals struct{ last atomic.Pointer[refusal] }

type refusal struct {
	err error
	at  time.Time
}

// WriteFailure returns why the database refuses writes, nil where it does not: the
// last error of [DB.Exec] or [DB.Update] that was one of [ErrFull], [ErrReadOnly],
// [ErrIO], [ErrCorrupt] or [ErrUnavailable], or [ErrBusy] where another process has
// the lock. It is forgotten by the first write that succeeds ten seconds or more
// after it. It asks nobody: where nothing is written, nothing is known.
func (db *DB) WriteFailure() error {
	if r := db.refused.last.Load(); r != nil {
		return r.err
	}
	return nil
}

// begun notes how a write, or the beginning of one, went.
func (r *refusals) begun(err error) error {
	if errors.Is(err, ErrReadOnly) || errors.Is(err, ErrBusy) {
		r.last.Store(&refusal{err, time.Now()})
		return err
	}
	return r.ended(err)
}

// ended notes how a transaction ended. What its function returns may be about other
// things, such as a read that tried to write, or a write that waited for itself.
func (r *refusals) ended(err error) error {
	switch {
	case err == nil:
		if last := r.last.Load(); last != nil && time.Since(last.at) >= refusalLasts {
			r.last.CompareAndSwap(last, nil)
		}
	case errors.Is(err, ErrFull), errors.Is(err, ErrIO), errors.Is(err, ErrCorrupt), errors.Is(err, ErrUnavailable):
		r.last.Store(&refusal{err, time.Now()})
	}
	return err
}
