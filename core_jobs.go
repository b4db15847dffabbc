package dashboard

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/modular-dashboard/dashboard/internal/jobs"
	"github.com/modular-dashboard/dashboard/internal/query"
	"github.com/modular-dashboard/dashboard/storage"
)

func (d *Dashboard) routeJobs(r *Router) {
	read := Require(permSystemRead)
	Get(r, "/jobs", d.listJobs, read, ID("jobs"), Summary("The periodic jobs of this program's modules"))
	Get(r, "/jobs/{module}/{name}/runs", d.jobRuns, read, ID("job-runs"), Summary("Runs of a job, newest first"),
		Description("The last 100 of each job are kept."), Answers(400, 404))
	Post(r, "/jobs/{module}/{name}/run", d.runJob, Require(permSystemManage), ID("run-job"), Status(http.StatusAccepted),
		Summary("Run a job now"), Answers(404, 409),
		Description("Answers as soon as the run has begun. It runs on the instance that answers, also where the job is one that runs on every instance."))
}

type jobInfo struct {
	Module      string     `json:"module"`
	Name        string     `json:"name"`
	Title       string     `json:"title"`
	Schedule    string     `json:"schedule"`
	Zone        string     `json:"zone"`
	PerInstance bool       `json:"per_instance"`
	Missed      string     `json:"missed" doc:"What becomes of times that nobody kept: skip or run-once."`
	NextAt      *time.Time `json:"next_at,omitempty" doc:"Absent while the module is not enabled on this instance."`
	Running     bool       `json:"running"`
	Last        *runInfo   `json:"last,omitempty" doc:"The last run that has ended."`
}

type runInfo struct {
	ID         string     `json:"id"`
	StartedAt  time.Time  `json:"started_at"`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
	DurationMS int64      `json:"duration_ms"`
	Instance   string     `json:"instance"`
	Outcome    string     `json:"outcome" doc:"ok, failed, skipped (it never began), lost (its end is not known) or running."`
	Trigger    string     `json:"trigger" doc:"schedule, manual or catch-up."`
	Error      string     `json:"error,omitempty"`
}

func runInfoOf(r jobs.Run) runInfo {
	out := runInfo{ID: r.ID, StartedAt: r.Started, Instance: r.Instance, Outcome: r.Outcome, Trigger: r.Cause, Error: r.Error}
	if !r.Ended.IsZero() {
		out.EndedAt, out.DurationMS = &r.Ended, max(r.Ended.Sub(r.Started).Milliseconds(), 0)
	}
	return out
}

func (d *Dashboard) listJobs(ctx context.Context, _ empty) (Page[jobInfo], error) {
	last, running, err := d.jobs.Latest(ctx)
	if err != nil {
		return Page[jobInfo]{}, err
	}
	out, now := Page[jobInfo]{}, time.Now()
	for _, m := range d.order {
		for _, j := range m.jobs {
			k := jobs.Key{Module: m.id, Name: j.Name}
			one := jobInfo{Module: m.id, Name: j.Name, Title: j.title, Schedule: j.Schedule.String(), Zone: j.Schedule.Zone().String(),
				PerInstance: j.PerInstance, Missed: "skip", Running: running[k]}
			if j.CatchUp {
				one.Missed = "run-once"
			}
			if next := j.Schedule.Next(now); m.live() != nil && !next.IsZero() {
				next = next.UTC()
				one.NextAt = &next
			}
			if run, ok := last[k]; ok {
				info := runInfoOf(run)
				one.Last = &info
			}
			out.Items = append(out.Items, one)
		}
	}
	return out, nil
}

// findJob returns the key of a job of this program.
func (d *Dashboard) findJob(module, name string) (jobs.Key, error) {
	if m := d.modules[module]; m != nil {
		for _, j := range m.jobs {
			if j.Name == name {
				return jobs.Key{Module: module, Name: name}, nil
			}
		}
	}
	return jobs.Key{}, errNotFound
}

type jobRunsIn struct {
	Module string `path:"module"`
	Name   string `path:"name"`
	Limit  int    `query:"limit" default:"50" validate:"min=1,max=200"`
	Cursor string `query:"cursor" validate:"max=500"`
}

// bySeq is the order of a history, as cursors know it.
func bySeq() query.Sort {
	return query.Sort{{Field: query.Field{Name: "seq", Column: "seq", Kind: query.Integer}, Desc: true}}
}

func (d *Dashboard) jobRuns(ctx context.Context, in jobRunsIn) (Page[runInfo], error) {
	k, err := d.findJob(in.Module, in.Name)
	if err != nil {
		return Page[runInfo]{}, err
	}
	key, list := d.vault.subkey("jobs cursor"), "jobs/"+k.Module+"/"+k.Name
	before, err := query.Open(key, list, "", in.Cursor, bySeq())
	if err != nil {
		return Page[runInfo]{}, errBadCursor
	}
	seq := int64(0)
	if len(before) > 0 {
		seq, _ = before[0].(int64) // Open has checked it
	}
	runs, err := d.jobs.Runs(ctx, k, seq, in.Limit+1)
	if err != nil {
		return Page[runInfo]{}, err
	}
	out := Page[runInfo]{}
	for i, run := range runs {
		if i == in.Limit {
			out.NextCursor, err = query.Seal(key, list, "", []any{runs[i-1].Seq})
			break
		}
		out.Items = append(out.Items, runInfoOf(run))
	}
	return out, err
}

type runJobIn struct {
	Module string `path:"module"`
	Name   string `path:"name"`
}

type runJobOut struct {
	ID string `json:"id" doc:"The run, as the job's history lists it."`
}

func (d *Dashboard) runJob(ctx context.Context, in runJobIn) (runJobOut, error) {
	k, err := d.findJob(in.Module, in.Name)
	if err != nil {
		return runJobOut{}, err
	}
	id, err := d.jobs.Run(ctx, k)
	switch {
	case errors.Is(err, jobs.ErrNotHere):
		return runJobOut{}, &Error{Status: http.StatusConflict, Code: "module-not-enabled",
			Detail: "The job's module is not enabled on this instance.", Err: err}
	case errors.Is(err, jobs.ErrRunning):
		return runJobOut{}, &Error{Status: http.StatusConflict, Code: "job-running", Detail: "The job is running.", Err: err}
	case err != nil:
		return runJobOut{}, err
	}
	return runJobOut{ID: id}, d.db.Update(ctx, func(tx *storage.Tx) error {
		return d.audit(ctx, tx, "job.run", k.Module+"/"+k.Name, map[string]string{"run": id})
	})
}
