package system

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// panelRefresh is how often a browser reads a panel again.
const panelRefresh = 2 * time.Second

func (m *Module) kernelPanels(r *dashboard.Router) {
	rule, often := dashboard.Require(Read), dashboard.Refresh(panelRefresh)
	r.Panel(dashboard.Stat("cpu", "CPU", m.cpuStat, rule, often, dashboard.Unit(dashboard.UnitPercent)))
	r.Panel(dashboard.Stat("memory", "Memory", m.memoryStat, rule, often, dashboard.Unit(dashboard.UnitPercent)))
	r.Panel(dashboard.Stat("disk", "Fullest disk", m.diskStat, rule, often, dashboard.Unit(dashboard.UnitPercent)))
	r.Panel(dashboard.Stat("load", "Load, 1 minute", m.loadStat, rule, often))
	r.Panel(dashboard.Timeseries("cpu-history", "CPU over time", m.chart("cpu", "cpu_user", "cpu_system", "cpu_io_wait"),
		rule, often, ranges(), dashboard.Unit(dashboard.UnitPercent)))
	r.Panel(dashboard.Timeseries("memory-history", "Memory over time", m.chart("memory_used", "memory_cached", "swap_used"),
		rule, often, ranges(), dashboard.Unit(dashboard.UnitBytes)))
	r.Panel(dashboard.Timeseries("network-history", "Network", m.chart("network_in", "network_out"),
		rule, often, ranges(), dashboard.Unit(dashboard.UnitBytesPerSecond)))
	r.Panel(dashboard.Timeseries("disk-history", "Disk reads and writes", m.chart("disk_read", "disk_write"),
		rule, often, ranges(), dashboard.Unit(dashboard.UnitBytesPerSecond)))
	r.Panel(dashboard.Table("processes", "Busiest processes", m.processTable, rule, often, dashboard.Width(3),
		dashboard.About("Since the sample before. 100 % is one whole CPU.")))
	r.Panel(dashboard.Bar("cores", "CPU by core", m.coreBars, rule, often, dashboard.Width(1), dashboard.Unit(dashboard.UnitPercent)))
	r.Panel(dashboard.Table("disks", "Disks", m.diskTable, rule, often))
	r.Panel(dashboard.Table("interfaces", "Network interfaces", m.interfaceTable, rule, often))
}

func elsewhere(context.Context) (dashboard.MarkdownData, error) {
	return dashboard.MarkdownData{Markdown: fmt.Sprintf(
		"CPU, memory, disks, network and processes are read from the Linux kernel, and this is %s. "+
			"The Go runtime of this process is shown below.", runtime.GOOS)}, nil
}

// missing is the answer of a panel whose part cannot be measured here.
func missing(what string) error {
	return dashboard.Errorf(http.StatusServiceUnavailable, "not-measured", "%s cannot be measured on this machine.", what)
}

// waiting is a stat whose rate needs a second sample, which comes within a second.
func waiting(s *Snapshot) dashboard.StatData {
	return dashboard.StatData{Text: "…", Note: "measuring", Spark: []float64{}, AsOf: s.At}
}

func (s *Snapshot) lacks(part string) bool {
	return slices.Contains(s.Unavailable, part)
}

func (m *Module) cpuStat(context.Context) (dashboard.StatData, error) {
	s, err := m.now()
	switch {
	case err != nil:
		return dashboard.StatData{}, err
	case s.lacks("cpu"):
		return dashboard.StatData{}, missing("CPU")
	case s.CPU == nil:
		return waiting(s), nil
	}
	note := counted(len(s.CPU.Cores), "core", "cores")
	if s.CPU.LimitCores > 0 {
		note = "limited to " + strconv.FormatFloat(s.CPU.LimitCores, 'f', -1, 64) + " of " + note
	}
	return dashboard.StatData{
		Value: s.CPU.Percent, Unit: dashboard.UnitPercent, Note: note, Spark: m.spark("cpu"), AsOf: s.At,
	}, nil
}

func (m *Module) memoryStat(context.Context) (dashboard.StatData, error) {
	s, err := m.now()
	if err != nil {
		return dashboard.StatData{}, err
	}
	if s.Memory == nil {
		return dashboard.StatData{}, missing("Memory")
	}
	note := bytesText(s.Memory.Used) + " of " + bytesText(s.Memory.Total)
	if s.Memory.Limited {
		note += " (container)"
	}
	return dashboard.StatData{
		Value: s.Memory.Percent, Unit: dashboard.UnitPercent, Note: note, Spark: m.spark("memory"), AsOf: s.At,
	}, nil
}

func (m *Module) diskStat(context.Context) (dashboard.StatData, error) {
	s, err := m.now()
	if err != nil {
		return dashboard.StatData{}, err
	}
	if len(s.Disks) == 0 {
		return dashboard.StatData{}, missing("Disk usage")
	}
	fullest := s.Disks[0]
	for _, d := range s.Disks[1:] {
		if d.Percent > fullest.Percent {
			fullest = d
		}
	}
	return dashboard.StatData{
		Value: fullest.Percent, Unit: dashboard.UnitPercent, Spark: []float64{}, AsOf: s.At,
		Note: bytesText(fullest.Available) + " free on " + clean(fullest.Mount),
	}, nil
}

func (m *Module) loadStat(context.Context) (dashboard.StatData, error) {
	s, err := m.now()
	if err != nil {
		return dashboard.StatData{}, err
	}
	if s.Load == nil {
		return dashboard.StatData{}, missing("Load")
	}
	note := fmt.Sprintf("%.2f over 15 min", s.Load.Fifteen)
	if s.CPU != nil && s.UptimeSeconds != nil {
		note = "on " + counted(len(s.CPU.Cores), "core", "cores") +
			", up " + durationText(time.Duration(*s.UptimeSeconds*float64(time.Second)))
	}
	return dashboard.StatData{Value: s.Load.One, Note: note, Spark: m.spark("load_1"), AsOf: s.At}, nil
}
