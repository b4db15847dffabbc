// Package storage is what the dashboard needs of a database, a cache, a bus
// and a lock, and no more.
//
// [DB] is one small type over SQLite and PostgreSQL: statements are written
// once, with $1 placeholders, and the few differences between the databases
// are named by [Dialect]. Adapters open it: storage/sqlite is the embedded
// default, and the one that there is so far.
//
//	db, err := sqlite.Open("app.db")
//	if err != nil {
//		return err
//	}
//	defer db.Close()
//	err = db.Migrate(ctx, "billing", []storage.Migration{
//		{Version: 1, Name: "invoices", SQL: `CREATE TABLE billing__invoices (id TEXT PRIMARY KEY, cents BIGINT NOT NULL)`},
//	})
//
// Writes go through [DB.Exec] (one statement) or [DB.Update] (a transaction),
// reads through [DB.Query], [DB.QueryRow] or [DB.View] (a consistent
// snapshot). Migrations belong to a scope, usually a module, and carry
// checksums.
//
// [Cache], [Bus] and [Locker] are the three other seams. Each has a default
// that needs no service: [NewMemoryCache], [NewMemoryBus] and [NewLocker],
// whose leases live in the database and so hold between processes. The
// suites in storage/storagetest say what an implementation owes.
//
// Times are kept as BIGINT microseconds since the Unix epoch, UTC.
package storage
