package dashboard_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// sampler measures something while it is enabled.
type sampler struct {
	host    *dashboard.Host
	samples atomic.Int64
}

var readSamples = dashboard.NewPermission("sample.read", "Read samples")

func (*sampler) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "sampler", Version: "1.0.0", Permissions: []dashboard.Permission{readSamples}}
}

func (s *sampler) Provision(h *dashboard.Host) error {
	s.host = h
	return nil
}

func (s *sampler) Routes(r *dashboard.Router) error {
	dashboard.Get(r, "/busy", func(context.Context, struct{}) (bool, error) {
		return s.samples.Load() > 2, nil
	}, dashboard.Require(readSamples))
	return nil
}

// Enable starts the work. It belongs to the host, which ends and awaits it.
func (s *sampler) Enable(context.Context) error { return s.host.Go(s.run) }

func (s *sampler) run(ctx context.Context) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			fmt.Println("the work ends")
			return
		case <-tick.C:
			s.samples.Add(1)
		}
	}
}

// Disable is called when requests and work have ended.
func (s *sampler) Disable(context.Context) error {
	fmt.Println("the module is disabled")
	return nil
}

// Background work runs exactly while the module is enabled: its context ends
// when the module is disabled, by a person or by the shutdown.
func ExampleHost_Go() {
	d, stop := startDemo(&sampler{})
	defer stop()
	d.wait("/api/v1/m/sampler/busy", "true")
	fmt.Println("the work runs")
	d.do(d.owner, "POST", "/api/v1/modules/sampler/disable", "")
	d.wait("/api/v1/modules/sampler", `"state":"installed"`)
	d.show(d.owner, "GET", "/api/v1/m/sampler/busy", "")
	// Output:
	// the work runs
	// the work ends
	// the module is disabled
	// 404 module-disabled: This module is disabled.
}
