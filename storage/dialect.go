package storage

import "strconv"

// Dialect is the SQL that a [DB] speaks. The zero value is none.
type Dialect uint8

// The dialects.
const (
	SQLite Dialect = iota + 1
	PostgreSQL
)

// String returns "sqlite" or "postgresql".
func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "sqlite"
	case PostgreSQL:
		return "postgresql"
	}
	return "dialect(" + strconv.Itoa(int(d)) + ")"
}

// NowMicros returns the SQL expression of the database's clock as BIGINT
// microseconds since the epoch. It is for statements only, not for DEFAULT
// clauses or triggers: on SQLite it is a function that the adapter defines,
// so that the clock follows testing/synctest.
func (d Dialect) NowMicros() string {
	if d == PostgreSQL {
		return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
	}
	return "dashboard_now()"
}

// ForUpdate returns the clause that locks the rows of a SELECT inside
// [DB.Update] until it ends: " FOR UPDATE" on PostgreSQL, nothing on SQLite,
// where the transaction already is the only writer.
func (d Dialect) ForUpdate() string {
	if d == PostgreSQL {
		return " FOR UPDATE"
	}
	return ""
}
