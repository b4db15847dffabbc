// Package storagetest holds the conformance suites of package storage: what
// a database adapter, cache, bus or locker owes its callers. An
// implementation's tests call them with a function that makes a fresh one.
package storagetest
