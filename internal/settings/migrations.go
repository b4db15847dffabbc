package settings

import "github.com/modular-dashboard/dashboard/storage"

// Schema returns the migrations that Start applies.
func Schema() storage.Schema {
	return storage.Schema{Scope: "settings", Migrations: []storage.Migration{{Version: 1, Name: "current values and history", SQL: `
CREATE TABLE settings_current (
	module  TEXT   NOT NULL PRIMARY KEY,
	version BIGINT NOT NULL,
	doc     TEXT   NOT NULL,
	secrets TEXT   NOT NULL
);
CREATE TABLE settings_history (
	module  TEXT   NOT NULL,
	version BIGINT NOT NULL,
	at      BIGINT NOT NULL,
	actor   TEXT   NOT NULL,
	doc     TEXT   NOT NULL,
	secrets TEXT   NOT NULL,
	changes TEXT   NOT NULL,
	PRIMARY KEY (module, version)
);
`}}}
}
