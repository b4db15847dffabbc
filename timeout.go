package dashboard

import (
	"fmt"
	"time"
)

// A TimeoutOption limits the time of an endpoint, of a panel or of the endpoints of
// a resource; see [Timeout].
type TimeoutOption interface {
	EndpointOption
	PanelOption
	ResourceOption
}

type timeoutOption time.Duration

func (o timeoutOption) applyEndpoint(c *endpointConfig) { c.timeout = (*time.Duration)(&o) }
func (o timeoutOption) applyPanel(c *panelConfig)       { c.timeout = (*time.Duration)(&o) }
func (o timeoutOption) applyResource(c *resourceConfig) { c.timeout = (*time.Duration)(&o) }

// Timeout is how long the function of an endpoint, a panel or a resource may take
// to begin its answer, in place of the host's default ([WithEndpointTimeout]); zero
// is as long as it likes. Time counts in whole seconds. It does not count while the
// client sends a body, and no more once the answer has begun: streams, downloads
// and exports take as long as they take. Nor does it hold for a connection that a
// plain handler has taken over.
//
// When the time is over the context of the function ends, with context.Canceled. If
// the function returns an error then, or a plain handler without having written
// anything, the caller is answered 500, module-timeout; an answer that it still gives
// counts. A function that goes on for ten seconds more hangs, unless it waits in
// [Host.Call], which has the other endpoint's limit: the log and the error reporter are told where, the module's health
// fails while it lasts, and too many take the module out of service on this
// instance. Its caller cannot be answered before it returns.
func Timeout(limit time.Duration) TimeoutOption { return timeoutOption(limit) }

// WithEndpointTimeout sets how long the function of a module's endpoint may take
// to begin its answer where it does not say otherwise by [Timeout]. The default is
// one minute, which is what proxies wait; zero is as long as it likes.
func WithEndpointTimeout(limit time.Duration) Option {
	return option(func(c *config) error {
		if limit < 0 {
			return fmt.Errorf("endpoint timeout %s is negative", limit)
		}
		c.endpointTime = limit
		return nil
	})
}

// setTimeout decides how long the endpoint may take.
func (e *endpoint) setTimeout(r *Router) error {
	e.timeout = r.timeout
	if own := e.config.timeout; own != nil {
		e.timeout = *own
	}
	if e.timeout < 0 {
		return fmt.Errorf("timeout %s is negative", e.timeout)
	}
	e.patience = sweepsOf(e.timeout)
	return nil
}

// timing changes the default of what is registered before the function that it
// returns is called.
func (r *Router) timing(limit *time.Duration) (restore func()) {
	before := r.timeout
	if limit != nil {
		r.timeout = *limit
	}
	return func() { r.timeout = before }
}
