package ratelimit

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// held is a slot of one request.
type held struct {
	c     *Concurrency
	key   string
	keyed bool
	free  atomic.Bool
}

func (s *held) release() {
	if !s.free.Swap(true) {
		s.c.slots.release(s)
		s.c.meters.holds(context.Background(), s.c.series, -1)
	}
}

// slots are those of a [Concurrency].
type slots struct {
	total, perKey, queue int
	wait                 time.Duration

	mu      sync.Mutex
	taken   int
	keys    map[string]usage
	waiting list.List // of *waiter, in the order they came
}

// usage is of one key, which has none where both are 0.
type usage struct{ taken, waiting int }

type waiter struct {
	slot  *held
	ready chan struct{} // closed once it has its slot
}

func (s *slots) init(l ConcurrencyLimit) {
	s.total, s.perKey, s.queue, s.wait = l.Total, l.PerKey, l.Queue, l.Wait
	if l.Shadow {
		s.wait = 0
	}
	s.keys = map[string]usage{}
}

// full is nil where there is a slot. The lock is held.
func (s *slots) full(h *held) error {
	switch {
	case h.keyed && s.perKey > 0 && s.keys[h.key].taken >= s.perKey:
		return ErrTooMany
	case s.total > 0 && s.taken >= s.total:
		return ErrBusy
	}
	return nil
}

// use changes the usage of a key. The lock is held.
func (s *slots) use(h *held, taken, waiting int) {
	s.taken += taken
	if !h.keyed || s.perKey == 0 {
		return
	}
	u := s.keys[h.key]
	u.taken += taken
	u.waiting += waiting
	if u == (usage{}) {
		delete(s.keys, h.key)
		return
	}
	s.keys[h.key] = u
}

// left is how many slots the key may still take. The lock is held.
func (s *slots) left(h *held) int {
	if !h.keyed {
		return 0
	}
	return max(s.perKey-s.keys[h.key].taken, 0)
}

// acquire takes a slot. Nobody who waits is overtaken: where one of them could
// have it, the slot was given on when it came free.
func (s *slots) acquire(ctx context.Context, m *meters, of *series, h *held) (left int, err error) {
	s.mu.Lock()
	err = s.full(h)
	if err == nil {
		s.use(h, 1, 0)
		left = s.left(h)
		s.mu.Unlock()
		return left, nil
	}
	crowded := h.keyed && s.perKey > 0 && s.keys[h.key].waiting >= s.perKey
	if s.wait == 0 || crowded || s.waiting.Len() >= s.queue {
		left = s.left(h)
		s.mu.Unlock()
		return left, err
	}
	w := &waiter{slot: h, ready: make(chan struct{})}
	place := s.waiting.PushBack(w)
	s.use(h, 0, 1)
	s.mu.Unlock()

	m.waits(ctx, of, 1)
	defer m.waits(ctx, of, -1)
	timer := time.NewTimer(s.wait)
	defer timer.Stop()
	select {
	case <-w.ready:
	case <-timer.C:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-w.ready: // perhaps just now
		return s.left(h), nil
	default:
	}
	s.waiting.Remove(place)
	s.use(h, 0, -1)
	if ctx.Err() != nil {
		return s.left(h), context.Cause(ctx)
	}
	if err = s.full(h); err == nil { // cannot be: whoever gave a slot back gave it on
		s.use(h, 1, 0)
	}
	return s.left(h), err
}

// release gives a slot back, and on to those who wait.
func (s *slots) release(h *held) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.use(h, -1, 0)
	for place := s.waiting.Front(); place != nil && (s.total == 0 || s.taken < s.total); {
		next := place.Next()
		if w, ok := place.Value.(*waiter); ok && s.full(w.slot) == nil {
			s.waiting.Remove(place)
			s.use(w.slot, 1, -1)
			close(w.ready)
		}
		place = next
	}
}
