package idempotency

import "github.com/modular-dashboard/dashboard/storage"

// Scope is the migration scope of Migrations.
const Scope = "idempotency"

// Schema returns the migrations that Start applies.
func Schema() storage.Schema { return storage.Schema{Scope: Scope, Migrations: migrations()} }

// migrations returns the migrations of Scope, which Start runs.
func migrations() []storage.Migration {
	return []storage.Migration{{Version: 1, Name: "keys", SQLite: table("BLOB"), PostgreSQL: table("BYTEA")}}
}

// The index by owner holds all that makeRoom adds up.
func table(bytes string) string {
	return `
CREATE TABLE idempotency_keys (
	id          TEXT    PRIMARY KEY,
	owner       TEXT    NOT NULL,
	print       TEXT    NOT NULL,
	holder      TEXT    NOT NULL,
	state       INTEGER NOT NULL,
	claimed_at  BIGINT  NOT NULL,
	lease_until BIGINT  NOT NULL,
	forget_at   BIGINT  NOT NULL,
	status      INTEGER NOT NULL,
	header      TEXT    NOT NULL,
	body        ` + bytes + `,
	size        BIGINT  NOT NULL
);
CREATE INDEX idempotency_keys_owner  ON idempotency_keys (owner, claimed_at, size);
CREATE INDEX idempotency_keys_forget ON idempotency_keys (forget_at);
`
}
