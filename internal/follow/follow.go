// Package follow keeps what an instance holds in memory up with a database that
// it shares with others: by a poll, and at once where a bus wakes it.
package follow

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// Poll is how often the database is asked for changes by default: so that all
// instances follow within a second.
const Poll = 400 * time.Millisecond

// Options are what a [Loop] needs.
type Options struct {
	// What is followed, such as "flags": in logs, and the topic of the bus.
	What string
	// Look reads what has changed. Required.
	Look func(context.Context) error
	// Then is called after each look, whatever came of it. Nil: nothing is.
	Then func(context.Context)
	// Turned is called with the error when looks begin to fail, and with nil when
	// they succeed again. Nil: nobody is.
	Turned func(error)

	Bus  storage.Bus   // nil: instances poll
	Poll time.Duration // default [Poll]
	Log  *slog.Logger  // default [slog.Default]
}

// A Loop follows. It is safe for concurrent use.
type Loop struct {
	opts Options
	wake chan struct{}
}

// New returns a loop that does nothing yet.
func New(opts Options) *Loop {
	if opts.Poll <= 0 {
		opts.Poll = Poll
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	return &Loop{opts: opts, wake: make(chan struct{}, 1)}
}

// Rouse has the loop look now.
func (l *Loop) Rouse() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Tell wakes the other instances, which poll where that does not work.
func (l *Loop) Tell(ctx context.Context, payload []byte) {
	if l.opts.Bus == nil {
		return
	}
	if err := l.opts.Bus.Publish(ctx, l.opts.What, payload); err != nil {
		l.opts.Log.DebugContext(ctx, "cannot wake other instances, which poll", "following", l.opts.What, "error", err)
	}
}

// Start has a goroutine look for changes at every poll and whenever the loop is
// roused, which the bus does from the moment when Start returns. stop ends that and
// waits for it; it may be called again.
//
// The first look comes at some time within the first poll: loops that begin
// together would otherwise ask together for ever, each on a connection of its own,
// and so would all instances of a fleet.
func (l *Loop) Start() (stop func()) {
	unsubscribe := func() {}
	if l.opts.Bus != nil {
		unsubscribe = l.opts.Bus.Subscribe(l.opts.What, func([]byte) { l.Rouse() })
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer unsubscribe()
		l.run(ctx)
	}()
	return func() { cancel(); <-done }
}

func (l *Loop) run(ctx context.Context) {
	soon := l.opts.Poll / 4
	tick := time.NewTicker(soon + rand.N(l.opts.Poll-soon)) //nolint:gosec // G404: jitter is no secret
	defer tick.Stop()
	first := true
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if first {
				first = false
				tick.Reset(l.opts.Poll)
			}
		case <-l.wake:
		}
		err := l.opts.Look(ctx)
		if ctx.Err() != nil {
			return
		}
		if failing != (err != nil) {
			failing = !failing
			l.turned(ctx, err)
		}
		if l.opts.Then != nil {
			l.opts.Then(ctx)
		}
	}
}

func (l *Loop) turned(ctx context.Context, err error) {
	if err != nil {
		l.opts.Log.WarnContext(ctx, "database does not answer; what is known stays", "following", l.opts.What, "error", err)
	}
	if l.opts.Turned != nil {
		l.opts.Turned(err)
	}
}
