package airecord

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// What is kept at most, whatever its age: the oldest go first.
const (
	maxRecords  = 2_000_000
	maxFeedback = 500_000
	usageDays   = 400
)

// Times of the sweep.
const (
	sweepEvery = time.Hour
	sweepFirst = time.Minute // after the start
	sweepBatch = 1_000       // rows of one statement, so that writers do not wait
)

// sweep removes what is too old, from time to time.
func (s *Store) sweep(ctx context.Context) {
	timer := time.NewTimer(sweepFirst)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := s.Sweep(ctx, time.Now()); err != nil && ctx.Err() == nil {
			s.opts.Log.WarnContext(ctx, "cannot remove old records of requests to models", "error", err)
		}
		timer.Reset(sweepEvery)
	}
}

// Sweep removes records, sums and feedback that are too old at a time, or too many.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	for _, one := range []struct {
		table  string
		before int64 // microseconds
		most   int
	}{
		{"airecord_records", now.Add(-s.opts.Keep).UnixMicro(), s.opts.most},
		{"airecord_feedback", 0, maxFeedback},
	} {
		edge, err := s.edge(ctx, one.table, one.most)
		if err == nil {
			err = s.removeBefore(ctx, one.table, max(edge, one.before))
		}
		if err != nil {
			return fmt.Errorf("sweep %s: %w", one.table, err)
		}
	}
	if _, err := s.db.Exec(ctx, `DELETE FROM airecord_usage WHERE day < $1`, dayOf(now)-usageDays); err != nil {
		return fmt.Errorf("sweep airecord_usage: %w", err)
	}
	return nil
}

// edge is when the newest row began that there is no room for, 0 where there is.
func (s *Store) edge(ctx context.Context, table string, most int) (at int64, err error) {
	err = s.db.QueryRow(ctx, `SELECT at + 1 FROM `+table+` ORDER BY at DESC LIMIT 1 OFFSET $1`, most).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return at, err
}

func (s *Store) removeBefore(ctx context.Context, table string, at int64) error {
	for {
		result, err := s.db.Exec(ctx, `DELETE FROM `+table+` WHERE id IN (SELECT id FROM `+table+` WHERE at < $1 ORDER BY at LIMIT $2)`, at, sweepBatch)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n < sweepBatch {
			return err
		}
	}
}
