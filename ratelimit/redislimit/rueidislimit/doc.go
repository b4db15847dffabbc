// Package rueidislimit asks Redis or Valkey for package redislimit by way of
// rueidis, which sends what many goroutines ask at once in one write. [Open] makes
// a client of its own, [FromRueidis] uses that of the host.
package rueidislimit
