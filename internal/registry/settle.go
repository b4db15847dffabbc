package registry

import (
	"context"
	"fmt"
)

// Settle waits until every module of this instance has come as far as it can
// for now: what is left waits for a person or for other instances. It knows of
// what Act did here and of what the last poll has seen. It is for hosts that
// report ready only then, and for tests.
func (r *Registry) Settle(ctx context.Context) error { return r.await(ctx, r.unsettled) }

// SettleHere is Settle without waiting until the database, and so the rest of the
// fleet, knows where the modules of this instance stand.
func (r *Registry) SettleHere(ctx context.Context) error { return r.await(ctx, r.unsettledHere) }

// await waits until unsettled names no module.
func (r *Registry) await(ctx context.Context, unsettled func() string) error {
	for {
		rang := r.bell.next()
		if err := r.alive(); err != nil {
			return err
		}
		busy := unsettled()
		if busy == "" {
			return nil
		}
		select {
		case <-rang:
		case <-ctx.Done():
			return fmt.Errorf("module %s has not settled: %w", busy, ctx.Err())
		}
	}
}

// unsettled returns a module that has not come to rest, or nothing.
func (r *Registry) unsettled() string {
	s := r.snap.Load()
	for _, m := range r.order {
		if m.rested.Load() != m.asked.Load() || !m.settledAt(s.records[m.id].Generation) {
			return m.id
		}
	}
	return ""
}

// unsettledHere returns a module whose generation has not come to rest here, or
// nothing.
func (r *Registry) unsettledHere() string {
	s := r.snap.Load()
	for _, m := range r.order {
		if m.standing().settled < s.records[m.id].Generation {
			return m.id
		}
	}
	return ""
}

// settledAt reports whether the generation has come to rest here, and the
// database knows.
func (m *member) settledAt(generation int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.here.settled >= generation && !m.dirty
}
