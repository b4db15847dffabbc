package registry

import "github.com/modular-dashboard/dashboard/storage"

// scope names the registry's own migrations.
const scope = "lifecycle"

// Schema returns the migrations that Start applies.
func Schema() storage.Schema { return storage.Schema{Scope: scope, Migrations: migrations()} }

// migrations make the registry's tables. lifecycle_modules holds one record of
// the fleet per module; lifecycle_instances the heartbeats; lifecycle_actual
// where each instance stands, with an empty state while it just follows the
// fleet. lifecycle_revision is one row: every change takes the next number
// from it, which also makes changes queue, and leaves that number with the
// module, so that one small read tells an instance whether there is news.
func migrations() []storage.Migration {
	return []storage.Migration{{Version: 1, Name: "module records and instances", SQL: `
CREATE TABLE lifecycle_modules (
	id         TEXT   NOT NULL PRIMARY KEY,
	desired    TEXT   NOT NULL,
	state      TEXT   NOT NULL,
	origin     TEXT   NOT NULL,
	version    TEXT   NOT NULL,
	target     TEXT   NOT NULL,
	asked      TEXT   NOT NULL,
	held       TEXT   NOT NULL,
	purge      BIGINT NOT NULL,
	generation BIGINT NOT NULL,
	forced     BIGINT NOT NULL,
	operation  TEXT   NOT NULL,
	step       TEXT   NOT NULL,
	phase      TEXT   NOT NULL,
	attempt    BIGINT NOT NULL,
	error      TEXT   NOT NULL,
	since      BIGINT NOT NULL,
	fence      BIGINT NOT NULL,
	changed    BIGINT NOT NULL
);
CREATE TABLE lifecycle_instances (
	id      TEXT   NOT NULL PRIMARY KEY,
	run     TEXT   NOT NULL,
	host    TEXT   NOT NULL,
	started BIGINT NOT NULL,
	beat    BIGINT NOT NULL
);
CREATE TABLE lifecycle_actual (
	module     TEXT   NOT NULL,
	instance   TEXT   NOT NULL,
	version    TEXT   NOT NULL,
	state      TEXT   NOT NULL,
	operation  TEXT   NOT NULL,
	step       TEXT   NOT NULL,
	attempt    BIGINT NOT NULL,
	error      TEXT   NOT NULL,
	detail     TEXT   NOT NULL,
	blocked_by TEXT   NOT NULL,
	generation BIGINT NOT NULL,
	since      BIGINT NOT NULL,
	health     TEXT   NOT NULL,
	complaint  TEXT   NOT NULL,
	panics     BIGINT NOT NULL,
	PRIMARY KEY (module, instance)
);
CREATE INDEX lifecycle_actual_instance ON lifecycle_actual (instance);
CREATE TABLE lifecycle_revision (
	id BIGINT NOT NULL PRIMARY KEY,
	n  BIGINT NOT NULL
);
INSERT INTO lifecycle_revision (id, n) VALUES (1, 0);
`}, {Version: 2, Name: "version of instances", SQL: `
ALTER TABLE lifecycle_instances ADD COLUMN version TEXT NOT NULL DEFAULT '';
`}, {Version: 3, Name: "requests that took too long", SQL: `
ALTER TABLE lifecycle_actual ADD COLUMN timeouts BIGINT NOT NULL DEFAULT 0;
`}}
}
