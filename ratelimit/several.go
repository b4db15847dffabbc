package ratelimit

import "time"

// A demand is one of several charges that are decided together.
type demand struct {
	rule rule
	key  uint64 // its hash
	cost int64
}

// several decides charges together. All their shards are locked, so that
// nobody sees what is taken back in the end.
func (l *Local) several(all []demand, decisions []Decision) (allowed bool) {
	l.lock(all)
	defer l.unlock(all)
	now := l.moment(all)
	for i := range all {
		d := &all[i]
		l.decide(&d.rule, l.shard(d.key), d.key, d.cost, now, &decisions[i])
		if decisions[i].Allowed || d.rule.shadow {
			continue
		}
		l.takeBack(all[:i], decisions, now)
		l.report(all[:i], decisions, now)
		l.report(all[i+1:], decisions[i+1:], now)
		return false
	}
	return true
}

// moment is the time of a decision in several shards: no shard has seen a later
// one.
func (l *Local) moment(all []demand) time.Time {
	since := l.now()
	for i := range all {
		since = l.shard(all[i].key).clock(since)
	}
	for i := range all {
		l.shard(all[i].key).clock(since)
	}
	return l.start.Add(since)
}

// takeBack undoes charges that were made at the same moment.
func (l *Local) takeBack(charged []demand, decisions []Decision, now time.Time) {
	for i := range charged {
		if d := &charged[i]; decisions[i].Allowed && d.cost > 0 {
			if bucket := l.bucket(d, decisions[i].Source); bucket != nil {
				bucket.give(d.cost, now)
			}
		}
	}
}

// report tells how things stand for charges that are not made.
func (l *Local) report(all []demand, decisions []Decision, now time.Time) {
	for i := range all {
		d, source := &all[i], decisions[i].Source
		bucket := l.bucket(d, source)
		if bucket != nil {
			d.rule.adopt(bucket, now)
		}
		d.rule.peek(bucket, d.cost, now, &decisions[i])
		if source == Overflow && decisions[i].Source == Exact {
			decisions[i].Source = source
		}
	}
}

// bucket is the one that decided, or nil.
func (l *Local) bucket(d *demand, source Source) *slot {
	s := l.shard(d.key)
	if source == Overflow {
		return s.find(l.excess ^ d.rule.name)
	}
	return s.find(d.key ^ d.rule.name)
}

// lock locks the shards of demands, in order, each once.
func (l *Local) lock(all []demand) {
	for at, ok := l.after(all, 0); ok; at, ok = l.after(all, at+1) {
		l.shards[at].mu.Lock()
	}
}

func (l *Local) unlock(all []demand) {
	for at, ok := l.after(all, 0); ok; at, ok = l.after(all, at+1) {
		l.shards[at].mu.Unlock()
	}
}

// after is the first shard from an index on that a demand is in.
func (l *Local) after(all []demand, from uint64) (at uint64, ok bool) {
	for i := range all {
		if index := all[i].key >> l.shift; index >= from && (!ok || index < at) {
			at, ok = index, true
		}
	}
	return at, ok
}
