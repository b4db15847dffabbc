package lifecycle_test

import (
	"fmt"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
)

// A plan is what an action leads to, printed before anything happens.
func ExamplePlan() {
	manifests := []lifecycle.Manifest{
		{ID: "billing", Version: "1.2.0"},
		{ID: "reports", Version: "2.0.0", Requires: []lifecycle.Requirement{{ID: "billing", Constraint: "^1.2"}}},
	}
	enabled := lifecycle.Record{Desired: lifecycle.Enabled, State: lifecycle.Installed, Version: "1.2.0"}
	d := lifecycle.Desired{Module: "billing", Op: lifecycle.OpDisable,
		Records: map[string]lifecycle.Record{"billing": enabled, "reports": enabled}}

	_, err := lifecycle.Plan(d, manifests)
	fmt.Println(err)

	d.Cascade = true
	steps, err := lifecycle.Plan(d, manifests)
	fmt.Print(lifecycle.Format(steps), err)
	// Output:
	// cannot disable billing: reports needs it
	// 1. disable reports
	// 2. disable billing
	// <nil>
}

// A record walks the diagram, step by step.
func ExampleRecord() {
	r := lifecycle.Record{Module: "billing", State: lifecycle.Available}
	r, _ = r.Apply(lifecycle.Input{Event: lifecycle.EventInstall, Target: "1.2.0"})
	fmt.Println(r.State, r.Step)
	fmt.Println(lifecycle.Remaining(r, lifecycle.Steps(lifecycle.OpInstall, lifecycle.Work{Migrations: []int{1}, Hook: true})))
	r, _ = r.Apply(lifecycle.Input{Event: lifecycle.EventDone})
	fmt.Println(r.State, r.Version)
	_, err := r.Apply(lifecycle.Input{Event: lifecycle.EventDisable})
	fmt.Println(err)
	// Output:
	// installing install/begin
	// [install/migration:1 install/hook install/done]
	// installed 1.2.0
	// module billing: installed has no disable
}
