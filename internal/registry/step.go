package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

// step runs one named step and reports whether the next may follow.
func (o *operation) step(ctx, work context.Context, rec lifecycle.Record, step string, pending []storage.Migration) (bool, error) {
	if step == lifecycle.StepDone(rec.Op) {
		return true, o.complete(ctx, rec)
	}
	if work.Err() != nil {
		return false, fmt.Errorf("%w: %w", errInterrupted, context.Cause(work))
	}
	err := o.commit(ctx, func(_ context.Context, c change, now *lifecycle.Record) (err error) {
		*now, err = now.Begin(step, c.now)
		return err
	})
	if err != nil {
		return false, err
	}
	o.r.point(o.m, step+"/begin")
	switch v, migration := lifecycle.MigrationOf(step); {
	case migration:
		err = o.migrate(ctx, work, step, v, pending)
	case step == lifecycle.StepPurge:
		err = o.purge(ctx, work, step)
	default:
		err = o.call(ctx, work, rec, step)
	}
	switch {
	case err == nil:
		o.r.point(o.m, step+"/done")
		return true, nil
	case errors.Is(err, errInterrupted), errors.Is(err, storage.ErrLost):
		return false, err
	case work.Err() != nil:
		return false, fmt.Errorf("%w: %w", errInterrupted, err)
	case troubled(err):
		return false, err
	}
	return false, o.fail(ctx, rec, step, err)
}

// call runs the hook, then records it.
func (o *operation) call(ctx, work context.Context, rec lifecycle.Record, step string) error {
	err := o.m.calls.call(work, ctx, step, o.r.opts.HookTimeout, o.hook(rec))
	if err != nil {
		return err
	}
	o.r.point(o.m, step+"/effect")
	if err := o.commit(ctx, o.finish(step)); err != nil {
		return recordError{err}
	}
	return nil
}

// recordError is trouble with the database, not with the module.
type recordError struct{ error }

func (e recordError) Unwrap() error { return e.error }

func (o *operation) finish(step string) func(context.Context, change, *lifecycle.Record) error {
	return func(_ context.Context, _ change, now *lifecycle.Record) (err error) {
		*now, err = now.Finish(step)
		return err
	}
}

// migrate applies one migration together with its record.
func (o *operation) migrate(ctx, work context.Context, step string, version int, pending []storage.Migration) error {
	for _, mig := range pending {
		if mig.Version != version {
			continue
		}
		if mig.Up != nil {
			mig.Up = protected(mig.Up)
		}
		return o.m.calls.call(work, ctx, step, o.r.opts.MigrationTimeout, func(ctx context.Context) error {
			return o.r.db.MigrateStep(ctx, o.m.Scope, mig, func(tx *storage.Tx) error {
				err := o.within(ctx, tx, o.finish(step))
				o.r.point(o.m, step+"/effect")
				return err
			})
		})
	}
	return fmt.Errorf("migration %d is not there", version)
}

func protected(up func(context.Context, *storage.Tx) error) func(context.Context, *storage.Tx) error {
	return func(ctx context.Context, tx *storage.Tx) error {
		return protect(func() error { return up(ctx, tx) })
	}
}

// purge removes the module's data and forgets its migrations together with the
// record of it.
func (o *operation) purge(ctx, work context.Context, step string) error {
	return o.m.calls.call(work, ctx, step, o.r.opts.MigrationTimeout, func(ctx context.Context) error {
		return o.r.db.Update(ctx, func(tx *storage.Tx) error {
			if o.m.Purge != nil {
				if err := protect(func() error { return o.m.Purge(ctx, tx) }); err != nil {
					return err
				}
			}
			if err := o.r.db.ForgetMigrations(ctx, tx, o.m.Scope); err != nil {
				return err
			}
			err := o.within(ctx, tx, o.finish(step))
			o.r.point(o.m, step+"/effect")
			return err
		})
	})
}

// troubled tells trouble with the database, which may pass, from a failure of
// the module.
func troubled(err error) bool {
	if _, ok := errors.AsType[recordError](err); ok {
		return true
	}
	for _, code := range []error{storage.ErrBusy, storage.ErrUnavailable, storage.ErrClosed, storage.ErrIO} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// complete records the end of the operation.
func (o *operation) complete(ctx context.Context, rec lifecycle.Record) error {
	err := o.commit(ctx, func(ctx context.Context, c change, now *lifecycle.Record) (err error) {
		if *now, err = now.Apply(lifecycle.Input{Event: lifecycle.EventDone, At: c.now}); err != nil {
			return err
		}
		return o.r.audit(ctx, c.tx, AuditEvent{Action: "module." + string(rec.Op) + ".done", Module: o.m.id,
			Generation: now.Generation, Version: now.Version})
	})
	if err != nil {
		return err
	}
	o.r.point(o.m, lifecycle.StepDone(rec.Op))
	o.r.log.InfoContext(ctx, "module operation done", "module", o.m.id, "operation", rec.Op, "version", rec.Target)
	return nil
}

// fail records that a step failed. It stays failed until somebody asks for
// retry, rollback or force.
func (o *operation) fail(ctx context.Context, rec lifecycle.Record, step string, cause error) error {
	err := o.commit(ctx, func(ctx context.Context, c change, now *lifecycle.Record) (err error) {
		now.Step = step
		if now.Step == lifecycle.StepBegin(rec.Op) {
			now.Phase = lifecycle.Begun
		}
		if *now, err = now.Apply(lifecycle.Input{Event: lifecycle.EventFail, Error: o.r.message(cause), At: c.now}); err != nil {
			return err
		}
		return o.r.audit(ctx, c.tx, AuditEvent{Action: "module." + string(rec.Op) + ".failed", Module: o.m.id,
			Generation: now.Generation, Version: now.Target, Error: now.Error})
	})
	if err != nil {
		return err
	}
	rec.Step = step
	o.r.log.ErrorContext(ctx, "module failed; retry, roll back or force it", failing(o.m, rec, cause)...)
	return nil
}
