package system

import (
	"math"
	"slices"

	"github.com/modular-dashboard/dashboard"
)

// A metric is one column of the history.
type metric struct {
	name, title, unit string
	value             func(*Snapshot) float64 // NaN: not measured
}

// unitLoad and unitCores have no unit of their own: the number speaks.
const unitNone = ""

// measured lists the columns of the history, in order.
func measured() []metric {
	return []metric{
		{"cpu", "CPU", dashboard.UnitPercent, ofCPU(func(c *CPU) float64 { return c.Percent })},
		{"cpu_user", "Programs", dashboard.UnitPercent, ofCPU(func(c *CPU) float64 { return c.User })},
		{"cpu_system", "Kernel", dashboard.UnitPercent, ofCPU(func(c *CPU) float64 { return c.System })},
		{"cpu_io_wait", "Waiting for I/O", dashboard.UnitPercent, ofCPU(func(c *CPU) float64 { return c.IOWait })},
		{"cpu_steal", "Stolen", dashboard.UnitPercent, ofCPU(func(c *CPU) float64 { return c.Steal })},
		{"memory", "Memory", dashboard.UnitPercent, ofMemory(func(m *Memory) float64 { return m.Percent })},
		{"memory_used", "Used", dashboard.UnitBytes, ofMemory(func(m *Memory) float64 { return float64(m.Used) })},
		{"memory_cached", "Cached", dashboard.UnitBytes, ofMemory(func(m *Memory) float64 { return float64(m.Cached) })},
		{"swap_used", "Swap", dashboard.UnitBytes, ofMemory(func(m *Memory) float64 { return float64(m.SwapUsed) })},
		{"load_1", "1 minute", unitNone, ofLoad(func(l *Load) float64 { return l.One })},
		{"load_5", "5 minutes", unitNone, ofLoad(func(l *Load) float64 { return l.Five })},
		{"load_15", "15 minutes", unitNone, ofLoad(func(l *Load) float64 { return l.Fifteen })},
		{"network_in", "In", dashboard.UnitBytesPerSecond, ofTraffic(func(t *Traffic) float64 { return t.In })},
		{"network_out", "Out", dashboard.UnitBytesPerSecond, ofTraffic(func(t *Traffic) float64 { return t.Out })},
		{"disk_read", "Read", dashboard.UnitBytesPerSecond, ofDiskIO(func(d *DiskIO) float64 { return d.Read })},
		{"disk_write", "Written", dashboard.UnitBytesPerSecond, ofDiskIO(func(d *DiskIO) float64 { return d.Write })},
		{"go_heap", "Heap", dashboard.UnitBytes, func(s *Snapshot) float64 { return float64(s.Runtime.HeapBytes) }},
		{"go_memory", "From the system", dashboard.UnitBytes, func(s *Snapshot) float64 { return float64(s.Runtime.TotalBytes) }},
		{"go_goroutines", "Goroutines", dashboard.UnitCount, func(s *Snapshot) float64 { return float64(s.Runtime.Goroutines) }},
		{"go_alloc_rate", "Allocated", dashboard.UnitBytesPerSecond, func(s *Snapshot) float64 { return s.Runtime.AllocRate }},
		{"go_gc", "Garbage collection", dashboard.UnitPercent, func(s *Snapshot) float64 { return s.Runtime.GCPercent }},
		{"go_latency", "Scheduling latency", dashboard.UnitSeconds, func(s *Snapshot) float64 { return s.Runtime.LatencyP99 }},
	}
}

func column(list []metric, name string) int {
	return slices.IndexFunc(list, func(m metric) bool { return m.name == name })
}

func ofCPU(value func(*CPU) float64) func(*Snapshot) float64 {
	return func(s *Snapshot) float64 { return orNaN(s.CPU, value) }
}

func ofMemory(value func(*Memory) float64) func(*Snapshot) float64 {
	return func(s *Snapshot) float64 { return orNaN(s.Memory, value) }
}

func ofLoad(value func(*Load) float64) func(*Snapshot) float64 {
	return func(s *Snapshot) float64 { return orNaN(s.Load, value) }
}

func ofTraffic(value func(*Traffic) float64) func(*Snapshot) float64 {
	return func(s *Snapshot) float64 { return orNaN(s.Traffic, value) }
}

func ofDiskIO(value func(*DiskIO) float64) func(*Snapshot) float64 {
	return func(s *Snapshot) float64 { return orNaN(s.DiskIO, value) }
}

func orNaN[T any](part *T, value func(*T) float64) float64 {
	if part == nil {
		return math.NaN()
	}
	return value(part)
}
