package dashboard

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
)

// streamSet is the streams that are open, so that they can be ended with a
// reason (a session revoked, a shutdown) and judged by present rights.
type streamSet struct {
	judge func(context.Context, *auth.Principal) (*auth.Principal, error)

	mu     sync.Mutex
	open   map[*openStream]struct{}
	people map[string]int // streams of modules, by who reads them
}

type openStream struct {
	principal atomic.Pointer[auth.Principal] // nil for a caller without credentials
	endpoint  *endpoint
	person    string // "" is not counted
	most      int    // of the person
	cancel    context.CancelCauseFunc
	judging   sync.Mutex  // so that the latest judgement is the one that stays
	expiry    *time.Timer // nil where the session has no end of its own
}

// maxStreams bounds the streams of modules that one person, or one address
// without credentials, reads at a time. The hub of events has its own bound.
const maxStreams = 20

// maxModelStreams bounds the answers of models that one person or API key gets at
// a time, which are many where a program asks. How often it may ask is the limit
// "ai".
const maxModelStreams = 256

// openStreamOf makes the request of ctx a stream of the endpoint. The context it
// returns ends with the session and with the right to call the endpoint; done
// must be called when the stream is over.
func openStreamOf(ctx context.Context, e *endpoint) (_ context.Context, o *openStream, done func(), err error) {
	s := stateOf(ctx)
	o = &openStream{endpoint: e}
	o.count(s)
	o.principal.Store(s.principal)
	ctx, o.cancel = context.WithCancelCause(ctx)
	if !s.streams.add(o) {
		o.cancel(nil)
		return nil, nil, nil, errTooManyStreams
	}
	// What changed between the check of this request and now was told to nobody.
	s.streams.recheckOne(ctx, o)
	s.streams.awaitExpiry(ctx, o)
	return ctx, o, func() { o.cancel(nil); o.stopTimer(); s.streams.remove(o) }, nil
}

// count says who reads, and how much else they may read.
func (o *openStream) count(s *request) {
	switch p := s.principal; {
	case o.endpoint.module == coreModule:
	case p == nil:
		o.person, o.most = "address "+s.address(), maxStreams
	case o.endpoint.module == modelModule:
		o.person, o.most = "models of "+p.ID+" "+p.KeyID, maxModelStreams
	default:
		o.person, o.most = p.ID, maxStreams
	}
}

func (s *streamSet) add(o *openStream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open, s.people = map[*openStream]struct{}{}, map[string]int{}
	}
	if o.person != "" {
		if s.people[o.person] >= o.most {
			return false
		}
		s.people[o.person]++
	}
	s.open[o] = struct{}{}
	return true
}

func (s *streamSet) remove(o *openStream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, o)
	if o.person == "" {
		return
	}
	if s.people[o.person]--; s.people[o.person] == 0 {
		delete(s.people, o.person)
	}
}

// recheck ends the streams whose session has ended, or whose reader has lost
// the right to them, and renews the rights of the others.
func (s *streamSet) recheck(ctx context.Context) {
	for _, o := range s.all() {
		s.recheckOne(ctx, o)
	}
}

func (s *streamSet) recheckOne(ctx context.Context, o *openStream) {
	p := o.principal.Load()
	if p == nil {
		return
	}
	o.judging.Lock()
	defer o.judging.Unlock()
	now, err := s.judge(ctx, p)
	switch {
	case err == nil && o.endpoint.access.kind == accessPermission && !now.Can(o.endpoint.permission):
		o.cancel(errForbiddenStream)
	case err == nil:
		o.principal.Store(now)
	case errors.Is(err, auth.ErrInvalidToken):
		o.cancel(errSessionEnded)
	default: // it cannot be decided: better to end than to show too much
		o.cancel(errShutdown)
	}
}

// gate ends the streams that are behind a flag which is off for their reader.
func (s *streamSet) gate(off func(*openStream) bool) {
	for _, o := range s.all() {
		if off(o) {
			o.cancel(errForbiddenStream)
		}
	}
}

// awaitExpiry rechecks a stream when its session, or its API key, expires by
// itself: nobody is told of that.
func (s *streamSet) awaitExpiry(ctx context.Context, o *openStream) {
	p := o.principal.Load()
	if p == nil || p.SessionExpiresAt.IsZero() {
		return
	}
	o.judging.Lock()
	defer o.judging.Unlock()
	o.expiry = time.AfterFunc(time.Until(p.SessionExpiresAt), func() {
		s.recheckOne(ctx, o)
		o.judging.Lock()
		defer o.judging.Unlock()
		if ctx.Err() == nil { // it was prolonged, or the clocks differ
			o.expiry.Reset(max(time.Until(o.principal.Load().SessionExpiresAt), time.Second))
		}
	})
}

// stopTimer ends awaitExpiry of a stream whose context has ended.
func (o *openStream) stopTimer() {
	o.judging.Lock()
	defer o.judging.Unlock()
	if o.expiry != nil {
		o.expiry.Stop()
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
