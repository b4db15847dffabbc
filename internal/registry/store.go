package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

// change is a transaction's turn: changes queue for the revision row, so one
// that has it sees what all the earlier ones did.
type change struct {
	tx  *storage.Tx
	n   int64
	now time.Time // the database's clock
}

// takeTurn begins a change.
func takeTurn(ctx context.Context, tx *storage.Tx) (change, error) {
	query := "UPDATE lifecycle_revision SET n = n + 1 WHERE id = 1 RETURNING n, " + tx.Dialect().NowMicros()
	c := change{tx: tx}
	var now int64
	if err := tx.QueryRow(ctx, query).Scan(&c.n, &now); err != nil {
		return c, fmt.Errorf("take a turn: %w", err)
	}
	c.now = time.UnixMicro(now).UTC()
	return c, nil
}

const recordColumns = `id, desired, state, origin, version, target, asked, held, purge, generation, forced,
	operation, step, phase, attempt, error, since, changed`

// row is a record with the revision at which it, or an instance's report on
// it, last changed.
type row struct {
	lifecycle.Record
	changed int64
}

func scanRow(s interface{ Scan(...any) error }) (row, error) {
	var r row
	var purge, attempt, since int64
	err := s.Scan(&r.Module, &r.Desired, &r.State, &r.Origin, &r.Version, &r.Target, &r.Asked, &r.Held, &purge,
		&r.Generation, &r.Forced, &r.Op, &r.Step, &r.Phase, &attempt, &r.Error, &since, &r.changed)
	r.Purge, r.Attempt, r.Since = purge != 0, int(attempt), time.UnixMicro(since).UTC()
	return r, err
}

// load returns every record.
func load(ctx context.Context, q storage.Querier) (map[string]row, error) {
	rows, err := q.Query(ctx, "SELECT "+recordColumns+" FROM lifecycle_modules")
	if err != nil {
		return nil, fmt.Errorf("read modules: %w", err)
	}
	defer rows.Close()
	records := make(map[string]row)
	for rows.Next() {
		r, err := scanRow(rows)
		if err != nil {
			return nil, fmt.Errorf("read modules: %w", err)
		}
		records[r.Module] = r
	}
	return records, rows.Err()
}

// find returns one record.
func find(ctx context.Context, q storage.Querier, id string) (row, error) {
	r, err := scanRow(q.QueryRow(ctx, "SELECT "+recordColumns+" FROM lifecycle_modules WHERE id = $1", id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("module %s: %w", id, ErrUnknown)
	}
	if err != nil {
		return r, fmt.Errorf("read module %s: %w", id, err)
	}
	return r, nil
}

const saveRecord = `UPDATE lifecycle_modules SET desired = $2, state = $3, origin = $4, version = $5, target = $6,
	asked = $7, held = $8, purge = $9, generation = $10, forced = $11, operation = $12, step = $13, phase = $14,
	attempt = $15, error = $16, since = $17, changed = $18 WHERE id = $1`

func (c change) save(ctx context.Context, r lifecycle.Record) error {
	_, err := c.tx.Exec(ctx, saveRecord, r.Module, string(r.Desired), string(r.State), string(r.Origin), r.Version,
		r.Target, r.Asked, r.Held, number(r.Purge), r.Generation, r.Forced, string(r.Op), r.Step, string(r.Phase),
		r.Attempt, r.Error, r.Since.UnixMicro(), c.n)
	if err != nil {
		return fmt.Errorf("write module %s: %w", r.Module, err)
	}
	return nil
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

const insertRecord = `INSERT INTO lifecycle_modules (id, desired, state, origin, version, target, asked, held, purge,
	generation, forced, operation, step, phase, attempt, error, since, fence, changed)
	VALUES ($1, 'enabled', 'available', '', '', '', '', '', 0, 1, 0, '', '', '', 0, '', $2, 0, $3)`

// discover adds a module that the database has not seen.
func (c change) discover(ctx context.Context, id string) error {
	if _, err := c.tx.Exec(ctx, insertRecord, id, c.now.UnixMicro(), c.n); err != nil {
		return fmt.Errorf("add module %s: %w", id, err)
	}
	return nil
}

// known returns the modules that the database has seen.
func (c change) known(ctx context.Context) (_ map[string]bool, err error) {
	rows, err := c.tx.Query(ctx, "SELECT id FROM lifecycle_modules")
	if err != nil {
		return nil, fmt.Errorf("read modules: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	known := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read modules: %w", err)
		}
		known[id] = true
	}
	return known, rows.Err()
}

// snapshot returns the records as they are at the end of this turn, which touches
// the modules of members.
func (c change) snapshot(ctx context.Context, members []*member) (*snapshot, error) {
	records, err := load(ctx, c.tx)
	for _, m := range members {
		if rec, ok := records[m.id]; ok {
			rec.changed = c.n
			records[m.id] = rec
		}
	}
	return &snapshot{revision: c.n, records: records}, err
}

const setFence = "UPDATE lifecycle_modules SET fence = $2 WHERE id = $1 AND fence <= $2"

// fenceOff leaves the fence of a lease with the module and refuses one that is
// lower than what it has.
func (c change) fenceOff(ctx context.Context, id string, fence int64) error {
	result, err := c.tx.Exec(ctx, setFence, id, fence)
	if err != nil {
		return fmt.Errorf("fence module %s: %w", id, err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, storage.ErrLost)
	}
	return nil
}

// touch marks modules as changed for those who watch.
func (c change) touch(ctx context.Context, ids []string) error {
	args := []any{c.n}
	for _, id := range ids {
		args = append(args, id)
	}
	if _, err := c.tx.Exec(ctx, "UPDATE lifecycle_modules SET changed = $1 WHERE id IN "+placeholders(1, len(args)), args...); err != nil {
		return fmt.Errorf("touch %d modules, %s first: %w", len(ids), ids[0], err)
	}
	return nil
}

func readRevision(ctx context.Context, q storage.Querier) (int64, error) {
	var n int64
	if err := q.QueryRow(ctx, "SELECT n FROM lifecycle_revision WHERE id = 1").Scan(&n); err != nil {
		return 0, fmt.Errorf("read revision: %w", err)
	}
	return n, nil
}
