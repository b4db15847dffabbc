package system

import (
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/modules/system/internal/proc"
)

func (c *collector) collectNetwork(s *Snapshot, elapsed time.Duration) error {
	c.nics, c.lastNICs = c.lastNICs, c.nics
	text, err := c.proc.Read("net/dev")
	if err == nil {
		c.nics, err = proc.ParseNetDev(text, c.nics)
	}
	if err != nil {
		c.nics = c.nics[:0]
		return err
	}
	if elapsed <= 0 || len(c.lastNICs) == 0 && len(c.nics) > 0 {
		return nil
	}
	s.Traffic = &Traffic{}
	for i := range c.nics {
		after := &c.nics[i]
		before := find(c.lastNICs, i, func(n *proc.Interface) bool { return n.Name == after.Name })
		if before == nil || after.RxBytes == 0 && after.TxBytes == 0 {
			continue // new, or never used
		}
		nic := Interface{
			Name: clean(after.Name),
			In:   rate(before.RxBytes, after.RxBytes, elapsed), PacketsIn: rate(before.RxPackets, after.RxPackets, elapsed),
			Out: rate(before.TxBytes, after.TxBytes, elapsed), PacketsOut: rate(before.TxPackets, after.TxPackets, elapsed),
			Errors: after.RxErrors + after.TxErrors, Drops: after.RxDrops + after.TxDrops,
		}
		if !inner(after.Name) {
			s.Traffic.In += nic.In
			s.Traffic.Out += nic.Out
		}
		if len(s.Interfaces) < maxInterfaces {
			s.Interfaces = append(s.Interfaces, nic)
		}
	}
	return nil
}

// maxInterfaces bounds how many interfaces are listed; the sum counts all. A
// machine full of containers has thousands.
const maxInterfaces = 64

// inner reports whether an interface's traffic stays on the machine or passes
// another interface as well, by the names that the tools in use give.
func inner(name string) bool {
	if name == "lo" {
		return true
	}
	for _, prefix := range [...]string{
		"veth", "docker", "br-", "virbr", "vnet", "tap", "tun", "wg", "cni", "cali", "flannel", "cilium", "lxc",
		"kube", "nodelocaldns", "ifb", "dummy", "bond", "team",
	} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return strings.ContainsAny(name, ".:@") // VLANs and aliases
}
