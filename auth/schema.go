package auth

import (
	"context"
	"errors"
	"strings"

	"github.com/modular-dashboard/dashboard/storage"
)

// scope owns the migrations and the prefix of the tables.
const scope = "auth"

// Schema returns the migrations that [Authority.Start] applies, for a host that
// applies all of its own with one call of [storage.DB.MigrateAll].
func Schema() storage.Schema { return storage.Schema{Scope: scope, Migrations: migrations()} }

// migrations are the schema. Times are microseconds since the epoch by the
// database's clock; 0 is never. Lists are JSON text.
//
// Whoever locks rows of several tables does it in this order, so that nobody
// waits in a circle: auth_setup, auth_users, auth_sessions, auth_api_keys,
// auth_keys, auth_feed, auth_roles.
func migrations() []storage.Migration {
	return []storage.Migration{
		{Version: 1, Name: "accounts, sessions, roles, keys", SQL: schema1},
		{Version: 2, Name: "search accounts", SQLite: searchSQLite + searchIndexes, PostgreSQL: searchPostgreSQL + searchIndexes, Up: fillNameKeys},
		{Version: 3, Name: "API keys", SQL: schema3},
	}
}

const schema1 = `
CREATE TABLE auth_setup (
	id BIGINT PRIMARY KEY CHECK (id = 1),
	token_hash TEXT NOT NULL,
	expires_at BIGINT NOT NULL,
	done_at BIGINT NOT NULL
);
INSERT INTO auth_setup (id, token_hash, expires_at, done_at) VALUES (1, '', 0, 0);

CREATE TABLE auth_users (
	id TEXT PRIMARY KEY,
	email TEXT NOT NULL,
	email_key TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	password TEXT NOT NULL,
	disabled BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	last_login_at BIGINT NOT NULL
);
CREATE TABLE auth_user_roles (
	user_id TEXT NOT NULL REFERENCES auth_users (id),
	role TEXT NOT NULL,
	PRIMARY KEY (user_id, role)
);
CREATE INDEX auth_user_roles_role ON auth_user_roles (role);

CREATE TABLE auth_sessions (
	id TEXT PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES auth_users (id),
	created_at BIGINT NOT NULL,
	last_used_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	absolute_at BIGINT NOT NULL,
	revoked_at BIGINT NOT NULL,
	refresh_hash TEXT NOT NULL,
	previous_hash TEXT NOT NULL,
	previous_at BIGINT NOT NULL,
	address TEXT NOT NULL,
	user_agent TEXT NOT NULL
);
CREATE INDEX auth_sessions_user ON auth_sessions (user_id, revoked_at, created_at);
CREATE INDEX auth_sessions_expires ON auth_sessions (expires_at);
CREATE INDEX auth_sessions_revoked ON auth_sessions (revoked_at);

CREATE TABLE auth_roles (
	name TEXT PRIMARY KEY,
	title TEXT NOT NULL,
	permissions TEXT NOT NULL,
	inherits TEXT NOT NULL,
	updated_at BIGINT NOT NULL
);

CREATE TABLE auth_keys (
	id TEXT PRIMARY KEY,
	private TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	signs_at BIGINT NOT NULL
);

CREATE TABLE auth_feed (
	id BIGINT PRIMARY KEY CHECK (id = 1),
	seq BIGINT NOT NULL
);
INSERT INTO auth_feed (id, seq) VALUES (1, 0);
CREATE TABLE auth_changes (
	seq BIGINT PRIMARY KEY,
	at BIGINT NOT NULL,
	kind TEXT NOT NULL,
	session_id TEXT NOT NULL,
	user_id TEXT NOT NULL
);
CREATE INDEX auth_changes_at ON auth_changes (at);
`

// What accounts are searched by. Text is compared by its bytes, which is what
// SQLite does anyway. name_key is the name in lower case, as email_key is the
// address.
const (
	searchSQLite = `
ALTER TABLE auth_users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE auth_users ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
ALTER TABLE auth_users ADD COLUMN is_disabled BIGINT GENERATED ALWAYS AS (disabled <> 0) VIRTUAL;
`
	searchPostgreSQL = `
ALTER TABLE auth_users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE auth_users ADD COLUMN name_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE auth_users ADD COLUMN is_disabled BOOLEAN GENERATED ALWAYS AS (disabled <> 0) STORED;
ALTER TABLE auth_users ALTER COLUMN id TYPE TEXT COLLATE "C";
ALTER TABLE auth_users ALTER COLUMN email_key TYPE TEXT COLLATE "C";
`
	searchIndexes = `
CREATE INDEX auth_users_name ON auth_users (name_key, id);
CREATE INDEX auth_users_created ON auth_users (created_at, id);
CREATE INDEX auth_users_login ON auth_users (last_login_at, id);
ALTER TABLE auth_roles ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
`
)

// fillNameKeys does what SQLite's lower cannot: letters beyond ASCII.
func fillNameKeys(ctx context.Context, tx *storage.Tx) error {
	names, err := allNames(ctx, tx)
	if err != nil {
		return err
	}
	for id, name := range names {
		if _, err := tx.Exec(ctx, `UPDATE auth_users SET name_key = $1 WHERE id = $2`, strings.ToLower(name), id); err != nil {
			return err
		}
	}
	return nil
}

func allNames(ctx context.Context, tx *storage.Tx) (names map[string]string, err error) {
	rows, err := tx.Query(ctx, `SELECT id, name FROM auth_users`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	names = map[string]string{}
	for rows.Next() {
		var id, name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, err
		}
		names[id] = name
	}
	return names, rows.Err()
}

// auth_api_secret tags API keys, see keyTag.
const schema3 = `
CREATE TABLE auth_api_secret (
	id BIGINT PRIMARY KEY CHECK (id = 1),
	secret TEXT NOT NULL
);
CREATE TABLE auth_api_keys (
	id TEXT PRIMARY KEY,
	user_id TEXT NOT NULL REFERENCES auth_users (id),
	name TEXT NOT NULL,
	prefix TEXT NOT NULL,
	hash TEXT NOT NULL UNIQUE,
	permissions TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	last_used_at BIGINT NOT NULL,
	revoked_at BIGINT NOT NULL
);
CREATE INDEX auth_api_keys_created ON auth_api_keys (created_at, id);
CREATE INDEX auth_api_keys_user ON auth_api_keys (user_id, created_at, id);
CREATE INDEX auth_api_keys_expires ON auth_api_keys (expires_at);
CREATE INDEX auth_api_keys_revoked ON auth_api_keys (revoked_at);
`
