package proc

import "math"

// Meminfo is the part of /proc/meminfo that tells how full memory is, in bytes.
type Meminfo struct {
	Total, Free, Available, Buffers, Cached, Reclaimable, Shared uint64
	SwapTotal, SwapFree                                          uint64
}

// ParseMeminfo reads the text of /proc/meminfo. Kernels before 3.14 have no
// MemAvailable: it is then estimated from what is free or cached. It is an error
// if MemTotal is missing.
func ParseMeminfo(text []byte) (Meminfo, error) {
	var m Meminfo
	available := false
	for len(text) > 0 {
		var line []byte
		line, text = nextLine(text)
		key, values := nextField(line)
		var dst *uint64
		switch string(key) {
		case "MemTotal:":
			dst = &m.Total
		case "MemFree:":
			dst = &m.Free
		case "MemAvailable:":
			dst, available = &m.Available, true
		case "Buffers:":
			dst = &m.Buffers
		case "Cached:":
			dst = &m.Cached
		case "SReclaimable:":
			dst = &m.Reclaimable
		case "Shmem:":
			dst = &m.Shared
		case "SwapTotal:":
			dst = &m.SwapTotal
		case "SwapFree:":
			dst = &m.SwapFree
		default:
			continue
		}
		*dst = kibibytes(firstUint(values))
	}
	if m.Total == 0 {
		return Meminfo{}, malformed("meminfo", "MemTotal")
	}
	if !available {
		m.Available = m.Free + m.Buffers + m.Cached
	}
	m.Free = min(m.Free, m.Total)
	m.Available = min(m.Available, m.Total)
	m.SwapFree = min(m.SwapFree, m.SwapTotal)
	return m, nil
}

// kibibytes turns the kernel's "kB", which are 1024 bytes, into bytes.
func kibibytes(n uint64) uint64 {
	if n > math.MaxUint64/1024/8 { // leaves room for sums
		return math.MaxUint64 / 8
	}
	return n * 1024
}
