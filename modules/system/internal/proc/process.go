package proc

import "bytes"

// Process is what /proc/<pid>/stat says of one process. PID and Start together
// name it: the kernel hands the same PID out again.
type Process struct {
	PID     int
	Name    string // the kernel's short name (comm): at most 15 bytes, any bytes
	State   byte   // R running, S sleeping, D waiting for I/O, Z zombie, …
	Ticks   uint64 // user and system time used, see TicksPerSecond
	Threads int
	Start   uint64 // ticks after boot
	Pages   uint64 // resident memory in pages
}

// Columns of /proc/<pid>/stat after the name, counted from the state.
const (
	statUserTime   = 11
	statSystemTime = 12
	statThreads    = 17
	statStart      = 19
	statResident   = 21
)

// ParseProcess reads the text of /proc/<pid>/stat into dst, whose Name it
// reuses where it is the same. The name may hold blanks and brackets, so it ends
// at the last bracket of the line.
func ParseProcess(text []byte, dst *Process) error {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return malformed("pid/stat", "name in brackets")
	}
	pid, ok := parseUint(bytes.TrimSpace(text[:open]))
	if !ok || pid == 0 || pid > 1<<31-1 {
		return malformed("pid/stat", "process id")
	}
	line, _ := nextLine(text[end+1:])
	state, line := nextField(line)
	if len(state) != 1 {
		return malformed("pid/stat", "state")
	}
	p := Process{PID: int(pid), Name: reuse(dst.Name, text[open+1:end]), State: state[0]}
	for column := 1; column <= statResident; column++ {
		var field []byte
		field, line = nextField(line)
		if len(field) == 0 {
			return malformed("pid/stat", "memory column")
		}
		p.set(column, field)
	}
	*dst = p
	return nil
}

// set takes over the columns that matter. Some columns are negative numbers,
// none of these is.
func (p *Process) set(column int, field []byte) {
	switch column {
	case statUserTime, statSystemTime:
		n, _ := parseUint(field)
		p.Ticks += n
	case statThreads:
		n, _ := parseUint(field)
		p.Threads = int(min(n, 1<<31-1))
	case statStart:
		p.Start, _ = parseUint(field)
	case statResident:
		p.Pages, _ = parseUint(field)
	}
}
