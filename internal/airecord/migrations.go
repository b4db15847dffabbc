package airecord

import (
	"strings"

	"github.com/modular-dashboard/dashboard/storage"
)

func migrations() []storage.Migration {
	const serial = "INTEGER PRIMARY KEY AUTOINCREMENT"
	return []storage.Migration{{
		Version: 1, Name: "records, sums by day",
		SQLite:     tables(serial),
		PostgreSQL: tables("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
	}}
}

// tables makes records, the newest with the highest number, and what they sum up
// to by day. A column of latencies counts the answers that took so long.
func tables(serial string) string {
	return `
CREATE TABLE airecord_records (
	seq          ` + serial + `,
	id           TEXT   NOT NULL UNIQUE,
	at           BIGINT NOT NULL,
	tenant       TEXT   NOT NULL,
	user_id      TEXT   NOT NULL,
	key_id       TEXT   NOT NULL,
	module       TEXT   NOT NULL,
	roles        TEXT   NOT NULL,
	asked        TEXT   NOT NULL,
	provider     TEXT   NOT NULL,
	model        TEXT   NOT NULL,
	prompt       TEXT   NOT NULL,
	first_us     BIGINT NOT NULL,
	took_us      BIGINT NOT NULL,
	input        BIGINT NOT NULL,
	output       BIGINT NOT NULL,
	cached_input BIGINT NOT NULL,
	cache_write  BIGINT NOT NULL,
	reasoning    BIGINT NOT NULL,
	estimated    BIGINT NOT NULL,
	micros       BIGINT NOT NULL,
	currency     TEXT   NOT NULL,
	unpriced     BIGINT NOT NULL,
	cache        TEXT   NOT NULL,
	reason       TEXT   NOT NULL,
	error        TEXT   NOT NULL,
	status       BIGINT NOT NULL,
	trail        TEXT   NOT NULL
);
CREATE INDEX airecord_records_at       ON airecord_records (at);
CREATE INDEX airecord_records_user     ON airecord_records (user_id, seq);
CREATE INDEX airecord_records_model    ON airecord_records (model, seq);
CREATE INDEX airecord_records_provider ON airecord_records (provider, seq);
CREATE INDEX airecord_records_error    ON airecord_records (error, seq);
CREATE INDEX airecord_records_cache    ON airecord_records (cache, seq);
CREATE TABLE airecord_usage (
	day      BIGINT NOT NULL,
	user_id  TEXT   NOT NULL,
	key_id   TEXT   NOT NULL,
	module   TEXT   NOT NULL,
	roles    TEXT   NOT NULL,
	provider TEXT   NOT NULL,
	model    TEXT   NOT NULL,
	currency TEXT   NOT NULL,
	requests BIGINT NOT NULL,
	errors   BIGINT NOT NULL,
	cached   BIGINT NOT NULL,
	input    BIGINT NOT NULL,
	output   BIGINT NOT NULL,
	micros   BIGINT NOT NULL,
	unpriced BIGINT NOT NULL,
	` + strings.Join(latencyColumns(), " BIGINT NOT NULL,\n\t") + ` BIGINT NOT NULL,
	PRIMARY KEY (day, user_id, key_id, module, roles, provider, model, currency)
);
CREATE INDEX airecord_usage_user ON airecord_usage (user_id, day);
`
}
