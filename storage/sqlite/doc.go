// Package sqlite opens SQLite databases as [storage.DB], in pure Go.
//
// A database runs in WAL mode with one writer connection, whose transactions
// begin immediately, and a pool of read-only ones, so no caller in this
// process or another sees a busy database: writers take turns, readers never
// wait for them. Every commit is flushed to the disk before it is
// acknowledged, except in a context of [storage.Transient].
package sqlite
