package system

import (
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/modular-dashboard/dashboard/modules/system/internal/proc"
)

// refreshLimits is how often what hardly ever changes is read again: mounts and
// the limits of the container.
const refreshLimits = 30 * time.Second

// A collector turns the kernel's counters into snapshots. It remembers the last
// counters, because rates need two. It is not safe for concurrent use.
type collector struct {
	proc   *proc.Reader // nil where there is no Linux kernel
	cgroup *proc.Reader // nil where there is no cgroup tree
	statfs func(mount string) (usage, error)
	host   string
	page   uint64

	runtime *runtimeReader

	last     time.Time // of the sample before; zero: none
	limitsAt time.Time
	limits   limits

	stat, lastStat       proc.Stat
	devices, lastDevices []proc.BlockDevice
	nics, lastNICs       []proc.Interface
	mounts               []proc.Mount
	processes            processTable

	unavailable []string
}

// usage is what a file system says of its size, in bytes.
type usage struct {
	total, free, available uint64
}

func newCollector(procFS, cgroupFS fs.FS, statfs func(string) (usage, error)) *collector {
	c := &collector{statfs: statfs, page: uint64(os.Getpagesize()), runtime: newRuntimeReader()}
	c.host, _ = os.Hostname() // an unknown name is shown as none
	if procFS != nil {
		c.proc = proc.NewReader(procFS)
	}
	if cgroupFS != nil {
		c.cgroup = proc.NewReader(cgroupFS)
	}
	return c
}

// collect measures everything at once. It never fails as a whole.
func (c *collector) collect(now time.Time, top int) *Snapshot {
	s := &Snapshot{
		At: now.UTC(), Host: c.host, Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Disks: []Disk{}, Devices: []Device{}, Interfaces: []Interface{}, Processes: []Process{},
	}
	elapsed := time.Duration(0)
	if !c.last.IsZero() {
		elapsed = now.Sub(c.last)
	}
	c.unavailable = []string{}
	if c.proc == nil {
		c.unavailable = append(c.unavailable, "kernel")
	} else {
		c.refreshLimits(now)
		c.part("cpu", c.collectCPU(s))
		c.part("memory", c.collectMemory(s))
		c.part("load", c.collectLoad(s))
		c.part("network", c.collectNetwork(s, elapsed))
		c.part("disk i/o", c.collectDevices(s, elapsed))
		c.part("disks", c.collectDisks(s))
		c.part("processes", c.collectProcesses(s, now, top))
	}
	s.Runtime = c.runtime.read(elapsed)
	s.Unavailable = c.unavailable
	c.last = now
	return s
}

func (c *collector) part(name string, err error) {
	if err != nil {
		c.unavailable = append(c.unavailable, name)
	}
}

// forget makes the next sample the first one: nobody measured for a while.
func (c *collector) forget() {
	c.last = time.Time{}
	c.processes.forget()
	c.runtime.forget()
}

func (c *collector) collectCPU(s *Snapshot) error {
	c.stat, c.lastStat = c.lastStat, c.stat
	text, err := c.proc.Read("stat")
	if err == nil {
		err = proc.ParseStat(text, &c.stat)
	}
	if err != nil {
		c.stat = proc.Stat{Cores: c.stat.Cores[:0]}
		return err
	}
	if c.last.IsZero() || c.lastStat.Total == (proc.CPUTimes{}) {
		return nil
	}
	s.CPU = cpuBetween(&c.lastStat, &c.stat)
	if s.CPU != nil {
		s.CPU.LimitCores = c.limits.cpus
	}
	return nil
}

func (c *collector) collectLoad(s *Snapshot) error {
	text, err := c.proc.Read("uptime")
	if err != nil {
		return err
	}
	uptime, err := proc.ParseUptime(text)
	if err != nil {
		return err
	}
	seconds := uptime.Seconds()
	s.UptimeSeconds = &seconds
	if text, err = c.proc.Read("loadavg"); err != nil {
		return err
	}
	load, err := proc.ParseLoadavg(text)
	if err != nil {
		return err
	}
	s.Load = &Load{
		One: load.One, Five: load.Five, Fifteen: load.Fifteen,
		Running: c.stat.Running, Blocked: c.stat.Blocked,
	}
	return nil
}
