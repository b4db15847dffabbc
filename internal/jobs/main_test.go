package jobs_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/jobs"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// A fleet is some instances on one database file, in a bubble of time.
type fleet struct {
	t     *testing.T
	file  string
	ready chan struct{} // of instances that start from now on
}

// inFleet runs a test in a bubble, where clocks stand at the beginning of 2000.
func inFleet(t *testing.T, test func(t *testing.T, f *fleet)) {
	t.Helper()
	t.Parallel()
	file := filepath.Join(t.TempDir(), "fleet.db")
	synctest.Test(t, func(t *testing.T) { test(t, &fleet{t: t, file: file}) })
}

// An instance is a process of the fleet: it has a database of its own, and can
// be stopped, or die.
type instance struct {
	t        *testing.T
	db       *storage.DB
	runner   *jobs.Runner
	ctx      context.Context
	cancel   context.CancelFunc
	wg       sync.WaitGroup
	panicked atomic.Int64
}

func (f *fleet) start(name string, list ...jobs.Job) *instance {
	f.t.Helper()
	db, err := sqlite.Open(f.file)
	if err != nil {
		f.t.Fatal(err)
	}
	i := &instance{t: f.t, db: db}
	i.runner = jobs.New(db, storage.NewLocker(db), jobs.Options{Log: slog.New(slog.DiscardHandler), Instance: func() string { return name },
		Ready: f.ready, Panicked: func(context.Context, string, any, []byte) { i.panicked.Add(1) }})
	if err := i.runner.Start(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	i.enable(list...)
	return i
}

func (i *instance) enable(list ...jobs.Job) {
	i.ctx, i.cancel = context.WithCancel(context.Background())
	ctx := i.ctx
	i.runner.Attach("shop", list, func(fn func(context.Context)) { i.wg.Go(func() { fn(ctx) }) })
}

func (i *instance) disable() {
	i.cancel()
	i.wg.Wait()
}

// stop ends the instance as a program that is asked to stop does.
func (i *instance) stop() {
	i.t.Helper()
	i.disable()
	if err := i.runner.Shutdown(context.Background()); err != nil {
		i.t.Error(err)
	}
	if err := i.db.Close(); err != nil {
		i.t.Error(err)
	}
}

// die cuts the instance off from the database, so that it says nothing more; its
// goroutines end, unheard.
func (i *instance) die() {
	i.t.Helper()
	if err := i.db.Close(); err != nil {
		i.t.Error(err)
	}
	i.disable()
	if err := i.runner.Shutdown(context.Background()); err != nil {
		i.t.Error(err)
	}
}

func (i *instance) runs(name string) []jobs.Run {
	i.t.Helper()
	list, err := i.runner.Runs(i.t.Context(), jobs.Key{Module: "shop", Name: name}, 0, 1000)
	if err != nil {
		i.t.Fatal(err)
	}
	return list
}

// story is a job's history, oldest first, as "cause outcome".
func (i *instance) story(name string) (out []string) {
	i.t.Helper()
	list := i.runs(name)
	for k := range list {
		run := list[len(list)-1-k]
		out = append(out, run.Cause+" "+run.Outcome)
	}
	return out
}

// pass lets time pass, and everybody do what is due.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// every is a job with a schedule.
func every(t *testing.T, name, schedule string, run func(context.Context) error) jobs.Job {
	t.Helper()
	return jobs.Job{Name: name, Schedule: parse(t, schedule, "UTC"), Run: run}
}
