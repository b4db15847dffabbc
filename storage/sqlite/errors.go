package sqlite

import (
	"errors"
	"fmt"
	"strings"

	engine "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/modular-dashboard/dashboard/storage"
)

// primary returns the SQLite result code of err without its extension, or 0.
func primary(err error) int {
	if e, ok := errors.AsType[*engine.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// locked reports whether err says that somebody else has the lock, now.
func locked(err error) bool {
	switch primary(err) {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_PROTOCOL:
		return true
	}
	return false
}

// translate turns the engine's error into the line an operator needs.
func (c *conn) translate(err error) error {
	e, ok := errors.AsType[*engine.Error](err)
	if !ok {
		return err
	}
	name := c.target.name
	switch e.Code() & 0xff {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_PROTOCOL:
		return failure(storage.ErrBusy, e, "database %s stayed locked by another process for %s", name, c.wait)
	case codes.SQLITE_FULL:
		return failure(storage.ErrFull, e, "database %s is full: free disk space, or raise its limit", name)
	case codes.SQLITE_READONLY:
		if !c.writer {
			return failure(storage.ErrReadOnly, e, "a read of database %s tried to write: use Exec or Update", name)
		}
		return failure(storage.ErrReadOnly, e, "database %s is read-only: let this process write the file and its folder", name)
	case codes.SQLITE_CORRUPT:
		return failure(storage.ErrCorrupt, e, "database %s is damaged: restore it from a backup", name)
	case codes.SQLITE_NOTADB:
		return failure(storage.ErrCorrupt, e, "file %s is not a SQLite database, or its first page is damaged", name)
	case codes.SQLITE_CANTOPEN:
		return c.target.explain(e)
	case codes.SQLITE_PERM:
		return failure(storage.ErrUnavailable, e, "cannot open database %s: check that this process may read and write it", name)
	case codes.SQLITE_IOERR:
		return failure(storage.ErrIO, e, "the disk failed database %s: check its health, free space and quota", name)
	case codes.SQLITE_CONSTRAINT, codes.SQLITE_MISMATCH:
		return constraint(e)
	}
	return err
}

// constraint names what a row broke: tables and columns, never values.
func constraint(e *engine.Error) error {
	code := storage.ErrConstraint
	switch e.Code() {
	case codes.SQLITE_CONSTRAINT_UNIQUE, codes.SQLITE_CONSTRAINT_PRIMARYKEY, codes.SQLITE_CONSTRAINT_ROWID:
		code = storage.ErrUnique
	case codes.SQLITE_CONSTRAINT_FOREIGNKEY:
		code = storage.ErrForeignKey
	}
	text := strings.TrimSuffix(e.Error(), fmt.Sprintf(" (%d)", e.Code()))
	text = strings.TrimPrefix(text, "constraint failed: ")
	return failure(code, e, "%s", text)
}
