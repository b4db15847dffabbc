package audit

import "github.com/modular-dashboard/dashboard/storage"

// Schema returns the migrations that Start applies.
func Schema() storage.Schema { return storage.Schema{Scope: Scope, Migrations: migrations()} }

// migrations returns the migrations of Scope, which Start runs.
func migrations() []storage.Migration {
	return []storage.Migration{
		{Version: 1, Name: "append-only log", SQLite: sqliteLog, PostgreSQL: postgresLog},
	}
}

// The insert trigger is for INSERT OR REPLACE, which deletes the old row without firing its delete trigger.
const sqliteLog = `
CREATE TABLE audit_log (
	seq        INTEGER PRIMARY KEY AUTOINCREMENT,
	id         TEXT   NOT NULL UNIQUE,
	at         BIGINT NOT NULL,
	actor      TEXT   NOT NULL,
	actor_name TEXT   NOT NULL,
	action     TEXT   NOT NULL,
	target     TEXT   NOT NULL,
	detail     TEXT   NOT NULL,
	request_id TEXT   NOT NULL,
	address    TEXT   NOT NULL
);
CREATE INDEX audit_log_actor  ON audit_log (actor, seq);
CREATE INDEX audit_log_action ON audit_log (action, seq);
CREATE INDEX audit_log_target ON audit_log (target, seq);
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_log_no_replace BEFORE INSERT ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id OR seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
`

const postgresLog = `
CREATE TABLE audit_log (
	seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id         TEXT   NOT NULL UNIQUE,
	at         BIGINT NOT NULL,
	actor      TEXT   NOT NULL,
	actor_name TEXT   NOT NULL,
	action     TEXT   NOT NULL,
	target     TEXT   NOT NULL,
	detail     TEXT   NOT NULL,
	request_id TEXT   NOT NULL,
	address    TEXT   NOT NULL
);
CREATE INDEX audit_log_actor  ON audit_log (actor, seq);
CREATE INDEX audit_log_action ON audit_log (action, seq);
CREATE INDEX audit_log_target ON audit_log (target, seq);
CREATE FUNCTION audit_log_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse();
`
