// Package audit keeps the append-only record of who did what.
//
// An entry is written inside the transaction of the act it records, so neither exists without the other. The table's
// triggers refuse to change or delete a row, whoever asks; only somebody who may alter the schema can get around them.
//
// Detail must never hold a value of a secret type (passwords, tokens, keys, secret settings): record which field changed,
// not what it was. Nothing here can tell a secret from a name, so this is the duty of every caller.
package audit

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/modular-dashboard/dashboard/storage"
)

// Scope is the migration scope of Migrations.
const Scope = "audit"

// Limits of one entry.
const (
	// MaxText is the longest Actor, ActorName, Action, Target, RequestID or Address in bytes; longer ones are cut.
	MaxText = 512
	// MaxDetail is the largest Detail in bytes; a larger one is an error.
	MaxDetail = 16 << 10
)

// ErrInvalidEntry reports an entry that cannot be recorded.
var ErrInvalidEntry = errors.New("invalid audit entry")

// Entry is one act.
type Entry struct {
	// ID is opaque and set by Append when empty.
	ID string
	// At is when it happened, in UTC with microseconds; Append takes the present time when it is zero.
	At time.Time
	// Actor is the id of who acted: a person, an API key, or a word such as "system". ActorName is what people called the
	// actor at that time, if known.
	Actor, ActorName string
	// Action says what was done, such as "module.disable". Required.
	Action string
	// Target is the id of what it was done to.
	Target string
	// Detail is one JSON value, or nil for {}. Never a secret; see the package comment.
	Detail json.RawMessage
	// RequestID and Address say which request it came with; empty outside of requests.
	RequestID, Address string
}

// Log is the audit table of one database. It is safe for concurrent use.
type Log struct {
	db  *storage.DB
	key func() []byte
}

// New returns the log of db. key returns the secret, at least 16 bytes and the same on every instance, that authenticates
// cursors; it is first called by Start, and again by List. New does no I/O.
func New(db *storage.DB, key func() []byte) (*Log, error) {
	if db == nil || key == nil {
		return nil, errors.New("new audit log: database and key are required")
	}
	return &Log{db: db, key: key}, nil
}

// Start migrates the database and checks the key. Append and List need it.
func (l *Log) Start(ctx context.Context) error {
	if n := len(l.key()); n < 16 {
		return fmt.Errorf("start audit log: key of %d bytes, want at least 16", n)
	}
	if err := l.db.MigrateAll(ctx, Schema()); err != nil {
		return fmt.Errorf("start audit log: %w", err)
	}
	return nil
}

// Append records e in the caller's transaction. Text that no database can hold (NUL bytes, invalid UTF-8) is replaced and
// long text cut, because an odd value must not keep an act out of the record; a missing Action or a Detail that is too
// large or no JSON is ErrInvalidEntry.
func (l *Log) Append(ctx context.Context, tx *storage.Tx, e Entry) error {
	if e.Action == "" {
		return fmt.Errorf("%w: no action", ErrInvalidEntry)
	}
	detail, err := compactDetail(e.Detail)
	if err != nil {
		return fmt.Errorf("%w: detail of %s: %w", ErrInvalidEntry, clean(e.Action), err)
	}
	if e.ID == "" {
		e.ID = strings.ToLower(rand.Text())
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	_, err = tx.Exec(ctx, `INSERT INTO audit_log
		(id, at, actor, actor_name, action, target, detail, request_id, address)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		clean(e.ID), e.At.UnixMicro(), clean(e.Actor), clean(e.ActorName), clean(e.Action), clean(e.Target), detail,
		clean(e.RequestID), clean(e.Address))
	if err != nil {
		return fmt.Errorf("append audit entry %s: %w", clean(e.Action), err)
	}
	return nil
}

func compactDetail(detail json.RawMessage) (string, error) {
	if len(detail) == 0 {
		return "{}", nil
	}
	var out bytes.Buffer
	if err := json.Compact(&out, detail); err != nil {
		return "", err
	}
	if out.Len() > MaxDetail {
		return "", fmt.Errorf("%d bytes, at most %d", out.Len(), MaxDetail)
	}
	return strings.ToValidUTF8(out.String(), "\uFFFD"), nil
}

// clean makes s storable as text in every database and at most MaxText long.
func clean(s string) string {
	s = s[:min(len(s), MaxText)]
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	for len(s) > MaxText {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
