package registry

import (
	"context"
	"log/slog"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

// Options are the optional settings of [New]; the zero value is useful.
type Options struct {
	// Log defaults to [slog.Default].
	Log *slog.Logger
	// Dashboard is the dashboard's own version, which manifests may constrain.
	// Empty: not checked.
	Dashboard string
	// InstanceID names this instance; it must be unique in the fleet. Default:
	// 128 random bits per process, which is best. Host defaults to the name of
	// the machine.
	InstanceID, Host string
	// HookTimeout is how long one function of a unit may take. Default 30 s.
	HookTimeout time.Duration
	// MigrationTimeout is how long one migration may take. Default 10 min.
	MigrationTimeout time.Duration
	// Poll is how often the database is read for changes. Default 400 ms.
	Poll time.Duration
	// Heartbeat is how often this instance says that it lives; after five
	// missed ones it counts as dead. Default 1 s.
	Heartbeat time.Duration
	// Lease is how long the work of a dead instance stays reserved. Default 5 s.
	Lease time.Duration
	// Audit, if not nil, is called in the transaction of every action, and of
	// every operation of the fleet that ended. An error undoes the change.
	Audit func(ctx context.Context, tx *storage.Tx, e AuditEvent) error
	// Redact takes secrets out of the text of an error before it is kept with
	// the module, where people read it. Default: as it is.
	Redact func(text string) string
	// OnLive, if not nil, is told how many instances are live, this one included:
	// at the start and, after a heartbeat, where the number has changed. Calls come
	// one after the other.
	OnLive func(instances int)
	// StepHook, if not nil, is called at every named point (see
	// [lifecycle.Points]) as "<module>/<point>", such as
	// "billing/install/hook/effect". It is for tests that kill the process there.
	StepHook func(point string)
}

// An AuditEvent is one line for the audit log.
type AuditEvent struct {
	// Actor is who asked; empty where the registry acts by itself.
	Actor string
	// Action is "module.<operation>" for what was asked for,
	// "module.<operation>.done" and "module.<operation>.failed" for how
	// operations of the fleet ended, and "module.discover" for a new module.
	Action     string
	Module     string
	Generation int64
	Version    string
	Steps      []lifecycle.Step // for what was asked for
	Error      string           // for what failed
}

// withDefaults fills in what is missing.
func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Redact == nil {
		o.Redact = func(text string) string { return text }
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.HookTimeout, DefaultHookTimeout},
		{&o.MigrationTimeout, DefaultMigrationTimeout},
		{&o.Poll, DefaultPoll},
		{&o.Heartbeat, DefaultHeartbeat},
		{&o.Lease, DefaultLease},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return o
}
