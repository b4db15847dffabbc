package redislimit

import (
	"context"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// maxWaits is how often a request waits for another one's question before it
// asks itself.
const maxWaits = 3

// takeLeased decides with what is known, and asks Redis about the rest.
func (s *Store) takeLeased(ctx context.Context, charges []ratelimit.Charge, decisions []ratelimit.Decision) (bool, error) {
	if done, all := s.leases.quick(charges, decisions); done {
		return all, nil
	}
	items, err := s.items(charges, false)
	if err != nil {
		return refused(charges, decisions), err
	}
	if exactOnly(items) {
		all, err := s.takeExact(ctx, items, decisions)
		s.leases.amend(items, decisions)
		return all, err
	}
	seats := make([]seat, len(items))
	for waits := 0; ; waits++ {
		flight := s.leases.board(items, seats, waits < maxWaits)
		if flight == nil {
			return s.fly(ctx, items, seats, decisions)
		}
		select {
		case <-flight:
		case <-ctx.Done():
			return refused(charges, decisions), ctx.Err()
		}
		if done, all := s.leases.quick(charges, decisions); done {
			return all, nil
		}
	}
}

// exactOnly tells whether there is nothing to take: all is looked at, or a cost
// will never fit.
func exactOnly(items []item) bool {
	look := true
	for i := range items {
		it := &items[i]
		if it.mode == modeCharge && it.cost > it.plan.depth {
			return true
		}
		look = look && it.cost == 0
	}
	return look
}

// fly asks Redis about the items that no lease covers.
func (s *Store) fly(ctx context.Context, items []item, seats []seat, decisions []ratelimit.Decision) (bool, error) {
	asked := make([]item, 0, len(items))
	for i := range items {
		if seats[i].id == 0 {
			items[i].lease = &seats[i].lease
			asked = append(asked, items[i])
		}
	}
	var err error
	sent := s.leases.now()
	if len(asked) > 0 { // a lease may have come meanwhile
		s.name(asked)
		if s.sharded() && !oneTag(asked) {
			release(seats) // a lease is not renewed by a charge that may be taken back
		}
		err = s.decide(ctx, asked)
	}
	now := s.leases.now()
	land(asked, seats, err, sent, now)
	all := err == nil && allowed(asked)
	settleSeats(seats, all)
	if err != nil {
		return s.takeElsewhere(ctx, items, decisions, err)
	}
	for i := range items {
		if seats[i].id == 0 {
			decisions[i] = asked[0].decision(ratelimit.Exact)
			asked = asked[1:]
		} else {
			decisions[i] = seats[i].covered(now)
		}
	}
	s.leases.amend(items, decisions)
	return all, nil
}

// quick decides with what is known of all buckets. done is false where that is
// not enough.
func (l *leases) quick(charges []ratelimit.Charge, decisions []ratelimit.Decision) (done, all bool) {
	now := l.now()
	if len(charges) == 1 {
		known, granted := l.use(&charges[0], &decisions[0], now, nil)
		return known, granted || charges[0].Policy.Shadow
	}
	var few [8]seat
	seats := few[:0]
	done, all = true, true
	for i := range charges {
		seats = append(seats, seat{})
		known, granted := l.use(&charges[i], &decisions[i], now, &seats[i])
		if !known {
			done, all = false, false
			break
		}
		all = all && (granted || charges[i].Policy.Shadow)
	}
	settleSeats(seats, all)
	if done && !all {
		for i := range seats {
			if seats[i].id != 0 { // and what was reserved is left, too
				decisions[i].Remaining = min(decisions[i].Remaining+charges[i].Cost, decisions[i].Limit)
			}
		}
	}
	return done, all
}

// use takes a charge from a lease, or reserves it for a seat. known is false
// where Redis has to be asked.
func (l *leases) use(c *ratelimit.Charge, d *ratelimit.Decision, now time.Duration, in *seat) (known, granted bool) {
	if c.Cost <= 0 || c.Cost > c.Policy.Depth() {
		return false, false
	}
	s, id := l.at(c.Policy.Label(), c.Key)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[id]
	switch {
	case e == nil || e.plan.policy != c.Policy:
		return false, false
	case e.reserve(c.Cost, now):
		if in == nil {
			e.reserved -= c.Cost
		} else {
			*in = seat{shard: s, entry: e, cost: c.Cost, id: e.id}
		}
		*d = e.decision(c.Cost, true, now)
		return true, true
	case e.refuses(c.Cost, now):
		*d = e.decision(c.Cost, false, now)
		return true, false
	}
	return false, false
}
