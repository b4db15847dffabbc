package airecord

import (
	"strings"

	"github.com/modular-dashboard/dashboard/storage"
)

// Schema returns the migrations that Start applies.
func Schema() storage.Schema { return storage.Schema{Scope: Scope, Migrations: migrations()} }

func migrations() []storage.Migration {
	return []storage.Migration{
		{Version: 1, Name: "records, sums by day", SQL: recordTables()},
		{Version: 2, Name: "feedback", SQL: feedbackTables},
		{Version: 3, Name: "requests that fell back", SQL: `ALTER TABLE airecord_records ADD COLUMN fell_back BIGINT NOT NULL DEFAULT 0;`},
	}
}

// recordTables makes records, and what they sum up to by day. A column of
// latencies counts the answers that took so long.
func recordTables() string {
	return `
CREATE TABLE airecord_records (
	id           TEXT   PRIMARY KEY,
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
CREATE INDEX airecord_records_at       ON airecord_records (at, id);
CREATE INDEX airecord_records_user     ON airecord_records (user_id, at, id);
CREATE INDEX airecord_records_key      ON airecord_records (key_id, at, id);
CREATE INDEX airecord_records_module   ON airecord_records (module, at, id);
CREATE INDEX airecord_records_asked    ON airecord_records (asked, at, id);
CREATE INDEX airecord_records_prompt   ON airecord_records (prompt, at, id);
CREATE INDEX airecord_records_model    ON airecord_records (model, at, id);
CREATE INDEX airecord_records_provider ON airecord_records (provider, at, id);
CREATE INDEX airecord_records_cache    ON airecord_records (cache, at, id);
CREATE INDEX airecord_records_error    ON airecord_records (error, at, id);
CREATE INDEX airecord_records_failed   ON airecord_records (at, id) WHERE error <> '';
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

// A revision is raised with each change of feedback and left in its row, so that
// who follows reads what has changed and nothing else.
const feedbackTables = `
CREATE TABLE airecord_state (
	id       BIGINT PRIMARY KEY,
	revision BIGINT NOT NULL
);
INSERT INTO airecord_state (id, revision) VALUES (1, 0);
CREATE TABLE airecord_feedback (
	id         TEXT   PRIMARY KEY,
	request_id TEXT   NOT NULL,
	user_id    TEXT   NOT NULL,
	revision   BIGINT NOT NULL,
	at         BIGINT NOT NULL,
	thumb      TEXT   NOT NULL,
	score      DOUBLE PRECISION,
	comment    TEXT   NOT NULL,
	correction TEXT   NOT NULL,
	asked      TEXT   NOT NULL,
	provider   TEXT   NOT NULL,
	model      TEXT   NOT NULL,
	prompt     TEXT   NOT NULL,
	module     TEXT   NOT NULL,
	took_us    BIGINT NOT NULL,
	input      BIGINT NOT NULL,
	output     BIGINT NOT NULL,
	micros     BIGINT NOT NULL,
	currency   TEXT   NOT NULL,
	unpriced   BIGINT NOT NULL,
	trail      TEXT   NOT NULL,
	UNIQUE (request_id, user_id)
);
CREATE INDEX airecord_feedback_at       ON airecord_feedback (at, id);
CREATE INDEX airecord_feedback_user     ON airecord_feedback (user_id, at, id);
CREATE INDEX airecord_feedback_model    ON airecord_feedback (model, at, id);
CREATE INDEX airecord_feedback_prompt   ON airecord_feedback (prompt, at, id);
CREATE INDEX airecord_feedback_revision ON airecord_feedback (revision);
`
