package registry

import (
	"context"
	"fmt"
)

// Settle waits until every module of this instance has come as far as it can
// for now: what is left waits for a person or for other instances. It is for
// hosts that report ready only then, and for tests.
func (r *Registry) Settle(ctx context.Context) error {
	for {
		rang := r.bell.next()
		if err := r.alive(); err != nil {
			return err
		}
		busy := r.unsettled()
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
		if m.standing().settled < s.records[m.id].Generation {
			return m.id
		}
	}
	return ""
}
