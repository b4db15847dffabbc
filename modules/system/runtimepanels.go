package system

import (
	"context"
	"fmt"

	"github.com/modular-dashboard/dashboard"
)

func (m *Module) runtimePanels(r *dashboard.Router) {
	rule, often := dashboard.Require(Read), dashboard.Refresh(panelRefresh)
	r.Panel(dashboard.Stat("go-heap", "Go heap", m.runtimeStat("go_heap", func(g *Runtime) string {
		return "next collection at " + bytesText(g.HeapGoal)
	}), rule, often, dashboard.Unit(dashboard.UnitBytes)))
	r.Panel(dashboard.Stat("go-goroutines", "Goroutines", m.runtimeStat("go_goroutines", func(g *Runtime) string {
		return fmt.Sprintf("on %s, %s", counted(g.MaxProcs, "processor", "processors"), g.Version)
	}), rule, often, dashboard.Unit(dashboard.UnitCount)))
	r.Panel(dashboard.Stat("go-gc", "Garbage collection", m.runtimeStat("go_gc", func(g *Runtime) string {
		return fmt.Sprintf("of CPU time; %d collections", g.GCCycles)
	}), rule, often, dashboard.Unit(dashboard.UnitPercent)))
	r.Panel(dashboard.Stat("go-latency", "Scheduling latency", m.runtimeStat("go_latency", func(*Runtime) string {
		return "that ready goroutines wait, 99th percentile"
	}), rule, often, dashboard.Unit(dashboard.UnitSeconds)))
	r.Panel(dashboard.Timeseries("go-memory", "Go memory", m.chart("go_heap", "go_memory"),
		rule, often, ranges(), dashboard.Unit(dashboard.UnitBytes)))
	r.Panel(dashboard.Timeseries("go-allocations", "Go allocations", m.chart("go_alloc_rate"),
		rule, often, ranges(), dashboard.Unit(dashboard.UnitBytesPerSecond)))
}

// runtimeStat returns the data function of a panel with one metric of the Go runtime.
func (m *Module) runtimeStat(name string, note func(*Runtime) string) func(context.Context) (dashboard.StatData, error) {
	of := m.metrics[column(m.metrics, name)]
	return func(context.Context) (dashboard.StatData, error) {
		s, err := m.now()
		if err != nil {
			return dashboard.StatData{}, err
		}
		return dashboard.StatData{
			Value: of.value(s), Unit: of.unit, Note: note(&s.Runtime), Spark: m.spark(name), AsOf: s.At,
		}, nil
	}
}
