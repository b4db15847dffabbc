package system

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/modular-dashboard/dashboard/modules/system/internal/proc"
)

// maxDisks bounds how many file systems are shown.
const maxDisks = 64

// localFileSystem reports whether a file system is kept on a disk of this
// machine. Others are left out on purpose: those in memory tell nothing of
// disks, and asking a network file system for its size can block for ever.
func localFileSystem(kind string) bool {
	switch kind {
	case "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "bcachefs", "f2fs", "jfs", "reiserfs",
		"vfat", "exfat", "ntfs3", "hfsplus", "ufs", "overlay", "virtiofs":
		return true
	}
	return false
}

// readMounts picks one place for each local file system: the shortest.
func (c *collector) readMounts() {
	c.mounts = c.mounts[:0]
	text, err := c.proc.Read("self/mountinfo")
	if err != nil {
		return
	}
	all, err := proc.ParseMountinfo(text, nil)
	if err != nil {
		return
	}
	for _, mount := range all {
		if !localFileSystem(mount.Type) || mount.Type == "overlay" && mount.Point != "/" {
			continue
		}
		same := slices.IndexFunc(c.mounts, func(m proc.Mount) bool { return m.Device == mount.Device })
		switch {
		case same >= 0 && len(mount.Point) < len(c.mounts[same].Point):
			c.mounts[same] = mount
		case same < 0 && len(c.mounts) < maxDisks:
			c.mounts = append(c.mounts, mount)
		}
	}
	slices.SortFunc(c.mounts, func(a, b proc.Mount) int { return cmp.Compare(a.Point, b.Point) })
}

var errNoDisks = errors.New("no local file system can be measured")

func (c *collector) collectDisks(s *Snapshot) error {
	for _, mount := range c.mounts {
		u, err := c.statfs(mount.Point)
		if err != nil || u.total == 0 {
			continue // not for us to see, or gone
		}
		used := u.total - min(u.free, u.total)
		s.Disks = append(s.Disks, Disk{
			Mount: mount.Point, Type: mount.Type, Source: mount.Source,
			Total: u.total, Used: used, Available: u.available,
			Percent: share(used, used+u.available),
		})
	}
	if len(s.Disks) == 0 {
		return errNoDisks
	}
	return nil
}

func (c *collector) collectDevices(s *Snapshot, elapsed time.Duration) error {
	c.devices, c.lastDevices = c.lastDevices, c.devices
	text, err := c.proc.Read("diskstats")
	if err == nil {
		c.devices, err = proc.ParseDiskstats(text, c.devices)
	}
	if err != nil {
		c.devices = c.devices[:0]
		return err
	}
	if elapsed <= 0 || len(c.lastDevices) == 0 && len(c.devices) > 0 {
		return nil
	}
	s.DiskIO = &DiskIO{}
	for i := range c.devices {
		after := &c.devices[i]
		before := find(c.lastDevices, i, func(d *proc.BlockDevice) bool { return d.Name == after.Name })
		if before == nil || !proc.Physical(c.devices, i) {
			continue
		}
		d := Device{
			Name: after.Name,
			Read: rate(before.ReadBytes, after.ReadBytes, elapsed), Reads: rate(before.Reads, after.Reads, elapsed),
			Write: rate(before.WriteBytes, after.WriteBytes, elapsed), Writes: rate(before.Writes, after.Writes, elapsed),
			Busy: min(rate(before.BusyMillis, after.BusyMillis, elapsed)/10, 100),
		}
		s.DiskIO.Read += d.Read
		s.DiskIO.Write += d.Write
		s.Devices = append(s.Devices, d)
	}
	return nil
}

// find returns the element that matches, and looks first where it was last time.
func find[T any](list []T, at int, match func(*T) bool) *T {
	if at < len(list) && match(&list[at]) {
		return &list[at]
	}
	for i := range list {
		if match(&list[i]) {
			return &list[i]
		}
	}
	return nil
}

// rate is how far a counter went per second.
func rate(before, after uint64, elapsed time.Duration) float64 {
	if elapsed <= 0 {
		return 0
	}
	return float64(since(before, after)) / elapsed.Seconds()
}
