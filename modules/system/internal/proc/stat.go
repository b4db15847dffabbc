package proc

import "bytes"

// TicksPerSecond is the unit of the kernel's CPU times as user space sees them
// (USER_HZ): 100 on every architecture that Go supports.
const TicksPerSecond = 100

// CPUTimes is the time that one CPU, or all together, spent in each mode since
// boot, in ticks. Guest time is part of User and Nice, as the kernel counts it.
type CPUTimes struct {
	User, Nice, System, Idle, IOWait, IRQ, SoftIRQ, Steal uint64
}

// Core is one CPU that is online, with its number.
type Core struct {
	ID int
	CPUTimes
}

// Stat is what /proc/stat says.
type Stat struct {
	Total   CPUTimes
	Cores   []Core // those online, by number; offline ones are missing
	Running uint64 // tasks that can run now
	Blocked uint64 // tasks that wait for I/O
}

// ParseStat reads the text of /proc/stat into dst, whose Cores it reuses. It is
// an error if the line of all CPUs is missing.
func ParseStat(text []byte, dst *Stat) error {
	*dst = Stat{Cores: dst.Cores[:0]}
	found := false
	for len(text) > 0 {
		var line []byte
		line, text = nextLine(text)
		key, values := nextField(line)
		switch {
		case string(key) == "cpu":
			found = dst.Total.parse(values)
		case bytes.HasPrefix(key, []byte("cpu")):
			id, ok := parseUint(key[len("cpu"):])
			if !ok || id > 1<<20 {
				continue
			}
			core := Core{ID: int(id)}
			if core.parse(values) {
				dst.Cores = append(dst.Cores, core)
			}
		case string(key) == "procs_running":
			dst.Running = firstUint(values)
		case string(key) == "procs_blocked":
			dst.Blocked = firstUint(values)
		}
	}
	if !found {
		return malformed("stat", "cpu line")
	}
	return nil
}

// parse reads the columns after "cpu" or "cpu0". The first four have always
// been there; the rest came with later kernels.
func (t *CPUTimes) parse(values []byte) bool {
	var column [8]uint64
	n := parseUints(values, column[:])
	*t = CPUTimes{
		User: column[0], Nice: column[1], System: column[2], Idle: column[3],
		IOWait: column[4], IRQ: column[5], SoftIRQ: column[6], Steal: column[7],
	}
	return n >= 4
}

func firstUint(values []byte) uint64 {
	field, _ := nextField(values)
	n, _ := parseUint(field)
	return n
}
