package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/jobs"
	"github.com/modular-dashboard/dashboard/storage"
)

func want(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// Two instances on one database keep each time once, also while they restart.
func TestOncePerFleet(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		var ran atomic.Int64
		job := every(t, "bill", "*/5 * * * *", func(ctx context.Context) error {
			if jobs.LeaseOf(ctx) == nil {
				t.Error("a fleet job has no lease")
			}
			ran.Add(1)
			return nil
		})
		a, b := f.start("a", job), f.start("b", job)
		pass(time.Hour + time.Second)
		if got := ran.Load(); got != 12 {
			t.Errorf("got %d runs in an hour, want 12", got)
		}
		for range 6 { // one goes and comes right at the time, while the other stays
			a.stop()
			pass(5*time.Minute - time.Second)
			a = f.start("a", job)
			pass(time.Second)
		}
		if got := ran.Load(); got != 18 {
			t.Errorf("got %d runs, want 18", got)
		}
		for _, run := range a.runs("bill") {
			if run.Outcome != jobs.OK || run.Cause != jobs.BySchedule || run.Started.Minute()%5 != 0 || run.Started.Second() > 1 {
				t.Errorf("got %+v", run)
			}
		}
		a.stop()
		b.stop()
	})
}

func TestPerInstance(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		job := every(t, "flush", "@every 1m", func(ctx context.Context) error {
			if jobs.LeaseOf(ctx) != nil {
				t.Error("a job of each instance has a lease")
			}
			return nil
		})
		job.PerInstance = true
		a, b := f.start("a", job), f.start("b", job)
		pass(10*time.Minute + time.Second)
		count := map[string]int{}
		for _, run := range a.runs("flush") {
			count[run.Instance]++
		}
		if count["a"] != 10 || count["b"] != 10 {
			t.Errorf("got %v runs, want 10 each", count)
		}
		a.stop()
		b.stop()
	})
}

// What is missed is recorded or made up for, once.
func TestMissed(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		skips := every(t, "skips", "@hourly", func(context.Context) error { return nil })
		makesUp := every(t, "makes-up", "@hourly", func(context.Context) error { return nil })
		makesUp.CatchUp = true
		a := f.start("a", skips, makesUp)
		pass(time.Hour + time.Second)
		a.stop()
		pass(10*time.Hour + 30*time.Minute)
		a, b := f.start("a", skips, makesUp), f.start("b", skips, makesUp)
		pass(time.Second)
		want(t, "skips", a.story("skips"), "schedule ok", "schedule skipped")
		want(t, "makes up", a.story("makes-up"), "schedule ok", "catch-up ok")
		a.disable()
		b.disable()
		pass(time.Hour)
		a.enable(skips, makesUp)
		pass(time.Hour)
		want(t, "skips, disabled meanwhile", a.story("skips"), "schedule ok", "schedule skipped", "schedule skipped", "schedule ok")
		want(t, "makes up, disabled meanwhile", a.story("makes-up"), "schedule ok", "catch-up ok", "catch-up ok", "schedule ok")
		a.disable()
		pass(time.Until(time.Now().Truncate(time.Hour).Add(time.Hour + 30*time.Second)))
		a.enable(skips, makesUp) // half a minute late is not missed
		pass(time.Second)
		want(t, "a little late", a.story("skips")[4:], "schedule ok")
		a.stop()
		b.stop()
	})
}

func TestNewScheduleMissesNothing(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		job := every(t, "job", "@weekly", func(context.Context) error { return nil })
		job.CatchUp = true
		a := f.start("a", job)
		pass(3 * time.Hour)
		a.stop()
		job.Schedule = parse(t, "@hourly", "UTC")
		a = f.start("a", job)
		pass(time.Minute)
		want(t, "history", a.story("job"))
		pass(time.Hour)
		want(t, "history", a.story("job"), "schedule ok")
		a.stop()
	})
}

func TestOverlap(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		var at atomic.Int64
		job := every(t, "long", "@every 1m", func(ctx context.Context) error {
			if at.Add(1) > 1 {
				return nil
			}
			select {
			case <-time.After(150 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		a, b := f.start("a", job), f.start("b", job)
		pass(time.Minute + time.Second)
		for _, i := range []*instance{a, b} {
			if _, err := i.runner.Run(t.Context(), jobs.Key{Module: "shop", Name: "long"}); !errors.Is(err, jobs.ErrRunning) {
				t.Errorf("run by hand while it runs: got %v, want ErrRunning", err)
			}
		}
		pass(4 * time.Minute)
		want(t, "history", a.story("long"), "schedule ok", "schedule skipped", "schedule skipped", "schedule ok", "schedule ok")
		a.stop()
		b.stop()
	})
}

func TestByHand(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		job := every(t, "bill", "@yearly", func(context.Context) error { return nil })
		a := f.start("a", job)
		b := f.start("b")
		key := jobs.Key{Module: "shop", Name: "bill"}
		id, err := a.runner.Run(t.Context(), key)
		if err != nil || id == "" {
			t.Fatalf("got %q, %v", id, err)
		}
		pass(time.Second)
		if got := a.runs("bill"); len(got) != 1 || got[0].ID != id || got[0].Cause != jobs.ByHand || got[0].Outcome != jobs.OK {
			t.Errorf("got %+v", got)
		}
		if _, err := b.runner.Run(t.Context(), key); !errors.Is(err, jobs.ErrNotHere) {
			t.Errorf("where the module is not enabled: got %v, want ErrNotHere", err)
		}
		last, running, err := b.runner.Latest(t.Context())
		if err != nil || last[key].ID != id || running[key] {
			t.Errorf("Latest: got %v, %v, %v", last, running, err)
		}
		a.disable()
		if _, err := a.runner.Run(t.Context(), key); !errors.Is(err, jobs.ErrNotHere) {
			t.Errorf("while disabled: got %v, want ErrNotHere", err)
		}
		a.stop()
		b.stop()
	})
}

// However a run ends, it is recorded and the next one comes.
func TestOutcomes(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		var n atomic.Int64
		job := every(t, "job", "@every 1m", func(ctx context.Context) error {
			switch n.Add(1) {
			case 1:
				return errors.New("no\x00 luck" + strings.Repeat("é", 1000))
			case 2:
				panic("boom")
			case 3:
				runtime.Goexit()
			case 4:
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		job.Timeout = 10 * time.Second
		a := f.start("a", job)
		pass(5*time.Minute + time.Second)
		want(t, "history", a.story("job"), "schedule failed", "schedule failed", "schedule failed", "schedule failed", "schedule ok")
		list := a.runs("job")
		for i, text := range []string{"", "It did not finish within 10s.", "the job called runtime.Goexit", "panic: boom", "no luck"} {
			if got := list[i].Error; !strings.HasPrefix(got, text) || len(got) > 1010 || list[i].Ended.IsZero() {
				t.Errorf("run %d: got %+v, want error %q", i, list[i], text)
			}
		}
		if got := a.panicked.Load(); got != 1 {
			t.Errorf("%d panics reported, want 1", got)
		}
		a.stop()
	})
}

func TestHistoryIsBounded(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		job := every(t, "often", "@every 1s", func(context.Context) error { return nil })
		other := every(t, "seldom", "@every 1m", func(context.Context) error { return nil })
		a := f.start("a", job, other)
		pass(5 * time.Minute)
		if got := len(a.runs("often")); got != jobs.KeepRuns {
			t.Errorf("got %d runs, want %d", got, jobs.KeepRuns)
		}
		if got := len(a.runs("seldom")); got != 5 {
			t.Errorf("got %d runs of the other, want 5", got)
		}
		a.stop()
	})
}

// Disabling ends the context of a run and waits for it.
func TestDisableWaits(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		var ended time.Time
		job := every(t, "job", "@hourly", func(ctx context.Context) error {
			<-ctx.Done()
			<-time.After(3 * time.Second)
			ended = time.Now()
			return ctx.Err()
		})
		job.CatchUp = true
		a := f.start("a", job)
		pass(time.Hour + time.Minute)
		a.disable()
		if got := time.Since(ended); got != 0 {
			t.Errorf("disable returned %s after the job, want right then", got)
		}
		want(t, "history", a.story("job"), "schedule failed")
		if got := a.runs("job")[0].Error; !strings.Contains(got, "cut off") {
			t.Errorf("got error %q", got)
		}
		a.enable(job) // a run that was cut off is made up for, once
		pass(time.Minute)
		a.disable()
		a.enable(job)
		pass(time.Minute)
		want(t, "history", a.story("job"), "schedule failed", "catch-up failed")
		a.stop()
	})
}

// A run whose instance dies is found lost by the others, and made up for where
// the job says so.
func TestCrash(t *testing.T) {
	for _, catchUp := range []bool{false, true} {
		for _, perInstance := range []bool{false, true} {
			t.Run(fmt.Sprintf("catch up %t, per instance %t", catchUp, perInstance), func(t *testing.T) {
				inFleet(t, func(t *testing.T, f *fleet) {
					var n atomic.Int64
					job := every(t, "job", "@hourly", func(ctx context.Context) error {
						if n.Add(1) == 1 {
							<-ctx.Done()
						}
						return ctx.Err()
					})
					job.CatchUp, job.PerInstance = catchUp, perInstance
					a := f.start("a", job)
					pass(time.Hour + time.Minute)
					b := f.start("b", job)
					pass(10 * time.Minute)
					want(t, "while it runs", b.story("job"), "schedule running")
					a.die()
					pass(jobs.DefaultLease + 6*time.Second)
					if catchUp && !perInstance {
						want(t, "after the crash", b.story("job"), "schedule lost", "catch-up ok")
					} else {
						want(t, "after the crash", b.story("job"), "schedule lost")
					}
					b.stop()
				})
			})
		}
	}
}

// Who takes over at the next time, before anybody has looked, finds the run lost
// as well: the lease was free.
func TestTakeOver(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		var n atomic.Int64
		job := every(t, "job", "@every 10s", func(ctx context.Context) error {
			if n.Add(1) == 1 {
				<-ctx.Done()
			}
			return ctx.Err()
		})
		a, b := f.start("a", job), f.start("b")
		pass(11 * time.Second)
		a.die()
		b.enable(job)
		pass(30 * time.Second)
		story := b.story("job")
		if len(story) < 2 || story[0] != "schedule lost" || slices.Contains(story, "schedule running") || story[len(story)-1] != "schedule ok" {
			t.Errorf("got %q", story)
		}
		b.stop()
	})
}

// A lease that is lost ends the run, and what it says afterwards is not believed.
func TestLostLease(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		var cause error
		begun := make(chan *storage.Lease, 1)
		job := every(t, "job", "@hourly", func(ctx context.Context) error {
			begun <- jobs.LeaseOf(ctx)
			<-ctx.Done()
			cause = context.Cause(ctx)
			return cause
		})
		a := f.start("a", job)
		pass(time.Hour)
		lease := <-begun
		if err := lease.Release(t.Context()); err != nil { // as if it had expired
			t.Fatal(err)
		}
		pass(time.Minute)
		if !errors.Is(cause, storage.ErrLost) {
			t.Errorf("the run ended with %v, want ErrLost", cause)
		}
		want(t, "history", a.story("job"), "schedule lost")
		a.stop()
	})
}

func TestPurge(t *testing.T) {
	inFleet(t, func(t *testing.T, f *fleet) {
		job := every(t, "job", "@hourly", func(context.Context) error { return nil })
		a := f.start("a", job)
		pass(time.Hour + time.Second)
		purge := func(tx *storage.Tx) error { return a.runner.Purge(t.Context(), tx, "shop") }
		if err := a.db.Update(t.Context(), purge); err != nil {
			t.Fatal(err)
		}
		want(t, "history", a.story("job"))
		pass(2 * time.Hour) // purged while it was on: it begins anew
		if got := a.story("job"); len(got) == 0 {
			t.Error("the job does not run any more")
		}
		a.stop()
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	good := every(t, "good", "@hourly", func(context.Context) error { return nil })
	with := func(change func(*jobs.Job)) []jobs.Job {
		j := good
		change(&j)
		return []jobs.Job{good, j}
	}
	for name, list := range map[string][]jobs.Job{
		"twice":       {good, good},
		"no name":     with(func(j *jobs.Job) { j.Name = "" }),
		"odd name":    with(func(j *jobs.Job) { j.Name = "a b" }),
		"no function": with(func(j *jobs.Job) { j.Name, j.Run = "b", nil }),
		"no schedule": with(func(j *jobs.Job) { j.Name, j.Schedule = "b", nil }),
		"timeout":     with(func(j *jobs.Job) { j.Name, j.Timeout = "b", -1 }),
		"too many":    slices.Repeat([]jobs.Job{good}, 101),
	} {
		if err := jobs.Check(list); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if err := jobs.Check([]jobs.Job{good}); err != nil {
		t.Error(err)
	}
}
