package ratelimit

import (
	"time"
	"weak"
)

// sweepPeriod is how often full buckets are forgotten while there are any.
const sweepPeriod = 30 * time.Second

// watch sees to it that the buckets there are will be forgotten when they are
// full. Nothing runs while there is none.
func (l *Local) watch() {
	if !l.watched.Load() && l.watched.CompareAndSwap(false, true) {
		self := weak.Make(l) // a store that nobody uses any more goes without delay
		time.AfterFunc(sweepPeriod, func() {
			if l := self.Value(); l != nil {
				l.sweep()
			}
		})
	}
}

// sweep forgets the full buckets of all shards and gives their memory back.
func (l *Local) sweep() {
	l.watched.Store(false) // first: whoever adds a bucket behind us arms the timer again
	left := false
	for i := range l.shards {
		s := &l.shards[i]
		since := l.now()
		s.mu.Lock()
		if s.live > 0 || len(s.words) > 0 {
			left = s.shrink(l.start.Add(s.clock(since))) || left
		}
		s.mu.Unlock()
	}
	if left {
		l.watch()
	}
}
