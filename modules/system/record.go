package system

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
)

// The long history is in two grains: a row of each metric every five minutes for
// a week, then one an hour.
const (
	fineGrain   = 5 * time.Minute
	coarseGrain = time.Hour
	fineFor     = 7 * 24 * time.Hour
)

// Migrations make the tables of version 0.2.0. history has one row for each
// metric, moment and machine that it was measured on; at is in seconds since
// 1970, grain how many seconds a row stands for. marks holds moments worth
// remembering.
//
// A migration that was released is never changed: what comes next is version 2.
func (m *Module) Migrations() []storage.Migration {
	return []storage.Migration{{Version: 1, Name: "long history", SQL: `
		CREATE TABLE ` + m.host.Table("history") + ` (
			metric TEXT   NOT NULL,
			at     BIGINT NOT NULL,
			host   TEXT   NOT NULL,
			grain  BIGINT NOT NULL,
			mean   DOUBLE PRECISION NOT NULL,
			peak   DOUBLE PRECISION NOT NULL,
			PRIMARY KEY (metric, at, host, grain)
		);
		CREATE INDEX ` + m.host.Table("history_at") + ` ON ` + m.host.Table("history") + ` (at);
		CREATE TABLE ` + m.host.Table("marks") + ` (
			name TEXT   NOT NULL PRIMARY KEY,
			at   BIGINT NOT NULL
		)`}}
}

// historyMark is the moment from which on history is recorded.
const historyMark = "history begins"

// Install notes when the history begins.
func (m *Module) Install(ctx context.Context) error { return m.mark(ctx, historyMark) }

// Upgrade does what a new version needs besides its migrations, which have run
// before. It is called with the version that was installed, once per fleet, and
// again where a crash came between its effect and the record of it: so each of
// its steps asks whether there is something left to do.
func (m *Module) Upgrade(ctx context.Context, _ string) error {
	// Versions before 0.2.0 recorded nothing: their history begins now.
	return m.mark(ctx, historyMark)
}

// mark notes the moment of something that happens once.
func (m *Module) mark(ctx context.Context, name string) error {
	_, err := m.host.DB().Exec(ctx, `INSERT INTO `+m.host.Table("marks")+` (name, at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`,
		name, time.Now().Unix())
	if err != nil {
		return fmt.Errorf("mark %q: %w", name, err)
	}
	return nil
}

// marked returns when something happened, nil where it has not.
func (m *Module) marked(ctx context.Context, name string) (*time.Time, error) {
	var at int64
	err := m.host.DB().QueryRow(ctx, `SELECT at FROM `+m.host.Table("marks")+` WHERE name = $1`, name).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // it has not happened
	}
	if err != nil {
		return nil, fmt.Errorf("read mark %q: %w", name, err)
	}
	when := time.Unix(at, 0).UTC()
	return &when, nil
}

// Jobs lists what records the history, on every instance, and what keeps it
// small, once per fleet.
func (m *Module) Jobs() []dashboard.Job {
	return []dashboard.Job{
		{Name: "record", Title: "Record the history", Schedule: "*/5 * * * *", PerInstance: true, Timeout: time.Minute, Run: m.record},
		{Name: "retain", Title: "Thin out and drop old history", Schedule: "20 3 * * *", Missed: dashboard.MissedRunOnce,
			Timeout: 10 * time.Minute, Run: m.retain},
	}
}

// record writes the means since the last time. Two instances on one machine
// measure the same: the first one counts.
func (m *Module) record(ctx context.Context) error {
	m.mu.Lock()
	sums := m.sums
	m.sums = newMeans(len(m.metrics))
	m.mu.Unlock()
	if err := m.insert(ctx, time.Now(), sums); err != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.sums.merge(sums) // for the next time
		return err
	}
	return nil
}

func (m *Module) insert(ctx context.Context, now time.Time, sums means) error {
	at := now.Add(-fineGrain).Truncate(time.Minute) // a row stands for what comes after it
	query := `INSERT INTO ` + m.host.Table("history") + ` (metric, at, host, grain, mean, peak) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (metric, at, host, grain) DO NOTHING`
	return m.host.DB().Update(ctx, func(tx *storage.Tx) error {
		for c, n := range sums.count {
			if n == 0 {
				continue
			}
			_, err := tx.Exec(ctx, query, m.metrics[c].name, at.Unix(), clean(m.collector.host), int64(fineGrain/time.Second),
				sums.sum[c]/float64(n), sums.peak[c])
			if err != nil {
				return fmt.Errorf("record %s: %w", m.metrics[c].name, err)
			}
		}
		return nil
	})
}

// retain merges what is older than a week into one row an hour, and drops what is
// older than the settings say. The lease keeps an instance that has stood still from doing
// it over again while another does.
func (m *Module) retain(ctx context.Context) error {
	now := time.Now()
	table := m.host.Table("history")
	thin := now.Add(-fineFor).Truncate(coarseGrain).Unix()
	fine, coarse := int64(fineGrain/time.Second), int64(coarseGrain/time.Second)
	return m.host.DB().Update(ctx, func(tx *storage.Tx) error {
		if lease := dashboard.JobLease(ctx); lease != nil {
			if err := lease.Check(ctx, tx); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `INSERT INTO `+table+` (metric, at, host, grain, mean, peak)
			SELECT metric, at / $1 * $1, host, $1, AVG(mean), MAX(peak) FROM `+table+`
			WHERE at < $2 AND grain = $3 GROUP BY metric, at / $1, host
			ON CONFLICT (metric, at, host, grain) DO NOTHING`, coarse, thin, fine); err != nil {
			return fmt.Errorf("thin out history: %w", err)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE at < $1 AND grain = $2`, thin, fine); err != nil {
			return fmt.Errorf("thin out history: %w", err)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE at < $1`, now.Add(-m.current().Keep).Unix()); err != nil {
			return fmt.Errorf("drop old history: %w", err)
		}
		return nil
	})
}

// long is metrics over a range of time: means and peaks by metric, NaN where
// nothing was recorded.
type long struct {
	step         time.Duration
	times        []time.Time
	means, peaks [][]float64
}

// recorded reads metrics of all machines together, in at most about so many
// points: the mean of their means, the highest of their peaks.
func (m *Module) recorded(ctx context.Context, since, until time.Time, points int, names ...string) (*long, error) {
	l := newLong(since, until, points, len(names))
	args := []any{int64(l.step / time.Second), l.times[0].Unix(), until.Unix()}
	marks := make([]string, len(names))
	for i, name := range names {
		args = append(args, name)
		marks[i] = fmt.Sprintf("$%d", len(args))
	}
	rows, err := m.host.DB().Query(ctx, `SELECT metric, at / $1, AVG(mean), MAX(peak) FROM `+m.host.Table("history")+`
		WHERE at >= $2 AND at <= $3 AND metric IN (`+strings.Join(marks, ", ")+`) GROUP BY metric, at / $1`, args...)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var bucket int64
		var mean, peak float64
		if err := rows.Scan(&name, &bucket, &mean, &peak); err != nil {
			return nil, fmt.Errorf("read history: %w", err)
		}
		at := int(bucket - l.times[0].Unix()/int64(l.step/time.Second))
		for i := range names {
			if names[i] == name && at >= 0 && at < len(l.times) {
				l.means[i][at], l.peaks[i][at] = mean, peak
			}
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	return l, nil
}

// newLong makes room for a range. A step is a multiple of the grain that rows
// have then; the last one is left out while it goes on.
func newLong(since, until time.Time, points, metrics int) *long {
	grain := fineGrain
	if until.Sub(since) > fineFor {
		grain = coarseGrain
	}
	l := &long{step: max((until.Sub(since)/time.Duration(points) + grain - 1).Truncate(grain), grain)}
	step := int64(l.step / time.Second)
	for at := since.Unix() / step * step; at+step <= until.Unix() || len(l.times) == 0; at += step {
		l.times = append(l.times, time.Unix(at, 0).UTC())
	}
	for range metrics {
		l.means, l.peaks = append(l.means, blank(len(l.times))), append(l.peaks, blank(len(l.times)))
	}
	return l
}

// blank returns n values that were not measured.
func blank(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}
