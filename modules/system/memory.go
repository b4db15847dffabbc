package system

import (
	"io/fs"
	"path"
	"time"

	"github.com/modular-dashboard/dashboard/modules/system/internal/proc"
)

// limits is what the container may use.
type limits struct {
	group  string  // the cgroup that limits memory, as a path below the tree; empty: none does
	memory uint64  // its limit in bytes
	cpus   float64 // the lowest limit of CPUs on the way up; zero: none
}

func (c *collector) collectMemory(s *Snapshot) error {
	text, err := c.proc.Read("meminfo")
	if err != nil {
		return err
	}
	info, err := proc.ParseMeminfo(text)
	if err != nil {
		return err
	}
	m := &Memory{
		Total: info.Total, Available: info.Available, Used: info.Total - info.Available,
		Cached: info.Cached + info.Reclaimable, SwapTotal: info.SwapTotal, SwapUsed: info.SwapTotal - info.SwapFree,
	}
	if c.limits.group != "" && c.limits.memory < m.Total {
		c.limitMemory(m)
	}
	m.Percent = share(m.Used, m.Total)
	s.Memory = m
	return nil
}

// limitMemory puts the container's figures in place of the machine's. What the
// group could give back (inactive pages of files) does not count as used.
func (c *collector) limitMemory(m *Memory) {
	text, err := c.cgroup.Read(path.Join(c.limits.group, "memory.current"))
	if err != nil {
		return
	}
	used, ok := proc.ParseLimit(text)
	if !ok {
		return
	}
	cached := uint64(0)
	if text, err = c.cgroup.Read(path.Join(c.limits.group, "memory.stat")); err == nil {
		inactive, _ := proc.ParseKey(text, "inactive_file")
		used -= min(inactive, used)
		cached, _ = proc.ParseKey(text, "file")
	}
	m.Total, m.Cached, m.Limited = c.limits.memory, cached, true
	m.Used = min(used, m.Total)
	m.Available = m.Total - m.Used
}

// refreshLimits reads the mounts and the limits of this process's cgroup and of
// those above it, of which the lowest counts.
func (c *collector) refreshLimits(now time.Time) {
	if !c.limitsAt.IsZero() && now.Sub(c.limitsAt) < refreshLimits {
		return
	}
	c.limitsAt = now
	c.limits = limits{}
	c.readMounts()
	if c.cgroup == nil {
		return
	}
	text, err := c.proc.Read("self/cgroup")
	if err != nil {
		return
	}
	own, ok := proc.ParseCgroup(text)
	if !ok {
		return
	}
	group := path.Join(".", own)
	if !fs.ValidPath(group) {
		group = "." // another namespace's path: the root is what we can see
	}
	for {
		c.limitBy(group)
		if group == "." {
			return
		}
		group = path.Dir(group)
	}
}

func (c *collector) limitBy(group string) {
	if text, err := c.cgroup.Read(path.Join(group, "memory.max")); err == nil {
		limit, ok := proc.ParseLimit(text)
		if ok && limit > 0 && (c.limits.group == "" || limit < c.limits.memory) {
			c.limits.group, c.limits.memory = group, limit
		}
	}
	if text, err := c.cgroup.Read(path.Join(group, "cpu.max")); err == nil {
		cpus, ok := proc.ParseCPUMax(text)
		if ok && cpus > 0 && (c.limits.cpus == 0 || cpus < c.limits.cpus) {
			c.limits.cpus = cpus
		}
	}
}
