package dashboard_test

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// queue counts jobs that wait.
type queue struct {
	waiting atomic.Int64
	host    *dashboard.Host
}

var readQueue = dashboard.NewPermission("job.read", "See the queue")

func (*queue) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "queue", Version: "1.0.0", Title: "Queue", Permissions: []dashboard.Permission{readQueue}}
}

func (q *queue) Provision(h *dashboard.Host) error {
	q.host = h
	return nil
}

func (q *queue) Routes(r *dashboard.Router) error {
	r.Panel(dashboard.Stat("waiting", "Jobs waiting", func(context.Context) (dashboard.StatData, error) {
		return dashboard.StatData{Value: float64(q.waiting.Load()), AsOf: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, nil
	}, dashboard.Require(readQueue), dashboard.Refresh(10*time.Second), dashboard.Unit(dashboard.UnitCount)))
	return nil
}

// add counts a job, and has browsers read the panel again before its ten
// seconds are over.
func (q *queue) add() {
	q.waiting.Add(1)
	q.host.PanelChanged("waiting")
}

// A panel is a function that returns data; the UI draws it, and reads it again
// every now and then while it is on screen.
func ExampleStat() {
	q := &queue{}
	d, stop := startDemo(q)
	defer stop()
	q.add()
	q.add()
	d.show(d.owner, "GET", "/api/v1/panels", "")
	d.show(d.owner, "GET", "/api/v1/m/queue/panels/waiting", "")
	// Output:
	// 200 {"items":[{"module":"queue","id":"waiting","title":"Jobs waiting","kind":"stat","refresh_seconds":10,"width":1,"unit":"count","ranges":[]}]}
	// 200 {"value":2,"spark":[],"as_of":"2026-01-02T03:04:05Z"}
}
