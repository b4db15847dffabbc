package storage

import "context"

type transientKey struct{}

// Transient returns a context whose writes need not outlive the machine: they
// are acknowledged before they are on the disk. They are seen by everybody and
// outlive the program like others; only the latest of them, whole transactions
// at a time, may be gone after a power cut. A write without it puts those before
// it on the disk, too.
//
// It is for what is true only while the program runs, such as heartbeats, and
// for nothing that somebody was promised.
func Transient(ctx context.Context) context.Context {
	return context.WithValue(ctx, transientKey{}, true)
}

// IsTransient tells adapters of [DB] whether ctx is one of [Transient].
func IsTransient(ctx context.Context) bool {
	is, _ := ctx.Value(transientKey{}).(bool)
	return is
}
