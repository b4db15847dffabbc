package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

func (r *Runner) setAlive(id string, alive bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if alive {
		r.alive[id] = true
	} else {
		delete(r.alive, id)
	}
}

// sweep says that what runs here lives, finds what died elsewhere, and wakes
// jobs that owe a run.
func (r *Runner) sweep(ctx context.Context) {
	every := r.opts.Lease / 3
	tick := time.NewTicker(min(every, firstSweep))
	defer tick.Stop()
	failing := false
	for first := true; ; first = false {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if first {
			tick.Reset(every)
		}
		err := r.sweepOnce(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			r.log.ErrorContext(ctx, "cannot look after running jobs; trying on", "error", err)
		}
		failing = err != nil
	}
}

// firstSweep is how soon after the start lost runs are looked for: not while the
// rest still starts, and before a person could see them.
const firstSweep = time.Second

func (r *Runner) sweepOnce(ctx context.Context) error {
	if err := r.beat(ctx); err != nil {
		return err
	}
	dead, err := readAll(ctx, r.db, `WHERE outcome = 'running' AND alive_until < `+r.db.Dialect().NowMicros())
	if err != nil {
		return err
	}
	for _, run := range dead {
		if err := r.bury(ctx, run); err != nil {
			return err
		}
	}
	return r.collect(ctx)
}

// beat extends the life of what runs here.
func (r *Runner) beat(ctx context.Context) error {
	r.mu.Lock()
	ids := make([]string, 0, len(r.alive))
	for id := range r.alive {
		ids = append(ids, id)
	}
	r.mu.Unlock()
	if len(ids) == 0 {
		return nil
	}
	query := `UPDATE jobs_runs SET alive_until = ` + r.db.Dialect().NowMicros() + ` + $1 WHERE id = $2 AND outcome = 'running'`
	return r.db.Update(ctx, func(tx *storage.Tx) error {
		for _, id := range ids {
			if _, err := tx.Exec(ctx, query, r.opts.Lease.Microseconds(), id); err != nil {
				return fmt.Errorf("heartbeat of runs: %w", err)
			}
		}
		return nil
	})
}

// bury records that a run is lost, unless it was heard of meanwhile.
func (r *Runner) bury(ctx context.Context, run Run) error {
	return r.db.Update(ctx, func(tx *storage.Tx) error {
		left, err := readAll(ctx, tx, `WHERE id = $1 AND outcome = 'running' AND alive_until < `+tx.Dialect().NowMicros(), run.ID)
		if err != nil || len(left) == 0 {
			return err
		}
		r.log.WarnContext(ctx, "a run of a job was lost", "module", run.Module, "job", run.Name, "run", run.ID, "instance", run.Instance)
		return lose(ctx, tx, run, lostText)
	})
}

// collect wakes the jobs of this instance that owe a run.
func (r *Runner) collect(ctx context.Context) error {
	rows, err := r.db.Query(ctx, `SELECT module, name FROM jobs_state WHERE owed = 1`)
	if err != nil {
		return fmt.Errorf("look for owed runs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var k Key
		if err := rows.Scan(&k.Module, &k.Name); err != nil {
			return fmt.Errorf("look for owed runs: %w", err)
		}
		r.mu.Lock()
		a := r.active[k]
		r.mu.Unlock()
		if a != nil {
			a.nudge()
		}
	}
	return rows.Err()
}
