package events

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Subscriber describes one reader.
type Subscriber struct {
	// User is counted against Options.MaxPerUser; empty is nobody in particular and is not counted.
	User string
	// Session is for [Hub.End] to find the streams of a session.
	Session string
	// Filter decides, with the rights the reader has at that moment, whether an event is delivered; nil delivers all. It
	// runs on the reader's goroutine, also for events that are replayed.
	Filter func(Event) bool
	// LastEventID is the reader's Last-Event-ID: delivery continues after it, or begins with [Resync] when that is not
	// possible. Empty begins with the next event.
	LastEventID string
	// Until ends the stream with ReasonSessionEnded, for example when the session expires; zero never does.
	Until time.Time
}

// Subscription is one reader's place in the hub. Next is for one goroutine; End may be called from any.
type Subscription struct {
	hub  *Hub
	who  Subscriber
	wake chan struct{} // 1 buffered: something was published
	done chan struct{} // closed once reason is set

	once   sync.Once
	cursor uint64 // next id to read; guarded by hub.mu
	resync bool   // guarded by hub.mu
	reason string // guarded by hub.mu until done is closed
}

// Subscribe registers a reader. It must be given back with Close. ErrTooManyStreams over a cap, ErrClosed after
// Shutdown.
func (h *Hub) Subscribe(who Subscriber) (*Subscription, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	if len(h.subs) >= h.opts.MaxStreams {
		return nil, fmt.Errorf("%w: %d on this instance", ErrTooManyStreams, len(h.subs))
	}
	if who.User != "" {
		if n := h.users[who.User]; n >= h.opts.MaxPerUser {
			return nil, fmt.Errorf("%w: %d of one person", ErrTooManyStreams, n)
		}
		h.users[who.User]++
	}
	s := &Subscription{hub: h, who: who, wake: make(chan struct{}, 1), done: make(chan struct{})}
	s.cursor, s.resync = h.resume(who.LastEventID)
	h.subs[s] = struct{}{}
	return s, nil
}

// End ends every subscription that match accepts, with reason as its last event, and says how many. What they had not
// read yet is not delivered any more.
func (h *Hub) End(reason string, match func(Subscriber) bool) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for s := range h.subs {
		if match(s.who) && h.end(s, reason) {
			n++
		}
	}
	return n
}

// Streams is how many subscriptions are open.
func (h *Hub) Streams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs)
}

// end sets the reason once. h.mu is held.
func (h *Hub) end(s *Subscription, reason string) (first bool) {
	if s.reason != "" {
		return false
	}
	s.reason = reason
	close(s.done)
	return true
}

// End ends this subscription as Hub.End does.
func (s *Subscription) End(reason string) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.end(s, reason)
}

// Close gives the reader's place back. It is idempotent.
func (s *Subscription) Close() {
	s.once.Do(func() {
		h := s.hub
		h.mu.Lock()
		defer h.mu.Unlock()
		h.end(s, ReasonShutdown)
		delete(h.subs, s)
		if s.who.User == "" {
			return
		}
		if h.users[s.who.User]--; h.users[s.who.User] <= 0 {
			delete(h.users, s.who.User)
		}
	})
}

// Next waits for the next event that the reader may see. It returns *[EndedError] when the subscription ended, and the
// cause of ctx when that is done.
func (s *Subscription) Next(ctx context.Context) (Event, error) {
	for ctx.Err() == nil {
		e, ok, err := s.poll()
		switch {
		case err != nil:
			return Event{}, err
		case ok && (e.Name == Resync || s.who.Filter == nil || s.who.Filter(e)):
			return e, nil
		case ok:
			continue
		}
		select {
		case <-s.wake:
		case <-s.done:
		case <-ctx.Done():
		}
	}
	return Event{}, context.Cause(ctx)
}

// poll takes the event at the cursor, if there is one.
func (s *Subscription) poll() (e Event, ok bool, err error) {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.reason == "" && s.cursor < h.oldest() {
		h.end(s, ReasonOverflow)
	}
	if s.reason != "" {
		return Event{}, false, &EndedError{Reason: s.reason}
	}
	if s.resync {
		s.resync = false
		return Event{ID: s.cursor - 1, Name: Resync, Data: []byte("{}")}, true, nil
	}
	if s.cursor >= h.next {
		return Event{}, false, nil
	}
	e = h.ring[s.cursor%uint64(len(h.ring))]
	s.cursor++
	return e, true, nil
}

// place is the wire id of the last event that was looked at, whether it was delivered or not.
func (s *Subscription) place() string {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return s.hub.wireID(s.cursor - 1)
}
