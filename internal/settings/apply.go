package settings

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
)

// applyGrace is how long Apply may take to notice that its context is done.
const applyGrace = 500 * time.Millisecond

// turn is the right to work on a module, until release.
type turn struct {
	store *Store
	m     *module
	lost  bool // Apply hangs and keeps the lane
}

// take waits for the lane of m. An Apply that hangs, or a long queue, is ErrBusy.
func (s *Store) take(ctx context.Context, m *module) (*turn, error) {
	if err := s.usable(ctx); err != nil {
		return nil, fmt.Errorf("settings of module %q: %w", m.id, err)
	}
	if m.isHanging() {
		return nil, fmt.Errorf("%w: apply of module %q has not returned", ErrBusy, m.id)
	}
	timer := time.NewTimer(s.opts.ApplyTimeout + 2*applyGrace)
	defer timer.Stop()
	select {
	case m.lane <- struct{}{}:
		return &turn{store: s, m: m}, nil
	case <-timer.C:
		return nil, fmt.Errorf("%w: module %q", ErrBusy, m.id)
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for settings of module %q: %w", m.id, context.Cause(ctx))
	}
}

// tryTake takes the lane of m if it is free.
func (s *Store) tryTake(m *module) *turn {
	select {
	case m.lane <- struct{}{}:
		return &turn{store: s, m: m}
	default:
		return nil
	}
}

func (t *turn) release() {
	if !t.lost {
		<-t.m.lane
	}
}

// apply hands values to the module, on a goroutine that may outlive the call: then the turn is lost, and the lane stays
// taken until Apply returns after all.
func (t *turn) apply(ctx context.Context, c candidate) *ApplyError {
	if t.m.spec.Apply == nil {
		return nil
	}
	limit := t.store.opts.ApplyTimeout
	former, _ := t.m.former()
	// The module may well speak of what it had before.
	redact := t.m.redactor(c.values, former.values)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	result := make(chan *ApplyError, 1)
	started := t.store.spawn(func() {
		// Stays as it is if Apply calls runtime.Goexit.
		out := &ApplyError{Module: t.m.id, Detail: "apply ended its goroutine", Panicked: true}
		defer func() { t.returned(result, out) }()
		out = t.call(ctx, c, redact)
	})
	if !started {
		return &ApplyError{Module: t.m.id, Detail: ErrClosed.Error()}
	}
	timer := time.NewTimer(limit + applyGrace)
	defer timer.Stop()
	select {
	case err := <-result:
		return err
	case <-timer.C:
	}
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	select {
	case err := <-result:
		return err
	default:
	}
	t.lost = true
	t.m.hangs = time.Now()
	t.m.applied, t.m.effect = unknownVersion, candidate{}
	return &ApplyError{Module: t.m.id, TimedOut: true, Detail: fmt.Sprintf("apply has not returned after %v", limit+applyGrace)}
}

// returned ends a call of Apply: it reports to the waiter, or gives the lane back if nobody waits any more.
func (t *turn) returned(result chan<- *ApplyError, out *ApplyError) {
	m := t.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hangs.IsZero() {
		result <- out
		return
	}
	m.hangs = time.Time{}
	<-m.lane
	t.store.loop.Rouse()
}

// call runs Apply under recover, on a copy: the module may do with the bytes what it wants.
func (t *turn) call(ctx context.Context, c candidate, redact *strings.Replacer) (out *ApplyError) {
	defer func() {
		if v := recover(); v != nil {
			text := redact.Replace(fmt.Sprint(v))
			t.store.opts.Log.ErrorContext(ctx, "apply settings: panic", "module", t.m.id, "panic", text, "stack", string(debug.Stack()))
			out = &ApplyError{Module: t.m.id, Detail: "panic: " + text, Panicked: true}
		}
	}()
	err := t.m.spec.Apply(ctx, append([]byte(nil), c.raw...))
	if err == nil {
		return nil
	}
	timedOut := ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded)
	return &ApplyError{Module: t.m.id, Detail: redact.Replace(err.Error()), TimedOut: timedOut}
}

// restore applies back what was in effect before, after an Apply of something else. An error means that nobody knows what
// is in effect now.
func (t *turn) restore(ctx context.Context) error {
	former, known := t.m.former()
	if t.lost || !known {
		return errors.New("a refused change has left the settings in doubt")
	}
	refused := t.apply(ctx, former)
	if refused == nil {
		return nil
	}
	t.m.inDoubt()
	return fmt.Errorf("apply former values back: %w", refused)
}

// usable says whether work may begin.
func (s *Store) usable(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	return nil
}
