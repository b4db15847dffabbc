package registry

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

// work reconciles one module until the registry stops and nothing of the
// module is left on this instance.
func (r *Registry) work(ctx context.Context, m *member) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var trouble troubles
	for {
		heard := m.asked.Load()
		next, err := r.reconcile(ctx, m)
		if ctx.Err() != nil || r.isStopping() && r.parted(m) {
			return
		}
		delay := trouble.after(err, r.opts.Poll)
		if err != nil && delay > 0 && trouble.n == 1 {
			r.log.ErrorContext(ctx, "cannot reconcile a module; trying on", "module", m.id, "error", err)
		}
		if err == nil && next == again {
			continue
		}
		if err == nil {
			delay = r.doze(m, next, heard)
		}
		timer.Reset(delay)
		select {
		case <-ctx.Done():
			return
		case <-m.wake:
		case <-timer.C:
		}
	}
}

// doze notes that the worker has nothing to do, and says for how long.
func (r *Registry) doze(m *member, next next, heard uint64) time.Duration {
	if next != elsewhere && m.rested.Swap(heard) != heard {
		r.bell.ring()
	}
	if next == asleep {
		return time.Hour
	}
	return r.opts.Poll
}

// troubles spaces attempts while the database fails.
type troubles struct{ n int }

const maxTrouble = 10 * time.Second

func (t *troubles) after(err error, first time.Duration) time.Duration {
	if err == nil {
		t.n = 0
		return 0
	}
	t.n++
	return min(first<<min(t.n-1, 10), maxTrouble)
}

// parted reports whether a stopping registry has nothing left to do for m.
func (r *Registry) parted(m *member) bool { return !m.standing().State.Up() }

// next is when reconcile wants to be called again.
type next uint8

const (
	asleep    next = iota // when something has changed
	later                 // after a while: it waits for something that does not tell
	elsewhere             // after a while: another instance works on it
	again                 // at once
)

// reconcile takes one step towards what is desired.
func (r *Registry) reconcile(ctx context.Context, m *member) (next, error) {
	if b := m.begun; b != nil {
		m.begun = nil
		return again, r.carryOut(ctx, b.rec, m, b.event)
	}
	if err := r.checkSchema(ctx, m); err != nil {
		return later, err
	}
	j := r.judge()
	if event, ok := r.local(j, m); ok {
		return again, r.perform(ctx, j.record(m), m, event)
	}
	if r.isStopping() {
		return later, nil
	}
	p, wait, err := r.advance(ctx, j, m)
	switch {
	case err != nil || p == engaged:
		return elsewhere, err
	case p == made:
		return again, nil
	}
	rest := asleep
	if wait != "" {
		rest = later
	}
	moved, err := r.rest(ctx, j, m, wait)
	if moved {
		rest = again
	}
	return rest, err
}

// checkSchema compares the module's migrations with those applied, once for
// each time that it is installed.
func (r *Registry) checkSchema(ctx context.Context, m *member) error {
	if !r.mustCheck(m) {
		return nil
	}
	pending, err := r.db.Pending(ctx, m.Scope, m.migrations)
	return m.checked(storage.SchemaStatus{Pending: pending, Err: err})
}

// mustCheck reports whether the module is installed and not checked yet.
func (r *Registry) mustCheck(m *member) bool {
	if rec := r.snap.Load().records[m.id].Record; !rec.Usable(m.version()) {
		m.schema = unchecked
		return false
	}
	return m.schema != current && m.schema != broken
}

// checked notes what a check has found.
func (m *member) checked(s storage.SchemaStatus) error {
	switch {
	case wrongMigrations(s.Err):
		m.schema, m.schemaErr = broken, s.Err
	case s.Err != nil:
		return s.Err
	case len(s.Pending) > 0:
		m.schema = behind
	default:
		m.schema = current
	}
	return nil
}

// wrongMigrations tells the module's mistakes from the database's troubles.
func wrongMigrations(err error) bool {
	return errors.Is(err, storage.ErrChecksum) || errors.Is(err, storage.ErrFuture) || errors.Is(err, storage.ErrOrder)
}

// local decides what the module's next event on this instance is.
func (r *Registry) local(j *judge, m *member) (lifecycle.Event, bool) {
	rec, here := j.record(m), m.standing()
	newer := rec.Generation > here.settled
	switch here.State {
	case lifecycle.Available, lifecycle.Installed:
		ready, _ := j.ready(m)
		return lifecycle.EventEnable, ready && m.schema != behind && here.skipped != rec.Generation
	case lifecycle.Enabled:
		return lifecycle.EventDisable, !j.keep(m) && j.free(m)
	case lifecycle.Quarantined:
		return lifecycle.EventDisable, (newer || !j.keep(m)) && j.free(m)
	case lifecycle.Failed:
		if !newer || r.isStopping() {
			return "", false
		}
		return j.mend(m, rec, here)
	}
	return "", false
}

// mend decides how a module that failed here goes on after an action.
func (j *judge) mend(m *member, rec lifecycle.Record, here standing) (lifecycle.Event, bool) {
	again := lifecycle.EventRetry
	if rec.Forced == rec.Generation {
		again = lifecycle.EventForce
	}
	ready, wait := j.ready(m)
	if here.Op == lifecycle.OpEnable {
		if ready {
			return again, true
		}
		return lifecycle.EventRollback, wait == ""
	}
	if ready {
		return lifecycle.EventRollback, true
	}
	return again, wait == "" && j.free(m)
}

// rest notes that there is nothing to do for now: blocked or not, what the
// module waits for, and that the generation has settled. It reports whether
// the module was unblocked, which may open the way.
func (r *Registry) rest(ctx context.Context, j *judge, m *member, wait string) (moved bool, err error) {
	rec := j.record(m)
	o, blocked := j.block(m, wait)
	if _, dep := j.ready(m); dep != "" && wait == "" {
		wait = "waits for " + dep
	}
	_, err = m.update(func(s *standing) (bool, error) {
		old := *s
		switch {
		case blocked && s.idle():
			base := lifecycle.Installed
			if rec.State == lifecycle.Available {
				base = lifecycle.Available
			}
			s.State = base
			if err := s.apply(lifecycle.Input{Event: lifecycle.EventBlock, At: r.since()}); err != nil {
				return false, err
			}
		case !blocked && s.State == lifecycle.Blocked:
			if err := s.apply(lifecycle.Input{Event: lifecycle.EventUnblock, At: r.since()}); err != nil {
				return false, err
			}
			moved = true
		}
		s.explain(rec, o, blocked, wait)
		if settled(rec, *s) {
			s.settled = rec.Generation
		}
		changed := s.State != old.State || s.settled != old.settled || s.detail != old.detail ||
			!slices.Equal(s.blockedBy, old.blockedBy)
		return changed, nil
	})
	if err != nil {
		return false, err
	}
	r.moved(m)
	return moved, r.persist(ctx, m, false)
}

// explain says what a module waits for; what failed or was quarantined keeps
// its own story.
func (s *standing) explain(rec lifecycle.Record, o obstacle, blocked bool, wait string) {
	switch {
	case blocked:
		s.blockedBy, s.detail = o.by, o.detail
	case s.State == lifecycle.Quarantined:
	case s.idle() && s.skipped == rec.Generation && wait == "":
	default:
		s.blockedBy, s.detail = nil, wait
	}
}

func (s *standing) apply(in lifecycle.Input) error {
	next, err := s.Record.Apply(in)
	if err == nil {
		s.Record = next
	}
	return err
}

// settled reports whether the module has come as far as it can on this
// instance.
func settled(rec lifecycle.Record, s standing) bool {
	switch {
	case s.State == lifecycle.Failed, s.State == lifecycle.Blocked, s.State == lifecycle.Quarantined:
		return true
	case rec.State == lifecycle.Failed:
		return s.idle() || s.State == lifecycle.Enabled
	case rec.State.Busy():
		return s.State == lifecycle.Enabled && rec.Desired == lifecycle.Enabled
	case rec.Desired == lifecycle.Enabled:
		return s.State == lifecycle.Enabled || s.idle() && s.skipped == rec.Generation
	}
	return s.idle() && rec.State == rec.Desired
}

// moved publishes the module's state on this instance; a change may be what
// others wait for.
func (r *Registry) moved(m *member) {
	if m.publish(r.snap.Load().records[m.id].Record) {
		r.tell(m.id)
		r.nudgeAll()
	}
}

// persist writes where the module stands here, if that is news. A stopping
// registry is about to remove all that, so it does not.
func (r *Registry) persist(ctx context.Context, m *member, ill bool) error {
	m.mu.Lock()
	dirty, s := m.dirty, m.here
	m.mu.Unlock()
	if !dirty && !ill || r.isStopping() {
		return nil
	}
	err := r.db.Update(storage.Transient(ctx), func(tx *storage.Tx) error {
		c, err := takeTurn(ctx, tx)
		if err != nil {
			return err
		}
		return c.report(ctx, s.report(m, r.identity().id))
	})
	if err != nil {
		return err
	}
	m.written(s)
	r.announce(ctx, m.id)
	return nil
}

// written notes that the database has s.
func (m *member) written(s standing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.here.health == s.health {
		m.here.ill = false
	}
	now := m.here
	same := now.Record == s.Record && now.settled == s.settled && now.detail == s.detail && slices.Equal(now.blockedBy, s.blockedBy)
	m.dirty = !same
}
