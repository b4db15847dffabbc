package redislimit

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// maxIdle bounds the workers that wait for a call.
const maxIdle = 128

// A caller runs scripts on a client and waits no longer than its timeout, even
// for a client that does: go-redis reads to its own time limit, and others wait
// for a connection that somebody else is making. So calls run on workers, which
// stay: their stacks have grown to what a client needs.
type caller struct {
	client  Client
	script  Script
	timeout time.Duration
	life    context.Context //nolint:containedctx // of the calls, from New to Close

	calls    sync.Pool  // of *call
	work     chan *call // to an idle worker
	idle     atomic.Int64
	workers  sync.WaitGroup
	deadline atomic.Pointer[deadline]
	mu       sync.Mutex // held to make a deadline, or a worker
	closed   bool
}

// A deadline is a context that all calls within a while share: one for each
// would cost as much as the call.
type deadline struct {
	ctx   context.Context //nolint:containedctx // the point of it
	until time.Time       // calls that begin later need a new one
}

// A call is one script call on its way.
type call struct {
	ctx        context.Context //nolint:containedctx // from who asks to a worker
	keys, args []string
	answer     []int64
	err        error
	done       chan struct{}
}

func newCaller(life context.Context, client Client, timeout time.Duration) *caller {
	return &caller{
		client: client, script: newScript(), timeout: timeout, life: life, work: make(chan *call),
		calls: sync.Pool{New: func() any { return &call{done: make(chan struct{}, 1)} }},
	}
}

// eval runs the script. It ends when ctx or its time does; the call may still
// have an effect then.
func (c *caller) eval(ctx context.Context, keys, args []string) ([]int64, error) {
	limit := c.limit()
	made, _ := c.calls.Get().(*call)
	made.ctx, made.keys, made.args = valued{Context: limit, values: ctx}, keys, args
	select {
	case c.work <- made:
	default:
		if !c.hire(made) {
			return nil, context.Canceled
		}
	}
	select {
	case <-made.done:
		answer, err := made.answer, made.err
		made.ctx, made.keys, made.args, made.answer, made.err = nil, nil, nil, nil, nil
		c.calls.Put(made)
		return answer, err
	case <-limit.Done():
		return nil, limit.Err()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hire makes a worker for a call, while the store is open.
func (c *caller) hire(made *call) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.workers.Go(func() {
		for {
			c.run(made)
			if c.idle.Add(1) > maxIdle {
				c.idle.Add(-1)
				return
			}
			select {
			case made = <-c.work:
				c.idle.Add(-1)
			case <-c.life.Done():
				return
			}
		}
	})
	return true
}

func (c *caller) run(made *call) {
	defer func() {
		if reason := recover(); reason != nil { // it would end the process, where the request's goroutine may recover
			made.answer, made.err = nil, fmt.Errorf("run the script: panic: %v", reason)
		}
		made.done <- struct{}{}
	}()
	made.answer, made.err = c.client.Eval(made.ctx, c.script, made.keys, made.args)
}

// close waits for the workers, after life has ended.
func (c *caller) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.workers.Wait()
}

// limit returns a context that ends after the timeout and at most a quarter
// more.
func (c *caller) limit() context.Context {
	now := time.Now()
	if d := c.deadline.Load(); d != nil && now.Before(d.until) {
		return d.ctx
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := c.deadline.Load(); d != nil && now.Before(d.until) {
		return d.ctx
	}
	// It ends by itself, or with the store: nobody else may end it early.
	ctx, cancel := context.WithDeadline(c.life, now.Add(c.timeout+c.timeout/4))
	context.AfterFunc(ctx, cancel)
	c.deadline.Store(&deadline{ctx: ctx, until: now.Add(c.timeout / 4)})
	return ctx
}

// valued is a context with the values of another, such as its trace.
type valued struct {
	context.Context                 //nolint:containedctx // it is one
	values          context.Context //nolint:containedctx // and has those of another
}

func (v valued) Value(key any) any { return v.values.Value(key) }
