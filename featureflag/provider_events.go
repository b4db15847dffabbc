package featureflag

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/open-feature/go-sdk/openfeature"
)

const (
	// initWait is how long Init, which has no context, waits for the source.
	initWait = 10 * time.Second
	// settle is what OpenFeature gets to take note of how an Init ended, before it
	// hears that the source is no longer so: nothing says when it has.
	settle = 200 * time.Millisecond
)

// Init implements [openfeature.StateHandler]. It waits up to 10 s for the
// source's first report.
func (p *Provider) Init(evalCtx openfeature.EvaluationContext) error {
	ctx, cancel := context.WithTimeout(context.Background(), initWait)
	defer cancel()
	return p.InitWithContext(ctx, evalCtx)
}

// InitWithContext implements [openfeature.ContextAwareStateHandler]. It waits for
// the source's first report until ctx is done. When it fails, events still tell
// of a source that recovers.
func (p *Provider) InitWithContext(ctx context.Context, _ openfeature.EvaluationContext) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait for flags: %w", err) // Shutdown may have come first
	}
	sender := p.start()
	report, err := sender.known(ctx)
	if err != nil {
		return fmt.Errorf("wait for flags: %w", err)
	}
	switch report.state {
	case SourceFatal:
		return &openfeature.ProviderInitError{ErrorCode: openfeature.ProviderFatalCode, Message: reasonOf(report)}
	case SourceFailed:
		return &openfeature.ProviderInitError{ErrorCode: openfeature.GeneralCode, Message: reasonOf(report)}
	case SourceStale:
		sender.retell()
	}
	return nil
}

// Shutdown implements [openfeature.StateHandler]: no event follows it, and no
// goroutine of the provider's is left. Evaluation goes on, and Init starts it
// again.
func (p *Provider) Shutdown() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sender != nil {
		p.sender.end()
		p.sender = nil
	}
}

// ShutdownWithContext implements [openfeature.ContextAwareStateHandler].
func (p *Provider) ShutdownWithContext(context.Context) error {
	p.Shutdown()
	return nil
}

// EventChannel implements [openfeature.EventHandler]. The channel is never
// closed.
func (p *Provider) EventChannel() <-chan openfeature.Event { return p.events }

func (p *Provider) start() *eventSender {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sender == nil {
		p.sender = newEventSender(p.flags, p.name, p.events)
	}
	return p.sender
}

// eventSender hands on what happens to the flags. What happens while OpenFeature
// is busy is kept, as one change of all keys and the last state.
type eventSender struct {
	name   string
	to     chan<- openfeature.Event
	signal chan struct{} // holds one
	done   chan struct{}
	ended  sync.WaitGroup
	stops  []func()

	mu      sync.Mutex
	changed map[string]struct{}
	any     bool // something changed; changed may be empty when it is not known what
	report  sourceReport
	told    SourceState
	news    bool          // report is not yet told
	quiet   time.Time     // nothing is told before
	waiting int           // Inits that wait for the source: their outcome tells the state
	first   chan struct{} // closed once the source is known
}

func newEventSender(f *Flags, name string, to chan<- openfeature.Event) *eventSender {
	s := &eventSender{
		name: name, to: to, signal: make(chan struct{}, 1), done: make(chan struct{}), first: make(chan struct{}),
		changed: map[string]struct{}{}, told: SourceReady,
	}
	s.stops = []func(){f.health.watch(s.reported), f.Watch(s.replaced)}
	s.mu.Lock()
	if s.report.state == "" {
		s.take(f.health.report())
	}
	s.told = s.report.state // OpenFeature hears of the first one by Init
	s.mu.Unlock()
	s.ended.Go(s.run)
	return s
}

func (s *eventSender) end() {
	for _, stop := range s.stops {
		stop()
	}
	close(s.done)
	s.ended.Wait()
}

// take notes a report. The lock is held.
func (s *eventSender) take(report sourceReport) {
	s.report = report
	if report.state != SourceNotReady {
		select {
		case <-s.first:
		default:
			close(s.first)
		}
	}
}

// known waits until the source has said how it is. What it then returns need
// not be told.
func (s *eventSender) known(ctx context.Context) (sourceReport, error) {
	s.mu.Lock()
	s.waiting++
	s.mu.Unlock()
	var err error
	select {
	case <-s.first:
	case <-ctx.Done():
		err = ctx.Err()
	case <-s.done:
		err = context.Canceled
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.wake()
	s.waiting--
	s.quiet = time.Now().Add(settle)
	if err == nil {
		s.told = s.report.state
	}
	return s.report, err
}

// retell tells the state, which Init's success is about to cover.
func (s *eventSender) retell() {
	s.mu.Lock()
	s.told, s.news = SourceReady, true
	s.mu.Unlock()
	s.wake()
}

func (s *eventSender) reported(report sourceReport) {
	s.mu.Lock()
	s.take(report)
	s.news = true
	s.mu.Unlock()
	s.wake()
}

func (s *eventSender) replaced(keys []string) {
	s.mu.Lock()
	s.any = true
	for _, key := range keys {
		s.changed[key] = struct{}{}
	}
	s.mu.Unlock()
	s.wake()
}

func (s *eventSender) wake() {
	select {
	case s.signal <- struct{}{}:
	default:
	}
}

// run sends until the end.
func (s *eventSender) run() {
	for {
		select {
		case <-s.signal:
		case <-s.done:
			return
		}
		if !s.pause() {
			return
		}
		for _, event := range s.collect() {
			select {
			case s.to <- event:
			case <-s.done:
				return
			}
		}
	}
}

// pause waits until something may be told; false at the end.
func (s *eventSender) pause() bool {
	s.mu.Lock()
	wait := time.Until(s.quiet)
	s.mu.Unlock()
	if wait <= 0 {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.done:
		return false
	}
}

// collect makes events of what is new.
func (s *eventSender) collect() (events []openfeature.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.any {
		events = append(events, openfeature.Event{
			ProviderName: s.name, EventType: openfeature.ProviderConfigChange,
			ProviderEventDetails: openfeature.ProviderEventDetails{
				Message: "flags changed", FlagChanges: slices.Sorted(maps.Keys(s.changed)),
			},
		})
		s.any = false
		clear(s.changed)
	}
	if !s.news || s.waiting > 0 {
		return events
	}
	s.news = false
	if s.report.state != s.told {
		events = append(events, stateEvent(s.name, s.report))
		s.told = s.report.state
	}
	return events
}

func stateEvent(name string, report sourceReport) openfeature.Event {
	event := openfeature.Event{
		ProviderName: name, EventType: openfeature.ProviderReady,
		ProviderEventDetails: openfeature.ProviderEventDetails{Message: reasonOf(report)},
	}
	switch report.state {
	case SourceStale:
		event.EventType = openfeature.ProviderStale
	case SourceFailed, SourceNotReady:
		event.EventType, event.ErrorCode = openfeature.ProviderError, openfeature.GeneralCode
	case SourceFatal:
		event.EventType, event.ErrorCode = openfeature.ProviderError, openfeature.ProviderFatalCode
	}
	return event
}

// reasonOf is a report's reason in words.
func reasonOf(report sourceReport) string {
	if report.err != nil {
		return report.err.Error()
	}
	return "the source of flags is " + string(report.state)
}
