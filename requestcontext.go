package dashboard

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/featureflag"
)

type (
	requestKey struct{}
	callKey    struct{}
)

var (
	principalKey = auth.ContextKey()
	flagsKey     = featureflag.ContextKey()
	openKey      = featureflag.TransactionKey()
	askerKey     = ai.CallerKey()
)

// requestContext is the one context value of a request: it answers for the
// request's own state, its principal, its flags and the module it is inside of, and for the
// rest what net/http's context does. Inside a module it ends with the module,
// too. What that takes is made when somebody first asks: most handlers never do.
type requestContext struct {
	context.Context //nolint:containedctx // this is a context

	state *request
	call  atomic.Pointer[call] // nil outside of modules
	ended atomic.Bool          // the module has answered

	mu    sync.Mutex
	bound atomic.Pointer[boundContext]
}

// boundContext ends with the client or with the module.
type boundContext struct {
	context.Context //nolint:containedctx // this is a context

	cancel context.CancelCauseFunc
	stop   func() bool
	on     atomic.Pointer[context.CancelCauseFunc] // of what goes on when the client has left
}

// Deadline is net/http's, which has none.
func (c *requestContext) Deadline() (time.Time, bool) { return c.Context.Deadline() }

// Done returns a channel that is closed when the client leaves or the module is
// disabled.
func (c *requestContext) Done() <-chan struct{} { return c.bind().Done() }

// Err returns why Done is closed.
func (c *requestContext) Err() error {
	if b := c.bound.Load(); b != nil {
		return b.Err()
	}
	if in := c.call.Load(); in != nil && (c.ended.Load() || in.slot.bg.ctx.Err() != nil) {
		return c.bind().Err()
	}
	return c.Context.Err()
}

// Value answers for the request. What it does not know, such as package
// context's own questions, it passes to where Done comes from.
func (c *requestContext) Value(key any) any {
	switch key.(type) {
	case requestKey:
		return c.state
	case callKey:
		return c.call.Load()
	}
	switch key {
	case principalKey:
		return c.state.principal
	case flagsKey:
		return c.state
	case askerKey:
		return c
	case openKey:
		return featureflag.OpenFeatureContext(c.state.FlagContext())
	}
	if b := c.bound.Load(); b != nil {
		return b.Value(key)
	}
	return c.Context.Value(key)
}

// ModelCaller implements [ai.CallerContext].
func (c *requestContext) ModelCaller() ai.Caller {
	var asker ai.Caller
	if p := c.state.principal; p != nil {
		asker = ai.Caller{Tenant: p.ID, User: p.ID, Roles: p.HeldRoles(), Key: p.KeyID}
	}
	if in := c.call.Load(); in != nil {
		asker.Module = in.module.id
	}
	return asker
}

// bind returns the context that Done comes from.
func (c *requestContext) bind() context.Context {
	in := c.call.Load()
	if in == nil {
		return c.Context
	}
	if b := c.bound.Load(); b != nil {
		return b
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if b := c.bound.Load(); b != nil {
		return b
	}
	ctx, cancel := context.WithCancelCause(c.Context)
	b := &boundContext{Context: ctx, cancel: cancel}
	if in.slot.bg.ctx.Err() != nil {
		cancel(errModuleDisabled)
	}
	b.stop = context.AfterFunc(in.slot.bg.ctx, func() { b.expire(errModuleDisabled) })
	c.bound.Store(b)
	if c.ended.Load() { // end may have missed it
		b.end()
	}
	return b
}

// expire ends the context while the module has not answered.
func (c *requestContext) expire(cause error) {
	if b, ok := c.bind().(*boundContext); ok {
		b.expire(cause)
	}
}

// outlive has cancel called when the context would end if its client had not left.
func (c *requestContext) outlive(cancel context.CancelCauseFunc) {
	b, ok := c.bind().(*boundContext)
	if !ok {
		return
	}
	b.on.Store(&cancel)
	if c.call.Load().slot.bg.ctx.Err() != nil { // expire may have missed it
		cancel(errModuleDisabled)
	}
}

func (b *boundContext) expire(cause error) {
	b.cancel(cause)
	if on := b.on.Load(); on != nil {
		(*on)(cause)
	}
}

// end is called when the module has answered.
func (c *requestContext) end() {
	c.ended.Store(true)
	if b := c.bound.Load(); b != nil {
		b.end()
	}
}

func (b *boundContext) end() {
	b.stop()
	b.cancel(nil)
}

// leave ends the request's stay in a module.
func (s *request) leave() {
	s.ctx.end()
	s.inside.leave()
}

// below gives the request to an inner mux, under the path that is left for it.
func (s *request) below(escaped string) *http.Request {
	s.url = *s.r.URL
	s.url.Path, s.url.RawPath = unescapePath(escaped), escaped
	s.r.URL = &s.url
	return s.r
}

// call is a request inside a module. A stream leaves the gate early and is
// waited for on its own, so that it does not hold up a drain.
type call struct {
	slot   *slot
	module *hosted
	stream bool
}

func (c *call) leave() {
	if c.stream {
		c.slot.streams.Done()
		return
	}
	c.slot.gate.leave()
}

// becomeStream moves the request of ctx from the gate to the streams.
func becomeStream(ctx context.Context) {
	if c, ok := ctx.Value(callKey{}).(*call); ok && c != nil && !c.stream {
		c.slot.streams.Add(1)
		c.stream = true
		c.slot.gate.leave()
	}
}

var _ context.Context = (*requestContext)(nil)
