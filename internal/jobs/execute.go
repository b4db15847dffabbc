package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/internal/redact"
	"github.com/modular-dashboard/dashboard/storage"
)

var (
	errTimeout = errors.New("timed out")
	errEnded   = errors.New("the run ended")
	errGoexit  = errors.New("the job called runtime.Goexit")
)

// execute runs the job and records how it ended. The lease is kept until the
// function has really returned, however long that takes after its context ended.
func (a *active) execute(ctx context.Context, run Run, lease *storage.Lease) {
	module := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	ctx, stopTimeout := context.WithTimeoutCause(ctx, a.job.Timeout, errTimeout)
	drop := func() {}
	if lease != nil {
		held, stop := lease.Keep(context.WithoutCancel(ctx))
		unhook := context.AfterFunc(held, func() { cancel(context.Cause(held)) })
		drop = func() { unhook(); stop() }
		ctx = context.WithValue(ctx, leaseKey{}, lease)
	}
	a.r.setAlive(run.ID, true)
	err := errGoexit
	defer func() { // also after Goexit
		run.Ended = time.Now()
		a.judge(ctx, module, &run, err)
		stopTimeout()
		cancel(errEnded)
		a.record(module, run)
		a.r.setAlive(run.ID, false)
		drop()
		a.release(module, lease)
		a.ended <- struct{}{}
	}()
	err = a.protect(ctx)
}

// protect calls the function and turns a panic into an error.
func (a *active) protect(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = errors.New("panic: " + redact.Print(v))
			if a.r.opts.Panicked != nil {
				a.r.opts.Panicked(ctx, a.key.Module, v, debug.Stack())
			}
		}
	}()
	return a.job.Run(ctx)
}

// judge finds the outcome of a run. A run that was cut off is made up for, one
// that failed by itself is not.
func (a *active) judge(ctx, module context.Context, run *Run, err error) {
	cause := context.Cause(ctx)
	switch {
	case err == nil:
		run.Outcome, run.owes = OK, false
	case errors.Is(cause, storage.ErrLost):
		run.Outcome, run.Error = Lost, lostText
	case module.Err() != nil:
		run.Outcome, run.Error = Failed, "It was cut off: the module was disabled or the program stopped."
	case errors.Is(cause, errTimeout):
		run.Outcome, run.Error, run.owes = Failed, fmt.Sprintf("It did not finish within %s.", a.job.Timeout), false
	default:
		run.Outcome, run.Error, run.owes = Failed, clean(a.r.opts.Redact(err.Error())), false
	}
}

const lostText = "Its instance stopped, or was not heard of for too long."

// record writes the end of a run. Where that fails the run is found lost.
func (a *active) record(ctx context.Context, run Run) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	if run.Outcome != OK {
		a.log.WarnContext(ctx, "a run of a job did not succeed", "run", run.ID, "outcome", run.Outcome, "error", run.Error)
	}
	err := a.r.db.Update(ctx, func(tx *storage.Tx) error { return finish(ctx, tx, run) })
	if err != nil {
		a.log.ErrorContext(ctx, "cannot record the end of a run; it will be found lost", "run", run.ID, "error", err)
	}
}

const maxError = 1000

// clean makes an error one bounded piece of valid text.
func clean(text string) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
	if len(text) > maxError {
		text = strings.ToValidUTF8(text[:maxError], "") + "…"
	}
	return text
}
