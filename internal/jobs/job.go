package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/internal/spelling"
	"github.com/modular-dashboard/dashboard/storage"
)

// A Job is what a module wants to be run periodically.
type Job struct {
	// Name names the job within its module.
	Name     string
	Schedule *Schedule
	// PerInstance runs it on every instance, not once per fleet.
	PerInstance bool
	// CatchUp runs it once when times were missed or a run was cut off.
	CatchUp bool
	// Timeout bounds a run. Default one hour.
	Timeout time.Duration
	Run     func(context.Context) error
}

// DefaultTimeout is how long a run may take where the job does not say.
const DefaultTimeout = time.Hour

// Check finds mistakes in the jobs of a module.
func Check(list []Job) error {
	seen := map[string]bool{}
	for _, j := range list {
		switch {
		case !spelling.Slug(j.Name, 1, 40):
			return fmt.Errorf("job %q: a name is a letter and at most 39 more letters, digits and hyphens, in lower case", j.Name)
		case seen[j.Name]:
			return fmt.Errorf("job %s is there twice", j.Name)
		case j.Run == nil:
			return fmt.Errorf("job %s has no function", j.Name)
		case j.Schedule == nil:
			return fmt.Errorf("job %s has no schedule", j.Name)
		case j.Timeout < 0:
			return fmt.Errorf("job %s: timeout %s is negative", j.Name, j.Timeout)
		}
		seen[j.Name] = true
	}
	if len(list) > maxJobs {
		return fmt.Errorf("%d jobs, at most %d", len(list), maxJobs)
	}
	return nil
}

// maxJobs bounds the jobs of one module: each has a goroutine and a history.
const maxJobs = 100

// Errors of [Runner.Run].
var (
	// ErrUnknown says that there is no such job.
	ErrUnknown = errors.New("no such job")
	// ErrNotHere says that the job's module is not enabled on this instance.
	ErrNotHere = errors.New("the job's module is not enabled on this instance")
	// ErrRunning says that the job is running already.
	ErrRunning = errors.New("the job is running")
)

type leaseKey struct{}

// LeaseOf returns the lease under which the job of ctx runs, nil where there is
// none.
func LeaseOf(ctx context.Context) *storage.Lease {
	l, _ := ctx.Value(leaseKey{}).(*storage.Lease)
	return l
}
