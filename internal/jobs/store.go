package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// Outcomes of a run.
const (
	OK      = "ok"
	Failed  = "failed"
	Skipped = "skipped" // it never began
	Lost    = "lost"    // its end is not known
	Running = "running"
)

// Causes of a run.
const (
	BySchedule = "schedule"
	ByHand     = "manual"
	ByCatchUp  = "catch-up"
)

// KeepRuns is how many runs of a job the history holds.
const KeepRuns = 100

// A Key names a job.
type Key struct{ Module, Name string }

// A Run is one entry of a job's history.
type Run struct {
	Key
	// Seq orders the history; ID is the run's public name.
	Seq int64
	ID  string
	// Instance is where it ran.
	Instance, Cause, Outcome, Error string
	// Ended is zero while it runs.
	Started, Ended time.Time

	owes  bool
	fence int64
}

// state is a fleet job's row.
type state struct {
	decided time.Time
	owed    bool
}

// enter makes the row of a fleet job, whose times begin now, and starts afresh
// where the schedule is another one.
func (r *Runner) enter(ctx context.Context, k Key, schedule string) error {
	var known string
	err := r.db.QueryRow(ctx, `SELECT schedule FROM jobs_state WHERE module = $1 AND name = $2`, k.Module, k.Name).Scan(&known)
	if err == nil && known == schedule {
		return nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("enter job: %w", err)
	}
	_, err = r.db.Exec(ctx, `INSERT INTO jobs_state (module, name, schedule, decided, owed) VALUES ($1, $2, $3, $4, 0)
		ON CONFLICT (module, name) DO UPDATE SET schedule = excluded.schedule, decided = excluded.decided, owed = 0
		WHERE jobs_state.schedule <> excluded.schedule`, k.Module, k.Name, schedule, time.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("enter job: %w", err)
	}
	return nil
}

// errGone says that the row of a job was purged.
var errGone = errors.New("the job's state is gone")

func (r *Runner) state(ctx context.Context, k Key) (state, error) {
	var decided, owed int64
	err := r.db.QueryRow(ctx, `SELECT decided, owed FROM jobs_state WHERE module = $1 AND name = $2`, k.Module, k.Name).Scan(&decided, &owed)
	if errors.Is(err, sql.ErrNoRows) {
		return state{}, errGone
	}
	if err != nil {
		return state{}, fmt.Errorf("read job: %w", err)
	}
	return state{time.UnixMicro(decided).UTC(), owed != 0}, nil
}

// errDecided says that another instance was faster.
var errDecided = errors.New("decided already")

// claim decides on a time; a zero time takes over the run that is owed.
func claim(ctx context.Context, tx *storage.Tx, k Key, due time.Time) error {
	query, at := `UPDATE jobs_state SET decided = $3, owed = 0 WHERE module = $1 AND name = $2 AND decided < $3`, due.UnixMicro()
	if due.IsZero() {
		query, at = `UPDATE jobs_state SET owed = 0 WHERE module = $1 AND name = $2 AND owed = $3`, 1
	}
	res, err := tx.Exec(ctx, query, k.Module, k.Name, at)
	if err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = errDecided
	}
	return err
}

// owe notes that a run is owed.
func owe(ctx context.Context, tx *storage.Tx, k Key) error {
	if _, err := tx.Exec(ctx, `UPDATE jobs_state SET owed = 1 WHERE module = $1 AND name = $2`, k.Module, k.Name); err != nil {
		return fmt.Errorf("owe a run: %w", err)
	}
	return nil
}

const insertRun = `INSERT INTO jobs_runs (id, module, name, instance, cause, outcome, error, started_at, ended_at, alive_until, owes, fence)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, `

const trimRuns = `DELETE FROM jobs_runs WHERE module = $1 AND name = $2 AND outcome <> 'running' AND seq <=
	(SELECT seq FROM jobs_runs WHERE module = $1 AND name = $2 ORDER BY seq DESC LIMIT 1 OFFSET $3)`

// add records a run and drops what the history holds too many of.
func (r *Runner) add(ctx context.Context, tx *storage.Tx, run Run) error {
	ended := int64(0)
	if !run.Ended.IsZero() {
		ended = run.Ended.UnixMicro()
	}
	_, err := tx.Exec(ctx, insertRun+tx.Dialect().NowMicros()+` + $10, $11, $12)`, run.ID, run.Module, run.Name, run.Instance, run.Cause,
		run.Outcome, run.Error, run.Started.UnixMicro(), ended, r.opts.Lease.Microseconds(), number01(run.owes), run.fence)
	if err != nil {
		return fmt.Errorf("record run: %w", err)
	}
	if _, err := tx.Exec(ctx, trimRuns, run.Module, run.Name, KeepRuns); err != nil {
		return fmt.Errorf("trim history: %w", err)
	}
	return nil
}

func number01(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// finish records how a run ended, unless it was taken for lost: another instance
// may have begun the next one of a fleet job by then.
func finish(ctx context.Context, tx *storage.Tx, run Run) error {
	res, err := tx.Exec(ctx, `UPDATE jobs_runs SET outcome = $1, error = $2, ended_at = $3
		WHERE id = $4 AND (outcome = 'running' OR outcome = 'lost' AND fence = 0)`,
		run.Outcome, run.Error, run.Ended.UnixMicro(), run.ID)
	if err != nil {
		return fmt.Errorf("record end of run: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 || !run.owes || run.Outcome == OK {
		return err
	}
	return owe(ctx, tx, run.Key)
}

// lose records that a run which seemed to be going on is lost.
func lose(ctx context.Context, tx *storage.Tx, run Run, why string) error {
	res, err := tx.Exec(ctx, `UPDATE jobs_runs SET outcome = 'lost', error = $1, ended_at = `+tx.Dialect().NowMicros()+`
		WHERE id = $2 AND outcome = 'running'`, why, run.ID)
	if err != nil {
		return fmt.Errorf("record lost run: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 || !run.owes {
		return err
	}
	return owe(ctx, tx, run.Key)
}

const readRuns = `SELECT seq, id, module, name, instance, cause, outcome, error, started_at, ended_at, owes, fence FROM jobs_runs `

// readAll returns the runs that the rest of a statement selects.
func readAll(ctx context.Context, q storage.Querier, where string, args ...any) ([]Run, error) {
	rows, err := q.Query(ctx, readRuns+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	defer rows.Close()
	out := []Run{}
	for rows.Next() {
		var one Run
		var started, ended, owes int64
		if err := rows.Scan(&one.Seq, &one.ID, &one.Module, &one.Name, &one.Instance, &one.Cause, &one.Outcome, &one.Error,
			&started, &ended, &owes, &one.fence); err != nil {
			return nil, fmt.Errorf("read runs: %w", err)
		}
		one.Started, one.owes = time.UnixMicro(started).UTC(), owes != 0
		if ended != 0 {
			one.Ended = time.UnixMicro(ended).UTC()
		}
		out = append(out, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	return out, nil
}
