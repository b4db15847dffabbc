package proc

import "bytes"

// ParseCgroup reads the text of /proc/self/cgroup and returns the path of this
// process in the cgroup v2 tree, "/" at its root. It is false where only the old
// version is in use.
func ParseCgroup(text []byte) (path string, ok bool) {
	for len(text) > 0 {
		var line []byte
		line, text = nextLine(text)
		if rest, found := bytes.CutPrefix(line, []byte("0::/")); found {
			return "/" + string(rest), true
		}
	}
	return "", false
}

// ParseLimit reads a cgroup v2 file of one number, such as memory.max. It is
// false for "max", which means no limit, and for anything that is no number.
func ParseLimit(text []byte) (uint64, bool) {
	return parseUint(bytes.TrimSpace(text))
}

// ParseCPUMax reads the cgroup v2 file cpu.max: how many CPUs' worth of time the
// group may use. It is false where there is no limit.
func ParseCPUMax(text []byte) (cpus float64, ok bool) {
	line, _ := nextLine(text)
	var value [2]uint64
	if parseUints(line, value[:]) < len(value) || value[1] == 0 {
		return 0, false
	}
	return float64(value[0]) / float64(value[1]), true
}

// ParseKey finds "key number" in a cgroup v2 file of such lines, such as
// memory.stat. It is false where the key is missing.
func ParseKey(text []byte, key string) (uint64, bool) {
	for len(text) > 0 {
		var line []byte
		line, text = nextLine(text)
		name, values := nextField(line)
		if string(name) == key {
			field, _ := nextField(values)
			return parseUint(field)
		}
	}
	return 0, false
}
