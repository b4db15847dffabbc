package featureflag

import (
	"sync"
	"sync/atomic"
)

// A SourceState is how the source of a [Flags] is doing, in OpenFeature's words.
type SourceState string

// The states of a source.
const (
	SourceReady    SourceState = "READY"     // it has been read and can be
	SourceNotReady SourceState = "NOT_READY" // it has not been read yet
	SourceStale    SourceState = "STALE"     // it cannot be read; the last good flags serve
	SourceFailed   SourceState = "ERROR"     // it cannot be read, and there are no good flags
	SourceFatal    SourceState = "FATAL"     // and never will be
)

// health is what the source of a [Flags] last said of itself. The zero health
// is that of flags that were set by hand: ready.
type health struct {
	current atomic.Pointer[sourceReport]

	mu       sync.Mutex
	watchers map[*healthWatcher]struct{}
}

type sourceReport struct {
	state SourceState
	err   error
}

type healthWatcher struct{ fn func(sourceReport) }

// Report says how the source is doing and, when it is not well, why. Whoever
// fills a [Flags] calls it when that changes; a Flags is ready until told
// otherwise. OpenFeature is told by a provider event and by the provider's state.
// Evaluation goes on with the present set.
func (f *Flags) Report(state SourceState, err error) {
	h := &f.health
	h.mu.Lock()
	defer h.mu.Unlock()
	report := sourceReport{state: state, err: err}
	before := h.report()
	h.current.Store(&report)
	if before.state == state && state == SourceReady {
		return
	}
	for w := range h.watchers {
		w.fn(report)
	}
}

// SourceState is what was last reported, with the reason.
func (f *Flags) SourceState() (SourceState, error) {
	report := f.health.report()
	return report.state, report.err
}

func (h *health) report() sourceReport {
	if report := h.current.Load(); report != nil {
		return *report
	}
	return sourceReport{state: SourceReady}
}

// watch calls fn with every change from now on, in order. fn must neither block
// nor report.
func (h *health) watch(fn func(sourceReport)) (stop func()) {
	w := &healthWatcher{fn: fn}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers == nil {
		h.watchers = map[*healthWatcher]struct{}{}
	}
	h.watchers[w] = struct{}{}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.watchers, w)
	}
}
