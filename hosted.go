package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/events"
	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
)

var (
	errModuleDisabled = &events.EndedError{Reason: events.ReasonModuleDisabled}
	errSessionEnded   = &events.EndedError{Reason: events.ReasonSessionEnded}
	errShutdown       = &events.EndedError{Reason: events.ReasonShutdown}
	// Who reads a stream of a module has lost the permission to.
	errForbiddenStream = &events.EndedError{Reason: "forbidden"}
)

// hosted is a module as the dashboard holds it, enabled or not.
type hosted struct {
	id          string
	manifest    Manifest
	module      Module
	host        *Host
	settings    *Settings                       // nil where the module has none
	schema      func() (json.RawMessage, error) // of the settings, encoded when it is asked for
	assets      *assets                         // nil where the module has none
	jobs        []hostedJob
	permissions []auth.Permission
	flags       []string // all must be on for the module to exist
	slot        atomic.Pointer[slot]
	failures    failureWindow

	panics, timeouts atomic.Int64
	hanging          atomic.Int64 // requests, as of the last sweep
	tally            int64        // of them, during a sweep
}

// slot is what an enabled module serves: built whole, then published by one
// pointer swap.
type slot struct {
	mux       *http.ServeMux
	unmatched http.Handler // for what no endpoint matches
	subtrees  bool         // some endpoint answers all below its path
	endpoints []*endpoint
	panels    []*Panel
	flags     []string // of the whole module
	resources []*hostedResource
	gate      *gate
	streams   sync.WaitGroup
	bg        *background
	since     time.Time
	withdrawn atomic.Bool // quarantined: drained when the registry disables it
}

// live returns the slot that answers requests, nil where there is none.
func (m *hosted) live() *slot {
	if s := m.slot.Load(); s != nil && !s.withdrawn.Load() {
		return s
	}
	return nil
}

// visible reports whether the principal holds any permission of the module.
func (m *hosted) visible(p *auth.Principal) bool {
	if p == nil {
		return false
	}
	return slices.ContainsFunc(m.permissions, p.Can)
}

// route builds a router from the module's declarations.
func (d *Dashboard) route(m *hosted) (*Router, error) {
	r := newRouter(m.id, m.manifest.Permissions, d.binder, sizes{d.config.bodyLimit, d.config.answerLimit}, d.auth.Permission)
	r.home, r.timeout = d, d.config.endpointTime
	err := guard(func() error { return m.module.Routes(r) })
	if err = errors.Join(r.err(), err); err != nil {
		return nil, fmt.Errorf("routes of module %s: %w", m.id, err)
	}
	if err := d.declareLimits(r); err != nil {
		return nil, fmt.Errorf("limits of module %s: %w", m.id, err)
	}
	return r, nil
}

// newSlot builds the mux under recover: a conflict is the module's own error.
func (d *Dashboard) newSlot(m *hosted) (*slot, error) {
	r, err := d.route(m)
	if err != nil {
		return nil, err
	}
	bg := featureflag.WithFlags(withModule(context.Background(), m.id), d.flags)
	s := &slot{mux: http.NewServeMux(), endpoints: r.endpoints, panels: r.panels, flags: r.flags, resources: r.resources, gate: newGate(),
		since: time.Now(), bg: newBackground(bg, func(v any) { d.modulePanicked(bg, m, v, debug.Stack()) })}
	s.subtrees = slices.ContainsFunc(r.endpoints, func(e *endpoint) bool {
		return strings.HasSuffix(strings.TrimSuffix(e.path, "{$}"), "/")
	})
	if s.unmatched, err = d.mount(s.mux, r.endpoints, m); err != nil {
		return nil, fmt.Errorf("routes of module %s: %w", m.id, err)
	}
	return s, nil
}

// mount adds endpoints to a mux, and returns what answers where none matches.
func (d *Dashboard) mount(mux *http.ServeMux, endpoints []*endpoint, m *hosted) (http.Handler, error) {
	byPattern := make(map[string]*endpoint, len(endpoints))
	unmatched := d.unmatched(mux, byPattern, m)
	for _, e := range endpoints {
		e.route = d.routeTo(e)
		pattern := e.method + " " + e.path
		if byPattern[pattern] != nil {
			return nil, fmt.Errorf("%s is registered twice", pattern)
		}
		byPattern[pattern] = e
		h := d.gated(e, unmatched, d.handler(e, m))
		if err := guard(func() error { mux.Handle(pattern, h); return nil }); err != nil {
			return nil, errors.New(withoutPlaces(strings.TrimPrefix(err.Error(), "panic: ")))
		}
	}
	mux.Handle("/", unmatched)
	return unmatched, nil
}

// withoutPlaces takes out of a conflict where the mux was given its patterns: always
// by mount.
func withoutPlaces(conflict string) string {
	return regexp.MustCompile(` \(registered at [^)]*\)`).ReplaceAllString(conflict, "")
}

// enable is the module's step on this instance: settings, routes, hook, swap.
func (d *Dashboard) enable(ctx context.Context, m *hosted) error {
	if err := d.applySettings(ctx, m); err != nil {
		return err
	}
	s, err := d.newSlot(m)
	if err == nil && !slices.Equal(s.flags, m.flags) {
		err = fmt.Errorf("module %s: Routes names other flags of the module than before", m.id)
	}
	if err != nil {
		d.releaseSettings(ctx, m)
		return err
	}
	m.host.run(s.bg)
	published := false
	defer func() {
		if !published {
			m.host.run(nil)
			s.bg.cancel(errModuleDisabled)
			d.releaseSettings(ctx, m)
		}
	}()
	if e, ok := m.module.(Enabler); ok {
		stop := context.AfterFunc(ctx, func() { s.bg.cancel(context.Cause(ctx)) })
		err := e.Enable(s.bg.ctx)
		stop()
		if err != nil && (errors.Is(err, ErrSkip) || !registry.Forced(ctx)) {
			return err
		}
	}
	if err := ctx.Err(); err != nil { // given up on meanwhile: publish nothing
		return errors.Join(err, d.takeBack(ctx, m, s))
	}
	m.failures.reset()
	m.slot.Store(s)
	d.observer.Enabled(ctx, m.id, 1)
	published = true
	d.jobs.Attach(m.id, d.observedJobs(m), s.bg.start)
	return nil
}

// takeBack calls Disable for an Enable that came too late.
func (d *Dashboard) takeBack(ctx context.Context, m *hosted, s *slot) error {
	h, ok := m.module.(Disabler)
	if !ok {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	m.host.run(nil)
	s.bg.cancel(errModuleDisabled)
	grace, cancel := context.WithTimeout(ctx, drainGrace)
	defer cancel()
	if s.bg.wait(grace) != nil {
		d.log.WarnContext(ctx, "gave up on background work of a module that was enabled too late", "module", m.id)
	}
	ctx, cancel = context.WithTimeout(ctx, d.config.hookTimeout)
	defer cancel()
	return h.Disable(ctx)
}

// drain stops answering and waits for requests, then for streams and
// background work, whose contexts end.
func (d *Dashboard) drain(ctx context.Context, m *hosted) error {
	s := m.slot.Swap(nil)
	if s == nil {
		return nil
	}
	d.observer.Enabled(ctx, m.id, -1)
	s.gate.close()
	patience, cancel := context.WithTimeout(ctx, d.config.drain)
	err := s.gate.wait(patience)
	cancel()
	m.host.run(nil)
	s.bg.cancel(errModuleDisabled)
	grace, cancel := context.WithTimeout(ctx, drainGrace)
	defer cancel()
	if err != nil && s.gate.wait(grace) != nil {
		d.log.WarnContext(ctx, "gave up on requests of a disabled module", "module", m.id, "requests", s.gate.inside())
	} else if waitGroup(grace, &s.streams) != nil {
		d.log.WarnContext(ctx, "gave up on streams of a disabled module", "module", m.id)
	}
	if s.bg.wait(grace) != nil {
		d.log.WarnContext(ctx, "gave up on background work of a disabled module", "module", m.id)
	}
	return nil
}

// drainGrace is what is left to requests, streams and background work once
// their contexts have ended.
const drainGrace = 5 * time.Second

// disable calls the hook. It drains first what a failed enable may have left.
func (d *Dashboard) disable(ctx context.Context, m *hosted) error {
	if err := d.drain(ctx, m); err != nil {
		return err
	}
	d.releaseSettings(ctx, m)
	if h, ok := m.module.(Disabler); ok {
		return h.Disable(ctx)
	}
	return nil
}

func waitGroup(ctx context.Context, wg *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// absent is the answer for a module that has no slot on this instance. Only
// callers who may see the module learn more than "not found".
func (d *Dashboard) absent(m *hosted) *Error {
	switch d.registry.Actual(m.id) {
	case lifecycle.Draining, lifecycle.Disabling:
		return errDraining
	case lifecycle.Quarantined:
		return errQuarantined
	case lifecycle.Enabling, lifecycle.Installing, lifecycle.Upgrading:
		return &Error{Status: http.StatusServiceUnavailable, Code: "module-starting",
			Detail: "This module is starting.", RetryAfter: time.Second}
	case lifecycle.Failed:
		return &Error{Status: http.StatusServiceUnavailable, Code: "module-failed",
			Detail: "This module failed to start.", RetryAfter: 10 * time.Second}
	case lifecycle.Blocked:
		return &Error{Status: http.StatusServiceUnavailable, Code: "module-blocked",
			Detail: "This module waits for another one.", RetryAfter: 10 * time.Second}
	}
	return errModuleDisabled404
}

// failureWindow counts panics and requests that hang in a sliding minute.
type failureWindow struct {
	mu    sync.Mutex
	times [maxFailures]time.Time
	next  int
}

const (
	maxFailures   = 10
	failurePeriod = time.Minute
)

// add counts one and reports whether there were too many within the window.
func (w *failureWindow) add(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	oldest := w.times[w.next]
	w.times[w.next] = now
	w.next = (w.next + 1) % len(w.times)
	return !oldest.IsZero() && now.Sub(oldest) < failurePeriod
}

func (w *failureWindow) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.times = [maxFailures]time.Time{}
}
