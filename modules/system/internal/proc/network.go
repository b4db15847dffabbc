package proc

import "bytes"

// Interface is one line of /proc/net/dev: what a network interface has carried
// since it came up.
type Interface struct {
	Name                                  string
	RxBytes, RxPackets, RxErrors, RxDrops uint64
	TxBytes, TxPackets, TxErrors, TxDrops uint64
}

// ParseNetDev reads the text of /proc/net/dev and returns one Interface a line,
// in the kernel's order. It reuses dst. It is an error if the heading is missing.
func ParseNetDev(text []byte, dst []Interface) ([]Interface, error) {
	dst = dst[:0]
	line, text := nextLine(text)
	if !bytes.HasPrefix(line, []byte("Inter-|")) {
		return dst, malformed("net/dev", "heading")
	}
	_, text = nextLine(text)
	for len(text) > 0 {
		line, text = nextLine(text)
		// An alias may hold a colon ("eth0:1"), numbers never do.
		colon := bytes.LastIndexByte(line, ':')
		if colon < 0 {
			continue
		}
		name := bytes.TrimSpace(line[:colon])
		var column [12]uint64
		if len(name) == 0 || parseUints(line[colon+1:], column[:]) < len(column) {
			continue
		}
		dst = grow(dst)
		last := &dst[len(dst)-1]
		*last = Interface{
			Name:    reuse(last.Name, name),
			RxBytes: column[0], RxPackets: column[1], RxErrors: column[2], RxDrops: column[3],
			TxBytes: column[8], TxPackets: column[9], TxErrors: column[10], TxDrops: column[11],
		}
	}
	return dst, nil
}
