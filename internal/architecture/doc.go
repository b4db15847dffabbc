// Package architecture holds the tests that keep the shape of the repository:
// who may import whom, which third-party modules each public package links,
// what the public API is, and the rules that no single package can check for
// itself. It has no code of its own.
//
// The files below testdata are reviewed: a change of one is part of the change
// that causes it. Write them anew with
//
//	go test ./internal/architecture -update
package architecture
