package traffic

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
)

// allRoutes is the row of all routes together, which is there in every minute
// that was measured.
const allRoutes = ""

// fineFor is how long the rows of minutes stay: until hours are made of them,
// and long enough for a day of fine charts.
const fineFor = 48 * time.Hour

// Migrations make two tables: what each instance counted in each minute, and
// what the fleet counted in each hour. Times are seconds since 1970.
func (m *Module) Migrations() []storage.Migration {
	script := func(bytes string) string {
		minutes, hours := m.host.Table("minutes"), m.host.Table("hours")
		return `CREATE TABLE ` + minutes + ` (
			route    TEXT   NOT NULL,
			at       BIGINT NOT NULL,
			instance TEXT   NOT NULL,
			panics   BIGINT NOT NULL,
			statuses ` + bytes + ` NOT NULL,
			latency  ` + bytes + ` NOT NULL,
			PRIMARY KEY (route, at, instance)
		);
		CREATE INDEX ` + minutes + `_at ON ` + minutes + ` (at);
		CREATE TABLE ` + hours + ` (
			route    TEXT   NOT NULL,
			at       BIGINT NOT NULL,
			minutes  BIGINT NOT NULL,
			panics   BIGINT NOT NULL,
			statuses ` + bytes + ` NOT NULL,
			latency  ` + bytes + ` NOT NULL,
			PRIMARY KEY (route, at)
		);
		CREATE INDEX ` + hours + `_at ON ` + hours + ` (at)`
	}
	return []storage.Migration{{Version: 1, Name: "traffic by minute and hour", SQLite: script("BLOB"), PostgreSQL: script("BYTEA")}}
}

// insert writes the rows of a minute, one for each route and one for all.
func (m *Module) insert(ctx context.Context, minute time.Time, rows map[string]*tally) error {
	query := `INSERT INTO ` + m.host.Table("minutes") + ` (route, at, instance, panics, statuses, latency) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (route, at, instance) DO UPDATE SET panics = excluded.panics, statuses = excluded.statuses, latency = excluded.latency`
	return m.host.DB().Update(ctx, func(tx *storage.Tx) error {
		var sum tally
		one := func(route string, t *tally) error {
			_, err := tx.Exec(ctx, query, route, minute.Unix(), m.instance, int64(t.panics), t.statuses.Append([]byte{}), t.latency.Append(nil))
			if err != nil {
				return fmt.Errorf("write minute: %w", err)
			}
			return nil
		}
		for route, t := range rows {
			sum.merge(t)
			if err := one(route, t); err != nil {
				return err
			}
		}
		return one(allRoutes, &sum)
	})
}

// each calls fn for every row that a statement selects, whose columns are route,
// at, panics, statuses, latency and minutes.
func each(ctx context.Context, q storage.Querier, fn func(route string, at int64, t *tally), query string, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read traffic: %w", err)
	}
	defer rows.Close()
	var statuses, latency sql.RawBytes
	for rows.Next() {
		var route string
		var at, panics int64
		var t tally
		if err := rows.Scan(&route, &at, &panics, &statuses, &latency, &t.minutes); err != nil {
			return fmt.Errorf("read traffic: %w", err)
		}
		t.panics = uint64(panics)
		if err := t.statuses.MergeBytes(statuses); err != nil {
			return fmt.Errorf("read traffic of %s: %w", route, err)
		}
		if err := t.latency.MergeBytes(latency); err != nil {
			return fmt.Errorf("read traffic of %s: %w", route, err)
		}
		fn(route, at, &t)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read traffic: %w", err)
	}
	return nil
}

const columns = `SELECT route, at, panics, statuses, latency, `

// addUp makes hours of minutes: of those that are over and not there yet, and the
// last ones again, because an instance may have written late. Each hour is a
// transaction of its own, so the job can be cut off at any time.
func (m *Module) addUp(ctx context.Context, now time.Time) error {
	last, err := m.hoursEnd(ctx, m.host.DB())
	if err != nil {
		return err
	}
	hours, err := m.hoursOfMinutes(ctx, last.Add(-lateHours*time.Hour), now.Truncate(time.Hour))
	if err != nil {
		return err
	}
	for _, hour := range hours {
		if err := m.addUpHour(ctx, hour); err != nil {
			return err
		}
	}
	return nil
}

// hoursOfMinutes lists the hours of which there are minutes.
func (m *Module) hoursOfMinutes(ctx context.Context, from, before time.Time) ([]time.Time, error) {
	rows, err := m.host.DB().Query(ctx, `SELECT DISTINCT at / 3600 FROM `+m.host.Table("minutes")+` WHERE at >= $1 AND at < $2 ORDER BY 1`,
		from.Unix(), before.Unix())
	if err != nil {
		return nil, fmt.Errorf("read traffic: %w", err)
	}
	defer rows.Close()
	var out []time.Time
	for rows.Next() {
		var hour int64
		if err := rows.Scan(&hour); err != nil {
			return nil, fmt.Errorf("read traffic: %w", err)
		}
		out = append(out, time.Unix(hour*3600, 0).UTC())
	}
	return out, rows.Err()
}

// lateHours are added up again.
const lateHours = 3

func (m *Module) addUpHour(ctx context.Context, hour time.Time) error {
	sums, minutes := map[string]*tally{}, map[int64]bool{}
	err := each(ctx, m.host.DB(), func(route string, at int64, t *tally) {
		if sums[route] == nil {
			sums[route] = &tally{}
		}
		sums[route].merge(t)
		minutes[at] = true
	}, columns+`0 FROM `+m.host.Table("minutes")+` WHERE at >= $1 AND at < $2`, hour.Unix(), hour.Add(time.Hour).Unix())
	if err != nil || len(sums) == 0 {
		return err
	}
	query := `INSERT INTO ` + m.host.Table("hours") + ` (route, at, minutes, panics, statuses, latency) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (route, at) DO UPDATE SET minutes = excluded.minutes, panics = excluded.panics, statuses = excluded.statuses, latency = excluded.latency`
	return m.host.DB().Update(ctx, func(tx *storage.Tx) error {
		if lease := dashboard.JobLease(ctx); lease != nil {
			if err := lease.Check(ctx, tx); err != nil {
				return err
			}
		}
		for route, t := range sums {
			_, err := tx.Exec(ctx, query, route, hour.Unix(), len(minutes), int64(t.panics), t.statuses.Append([]byte{}), t.latency.Append(nil))
			if err != nil {
				return fmt.Errorf("write hour: %w", err)
			}
		}
		return nil
	})
}

// hoursEnd returns when the hours end that were added up, the zero time where
// there are none.
func (m *Module) hoursEnd(ctx context.Context, q storage.Querier) (time.Time, error) {
	var last sql.NullInt64
	if err := q.QueryRow(ctx, `SELECT MAX(at) FROM `+m.host.Table("hours")+` WHERE route = $1`, allRoutes).Scan(&last); err != nil {
		return time.Time{}, fmt.Errorf("read traffic: %w", err)
	}
	if !last.Valid {
		return time.Time{}, nil
	}
	return time.Unix(last.Int64, 0).UTC().Add(time.Hour), nil
}

// drop removes what is too old.
func (m *Module) drop(ctx context.Context, now time.Time) error {
	for table, before := range map[string]time.Time{
		m.host.Table("minutes"): now.Add(-fineFor).Truncate(time.Hour),
		m.host.Table("hours"):   now.Add(-m.keep()),
	} {
		if _, err := m.host.DB().Exec(ctx, `DELETE FROM `+table+` WHERE at < $1`, before.Unix()); err != nil {
			return fmt.Errorf("drop old traffic: %w", err)
		}
	}
	return nil
}
