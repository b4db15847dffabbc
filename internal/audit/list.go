package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Page sizes of List.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// ErrCursor reports a cursor that List did not make, or made for another filter.
var ErrCursor = errors.New("invalid cursor")

// Query selects entries. The zero value is the newest DefaultLimit of all.
type Query struct {
	// Limit is the size of a page: DefaultLimit when not positive, at most MaxLimit.
	Limit int
	// Cursor continues after the page that returned it, with the same filter; the limit may differ.
	Cursor string
	// Action, Actor and Target, when set, must be equal to the entry's.
	Action, Actor, Target string
}

// List returns one page of entries, newest first, and the cursor of the next one, empty at the end. Pages are stable
// while entries are added. ErrCursor for a bad cursor.
func (l *Log) List(ctx context.Context, q Query) (entries []Entry, next string, err error) {
	limit := q.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	limit = min(limit, MaxLimit)
	query, args, err := l.statement(q, limit)
	if err != nil {
		return nil, "", err
	}
	rows, err := l.db.Query(ctx, query, args...)
	if err != nil {
		return nil, "", fmt.Errorf("list audit entries: %w", err)
	}
	defer rows.Close()
	entries = []Entry{}
	var last int64
	for rows.Next() {
		if len(entries) == limit {
			next = l.cursor(q, last)
			break
		}
		var e Entry
		var at int64
		var detail string
		if err := rows.Scan(&last, &e.ID, &at, &e.Actor, &e.ActorName, &e.Action, &e.Target, &detail,
			&e.RequestID, &e.Address); err != nil {
			return nil, "", fmt.Errorf("list audit entries: %w", err)
		}
		e.At, e.Detail = time.UnixMicro(at).UTC(), json.RawMessage(detail)
		entries = append(entries, e)
	}
	if err := rows.Err(); err != nil {
		return nil, "", fmt.Errorf("list audit entries: %w", err)
	}
	return entries, next, nil
}

// statement reads one row more than the page, which tells whether another page follows.
func (l *Log) statement(q Query, limit int) (string, []any, error) {
	var where []string
	var args []any
	add := func(condition string, value any) {
		args = append(args, value)
		where = append(where, condition+" $"+strconv.Itoa(len(args)))
	}
	if q.Cursor != "" {
		seq, err := l.open(q)
		if err != nil {
			return "", nil, err
		}
		add("seq <", seq)
	}
	for _, f := range [...]struct{ column, value string }{
		{"action", q.Action}, {"actor", q.Actor}, {"target", q.Target},
	} {
		if f.value != "" {
			add(f.column+" =", clean(f.value))
		}
	}
	query := "SELECT seq, id, at, actor, actor_name, action, target, detail, request_id, address FROM audit_log"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	args = append(args, limit+1)
	return query + " ORDER BY seq DESC LIMIT $" + strconv.Itoa(len(args)), args, nil
}

// A cursor is the sequence number of the last entry of a page (8 bytes, big endian) and the first macSize bytes of its
// HMAC-SHA256, which also covers the filter.
const macSize = 16

func (l *Log) cursor(q Query, seq int64) string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(seq))
	return base64.RawURLEncoding.EncodeToString(append(raw, l.mac(q, raw)...))
}

func (l *Log) open(q Query) (seq int64, err error) {
	// The decoder skips line ends; the length does not.
	if len(q.Cursor) != base64.RawURLEncoding.EncodedLen(8+macSize) {
		return 0, ErrCursor
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(q.Cursor)
	if err != nil || len(raw) != 8+macSize {
		return 0, ErrCursor
	}
	if !hmac.Equal(raw[8:], l.mac(q, raw[:8])) {
		return 0, ErrCursor
	}
	return int64(binary.BigEndian.Uint64(raw)), nil
}

func (l *Log) mac(q Query, seq []byte) []byte {
	h := hmac.New(sha256.New, l.key())
	h.Write([]byte("dashboard audit cursor\x00"))
	h.Write(seq)
	for _, s := range [...]string{q.Action, q.Actor, q.Target} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:])
		h.Write([]byte(s))
	}
	return h.Sum(nil)[:macSize]
}
