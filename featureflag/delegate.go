package featureflag

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/isolated"
)

// A Delegate is a [Flags] whose answers come from another OpenFeature provider:
// everything that takes a Flags works through it, and only what needs
// definitions (explanations, bulk evaluation, experiments' variants) has nothing
// to go by.
//
// The provider is registered with an API instance of the Delegate's own. Each
// question has a time limit, a provider that panics answers with GENERAL, and one
// that hangs is asked no more until it comes back: callers then get their
// defaults at once.
type Delegate struct {
	flags  *Flags
	guard  *guard
	api    *openfeature.EvaluationAPI
	client *openfeature.Client

	limit    time.Duration
	slots    chan struct{} // one for each question under way
	timeouts atomic.Int32  // in a row
	rest     atomic.Int64  // no questions until then, in Unix nanoseconds

	kinds sync.Map // key → Kind, learned from typed questions and answers
	known atomic.Int32

	mu      sync.Mutex // guards what follows
	started bool
	ended   bool
	changes *changeFeed
	cancel  func() // ends an Init that still runs
	asking  sync.WaitGroup
}

// A DelegateOption adjusts [FromOpenFeature].
type DelegateOption interface{ applyDelegate(*Delegate) error }

type delegateOption func(*Delegate) error

func (o delegateOption) applyDelegate(d *Delegate) error { return o(d) }

// WithTimeLimit sets how long one question may take, 1 s by default.
func WithTimeLimit(limit time.Duration) DelegateOption {
	return delegateOption(func(d *Delegate) error {
		if limit <= 0 {
			return fmt.Errorf("a time limit of %s", limit)
		}
		d.limit = limit
		return nil
	})
}

// WithConcurrency sets how many questions the provider may have to answer at
// once, 64 by default. Others wait within their time limit.
func WithConcurrency(n int) DelegateOption {
	return delegateOption(func(d *Delegate) error {
		if n <= 0 {
			return fmt.Errorf("a concurrency of %d", n)
		}
		d.slots = make(chan struct{}, n)
		return nil
	})
}

// WithBorrowedProvider leaves the provider's life to the host, which has
// registered it elsewhere: it is neither initialized nor shut down, and its
// events stay with whoever receives them now.
func WithBorrowedProvider() DelegateOption {
	return delegateOption(func(d *Delegate) error {
		d.guard.borrowed = true
		return nil
	})
}

// FromOpenFeature returns flags that are answered by p. Start it before use:
// until then every question is answered PROVIDER_NOT_READY.
func FromOpenFeature(p openfeature.FeatureProvider, opts ...DelegateOption) (*Delegate, error) {
	if p == nil {
		return nil, errors.New("delegate flags: nil provider")
	}
	d := &Delegate{guard: newGuard(p), api: isolated.NewAPI(), limit: time.Second, slots: make(chan struct{}, 64)}
	for _, o := range opts {
		if o == nil {
			return nil, errors.New("delegate flags: nil option")
		}
		if err := o.applyDelegate(d); err != nil {
			return nil, fmt.Errorf("delegate flags: %w", err)
		}
	}
	d.client = d.api.NewClient()
	d.flags = newFlags(d)
	d.flags.Report(SourceNotReady, nil)
	return d, nil
}

// Flags returns the flags, which are the same for the Delegate's whole life.
func (d *Delegate) Flags() *Flags { return d.flags }

// Name is what the provider calls itself.
func (d *Delegate) Name() string { return d.guard.metadata.Name }

// Start initializes the provider and waits for it until ctx is done. An Init
// that is slower goes on, until Shutdown, and one that fails is not the end:
// questions are still put to the provider, and its events tell when it recovers.
// A Delegate starts once.
func (d *Delegate) Start(ctx context.Context) error {
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d.mu.Lock()
	if d.started || d.ended {
		d.mu.Unlock()
		cancel()
		return errors.New("start flag provider: it was started or shut down before")
	}
	d.started, d.cancel = true, cancel
	d.changes = newChangeFeed(d.flags.notify)
	d.mu.Unlock()

	changed := func(e openfeature.EventDetails) { d.changes.add(e.FlagChanges) }
	d.client.AddHandler(openfeature.ProviderConfigChange, &changed)
	news := make(chan string, 1)
	state := func(e openfeature.EventDetails) {
		d.report(e.Message)
		select {
		case news <- e.Message:
		default:
		}
	}
	for _, kind := range []openfeature.EventType{openfeature.ProviderReady, openfeature.ProviderStale, openfeature.ProviderError} {
		d.client.AddHandler(kind, &state)
	}
	if err := d.api.SetProvider(life, d.guard); err != nil {
		return fmt.Errorf("start flag provider %q: %w", d.Name(), err)
	}
	return d.await(ctx, news)
}

// await waits until the provider is ready, or known not to be.
func (d *Delegate) await(ctx context.Context, news <-chan string) error {
	message := ""
	for d.client.State() == openfeature.NotReadyState {
		select {
		case message = <-news:
		case <-ctx.Done():
			d.report("it is not ready in time")
			return fmt.Errorf("start flag provider %q: it is not ready in time: %w", d.Name(), ctx.Err())
		}
	}
	failure := d.guard.failure.Load()
	if failure != nil {
		message = (*failure).Error()
	}
	d.report(message)
	switch state := d.client.State(); {
	case state == openfeature.ReadyState || state == openfeature.StaleState:
		return nil
	case failure != nil:
		return fmt.Errorf("start flag provider %q: %w", d.Name(), *failure)
	default:
		return fmt.Errorf("start flag provider %q: it is in state %s: %s", d.Name(), state, message)
	}
}

// report passes on the state that OpenFeature now holds the provider to be in.
func (d *Delegate) report(message string) {
	d.mu.Lock() // whoever reports last has looked last
	defer d.mu.Unlock()
	if d.ended { // OpenFeature's handlers may run late
		return
	}
	state := SourceState(d.client.State())
	var err error
	if state != SourceReady && message != "" {
		err = errors.New(message)
	}
	d.flags.Report(state, err)
}

// Shutdown stops asking the provider, shuts it down, and waits for both until ctx
// is done. Every further question is answered PROVIDER_NOT_READY. It may be
// called without Start and more than once.
func (d *Delegate) Shutdown(ctx context.Context) error {
	d.mu.Lock()
	first, started, changes, cancel := !d.ended, d.started, d.changes, d.cancel
	d.ended = true
	if first {
		d.flags.Report(SourceNotReady, errors.New("the provider was shut down"))
	}
	d.mu.Unlock()
	if !first {
		return nil
	}
	var err error
	if started {
		cancel()
		// The guard returns in time even if the provider does not.
		if err = d.api.Shutdown(ctx); err != nil {
			err = fmt.Errorf("shut down flag provider %q: %w", d.Name(), err)
		}
		changes.end()
	}
	answered := make(chan struct{})
	go func() { // it ends with the last question, whose caller has long gone
		d.asking.Wait()
		close(answered)
	}()
	select {
	case <-answered:
		return err
	case <-ctx.Done():
		return errors.Join(err, fmt.Errorf("shut down flag provider %q: %w", d.Name(), ctx.Err()))
	}
}

// begin takes part in the Delegate's life; false after its end.
func (d *Delegate) begin() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended || !d.started {
		return false
	}
	d.asking.Add(1)
	return true
}
