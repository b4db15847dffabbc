package jobs_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/jobs"
)

// A job that is asked for, or due, before the start is over waits for that; who
// disables it, or gives up, does not.
func TestReady(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		f.ready = make(chan struct{})
		key := jobs.Key{Module: "shop", Name: "bill"}
		job := every(t, "bill", "@hourly", func(context.Context) error { return nil })
		a := f.start("a", job)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := a.runner.Run(ctx, key); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("impatient: got %v, want %v", err, context.DeadlineExceeded)
		}
		asked := make(chan error, 1)
		go func() { _, err := a.runner.Run(t.Context(), key); asked <- err }()
		pass(time.Second)
		a.disable()
		if err := <-asked; !errors.Is(err, jobs.ErrNotHere) {
			t.Errorf("disabled meanwhile: got %v, want %v", err, jobs.ErrNotHere)
		}
		a.enable(job)
		go func() { _, err := a.runner.Run(t.Context(), key); asked <- err }()
		pass(2 * time.Hour)
		want(t, "before the start is over", a.story("bill"))
		close(f.ready)
		if err := <-asked; err != nil {
			t.Errorf("asked before the start was over: %v", err)
		}
		pass(time.Second)
		if got := a.story("bill"); !slices.Contains(got, jobs.ByHand+" "+jobs.OK) {
			t.Errorf("got %v, want the run that was asked for", got)
		}
		a.stop()
	})
}
