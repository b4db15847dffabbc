package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

// duty is what this instance could do for the fleet: an operation, or else
// what that waits for.
type duty struct {
	op     lifecycle.Op
	resume bool // it has begun
	target string
	wait   string
}

// progress is how an attempt to advance went.
type progress uint8

const (
	none    progress = iota // there is nothing to do for now
	engaged                 // somebody is at it, or was just now
	made
)

// advance does what the fleet's record of the module asks for. wait says what
// it waits for that will not tell.
func (r *Registry) advance(ctx context.Context, j *judge, m *member) (p progress, wait string, err error) {
	if !j.candidate(m) {
		return none, "", nil
	}
	reports, err := r.reports(ctx, r.db, m.id)
	if err != nil {
		return none, "", err
	}
	d := j.duty(m, reports)
	if d.op == "" {
		return none, d.wait, nil
	}
	work, cancel := r.untilStop(ctx)
	defer cancel()
	lease, err := r.locker.Acquire(work, "lifecycle/"+m.id, r.opts.Lease)
	switch {
	case errors.Is(err, storage.ErrHeld), err != nil && r.isStopping():
		return engaged, "", nil
	case err != nil:
		return none, "", fmt.Errorf("acquire lease: %w", err)
	}
	work, stop := lease.Keep(work)
	defer r.release(ctx, m, lease)
	defer stop()
	o := &operation{r: r, m: m, lease: lease}
	did, err := o.run(ctx, work, d)
	if errors.Is(err, errInterrupted) || errors.Is(err, storage.ErrLost) {
		r.log.WarnContext(ctx, "work on a module was interrupted and will go on", "module", m.id, "operation", d.op, "error", err)
		return engaged, "", r.refresh(ctx)
	}
	p = engaged
	if did {
		p = made
	}
	return p, "", errors.Join(err, r.refresh(ctx))
}

// release gives up the lease, unless a hook may still be running: then it runs
// out, which gives a process that stops the time to be gone.
func (r *Registry) release(ctx context.Context, m *member, lease *storage.Lease) {
	if ctx.Err() != nil && (!r.isStopped() || m.calls.hanging()) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	if err := lease.Release(ctx); err != nil {
		r.log.WarnContext(ctx, "cannot release a lease; it will run out", "lease", lease.Name(), "error", err)
	}
}

func (r *Registry) isStopped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.life == stopping
}

// candidate reports whether the fleet may have work on the module.
func (j *judge) candidate(m *member) bool {
	rec := j.record(m)
	switch {
	case rec.State.Busy():
		return true
	case rec.State == lifecycle.Available:
		return rec.Desired != lifecycle.Available && rec.Desired != ""
	case rec.State == lifecycle.Installed:
		return rec.Desired == lifecycle.Available || m.schema == behind || lifecycle.Compare(m.version(), rec.Version) > 0
	}
	return false
}

// duty decides what is to be done, given what all instances report.
func (j *judge) duty(m *member, reports []report) duty {
	rec, code := j.record(m), m.version()
	live := slices.DeleteFunc(slices.Clone(reports), func(p report) bool { return !p.live })
	old := rec.Version != "" && lifecycle.Compare(code, rec.Version) < 0
	switch {
	case !j.candidate(m):
		return duty{}
	case rec.State.Busy():
		return resume(rec, code, live)
	case rec.State == lifecycle.Available:
		if old {
			return duty{}
		}
		if wait := j.installable(m); wait != "" {
			return duty{wait: wait}
		}
		return duty{op: lifecycle.OpInstall, target: code}
	case old:
		return duty{wait: "waits for an instance with version " + rec.Version}
	case rec.Desired == lifecycle.Available:
		if wait := j.inUse(m, live); wait != "" {
			return duty{wait: wait}
		}
		return duty{op: lifecycle.OpUninstall}
	}
	if wait := j.unready(m, live); wait != "" {
		return duty{wait: wait}
	}
	return duty{op: lifecycle.OpUpgrade, target: code}
}

// resume carries on what a dead instance began: with its code, or, where no
// live instance has that any more, with newer code.
func resume(rec lifecycle.Record, code string, live []report) duty {
	d := duty{op: rec.Op, resume: true, target: rec.Target}
	aim := rec.Target
	if rec.Op == lifecycle.OpUninstall {
		aim = rec.Version
	}
	switch c := lifecycle.Compare(code, aim); {
	case c < 0:
		return duty{wait: "waits for an instance with version " + aim}
	case c > 0 && rec.Op != lifecycle.OpUninstall:
		for _, p := range live {
			if lifecycle.Compare(p.version, aim) == 0 {
				return duty{wait: fmt.Sprintf("waits for %s to %s version %s", p.name(), rec.Op, aim)}
			}
		}
		d.target = code
	}
	return d
}

func (p report) name() string { return fmt.Sprintf("instance %s on %s", p.instance, p.host) }

// installable says which required module is not installed yet.
func (j *judge) installable(m *member) string {
	for _, q := range m.needs {
		rec := j.record(j.r.members[q.ID])
		if !q.Optional && (!rec.Bearable() || !lifecycle.Satisfies(rec.Version, q.Constraint)) {
			return "waits for " + q.ID
		}
	}
	return ""
}

// inUse says who keeps the module from being uninstalled.
func (j *judge) inUse(m *member, live []report) string {
	for _, d := range m.neededBy {
		needs := slices.ContainsFunc(d.needs, func(q lifecycle.Requirement) bool { return q.ID == m.id && !q.Optional })
		if needs && j.record(d).State != lifecycle.Available {
			return "waits for " + d.id + " to be uninstalled"
		}
	}
	for _, p := range live {
		if p.state.Up() || p.state == lifecycle.Failed {
			return "waits for " + p.name() + " to disable it"
		}
	}
	return ""
}

// unready says what keeps the module from being upgraded.
func (j *judge) unready(m *member, live []report) string {
	rec, code := j.record(m), m.version()
	if why := j.outdated(m); why != "" {
		return why
	}
	if rec.Asked == code {
		return ""
	}
	if rec.Held == code {
		return fmt.Sprintf("the upgrade to %s was rolled back; ask for it to try again", code)
	}
	for _, p := range live {
		if lifecycle.Compare(p.version, code) != 0 {
			return fmt.Sprintf("the upgrade from %s to %s waits for %s, which has %s", rec.Version, code, p.name(), p.version)
		}
	}
	return ""
}

// outdated says which required module is installed in a version that the new
// code does not accept.
func (j *judge) outdated(m *member) string {
	for _, q := range m.needs {
		have := j.record(j.r.members[q.ID]).Version
		if !q.Optional && have != "" && !lifecycle.Satisfies(have, q.Constraint) {
			return fmt.Sprintf("needs %s %s, but %s is installed", q.ID, q.Constraint, have)
		}
	}
	return ""
}

// operation is one run of this instance at an operation of the fleet.
type operation struct {
	r     *Registry
	m     *member
	lease *storage.Lease
}

// run begins or resumes the operation and takes it to its end or to a failure.
// work ends when the registry stops or the lease is lost, ctx only when nothing
// can be recorded any more.
func (o *operation) run(ctx, work context.Context, d duty) (did bool, err error) {
	if !d.resume {
		o.r.point(o.m, string(d.op)+"/before")
	}
	rec, d, err := o.begin(ctx)
	if err != nil || d.op == "" {
		return false, err
	}
	if !d.resume {
		o.r.point(o.m, lifecycle.StepBegin(d.op))
	}
	if err := o.r.refresh(ctx); err != nil { // so that Actual says it from here on
		return true, err
	}
	pending, err := o.pending(ctx, rec)
	if wrongMigrations(err) {
		return true, o.fail(ctx, rec, lifecycle.StepBegin(rec.Op), err)
	}
	if err != nil {
		return false, err
	}
	steps := lifecycle.Steps(rec.Op, o.work(rec, pending))
	for _, step := range lifecycle.Remaining(rec, steps) {
		if ok, err := o.step(ctx, work, rec, step, pending); err != nil || !ok {
			return true, err
		}
	}
	return true, nil
}

// begin decides once more, in a turn, and records the begin.
func (o *operation) begin(ctx context.Context) (rec lifecycle.Record, d duty, err error) {
	err = o.commit(ctx, func(ctx context.Context, c change, now *lifecycle.Record) error {
		records, err := load(ctx, c.tx)
		if err != nil {
			return err
		}
		reports, err := o.r.reports(ctx, c.tx, o.m.id)
		if err != nil {
			return err
		}
		j := &judge{r: o.r, s: &snapshot{records: records}, seen: make(map[*member]verdict)}
		if d = j.duty(o.m, reports); d.op == "" {
			return nil
		}
		if d.resume {
			*now = now.Retarget(d.target)
		} else if *now, err = now.Apply(lifecycle.Input{Event: lifecycle.Event(d.op), Target: d.target, At: c.now}); err != nil {
			return err
		}
		rec = *now
		return nil
	})
	return rec, d, err
}

// pending returns the migrations that the operation has to run.
func (o *operation) pending(ctx context.Context, rec lifecycle.Record) ([]storage.Migration, error) {
	if rec.Op == lifecycle.OpUninstall {
		return nil, nil
	}
	return o.r.db.Pending(ctx, o.m.Scope, o.m.migrations)
}

func (o *operation) work(rec lifecycle.Record, pending []storage.Migration) lifecycle.Work {
	w := lifecycle.Work{Hook: o.hook(rec) != nil}
	for _, mig := range pending {
		w.Migrations = append(w.Migrations, mig.Version)
	}
	w.Purge = rec.Op == lifecycle.OpUninstall && rec.Purge
	return w
}

// hook returns the function of the operation's hook, or nil.
func (o *operation) hook(rec lifecycle.Record) func(context.Context) error {
	switch u := o.m.Unit; {
	case rec.Op == lifecycle.OpInstall:
		return u.Install
	case rec.Op == lifecycle.OpUpgrade && u.Upgrade != nil && rec.Version != rec.Target:
		return func(ctx context.Context) error { return u.Upgrade(ctx, rec.Version) }
	case rec.Op == lifecycle.OpUninstall && u.Uninstall != nil:
		return func(ctx context.Context) error { return u.Uninstall(ctx, rec.Purge) }
	}
	return nil
}

// commit changes the module's record in a turn, while the lease holds.
func (o *operation) commit(ctx context.Context, apply func(context.Context, change, *lifecycle.Record) error) error {
	err := o.r.db.Update(ctx, func(tx *storage.Tx) error { return o.within(ctx, tx, apply) })
	if err == nil {
		o.r.announce(ctx, o.m.id)
	}
	return err
}

// within is commit in a transaction that is there already.
func (o *operation) within(ctx context.Context, tx *storage.Tx, apply func(context.Context, change, *lifecycle.Record) error) error {
	c, err := takeTurn(ctx, tx)
	if err != nil {
		return err
	}
	if err := o.lease.Check(ctx, tx); err != nil {
		return err
	}
	if err := c.fenceOff(ctx, o.m.id, o.lease.Fence()); err != nil {
		return err
	}
	now, err := find(ctx, tx, o.m.id)
	if err != nil {
		return err
	}
	before := now.Record
	if err := apply(ctx, c, &now.Record); err != nil || now.Record == before {
		return err
	}
	return c.save(ctx, now.Record)
}
