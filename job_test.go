package dashboard_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// worker is a module with jobs.
type worker struct {
	jobs []dashboard.Job
}

func (*worker) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "worker", Version: "1.0.0"}
}

func (*worker) Routes(*dashboard.Router) error { return nil }

func (w *worker) Jobs() []dashboard.Job { return w.jobs }

type jobAnswer struct {
	Module, Name, Title, Schedule, Zone, Missed string
	PerInstance                                 bool       `json:"per_instance"`
	NextAt                                      *time.Time `json:"next_at"`
	Running                                     bool
	Last                                        *runAnswer
}

type runAnswer struct {
	ID, Instance, Outcome, Trigger, Error string
	StartedAt                             time.Time  `json:"started_at"`
	EndedAt                               *time.Time `json:"ended_at"`
}

func (s *server) jobs() (out []jobAnswer) {
	s.t.Helper()
	var page struct{ Items []jobAnswer }
	s.owner().get("/api/v1/jobs").wantStatus(http.StatusOK).decode(&page)
	return page.Items
}

type runsAnswer struct {
	Items      []runAnswer
	NextCursor string `json:"next_cursor"`
}

func (s *server) runs(name, query string) (page runsAnswer) {
	s.t.Helper()
	s.owner().get("/api/v1/jobs/worker/" + name + "/runs" + query).wantStatus(http.StatusOK).decode(&page)
	return page
}

func TestJobMistakesStopNew(t *testing.T) {
	t.Parallel()
	fine := func(context.Context) error { return nil }
	for want, j := range map[string]dashboard.Job{
		`job x: schedule "": want five fields`:   {Name: "x", Run: fine},
		"hour \"25\": want numbers from 0 to 23": {Name: "x", Schedule: "0 25 * * *", Run: fine},
		"job \"X\": a name is":                   {Name: "X", Schedule: "@hourly", Run: fine},
		"job x has no function":                  {Name: "x", Schedule: "@hourly"},
		"unknown policy 7":                       {Name: "x", Schedule: "@hourly", Run: fine, Missed: 7},
		"timeout -1ns is negative":               {Name: "x", Schedule: "@hourly", Run: fine, Timeout: -1},
	} {
		_, err := dashboard.New(memory(t), dashboard.WithModules(&worker{jobs: []dashboard.Job{j}}))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "module worker") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestJobsAPI(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := newServer(t, dashboard.WithModules(&worker{jobs: []dashboard.Job{
		{Name: "bill", Title: "Send bills", Schedule: "0 9 * * mon-fri", Zone: time.FixedZone("office", 3600), Missed: dashboard.MissedRunOnce,
			Run: func(ctx context.Context) error {
				if dashboard.JobLease(ctx) == nil {
					t.Error("the job has no lease")
				}
				return errors.New("no paper; password=hunter2hunter2")
			}},
		{Name: "wait", Schedule: "@yearly", PerInstance: true, Run: func(ctx context.Context) error {
			select {
			case <-release:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}},
	}}))
	s.waitState("worker", "enabled")
	list := s.jobs()
	if len(list) != 2 {
		t.Fatalf("got %+v", list)
	}
	bill, wait := list[0], list[1]
	if bill.Module != "worker" || bill.Name != "bill" || bill.Title != "Send bills" || bill.Zone != "office" || bill.Schedule != "0 9 * * mon-fri" ||
		bill.Missed != "run-once" || bill.PerInstance || bill.NextAt == nil || bill.NextAt.UTC().Hour() != 8 || bill.Last != nil {
		t.Errorf("got %+v", bill)
	}
	if wait.Title != "wait" || wait.Missed != "skip" || !wait.PerInstance || wait.Zone != "UTC" {
		t.Errorf("got %+v", wait)
	}

	var begun struct{ ID string }
	s.owner().do("POST", "/api/v1/jobs/worker/bill/run", nil).wantStatus(http.StatusAccepted).decode(&begun)
	eventually(t, "the run has ended", func() bool { return s.jobs()[0].Last != nil })
	if last := s.jobs()[0].Last; last.ID != begun.ID || last.Outcome != "failed" || last.Error != "no paper; password=[redacted]" || last.Trigger != "manual" || last.EndedAt == nil {
		t.Errorf("got %+v", last)
	}
	s.owner().do("POST", "/api/v1/jobs/worker/wait/run", nil).wantStatus(http.StatusAccepted)
	s.owner().do("POST", "/api/v1/jobs/worker/wait/run", nil).wantProblem(http.StatusConflict, "job-running")
	if j := s.jobs()[1]; !j.Running || j.Last != nil || s.runs("wait", "").Items[0].Outcome != "running" {
		t.Errorf("while it runs: got %+v", j)
	}
	close(release)
	eventually(t, "the run has ended", func() bool { return !s.jobs()[1].Running })
	s.owner().get("/api/v1/modules/worker").wantStatus(http.StatusOK)
	if a := s.owner().get("/api/v1/modules/worker"); !strings.Contains(string(a.body), `"capabilities":["jobs"]`) {
		t.Errorf("got %s, want the capability jobs", a.body)
	}
	if a := s.owner().get("/api/v1/audit?action=job.run"); !strings.Contains(string(a.body), `"target":"worker/bill"`) {
		t.Errorf("got %s, want the run in the audit log", a.body)
	}

	s.act("worker", "disable", "installed")
	if s.jobs()[0].NextAt != nil {
		t.Error("a disabled module has a next time")
	}
	s.owner().do("POST", "/api/v1/jobs/worker/bill/run", nil).wantProblem(http.StatusConflict, "module-not-enabled")
	s.owner().do("POST", "/api/v1/jobs/worker/none/run", nil).wantProblem(http.StatusNotFound, "not-found")
	s.owner().get("/api/v1/jobs/none/bill/runs").wantProblem(http.StatusNotFound, "not-found")
	s.owner().do("POST", "/api/v1/modules/worker/uninstall?purge=true", nil).wantStatus(http.StatusAccepted)
	s.waitState("worker", "available")
	if got := s.runs("bill", "").Items; len(got) != 0 {
		t.Errorf("after a purge: got %+v", got)
	}
}

func TestJobsAccess(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(&worker{jobs: []dashboard.Job{
		{Name: "job", Schedule: "@yearly", Run: func(context.Context) error { return nil }}}}))
	s.waitState("worker", "enabled")
	reader, stranger := s.member("reader", "dashboard.system.read"), s.member("stranger", "dashboard.modules.read")
	reader.get("/api/v1/jobs").wantStatus(http.StatusOK)
	reader.get("/api/v1/jobs/worker/job/runs").wantStatus(http.StatusOK)
	reader.do("POST", "/api/v1/jobs/worker/job/run", nil).wantProblem(http.StatusForbidden, "permission-missing")
	stranger.get("/api/v1/jobs").wantProblem(http.StatusForbidden, "permission-missing")
	stranger.get("/api/v1/jobs/worker/job/runs").wantProblem(http.StatusForbidden, "permission-missing")
	s.as("").get("/api/v1/jobs").wantProblem(http.StatusUnauthorized, "unauthenticated")
}

func TestJobHistoryPages(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(&worker{jobs: []dashboard.Job{
		{Name: "job", Schedule: "@yearly", Run: func(context.Context) error { return nil }},
		{Name: "other", Schedule: "@yearly", Run: func(context.Context) error { return nil }}}}))
	s.waitState("worker", "enabled")
	var ids []string
	for range 5 {
		var begun struct{ ID string }
		eventuallyFast(t, "the job runs again", func() bool {
			a := s.owner().do("POST", "/api/v1/jobs/worker/job/run", nil)
			if a.status != http.StatusAccepted {
				return false
			}
			a.decode(&begun)
			return true
		})
		ids = append([]string{begun.ID}, ids...)
	}
	var got []string
	page := s.runs("job", "?limit=2")
	for {
		for _, run := range page.Items {
			got = append(got, run.ID)
		}
		if page.NextCursor == "" {
			break
		}
		s.owner().get("/api/v1/jobs/worker/other/runs?cursor="+page.NextCursor).wantProblem(http.StatusBadRequest, "bad-cursor")
		page = s.runs("job", "?limit=2&cursor="+page.NextCursor)
	}
	if strings.Join(got, " ") != strings.Join(ids, " ") {
		t.Errorf("got %q, want %q", got, ids)
	}
	s.owner().get("/api/v1/jobs/worker/job/runs?cursor=x").wantProblem(http.StatusBadRequest, "bad-cursor")
	s.owner().get("/api/v1/jobs/worker/job/runs?limit=0").wantProblem(http.StatusUnprocessableEntity, "invalid-input")
}

// Two dashboards on one database keep each time once, and a module that is
// disabled runs nothing any more on either.
func TestJobsOfAFleet(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "fleet.db")
	var ran atomic.Int64
	start := func() *server {
		return openServer(t, file, dashboard.WithModules(&worker{jobs: []dashboard.Job{
			{Name: "tick", Schedule: "@every 1s", Run: func(context.Context) error { ran.Add(1); return nil }}}}))
	}
	a, b := start(), start()
	a.waitState("worker", "enabled")
	eventually(t, "both instances have it", func() bool {
		return strings.Count(string(b.owner().get("/api/v1/modules/worker").body), `"state":"enabled"`) == 3
	})
	eventually(t, "it has run a few times", func() bool { return ran.Load() >= 6 })
	// One that is late on a busy machine may run in the second of the next.
	list := a.runs("tick", "").Items
	if n, took := len(list), list[0].StartedAt.Sub(list[len(list)-1].StartedAt); float64(n) > took.Seconds()+3 {
		t.Errorf("it ran %d times in %v", n, took)
	}
	a.act("worker", "disable", "installed")
	eventually(t, "both instances have stopped", func() bool {
		return strings.Count(string(b.owner().get("/api/v1/modules/worker").body), `"state":"installed"`) == 3
	})
	before := ran.Load()
	kept := len(b.runs("tick", "?limit=100").Items)
	at := time.Now()
	eventually(t, "two of its times have passed", func() bool { return time.Since(at) > 2*time.Second })
	if got := ran.Load(); got != before || len(b.runs("tick", "?limit=100").Items) != kept {
		t.Errorf("it runs on: %d runs, then %d", before, got)
	}
}

// Panics of a job count as panics of its module.
func TestJobPanics(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithModules(&worker{jobs: []dashboard.Job{
		{Name: "job", Schedule: "@yearly", Run: func(context.Context) error { panic("boom") }}}}))
	s.waitState("worker", "enabled")
	s.owner().do("POST", "/api/v1/jobs/worker/job/run", nil).wantStatus(http.StatusAccepted)
	eventually(t, "the run has ended", func() bool { return s.jobs()[0].Last != nil })
	if last := s.jobs()[0].Last; last.Outcome != "failed" || last.Error != "panic: boom" {
		t.Errorf("got %+v", last)
	}
	eventually(t, "the panic is counted", func() bool {
		return strings.Contains(string(s.owner().get("/api/v1/modules/worker").body), `"panics":1`)
	})
}
