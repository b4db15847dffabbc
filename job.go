package dashboard

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/internal/jobs"
	"github.com/modular-dashboard/dashboard/storage"
)

// A JobRunner has work that runs periodically while the module is enabled.
type JobRunner interface {
	// Jobs is called once, by [New], after Provision. It must do no I/O.
	Jobs() []Job
}

// A Job runs at times that a schedule names: by default once per fleet, on
// whichever instance comes first, while the module is enabled there. A time at
// which the run before has not ended is skipped. The history of runs, the last
// 100 of each job, is at /api/v1/jobs.
type Job struct {
	// Name names the job within its module: [a-z][a-z0-9-]{0,39}.
	Name string
	// Title is shown to people; it defaults to Name.
	Title string
	// Schedule is a cron expression of five fields (minute, hour, day, month and
	// weekday, with lists, ranges, steps and English names), @hourly,
	// @daily, @weekly, @monthly, @yearly, or "@every 10m", whose times are
	// multiples since 1970.
	//
	// Where clocks are put forward, a time that is left out runs right after the
	// gap; where they are put back, a time that comes twice runs the first time.
	// A schedule whose minute or hour begins with * follows the time that passes
	// instead: it skips the gap and runs in both hours.
	Schedule string
	// Zone is where the fields of Schedule are read off the clock. The default
	// is UTC.
	Zone *time.Location
	// Run does the work. Its context ends when the module is disabled, the
	// program stops, Timeout is over, or another instance may take the job over;
	// disabling waits for it. A run that was cut off may be run again, so it must
	// be idempotent. Panics are recovered and counted in the module's health.
	Run func(ctx context.Context) error
	// PerInstance runs the job on every instance that has the module enabled.
	PerInstance bool
	// Missed decides what becomes of times at which nobody could run the job.
	Missed MissedPolicy
	// Timeout bounds a run. The default is an hour.
	Timeout time.Duration
}

// A MissedPolicy says what becomes of times that nobody kept, because no
// instance was running or the module was disabled, and of runs that were cut
// off by a crash or a stop.
type MissedPolicy uint8

const (
	// MissedSkip records that times were missed and waits for the next one.
	MissedSkip MissedPolicy = iota
	// MissedRunOnce runs the job once as soon as possible, however many times
	// were missed. A run that makes up for others is not itself made up for.
	MissedRunOnce
)

// JobLease returns the lease under which the job of ctx runs, nil where ctx is
// not that of a job that runs once per fleet. A job that must not have an effect
// after another instance has taken it over calls [storage.Lease.Check] in the
// transaction of that effect.
func JobLease(ctx context.Context) *storage.Lease { return jobs.LeaseOf(ctx) }

// hostedJob is a job as the dashboard holds it.
type hostedJob struct {
	jobs.Job
	title string
}

// adoptJobs asks the module for its jobs, checks them and reads their schedules.
func (m *hosted) adoptJobs() error {
	runner, ok := m.module.(JobRunner)
	if !ok {
		return nil
	}
	var list []Job
	err := guard(func() error { list = runner.Jobs(); return nil })
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	for _, j := range list {
		schedule, err := jobs.Parse(j.Schedule, j.Zone)
		if err != nil {
			return fmt.Errorf("job %s: %w", j.Name, err)
		}
		if j.Missed > MissedRunOnce {
			return fmt.Errorf("job %s: unknown policy %d for missed times", j.Name, j.Missed)
		}
		m.jobs = append(m.jobs, hostedJob{title: cmp.Or(j.Title, j.Name), Job: jobs.Job{Name: j.Name, Schedule: schedule,
			PerInstance: j.PerInstance, CatchUp: j.Missed == MissedRunOnce, Timeout: j.Timeout, Run: j.Run}})
	}
	return jobs.Check(m.runnable())
}

// runnable is the module's jobs as they are run.
func (m *hosted) runnable() []jobs.Job {
	out := make([]jobs.Job, len(m.jobs))
	for i, j := range m.jobs {
		out[i] = j.Job
	}
	return out
}

// jobPanicked counts a panic of a job as one of its module.
func (d *Dashboard) jobPanicked(ctx context.Context, module string, v any, stack []byte) {
	if m := d.modules[module]; m != nil {
		d.modulePanicked(ctx, m, v, stack)
	}
}
