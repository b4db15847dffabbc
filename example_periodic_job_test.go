package dashboard_test

import (
	"context"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// reminders is a module with work that runs every weekday morning.
type reminders struct{}

func (reminders) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "reminders", Version: "1.0.0"}
}

func (reminders) Routes(*dashboard.Router) error { return nil }

func (reminders) Jobs() []dashboard.Job {
	return []dashboard.Job{{
		Name: "send", Title: "Send reminders",
		Schedule: "30 8 * * mon-fri",
		Missed:   dashboard.MissedRunOnce, // after a night off, once
		Timeout:  10 * time.Minute,
		Run: func(context.Context) error {
			fmt.Println("reminders are sent")
			return nil
		},
	}}
}

// A periodic job runs once per fleet while its module is enabled. People see when
// it ran, how it ended and when it comes next, and may start it by hand.
func ExampleJobRunner() {
	d, stop := startDemo(reminders{})
	defer stop()
	d.do(d.owner, "POST", "/api/v1/jobs/reminders/send/run", "")
	d.wait("/api/v1/jobs/reminders/send/runs", `"outcome":"ok"`)
	d.wait("/api/v1/jobs", `"schedule":"30 8 * * mon-fri","zone":"UTC"`)
	// Output:
	// reminders are sent
}
