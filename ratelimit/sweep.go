package ratelimit

import (
	"sync"
	"sync/atomic"
	"time"
	"weak"
)

const (
	soonSweep = 30 * time.Second // after a bucket was added
	lateSweep = time.Hour        // at the latest, while there are buckets
)

// A sweeper has a store forget its full buckets. Nothing runs while there are
// none, and no more often than one can have become full.
type sweeper struct {
	due   atomic.Int64 // since the store's start; 0: nothing is to be done
	mu    sync.Mutex
	timer *time.Timer
}

// watch sees to it that the store is swept in a while from now.
func (l *Local) watch(since, in time.Duration) {
	if due := l.sweeper.due.Load(); due == 0 || due > int64(since+in) {
		l.schedule(since, in)
	}
}

func (l *Local) schedule(since, in time.Duration) {
	s := &l.sweeper
	s.mu.Lock()
	defer s.mu.Unlock()
	if due := s.due.Load(); due != 0 && due <= int64(since+in) {
		return
	}
	s.due.Store(int64(since + in))
	if s.timer != nil {
		s.timer.Reset(in)
		return
	}
	self := weak.Make(l) // a store that nobody uses any more goes without delay
	s.timer = time.AfterFunc(in, func() {
		if l := self.Value(); l != nil {
			l.sweep()
		}
	})
}

// sweep forgets the full buckets of all shards and gives their memory back.
func (l *Local) sweep() {
	l.sweeper.due.Store(0) // first: a bucket added behind us is for the next one
	left, soonest := false, lateSweep
	for i := range l.shards {
		s := &l.shards[i]
		since := l.now()
		s.mu.Lock()
		if len(s.slots) > 0 {
			soonest = min(soonest, s.shrink(l.start.Add(s.clock(since))))
			left = left || s.live > 0
		}
		s.mu.Unlock()
	}
	if left {
		l.watch(l.now(), max(soonest, soonSweep))
	}
}
