package auth

import "github.com/modular-dashboard/dashboard/storage"

// scope owns the migrations and the prefix of the tables.
const scope = "auth"

// migrations are the schema. Times are microseconds since the epoch by the
// database's clock; 0 is never. Lists are JSON text.
//
// Whoever locks rows of several tables does it in this order, so that nobody
// waits in a circle: auth_setup, auth_users, auth_sessions, auth_roles,
// auth_keys, auth_feed.
func migrations() []storage.Migration {
	return []storage.Migration{{Version: 1, Name: "accounts, sessions, roles, keys", SQL: `
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
`}}
}
