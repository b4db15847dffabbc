package proc

import (
	"bytes"
	"math"
)

// sector is the unit of /proc/diskstats, whatever the device's own is.
const sector = 512

// BlockDevice is one line of /proc/diskstats: what a device has done since boot.
type BlockDevice struct {
	Name               string
	Reads, ReadBytes   uint64
	Writes, WriteBytes uint64
	BusyMillis         uint64 // time with at least one request in flight
}

// ParseDiskstats reads the text of /proc/diskstats and returns one BlockDevice a
// line, partitions and virtual devices included, in the kernel's order. It
// reuses dst. An empty text is no error: a machine may have no block device.
func ParseDiskstats(text []byte, dst []BlockDevice) ([]BlockDevice, error) {
	dst = dst[:0]
	lines := 0
	for len(text) > 0 {
		var line []byte
		line, text = nextLine(text)
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		lines++
		_, line = nextField(line) // major
		_, line = nextField(line) // minor
		name, line := nextField(line)
		var column [10]uint64
		if len(name) == 0 || parseUints(line, column[:]) < len(column) {
			continue
		}
		dst = grow(dst)
		last := &dst[len(dst)-1]
		*last = BlockDevice{
			Name:  reuse(last.Name, name),
			Reads: column[0], ReadBytes: sectors(column[2]),
			Writes: column[4], WriteBytes: sectors(column[6]),
			BusyMillis: column[9],
		}
	}
	if lines > 0 && len(dst) == 0 {
		return dst, malformed("diskstats", "device line")
	}
	return dst, nil
}

func sectors(n uint64) uint64 {
	if n > math.MaxUint64/sector {
		return math.MaxUint64
	}
	return n * sector
}

// Physical reports whether devices[i] is a whole disk that no other line counts
// already: not a partition of another device in the list, and not one of the
// kernel's devices that sit in memory or on top of other disks.
func Physical(devices []BlockDevice, i int) bool {
	name := devices[i].Name
	for _, prefix := range [...]string{"loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd", "drbd"} {
		if hasNumberAfter(name, prefix) {
			return false
		}
	}
	for j := range devices {
		if j != i && partitionOf(name, devices[j].Name) {
			return false
		}
	}
	return true
}

// partitionOf reports whether name is disk and a partition number: sda1 of sda,
// nvme0n1p2 of nvme0n1.
func partitionOf(name, disk string) bool {
	if len(disk) == 0 || len(name) <= len(disk) || name[:len(disk)] != disk {
		return false
	}
	if digit(disk[len(disk)-1]) {
		return hasNumberAfter(name, disk+"p")
	}
	return hasNumberAfter(name, disk)
}

func hasNumberAfter(name, prefix string) bool {
	return len(name) > len(prefix) && name[:len(prefix)] == prefix && digit(name[len(prefix)])
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
