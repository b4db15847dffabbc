package registry

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

// What the database knows of an instance is true while that lives: these writes
// are transient, see [storage.Transient]. What is wanted of modules, and what was
// done to them for the fleet, is not.

// identity is this instance as the database knows it.
type identity struct{ id, run, host, version string }

// missedBeats after which an instance counts as dead.
const missedBeats = 5

// forgetAfter is how long a dead instance is still shown.
const forgetAfter = 10 * time.Minute

const insertInstance = `INSERT INTO lifecycle_instances (id, run, host, version, started, beat) VALUES ($1, $2, $3, $5, $4, $4)
	ON CONFLICT (id) DO UPDATE SET run = excluded.run, host = excluded.host, version = excluded.version, started = excluded.started, beat = excluded.beat`

// enter registers the instance, in place of an earlier run of the same id.
func (c change) enter(ctx context.Context, me identity) error {
	if _, err := c.tx.Exec(ctx, insertInstance, me.id, me.run, me.host, c.now.UnixMicro(), me.version); err != nil {
		return fmt.Errorf("register instance %s: %w", me.id, err)
	}
	if _, err := c.tx.Exec(ctx, "DELETE FROM lifecycle_actual WHERE instance = $1", me.id); err != nil {
		return fmt.Errorf("register instance %s: %w", me.id, err)
	}
	return nil
}

// leave removes the instance, unless a later run has its id by now.
func (c change) leave(ctx context.Context, me identity) error {
	result, err := c.tx.Exec(ctx, "DELETE FROM lifecycle_instances WHERE id = $1 AND run = $2", me.id, me.run)
	if err != nil {
		return fmt.Errorf("remove instance %s: %w", me.id, err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return c.forget(ctx, me.id)
}

const touchOf = `UPDATE lifecycle_modules SET changed = $2
	WHERE id IN (SELECT module FROM lifecycle_actual WHERE instance = $1)`

func (c change) forget(ctx context.Context, instance string) error {
	if _, err := c.tx.Exec(ctx, touchOf, instance, c.n); err != nil {
		return fmt.Errorf("remove instance %s: %w", instance, err)
	}
	if _, err := c.tx.Exec(ctx, "DELETE FROM lifecycle_actual WHERE instance = $1", instance); err != nil {
		return fmt.Errorf("remove instance %s: %w", instance, err)
	}
	return nil
}

// beat says that the instance lives; false: the database does not know it.
func beat(ctx context.Context, db *storage.DB, me identity) (bool, error) {
	query := "UPDATE lifecycle_instances SET beat = " + db.Dialect().NowMicros() + " WHERE id = $1 AND run = $2"
	result, err := db.Exec(storage.Transient(ctx), query, me.id, me.run)
	if err != nil {
		return false, fmt.Errorf("heartbeat: %w", err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// report is what an instance says of one module.
type report struct {
	module, instance, version string
	state                     lifecycle.State // empty: as the fleet
	op                        lifecycle.Op
	step, err, detail         string
	attempt                   int
	blockedBy                 []string
	generation                int64
	since                     time.Time
	health                    Health
	// of its instance, when read
	host    string
	started time.Time
	live    bool
}

const upsertReport = `INSERT INTO lifecycle_actual (module, instance, version, state, operation, step, attempt, error,
	detail, blocked_by, generation, since, health, complaint, panics, timeouts)
	VALUES %ROWS%
	ON CONFLICT (module, instance) DO UPDATE SET version = excluded.version, state = excluded.state,
	operation = excluded.operation, step = excluded.step, attempt = excluded.attempt, error = excluded.error,
	detail = excluded.detail, blocked_by = excluded.blocked_by, generation = excluded.generation,
	since = excluded.since, health = excluded.health, complaint = excluded.complaint, panics = excluded.panics,
	timeouts = excluded.timeouts`

// reportsAtOnce keeps a statement far below what databases take of parameters, 15
// for each report: SQLite's time to read one grows with the square of their number.
const reportsAtOnce = 50

// report writes what an instance says of modules.
func (c change) report(ctx context.Context, reports ...report) error {
	for some := range slices.Chunk(reports, reportsAtOnce) {
		if err := c.reportSome(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

func (c change) reportSome(ctx context.Context, reports []report) error {
	var rows, ids []string
	var args []any
	for _, p := range reports {
		ids = append(ids, p.module)
		first := len(args)
		args = append(args, p.module, p.instance, p.version, string(p.state), string(p.op), p.step,
			p.attempt, p.err, p.detail, strings.Join(p.blockedBy, " "), p.generation, p.since.UnixMicro(),
			p.health.Status, p.health.Detail, p.health.Panics, p.health.Timeouts)
		rows = append(rows, placeholders(first, len(args)))
	}
	query := strings.Replace(upsertReport, "%ROWS%", strings.Join(rows, ", "), 1)
	if _, err := c.tx.Exec(ctx, query, args...); err != nil {
		return fmt.Errorf("report on %d modules, %s first: %w", len(ids), ids[0], err)
	}
	return c.touch(ctx, ids)
}

// placeholders returns "($6, $7)" for from 5 to 7.
func placeholders(from, to int) string {
	list := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		list = append(list, "$"+strconv.Itoa(i+1))
	}
	return "(" + strings.Join(list, ", ") + ")"
}

// Whoever asks measures others against its own heartbeat: where all writers had
// to wait, nobody looks dead.
const readReports = `SELECT a.module, a.instance, a.version, a.state, a.operation, a.step, a.attempt, a.error, a.detail,
	a.blocked_by, a.generation, a.since, a.health, a.complaint, a.panics, a.timeouts, i.host, i.started,
	CASE WHEN i.beat > COALESCE((SELECT beat FROM lifecycle_instances WHERE id = $1), %NOW%) - $2 THEN 1 ELSE 0 END
	FROM lifecycle_actual a JOIN lifecycle_instances i ON i.id = a.instance`

const orderReports = " ORDER BY a.module, i.started, a.instance"

// reports returns what the instances say, of one module or (empty) of all.
func (r *Registry) reports(ctx context.Context, q storage.Querier, module string) ([]report, error) {
	query := strings.Replace(readReports, "%NOW%", r.db.Dialect().NowMicros(), 1)
	args := []any{r.identity().id, (missedBeats * r.opts.Heartbeat).Microseconds()}
	if module != "" {
		query += " WHERE a.module = $3"
		args = append(args, module)
	}
	rows, err := q.Query(ctx, query+orderReports, args...)
	if err != nil {
		return nil, fmt.Errorf("read instances: %w", err)
	}
	defer rows.Close()
	var all []report
	for rows.Next() {
		var p report
		var by string
		var attempt, since, started, live int64
		err := rows.Scan(&p.module, &p.instance, &p.version, &p.state, &p.op, &p.step, &attempt, &p.err, &p.detail, &by,
			&p.generation, &since, &p.health.Status, &p.health.Detail, &p.health.Panics, &p.health.Timeouts, &p.host, &started, &live)
		if err != nil {
			return nil, fmt.Errorf("read instances: %w", err)
		}
		p.attempt, p.blockedBy, p.live = int(attempt), strings.Fields(by), live != 0
		p.since, p.started = time.UnixMicro(since).UTC(), time.UnixMicro(started).UTC()
		all = append(all, p)
	}
	return all, rows.Err()
}

const findDead = "SELECT id FROM lifecycle_instances WHERE beat < $1"

// prune forgets instances that have been dead for long.
func (c change) prune(ctx context.Context) error {
	dead, err := c.dead(ctx)
	if err != nil {
		return fmt.Errorf("find dead instances: %w", err)
	}
	for _, id := range dead {
		if err := c.forget(ctx, id); err != nil {
			return err
		}
		if _, err := c.tx.Exec(ctx, "DELETE FROM lifecycle_instances WHERE id = $1", id); err != nil {
			return fmt.Errorf("remove instance %s: %w", id, err)
		}
	}
	return nil
}

func (c change) dead(ctx context.Context) ([]string, error) {
	rows, err := c.tx.Query(ctx, findDead, c.now.Add(-forgetAfter).UnixMicro())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
