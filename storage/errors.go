package storage

import (
	"errors"
	"fmt"
)

// What callers branch on. Compare with [errors.Is].
var (
	// ErrBusy says that the database stayed locked for longer than the
	// adapter's write wait.
	ErrBusy = errors.New("database is busy")
	// ErrFull says that the disk, quota or size limit left no room.
	ErrFull = errors.New("database is full")
	// ErrReadOnly says that the file or its folder cannot be written, or that
	// a write was sent to the read pool.
	ErrReadOnly = errors.New("database is read-only")
	// ErrCorrupt says that the file is damaged or not a database.
	ErrCorrupt = errors.New("database is corrupt")
	// ErrIO says that the disk failed a read or a write.
	ErrIO = errors.New("database input or output failed")
	// ErrUnavailable says that the database cannot be opened or reached.
	ErrUnavailable = errors.New("database is unavailable")
	// ErrClosed says that Close was called.
	ErrClosed = errors.New("storage is closed")

	// ErrUnique says that a UNIQUE or PRIMARY KEY constraint refused a row.
	ErrUnique = errors.New("value is taken")
	// ErrForeignKey says that a row refers to a missing one, or is referred to.
	ErrForeignKey = errors.New("reference is broken")
	// ErrConstraint says that a CHECK, NOT NULL or type constraint refused a row.
	ErrConstraint = errors.New("constraint failed")

	// ErrChecksum says that an applied migration was edited afterwards.
	ErrChecksum = errors.New("applied migration was changed")
	// ErrFuture says that the database has migrations this program does not
	// know: a newer version wrote it.
	ErrFuture = errors.New("database is from a newer version")
	// ErrOrder says that a pending migration comes before an applied one.
	ErrOrder = errors.New("migration is out of order")

	// ErrHeld says that somebody else holds the lease.
	ErrHeld = errors.New("lease is held")
	// ErrLost says that a lease expired, was released or went to another holder.
	ErrLost = errors.New("lease is lost")
	// ErrTooLarge says that a bus message exceeds [MaxMessage].
	ErrTooLarge = errors.New("message is too large")
)

// Error is a database failure that an operator or caller can act on. Detail
// is one line without driver text or SQL; it may name the database file, so
// it is for logs and the console, not for HTTP answers.
type Error struct {
	// Code is one of this package's Err values; errors.Is finds it.
	Code error
	// Detail says what happened, to which database, and what to do.
	Detail string
	// Err is the driver's error, for a debugger; it may be nil.
	Err error
}

// Error returns Detail.
func (e *Error) Error() string { return e.Detail }

// Unwrap returns Code and, when there is one, the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Code}
	}
	return []error{e.Code, e.Err}
}

func errorf(code error, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}
