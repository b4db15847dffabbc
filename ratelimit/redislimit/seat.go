package redislimit

import (
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// A seat is what a request has of an entry until it is decided.
type seat struct {
	shard  *leaseShard
	entry  *entry
	cost   int64
	id     uint64        // of the lease in which the cost is reserved; 0: Redis is asked
	flight chan struct{} // that this request leads; nil: it does not
	lease  lease         // what that brings and renews
}

// board prepares a question about items: what a lease covers is reserved, about
// the rest this request leads, one at a time for each bucket. Where another one
// does it returns what to wait for, and nothing is reserved. Without lead it
// leads nothing and waits for nobody.
func (l *leases) board(items []item, seats []seat, lead bool) (wait chan struct{}) {
	now := l.now()
	clear(seats)
	for i := range items {
		if wait = l.seat(&items[i], seats, i, lead, now); wait != nil {
			release(seats)
			settleSeats(seats, false)
			return wait
		}
	}
	return nil
}

func (l *leases) seat(it *item, seats []seat, i int, lead bool, now time.Duration) (wait chan struct{}) {
	s, id := l.at(it.plan.label, it.key)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entry(id, it.plan, now)
	seats[i] = seat{shard: s, entry: e, cost: it.cost}
	switch {
	case it.cost == 0:
	case e.reserve(it.cost, now):
		seats[i].id = e.id
	case !lead:
	case e.flight == nil:
		e.flight = make(chan struct{})
		seats[i].flight, seats[i].lease = e.flight, e.ask(it.cost, now)
	default:
		for _, other := range seats[:i] {
			if other.flight == e.flight {
				return nil // this request's own: one bucket twice
			}
		}
		return e.flight
	}
	return nil
}

// release ends what seats lead.
func release(seats []seat) {
	for i := range seats {
		if s := &seats[i]; s.flight != nil {
			s.shard.mu.Lock()
			s.entry.flight = nil
			s.shard.mu.Unlock()
			close(s.flight)
			s.flight, s.lease = nil, lease{}
		}
	}
}

// settleSeats uses up what seats have reserved, or gives it back to its lease.
func settleSeats(seats []seat, use bool) {
	for i := range seats {
		s := &seats[i]
		if s.id == 0 {
			continue
		}
		s.shard.mu.Lock()
		if e := s.entry; e.id == s.id {
			e.reserved -= s.cost
			if !use {
				e.units, e.used = e.units+s.cost, e.used-s.cost
			}
		}
		s.shard.mu.Unlock()
	}
}

// land takes over the answer about the items that Redis was asked about.
func land(asked []item, seats []seat, err error, sent, now time.Duration) {
	for i := range seats {
		s := &seats[i]
		if s.id != 0 {
			continue
		}
		it := &asked[0]
		asked = asked[1:]
		s.shard.mu.Lock()
		if err == nil && s.entry.plan == it.plan {
			s.entry.answered(it, s.flight != nil, sent, now)
		}
		s.shard.mu.Unlock()
	}
	release(seats)
}

// covered is the decision about a cost that a lease covered.
func (s *seat) covered(now time.Duration) ratelimit.Decision {
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	d := s.entry.decision(s.cost, true, now)
	d.Remaining -= min(s.entry.available(now), d.Remaining) // which amend adds
	return d
}

// amend adds to decisions what this instance has of the buckets itself.
func (l *leases) amend(items []item, decisions []ratelimit.Decision) {
	now := l.now()
	for i := range items {
		it, d := &items[i], &decisions[i]
		s, id := l.at(it.plan.label, it.key)
		s.mu.Lock()
		if e := s.entries[id]; e != nil && e.plan == it.plan {
			d.Remaining = min(d.Remaining+e.available(now), d.Limit)
			if d.RetryAfter > 0 {
				d.RetryAfter = max(d.RetryAfter, e.hold-now)
				d.Reset = max(d.Reset, d.RetryAfter)
			}
		}
		s.mu.Unlock()
	}
}
