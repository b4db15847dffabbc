package featureflag

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/open-feature/go-sdk/openfeature"
)

// guard is a provider that stands before another one, so that what OpenFeature
// calls in goroutines of its own neither panics nor hangs there. Panics of
// evaluations pass: the Delegate catches them.
type guard struct {
	openfeature.FeatureProvider
	metadata openfeature.Metadata
	events   <-chan openfeature.Event
	borrowed bool
	ended    atomic.Bool
	failure  atomic.Pointer[error] // of Init
}

func newGuard(p openfeature.FeatureProvider) *guard {
	g := &guard{FeatureProvider: p, metadata: openfeature.Metadata{Name: "unknown"}}
	_ = caught(func() error {
		g.metadata = p.Metadata()
		return nil
	})
	return g
}

// caught calls fn and makes an error of its panic.
func caught(fn func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("the provider panicked: %v", value)
		}
	}()
	return fn()
}

// Metadata implements [openfeature.FeatureProvider].
func (g *guard) Metadata() openfeature.Metadata { return g.metadata }

// Init implements [openfeature.StateHandler].
func (g *guard) Init(evalCtx openfeature.EvaluationContext) error {
	return g.InitWithContext(context.Background(), evalCtx)
}

// InitWithContext implements [openfeature.ContextAwareStateHandler]. OpenFeature
// calls it in a goroutine that ends with it.
func (g *guard) InitWithContext(ctx context.Context, evalCtx openfeature.EvaluationContext) error {
	if g.borrowed {
		return nil
	}
	if g.ended.Load() || ctx.Err() != nil {
		return errors.New("the provider was shut down before it began")
	}
	err := caught(func() error {
		switch p := g.FeatureProvider.(type) {
		case openfeature.ContextAwareStateHandler:
			return p.InitWithContext(ctx, evalCtx)
		case openfeature.StateHandler:
			return p.Init(evalCtx)
		}
		return nil
	})
	if err != nil {
		g.failure.Store(&err)
	}
	if g.ended.Load() { // what began meanwhile would never end
		_ = g.shutdown(ctx)
	}
	return err
}

// shutdown calls the provider's own.
func (g *guard) shutdown(ctx context.Context) error {
	return caught(func() error {
		switch p := g.FeatureProvider.(type) {
		case openfeature.ContextAwareStateHandler:
			return p.ShutdownWithContext(ctx)
		case openfeature.StateHandler:
			p.Shutdown()
		}
		return nil
	})
}

// Shutdown implements [openfeature.StateHandler].
func (g *guard) Shutdown() { _ = g.ShutdownWithContext(context.Background()) }

// ShutdownWithContext implements [openfeature.ContextAwareStateHandler]. It
// returns when ctx is done, whether the provider does or not: OpenFeature holds a
// lock meanwhile.
func (g *guard) ShutdownWithContext(ctx context.Context) error {
	if g.borrowed {
		return nil
	}
	g.ended.Store(true)
	ended := make(chan error, 1)
	go func() { ended <- g.shutdown(ctx) }() // it ends with the provider's own function
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// EventChannel implements [openfeature.EventHandler]. OpenFeature asks for it
// before every event, always in the same goroutine.
func (g *guard) EventChannel() <-chan openfeature.Event {
	if g.events == nil {
		g.events = make(chan openfeature.Event)
		if p, ok := g.FeatureProvider.(openfeature.EventHandler); ok && !g.borrowed {
			_ = caught(func() error {
				if events := p.EventChannel(); events != nil {
					g.events = events
				}
				return nil
			})
		}
	}
	return g.events
}

// Track implements [openfeature.Tracker].
func (g *guard) Track(ctx context.Context, name string, evalCtx openfeature.EvaluationContext, details openfeature.TrackingEventDetails) {
	if p, ok := g.FeatureProvider.(openfeature.Tracker); ok {
		p.Track(ctx, name, evalCtx, details)
	}
}

var (
	_ openfeature.FeatureProvider          = (*guard)(nil)
	_ openfeature.ContextAwareStateHandler = (*guard)(nil)
	_ openfeature.EventHandler             = (*guard)(nil)
	_ openfeature.Tracker                  = (*guard)(nil)
)
