package dashboard

import (
	"context"
	"sync/atomic"
)

// A gate lets requests in until it is closed and says when the last one has
// left. One counter holds both: the sign bit is "closed", the rest counts.
type gate struct {
	n       atomic.Int64
	drained chan struct{}
}

const gateClosed = int64(-1) << 62

func newGate() *gate { return &gate{drained: make(chan struct{})} }

// enter reports whether the gate was open; leave must follow then.
func (g *gate) enter() bool {
	if g.n.Add(1) > 0 {
		return true
	}
	g.leave()
	return false
}

func (g *gate) leave() {
	if g.n.Add(-1) == gateClosed {
		g.finish()
	}
}

// finish may be reached by several latecomers; the channel is closed once.
func (g *gate) finish() {
	if g.n.CompareAndSwap(gateClosed, 2*gateClosed+1) {
		close(g.drained)
	}
}

// close lets nobody in any more. It may be called more than once.
func (g *gate) close() {
	for {
		n := g.n.Load()
		if n < 0 {
			return
		}
		if g.n.CompareAndSwap(n, n+gateClosed) {
			if n == 0 {
				g.finish()
			}
			return
		}
	}
}

// inside is how many are in, for a log line.
func (g *gate) inside() int64 {
	if n := g.n.Load(); n >= 0 {
		return n
	} else if n >= gateClosed {
		return n - gateClosed
	}
	return 0
}

// wait returns when the last request has left, or when ctx ends.
func (g *gate) wait(ctx context.Context) error {
	select {
	case <-g.drained:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
