package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

const skippedDetail = "not on this instance"

// perform enables or disables a module on this instance, beginning with event.
func (r *Registry) perform(ctx context.Context, rec lifecycle.Record, m *member, event lifecycle.Event) error {
	to, ok := lifecycle.Next(base(m.standing()), m.standing().Of(), event)
	if !ok {
		return fmt.Errorf("%s has no %s", m.standing().State, event)
	}
	if to == lifecycle.Enabling {
		return r.enable(ctx, rec, m, event)
	}
	return r.disable(ctx, rec, m, event)
}

// base is the state that an idle module's events begin from.
func base(s standing) lifecycle.State {
	if s.idle() {
		return lifecycle.Installed
	}
	return s.State
}

// enable runs the module's Enable.
func (r *Registry) enable(ctx context.Context, rec lifecycle.Record, m *member, event lifecycle.Event) error {
	op := lifecycle.OpEnable
	hook := lifecycle.StepHook(op)
	r.point(m, string(op)+"/before")
	if m.schema == broken {
		return r.refuseEnable(ctx, rec, m, event)
	}
	if err := r.beginEnable(ctx, rec, m, event, hook); err != nil {
		return r.settleRace(ctx, err)
	}
	return r.carryOut(ctx, rec, m, event)
}

// carryOut enables a module that has begun to be enabled.
func (r *Registry) carryOut(ctx context.Context, rec lifecycle.Record, m *member, event lifecycle.Event) error {
	op := lifecycle.OpEnable
	hook := lifecycle.StepHook(op)
	r.points(m, lifecycle.StepBegin(op), hook+"/begin")
	var result error
	if m.Enable != nil {
		work, cancel := r.untilStop(context.WithValue(ctx, forcedKey{}, event == lifecycle.EventForce))
		result = m.calls.call(work, ctx, "enable", r.opts.HookTimeout, m.Enable)
		cancel()
	}
	skip := errors.Is(result, lifecycle.ErrSkip) || errors.Is(result, errInterrupted)
	if result != nil && !skip {
		return r.end(ctx, rec, m, result, false)
	}
	r.point(m, hook+"/effect")
	if err := r.end(ctx, rec, m, result, skip); err != nil {
		return err
	}
	r.points(m, hook+"/done", lifecycle.StepDone(op))
	return nil
}

func (r *Registry) points(m *member, names ...string) {
	for _, name := range names {
		r.point(m, name)
	}
}

// errRaced says that the module is not to be enabled any more.
var errRaced = errors.New("the module changed meanwhile")

func (r *Registry) settleRace(ctx context.Context, err error) error {
	if errors.Is(err, errRaced) {
		return r.refresh(ctx)
	}
	return err
}

// beginEnable moves the module to enabling and records that, or returns
// errRaced. Nothing runs before the database has taken note, in the same turn
// in which it still wants the module enabled: an uninstall on another instance
// sees the one or the other.
func (r *Registry) beginEnable(ctx context.Context, rec lifecycle.Record, m *member, event lifecycle.Event, step string) error {
	before, err := r.claim(m, event, step)
	if err != nil {
		return err
	}
	err = r.db.Update(storage.Transient(ctx), func(tx *storage.Tx) error {
		c, err := takeTurn(ctx, tx)
		if err != nil {
			return err
		}
		now, err := find(ctx, tx, m.id)
		if err != nil {
			return err
		}
		if now.Generation != rec.Generation || now.Desired != lifecycle.Enabled || !now.Usable(m.version()) {
			return errRaced
		}
		return c.report(ctx, m.standing().report(m, r.identity().id))
	})
	if err != nil {
		_, _ = m.update(func(s *standing) (bool, error) { s.Record = before; return true, nil })
		return err
	}
	r.moved(m)
	return nil
}

// claim moves the module to enabling in memory while what it requires is up,
// and keeps it from going down before this one. It returns what was before.
func (r *Registry) claim(m *member, event lifecycle.Event, step string) (before lifecycle.Record, err error) {
	r.claiming.Lock()
	defer r.claiming.Unlock()
	if ready, _ := r.judge().ready(m); !ready {
		return before, errRaced
	}
	_, err = m.update(func(s *standing) (bool, error) {
		before = s.Record
		s.State = base(*s)
		if err := s.apply(lifecycle.Input{Event: event, At: r.since()}); err != nil {
			return false, err
		}
		if event == lifecycle.EventForce { // for an enable: once more, with less demands
			s.Phase = lifecycle.Begun
		}
		next, err := s.Begin(step, r.since())
		s.Record, s.blockedBy, s.detail = next, nil, ""
		return true, err
	})
	return before, err
}

// refuseEnable fails the module before Enable is called: its migrations are
// not as they must be.
func (r *Registry) refuseEnable(ctx context.Context, rec lifecycle.Record, m *member, event lifecycle.Event) error {
	if err := r.beginEnable(ctx, rec, m, event, lifecycle.StepBegin(lifecycle.OpEnable)); err != nil {
		return r.settleRace(ctx, err)
	}
	m.schema = unchecked
	return r.end(ctx, rec, m, m.schemaErr, false)
}

// end records how the operation on this instance went. The result stands even
// when it cannot be written now.
func (r *Registry) end(ctx context.Context, rec lifecycle.Record, m *member, result error, skip bool) error {
	in := lifecycle.Input{Event: lifecycle.EventDone, At: r.since()}
	switch {
	case skip:
		in.Event = lifecycle.EventSkip
	case result != nil:
		in.Event, in.Error = lifecycle.EventFail, r.message(result)
	}
	var before lifecycle.Record
	after, err := m.update(func(s *standing) (bool, error) {
		before = s.Record
		if err := s.apply(in); err != nil {
			return false, err
		}
		if skip && !r.isStopping() {
			s.skipped, s.detail = rec.Generation, skippedDetail
		}
		if !s.State.Busy() && settled(rec, *s) {
			s.settled = max(s.settled, rec.Generation)
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	r.moved(m)
	if after.State == lifecycle.Failed {
		r.log.ErrorContext(ctx, "module failed here; retry, roll back or force it", failing(m, before, result)...)
	} else if !after.State.Busy() {
		r.log.InfoContext(ctx, "module changed here", "module", m.id, "operation", before.Op, "state", after.State)
	}
	return r.persist(ctx, m, false)
}

// failing is what the log says of a failure, with the stack of a panic.
func failing(m *member, at lifecycle.Record, cause error) []any {
	attrs := []any{"module", m.id, "operation", at.Op, "step", at.Step, "error", cause}
	if p, ok := errors.AsType[*panicError](cause); ok {
		attrs = append(attrs, "stack", string(p.stack))
	}
	return attrs
}

// since stamps what happens on this instance between two visits to the
// database, whose clock is used for everything that is compared.
func (r *Registry) since() time.Time { return time.Now().UTC() }

// disable drains the module and runs its Disable. It begins also when the
// database cannot be told.
func (r *Registry) disable(ctx context.Context, rec lifecycle.Record, m *member, event lifecycle.Event) error {
	op := lifecycle.OpDisable
	r.point(m, string(op)+"/before")
	s, err := r.yield(m, event)
	if err != nil {
		return r.settleRace(ctx, err)
	}
	r.moved(m)
	r.note(ctx, m)
	r.point(m, lifecycle.StepBegin(op))
	for _, step := range lifecycle.Remaining(s.Record, lifecycle.Steps(op, lifecycle.Work{Drain: m.Drain != nil, Hook: m.Disable != nil})) {
		if ok, err := r.disableStep(ctx, rec, m, step); err != nil || !ok {
			return err
		}
	}
	r.point(m, lifecycle.StepDone(op))
	return nil
}

// yield moves the module to draining (or disabling) while nothing that is to go
// down before it is up.
func (r *Registry) yield(m *member, event lifecycle.Event) (standing, error) {
	r.claiming.Lock()
	defer r.claiming.Unlock()
	if !r.judge().free(m) {
		return standing{}, errRaced
	}
	return m.update(func(s *standing) (bool, error) {
		s.blockedBy, s.detail = nil, ""
		return true, s.apply(lifecycle.Input{Event: event, At: r.since()})
	})
}

// disableStep runs one step and reports whether the next may follow.
func (r *Registry) disableStep(ctx context.Context, rec lifecycle.Record, m *member, step string) (bool, error) {
	var fn func(context.Context) error
	switch step {
	case lifecycle.StepDrain:
		fn = m.Drain
	case lifecycle.StepHook(lifecycle.OpDisable):
		fn = m.Disable
	}
	draining := m.standing().State == lifecycle.Draining
	if step == lifecycle.StepDrain && !draining {
		return true, nil
	}
	if step != lifecycle.StepDrain && draining {
		if err := r.end(ctx, rec, m, nil, false); err != nil { // on to disabling
			return false, err
		}
	}
	if fn == nil {
		return true, r.end(ctx, rec, m, nil, false)
	}
	if _, err := m.update(func(s *standing) (bool, error) {
		next, err := s.Begin(step, r.since())
		s.Record = next
		return true, err
	}); err != nil {
		return false, err
	}
	r.note(ctx, m)
	r.point(m, step+"/begin")
	result := m.calls.call(ctx, ctx, step, r.opts.HookTimeout, fn)
	if errors.Is(result, errInterrupted) {
		result = fmt.Errorf("%s: the instance stopped first", step)
	}
	if result != nil {
		return false, r.end(ctx, rec, m, result, false)
	}
	r.point(m, step+"/effect")
	_, err := m.update(func(s *standing) (bool, error) {
		next, err := s.Finish(step)
		s.Record = next
		return true, err
	})
	r.note(ctx, m)
	r.point(m, step+"/done")
	return true, err
}

// note writes where the module stands, and leaves it for later where that
// fails.
func (r *Registry) note(ctx context.Context, m *member) {
	if err := r.persist(ctx, m, false); err != nil && ctx.Err() == nil {
		r.log.WarnContext(ctx, "cannot write the state of a module yet", "module", m.id, "error", err)
	}
}
