package dashboard

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/modular-dashboard/dashboard/auth"
)

// streamSet is the streams that are open, so that they can be ended with a
// reason (a session revoked, a shutdown) and judged by present rights.
type streamSet struct {
	mu   sync.Mutex
	open map[*openStream]struct{}
}

type openStream struct {
	principal atomic.Pointer[auth.Principal] // nil for a caller without credentials
	cancel    context.CancelCauseFunc
}

// openStreamOf makes the request of ctx a stream. The context it returns ends
// with the session; done must be called when the stream is over.
func openStreamOf(ctx context.Context) (_ context.Context, o *openStream, done func()) {
	s := stateOf(ctx)
	ctx, cancel := context.WithCancelCause(ctx)
	o = &openStream{cancel: cancel}
	o.principal.Store(s.principal)
	set := s.streams
	set.mu.Lock()
	defer set.mu.Unlock()
	if set.open == nil {
		set.open = map[*openStream]struct{}{}
	}
	set.open[o] = struct{}{}
	return ctx, o, func() {
		cancel(nil)
		set.mu.Lock()
		defer set.mu.Unlock()
		delete(set.open, o)
	}
}

// recheck ends the streams whose session has ended and renews the rights of
// the others.
func (s *streamSet) recheck(ctx context.Context, a *auth.Authority) {
	for _, o := range s.all() {
		p := o.principal.Load()
		if p == nil {
			continue
		}
		now, err := a.Recheck(ctx, p)
		switch {
		case err == nil:
			o.principal.Store(now)
		case errors.Is(err, auth.ErrInvalidToken):
			o.cancel(errSessionEnded)
		default: // it cannot be decided: better to end than to show too much
			o.cancel(errShutdown)
		}
	}
}

func (s *streamSet) endAll(reason error) {
	for _, o := range s.all() {
		o.cancel(reason)
	}
}

func (s *streamSet) all() []*openStream {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*openStream, 0, len(s.open))
	for o := range s.open {
		out = append(out, o)
	}
	return out
}
