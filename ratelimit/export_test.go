package ratelimit

// Size tells how many buckets a store holds, and for how many it has memory.
func (l *Local) Size() (live, slots int) {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		live, slots = live+s.live, slots+len(s.slots)
		s.mu.Unlock()
	}
	return live, slots
}

// KnowsLevels tells whether what a limiter holds is read, not asked for.
func (l *Local) KnowsLevels() bool { return l.level != 0 }

// ForgetLevels has it asked for.
func (l *Local) ForgetLevels() { l.level = 0 }
