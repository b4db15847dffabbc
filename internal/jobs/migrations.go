package jobs

import "github.com/modular-dashboard/dashboard/storage"

// scope names the migrations of jobs.
const scope = "jobs"

// Schema returns the migrations that Start applies.
func Schema() storage.Schema { return storage.Schema{Scope: scope, Migrations: migrations()} }

// migrations make two tables. jobs_state has one row per fleet job: the last
// time that was decided on, in the schedule it belongs to, and whether a run is
// owed because one was cut off. jobs_runs is the history; alive_until is the
// heartbeat of what is running, by the database's clock, and owes says that a
// run which is cut off is to be made up for.
func migrations() []storage.Migration {
	return []storage.Migration{{
		Version: 1, Name: "jobs and their runs",
		SQLite:     states + "CREATE TABLE jobs_runs (\n\tseq INTEGER PRIMARY KEY AUTOINCREMENT," + runs,
		PostgreSQL: states + "CREATE TABLE jobs_runs (\n\tseq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY," + runs,
	}}
}

const states = `
CREATE TABLE jobs_state (
	module   TEXT   NOT NULL,
	name     TEXT   NOT NULL,
	schedule TEXT   NOT NULL,
	decided  BIGINT NOT NULL,
	owed     BIGINT NOT NULL,
	PRIMARY KEY (module, name)
);
`

const runs = `
	id          TEXT   NOT NULL UNIQUE,
	module      TEXT   NOT NULL,
	name        TEXT   NOT NULL,
	instance    TEXT   NOT NULL,
	cause       TEXT   NOT NULL,
	outcome     TEXT   NOT NULL,
	error       TEXT   NOT NULL,
	started_at  BIGINT NOT NULL,
	ended_at    BIGINT NOT NULL,
	alive_until BIGINT NOT NULL,
	owes        BIGINT NOT NULL,
	fence       BIGINT NOT NULL
);
CREATE INDEX jobs_runs_job ON jobs_runs (module, name, seq);
CREATE INDEX jobs_runs_running ON jobs_runs (alive_until) WHERE outcome = 'running';
`
