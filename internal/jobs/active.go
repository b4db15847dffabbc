package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

const (
	// onTime is how late a run may begin; a time that is longer ago is missed.
	onTime = time.Minute
	// maxNap bounds a sleep: the clock on the wall may be set meanwhile.
	maxNap = time.Minute
	// heldNap is how soon to look again while another instance decides or runs.
	heldNap    = time.Second
	maxTrouble = 10 * time.Second
)

// active is a job while its module is enabled here. One goroutine decides; what
// it decides to run has another.
type active struct {
	r     *Runner
	key   Key
	job   Job
	spawn func(func(context.Context))
	log   *slog.Logger

	asked chan chan begun // to run now
	wake  chan struct{}   // a run is owed
	ended chan struct{}   // the run has ended
	gone  chan struct{}   // closed when the loop has ended

	// Of the loop alone.
	known   bool
	decided time.Time // times up to this one need no decision here
	owed    bool
	running bool
	trouble int
}

func newActive(r *Runner, module string, j Job, spawn func(func(context.Context))) *active {
	if j.Timeout == 0 {
		j.Timeout = DefaultTimeout
	}
	return &active{r: r, key: Key{module, j.Name}, job: j, spawn: spawn, log: r.log.With("module", module, "job", j.Name),
		asked: make(chan chan begun), wake: make(chan struct{}, 1), ended: make(chan struct{}, 1), gone: make(chan struct{})}
}

func (a *active) loop(ctx context.Context) {
	defer close(a.gone)
	defer a.r.detach(a)
	if ready := a.r.opts.Ready; ready != nil {
		select {
		case <-ctx.Done():
			return
		case <-ready:
		}
	}
	timer := time.NewTimer(a.turn(ctx))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case answer := <-a.asked:
			id, err := a.byHand(ctx)
			answer <- begun{id, err}
		case <-a.ended:
			a.running = false
		case <-a.wake:
			a.owed = a.job.CatchUp
		case <-timer.C:
		}
		timer.Reset(a.turn(ctx))
	}
}

// nudge tells the loop that a run is owed.
func (a *active) nudge() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// turn does what is due and returns how long to sleep.
func (a *active) turn(ctx context.Context) time.Duration {
	err := a.decide(ctx)
	switch {
	case errors.Is(err, storage.ErrHeld):
		return heldNap
	case errors.Is(err, errGone):
		a.known = false
		return heldNap
	case err != nil:
		if a.trouble++; a.trouble == 1 && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "cannot decide on a job; trying on", "error", err)
		}
		return min(heldNap<<min(a.trouble-1, 10), maxTrouble)
	}
	a.trouble = 0
	next := a.job.Schedule.Next(a.decided)
	if next.IsZero() {
		return maxNap
	}
	return min(max(time.Until(next), 0), maxNap)
}

// decide looks whether a time has come, and runs the job or says why not.
func (a *active) decide(ctx context.Context) error {
	if err := a.begin(ctx); err != nil {
		return err
	}
	due := a.job.Schedule.Last(a.decided, time.Now())
	if due.IsZero() && !a.owed {
		return nil
	}
	if !a.job.PerInstance {
		s, err := a.r.state(ctx, a.key)
		if err != nil {
			return err
		}
		a.owed = s.owed && a.job.CatchUp
		if s.decided.After(a.decided) {
			a.decided = s.decided
		}
		due = a.job.Schedule.Last(a.decided, time.Now())
	}
	late := time.Since(due) > onTime
	switch {
	case due.IsZero() && (!a.owed || a.running):
		return nil
	case due.IsZero():
		return a.run(ctx, ByCatchUp, due)
	case a.running:
		return a.skip(ctx, due, "The run before had not ended.")
	case late && a.job.CatchUp:
		return a.run(ctx, ByCatchUp, due)
	case late:
		return a.skip(ctx, due, "Nobody was there to run it.")
	}
	return a.run(ctx, BySchedule, due)
}

// begin finds out, once, from when on times count.
func (a *active) begin(ctx context.Context) error {
	if a.known {
		return nil
	}
	if a.job.PerInstance {
		a.known, a.decided = true, time.Now()
		return nil
	}
	select {
	case a.r.entering <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-a.r.entering }()
	if err := a.r.enter(ctx, a.key, a.job.Schedule.String()+" "+a.job.Schedule.Zone().String()); err != nil {
		return err
	}
	s, err := a.r.state(ctx, a.key)
	if err != nil {
		return err
	}
	a.known, a.decided, a.owed = true, s.decided, s.owed && a.job.CatchUp
	return nil
}

// settle notes the outcome of a decision on a time.
func (a *active) settle(due time.Time, err error) error {
	if err != nil && !errors.Is(err, errDecided) {
		return err
	}
	if due.After(a.decided) {
		a.decided = due
	}
	a.owed = false
	return nil
}

// skip records that a time is not kept.
func (a *active) skip(ctx context.Context, due time.Time, why string) error {
	now := time.Now()
	run := a.newRun(BySchedule, now)
	run.Outcome, run.Error, run.Ended, run.owes = Skipped, why, now, false
	err := a.r.db.Update(ctx, func(tx *storage.Tx) error {
		if !a.job.PerInstance {
			if err := claim(ctx, tx, a.key, due); err != nil {
				return err
			}
		}
		return a.r.add(ctx, tx, run)
	})
	return a.settle(due, err)
}

func (a *active) newRun(cause string, now time.Time) Run {
	return Run{Key: a.key, ID: token(), Instance: a.r.opts.Instance(), Cause: cause, Outcome: Running, Started: now,
		owes: cause == BySchedule && a.job.CatchUp}
}

// run begins a run for a time, or for one that is owed, unless another instance
// was faster.
func (a *active) run(ctx context.Context, cause string, due time.Time) error {
	_, err := a.launch(ctx, cause, func(tx *storage.Tx) error { return claim(ctx, tx, a.key, due) })
	return a.settle(due, err)
}

// byHand runs the job because somebody asked.
func (a *active) byHand(ctx context.Context) (id string, err error) {
	if a.running {
		return "", ErrRunning
	}
	id, err = a.launch(ctx, ByHand, func(*storage.Tx) error { return nil })
	if errors.Is(err, storage.ErrHeld) {
		return "", ErrRunning
	}
	return id, err
}

// launch takes the lease of a fleet job, records the run and starts it. The
// lease, the claim and the record go together.
func (a *active) launch(ctx context.Context, cause string, claim func(*storage.Tx) error) (id string, err error) {
	run := a.newRun(cause, time.Now())
	var lease *storage.Lease
	if !a.job.PerInstance {
		if lease, err = a.r.locker.Acquire(ctx, "job/"+a.key.Module+"/"+a.key.Name, a.r.opts.Lease); err != nil {
			return "", err
		}
		run.fence = lease.Fence()
	}
	err = a.r.db.Update(ctx, func(tx *storage.Tx) error {
		if lease != nil {
			if err := lease.Check(ctx, tx); err != nil {
				return err
			}
			if err := a.inherit(ctx, tx); err != nil {
				return err
			}
			if err := claim(tx); err != nil {
				return err
			}
		}
		return a.r.add(ctx, tx, run)
	})
	if err != nil {
		a.release(ctx, lease)
		return "", err
	}
	a.running = true
	a.spawn(func(ctx context.Context) { a.execute(ctx, run, lease) })
	return run.ID, nil
}

// inherit records as lost what seems to run although the lease was free.
func (a *active) inherit(ctx context.Context, tx *storage.Tx) error {
	left, err := readAll(ctx, tx, `WHERE module = $1 AND name = $2 AND outcome = 'running' AND fence > 0`, a.key.Module, a.key.Name)
	if err != nil {
		return err
	}
	for _, run := range left {
		if err := lose(ctx, tx, run, lostText); err != nil {
			return err
		}
	}
	return nil
}

// release gives the lease up, for the next run not to have to wait.
func (a *active) release(ctx context.Context, lease *storage.Lease) {
	if lease == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	if err := lease.Release(ctx); err != nil {
		a.log.WarnContext(ctx, "cannot release the lease of a job; it expires by itself", "error", fmt.Errorf("release: %w", err))
	}
}

// lastWords is how long the record of a run's end may take.
const lastWords = 5 * time.Second
