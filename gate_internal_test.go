package dashboard

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestGate(t *testing.T) {
	t.Parallel()
	t.Run("empty drains at once", func(t *testing.T) {
		t.Parallel()
		g := newGate()
		g.close()
		g.close()
		if err := g.wait(t.Context()); err != nil {
			t.Errorf("wait: got %v, want nil", err)
		}
		if g.enter() {
			t.Error("enter after close: got true, want false")
		}
	})
	t.Run("waits for who is inside", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g := newGate()
			for range 2 {
				if !g.enter() {
					t.Fatal("enter: got false, want true")
				}
			}
			g.close()
			if got := g.inside(); got != 2 {
				t.Errorf("inside: got %d, want 2", got)
			}
			g.leave()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := g.wait(ctx); err == nil {
				t.Error("wait with one inside: got nil, want a deadline error")
			}
			g.leave()
			if err := g.wait(t.Context()); err != nil {
				t.Errorf("wait: got %v, want nil", err)
			}
		})
	})
	t.Run("nobody slips past a close", func(t *testing.T) {
		t.Parallel()
		for range 200 {
			g := newGate()
			var drained atomic.Bool
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 50 {
						if !g.enter() {
							continue
						}
						if drained.Load() {
							t.Error("entered a drained gate")
						}
						g.leave()
					}
				})
			}
			g.close()
			if err := g.wait(t.Context()); err != nil {
				t.Fatalf("wait: %v", err)
			}
			drained.Store(true)
			wg.Wait()
		}
	})
}
