package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

// A Request is the fine print of an action.
type Request struct {
	// Cascade does it with the modules that need it, or that it needs, too.
	Cascade bool
	// Purge makes an uninstall remove the module's data; never that of modules
	// that go with it.
	Purge bool
	// IfGeneration, unless nil, is the generation that the caller has seen.
	IfGeneration *int64
	// Actor is who asks, for the audit log.
	Actor string
}

// A Result is the answer to an action.
type Result struct {
	// Generation is the module's generation now. Every instance reports the
	// generation that it has settled.
	Generation int64
	// Changed is false when there was nothing to do.
	Changed bool
	Steps   []lifecycle.Step
}

// errNothing undoes the turn of an action that has nothing to do.
var errNothing = errors.New("nothing to do")

// Act records what is desired, in one transaction with its audit, and returns;
// the instances follow. What failed stays failed, at every instance, until it
// is asked to retry, roll back or force. Errors: [ErrUnknown], [ErrNoCode],
// [*lifecycle.RefusedError], [*GenerationError], [ErrNotStarted], [ErrStopped].
func (r *Registry) Act(ctx context.Context, id string, op lifecycle.Op, req Request) (Result, error) {
	if err := r.alive(); err != nil {
		return Result{}, err
	}
	var result Result
	err := r.db.Update(ctx, func(tx *storage.Tx) error {
		c, err := takeTurn(ctx, tx)
		if err != nil {
			return err
		}
		a := &action{r: r, c: c, id: id, op: op, req: req}
		result, err = a.run(ctx)
		if err == nil && !result.Changed {
			return errNothing
		}
		return err
	})
	switch {
	case errors.Is(err, errNothing):
		return result, nil
	case err != nil:
		return Result{}, fmt.Errorf("%s module %s: %w", op, id, err)
	}
	r.log.InfoContext(ctx, "module action asked for", "module", id, "operation", op, "actor", req.Actor, "generation", result.Generation)
	if err := r.refresh(ctx); err != nil {
		r.log.WarnContext(ctx, "cannot read the state of modules; the poll will", "error", err)
	}
	r.announce(ctx, id)
	return result, nil
}

func (r *Registry) alive() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.life {
	case fresh, entered:
		return ErrNotStarted
	case stopping:
		return ErrStopped
	}
	return nil
}

// Preview returns what Act would do, or its error, and changes nothing.
func (r *Registry) Preview(ctx context.Context, id string, op lifecycle.Op, req Request) ([]lifecycle.Step, error) {
	var steps []lifecycle.Step
	err := r.db.View(ctx, func(tx *storage.Tx) error {
		a := &action{r: r, c: change{tx: tx}, id: id, op: op, req: req}
		var err error
		steps, err = a.plan(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("preview %s of module %s: %w", op, id, err)
	}
	return steps, nil
}

// action is one Act in its turn.
type action struct {
	r       *Registry
	c       change
	id      string
	op      lifecycle.Op
	req     Request
	records map[string]row
	ailing  map[string]lifecycle.Op
}

func (a *action) plan(ctx context.Context) (steps []lifecycle.Step, err error) {
	if a.records, err = load(ctx, a.c.tx); err != nil {
		return nil, err
	}
	_, stored := a.records[a.id]
	if a.r.members[a.id] == nil {
		if stored {
			return nil, ErrNoCode
		}
		return nil, ErrUnknown
	}
	if want := a.req.IfGeneration; want != nil && *want != a.records[a.id].Generation {
		return nil, &GenerationError{Module: a.id, Want: *want, Have: a.records[a.id].Generation}
	}
	if a.ailing, err = a.troubles(ctx); err != nil {
		return nil, err
	}
	d := lifecycle.Desired{Module: a.id, Op: a.op, Cascade: a.req.Cascade, Purge: a.req.Purge,
		Records: make(map[string]lifecycle.Record, len(a.records)), Ailing: a.ailing, Dashboard: a.r.opts.Dashboard}
	for id, rec := range a.records {
		d.Records[id] = rec.Record
	}
	manifests := make([]lifecycle.Manifest, len(a.r.order))
	for i, m := range a.r.order {
		manifests[i] = m.Manifest
	}
	return lifecycle.Plan(d, manifests)
}

// troubles returns what has failed on live instances.
func (a *action) troubles(ctx context.Context) (map[string]lifecycle.Op, error) {
	reports, err := a.r.reports(ctx, a.c.tx, a.id)
	if err != nil {
		return nil, err
	}
	me, m := a.r.identity().id, a.r.members[a.id]
	ailing := make(map[string]lifecycle.Op)
	for _, p := range reports {
		if p.instance == me {
			p = freshen(p, m.standing().report(m, me))
		}
		switch {
		case !p.live:
		case p.state == lifecycle.Failed:
			ailing[p.module] = p.op
		case p.state == lifecycle.Quarantined && ailing[p.module] == "":
			ailing[p.module] = lifecycle.OpQuarantine
		}
	}
	return ailing, nil
}

func (a *action) run(ctx context.Context) (Result, error) {
	steps, err := a.plan(ctx)
	if err != nil || len(steps) == 0 {
		return Result{Generation: a.records[a.id].Generation}, err
	}
	touched := make(map[string]lifecycle.Record)
	for _, s := range steps {
		rec, ok := touched[s.Module]
		if !ok {
			rec = a.records[s.Module].Record
			rec.Generation++
		}
		if touched[s.Module], err = a.apply(rec, s); err != nil {
			return Result{}, err
		}
	}
	for _, rec := range touched {
		if err := a.c.save(ctx, rec); err != nil {
			return Result{}, err
		}
	}
	result := Result{Generation: touched[a.id].Generation, Changed: true, Steps: steps}
	return result, a.r.audit(ctx, a.c.tx, AuditEvent{Actor: a.req.Actor, Action: "module." + string(a.op), Module: a.id,
		Generation: result.Generation, Version: a.r.members[a.id].version(), Steps: steps})
}

// apply writes one step of the plan into a record.
func (a *action) apply(rec lifecycle.Record, s lifecycle.Step) (lifecycle.Record, error) {
	switch s.Op {
	case lifecycle.OpInstall, lifecycle.OpDisable:
		rec.Desired, rec.Purge = lifecycle.Installed, false
	case lifecycle.OpEnable:
		rec.Desired = lifecycle.Enabled
	case lifecycle.OpUninstall:
		rec.Desired, rec.Purge = lifecycle.Available, s.Purge
	case lifecycle.OpUpgrade:
		rec.Asked, rec.Held = s.To, ""
	default:
		return a.mend(rec, s.Op)
	}
	return rec, nil
}

// mend applies retry, rollback and force: to the fleet's record where that
// failed, or else by a generation that instances take as the word to go on.
func (a *action) mend(rec lifecycle.Record, op lifecycle.Op) (lifecycle.Record, error) {
	if rec.State == lifecycle.Failed {
		return rec.Apply(lifecycle.Input{Event: lifecycle.Event(op), At: a.c.now})
	}
	switch {
	case op == lifecycle.OpForce:
		rec.Forced = rec.Generation
	case op == lifecycle.OpRollback && a.ailing[rec.Module] == lifecycle.OpDisable:
		rec.Desired = lifecycle.Enabled
	case op == lifecycle.OpRollback && rec.Desired == lifecycle.Enabled:
		rec.Desired = lifecycle.Installed
	}
	return rec, nil
}

// Quarantine withdraws an enabled module on this instance until it is retried
// or disabled. It reports whether the module was enabled. It does no I/O and
// may be called from a request.
func (r *Registry) Quarantine(id, reason string) bool {
	m, ok := r.members[id]
	if !ok {
		return false
	}
	_, err := m.update(func(s *standing) (bool, error) {
		if err := s.apply(lifecycle.Input{Event: lifecycle.EventQuarantine, At: r.since()}); err != nil {
			return false, err
		}
		s.detail = r.message(errors.New(reason))
		return true, nil
	})
	if err != nil {
		return false
	}
	r.log.Error("module is quarantined on this instance", "module", id, "reason", reason)
	r.moved(m)
	m.nudge()
	return true
}
