package system

import "time"

// Snapshot is one look at the machine. What could not be measured is left out
// and named in Unavailable. Rates are averages since the sample before; the
// first sample after the module was enabled has none.
type Snapshot struct {
	At       time.Time `json:"at"`
	Host     string    `json:"host"`
	Platform string    `json:"platform" doc:"Operating system and architecture, such as linux/amd64."`
	// UptimeSeconds is the time since the machine booted.
	UptimeSeconds *float64    `json:"uptime_seconds,omitempty"`
	CPU           *CPU        `json:"cpu,omitempty"`
	Memory        *Memory     `json:"memory,omitempty"`
	Load          *Load       `json:"load,omitempty"`
	DiskIO        *DiskIO     `json:"disk_io,omitempty"`
	Traffic       *Traffic    `json:"traffic,omitempty"`
	Disks         []Disk      `json:"disks"`
	Devices       []Device    `json:"devices"`
	Interfaces    []Interface `json:"interfaces"`
	Processes     []Process   `json:"processes" doc:"The busiest ones, first the one that used the most CPU."`
	Runtime       Runtime     `json:"runtime"`
	Unavailable   []string    `json:"unavailable" doc:"The parts that this machine does not let us measure."`
}

// CPU is how busy the processors were, in percent of all of them together.
// Percent is everything but idle time and waiting for I/O.
type CPU struct {
	Percent float64 `json:"percent"`
	User    float64 `json:"user" doc:"Programs, those of low priority included."`
	System  float64 `json:"system" doc:"The kernel, interrupts included."`
	IOWait  float64 `json:"io_wait"`
	Steal   float64 `json:"steal" doc:"Time that the hypervisor gave to other machines."`
	Cores   []Core  `json:"cores"`
	// LimitCores is how many CPUs' worth of time the container may use; zero means no limit.
	LimitCores float64 `json:"limit_cores,omitempty"`
}

// Core is how busy one processor was, in percent.
type Core struct {
	ID      int     `json:"id"`
	Percent float64 `json:"percent"`
}

// Memory is how full memory is, in bytes. Where the container has a limit lower
// than the machine's memory, Limited is true and the figures are the container's;
// swap is always the machine's.
type Memory struct {
	Total     uint64  `json:"total"`
	Used      uint64  `json:"used" doc:"What could not be had back without swapping."`
	Available uint64  `json:"available"`
	Cached    uint64  `json:"cached"`
	SwapTotal uint64  `json:"swap_total"`
	SwapUsed  uint64  `json:"swap_used"`
	Percent   float64 `json:"percent"`
	Limited   bool    `json:"limited"`
}

// Load is the number of tasks that run or wait, averaged over one, five and
// fifteen minutes.
type Load struct {
	One     float64 `json:"one"`
	Five    float64 `json:"five"`
	Fifteen float64 `json:"fifteen"`
	Running uint64  `json:"running"`
	Blocked uint64  `json:"blocked"`
}

// Disk is a local file system, in bytes. Percent is of what ordinary users can
// have, as df(1) counts.
type Disk struct {
	Mount     string  `json:"mount"`
	Type      string  `json:"type"`
	Source    string  `json:"source"`
	Total     uint64  `json:"total"`
	Used      uint64  `json:"used"`
	Available uint64  `json:"available"`
	Percent   float64 `json:"percent"`
}

// DiskIO is what all whole disks together read and wrote, in bytes per second.
type DiskIO struct {
	Read  float64 `json:"read"`
	Write float64 `json:"write"`
}

// Device is what one whole disk did: bytes and requests per second, and the
// share of time in percent with a request in flight.
type Device struct {
	Name   string  `json:"name"`
	Read   float64 `json:"read"`
	Write  float64 `json:"write"`
	Reads  float64 `json:"reads"`
	Writes float64 `json:"writes"`
	Busy   float64 `json:"busy"`
}

// Traffic is what all interfaces together received and sent, in bytes per
// second. Loopback, bridges, tunnels and the ends of container networks are left
// out: what they carry is nothing new or is counted by another interface.
type Traffic struct {
	In  float64 `json:"in"`
	Out float64 `json:"out"`
}

// Interface is what one network interface carried: bytes and packets per second,
// and errors and drops since it came up.
type Interface struct {
	Name       string  `json:"name"`
	In         float64 `json:"in"`
	Out        float64 `json:"out"`
	PacketsIn  float64 `json:"packets_in"`
	PacketsOut float64 `json:"packets_out"`
	Errors     uint64  `json:"errors"`
	Drops      uint64  `json:"drops"`
}

// Process is one of the busiest processes. Its command line is not shown: it may
// hold secrets.
type Process struct {
	PID         int     `json:"pid"`
	Name        string  `json:"name" doc:"The kernel's short name, at most 15 characters."`
	State       string  `json:"state"`
	CPU         float64 `json:"cpu" doc:"Percent of one CPU."`
	MemoryBytes uint64  `json:"memory_bytes"`
	Threads     int     `json:"threads"`
	AgeSeconds  float64 `json:"age_seconds"`
}

// Runtime is the state of this process's Go runtime.
type Runtime struct {
	Version    string `json:"version"`
	MaxProcs   int    `json:"max_procs"`
	Goroutines uint64 `json:"goroutines"`
	HeapBytes  uint64 `json:"heap_bytes" doc:"Live and not yet swept objects."`
	HeapGoal   uint64 `json:"heap_goal" doc:"The heap size at which the next collection ends."`
	TotalBytes uint64 `json:"total_bytes" doc:"All memory the runtime got from the system and has not given back."`
	GCCycles   uint64 `json:"gc_cycles"`
	// Rates since the sample before.
	AllocRate float64 `json:"alloc_rate" doc:"Bytes allocated per second."`
	GCPercent float64 `json:"gc_percent" doc:"Share of the process's CPU time spent on garbage collection."`
	// Seconds that goroutines which could run waited before they ran.
	LatencyP50 float64 `json:"latency_p50"`
	LatencyP99 float64 `json:"latency_p99"`
}
