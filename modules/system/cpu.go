package system

import "github.com/modular-dashboard/dashboard/modules/system/internal/proc"

// cpuBetween is how busy the processors were between two readings, nil where no
// time has passed on any of them.
func cpuBetween(before, after *proc.Stat) *CPU {
	total, ok := spent(before.Total, after.Total)
	if !ok {
		return nil
	}
	cpu := &CPU{
		Percent: total.busy(), User: total.percent(total.user), System: total.percent(total.system),
		IOWait: total.percent(total.wait), Steal: total.percent(total.steal),
		Cores: make([]Core, 0, len(after.Cores)),
	}
	next := 0
	for _, core := range after.Cores {
		for next < len(before.Cores) && before.Cores[next].ID < core.ID {
			next++
		}
		if next == len(before.Cores) || before.Cores[next].ID != core.ID {
			continue // came online just now
		}
		if one, ok := spent(before.Cores[next].CPUTimes, core.CPUTimes); ok {
			cpu.Cores = append(cpu.Cores, Core{ID: core.ID, Percent: one.busy()})
		}
	}
	return cpu
}

// times is where processor time went between two readings, in ticks.
type times struct {
	user, system, wait, steal, idle uint64
}

func spent(before, after proc.CPUTimes) (times, bool) {
	t := times{
		user: since(before.User, after.User) + since(before.Nice, after.Nice),
		system: since(before.System, after.System) + since(before.IRQ, after.IRQ) +
			since(before.SoftIRQ, after.SoftIRQ),
		wait:  since(before.IOWait, after.IOWait),
		steal: since(before.Steal, after.Steal),
		idle:  since(before.Idle, after.Idle),
	}
	return t, t.total() > 0
}

func (t times) total() uint64 { return t.user + t.system + t.wait + t.steal + t.idle }

func (t times) percent(part uint64) float64 { return share(part, t.total()) }

func (t times) busy() float64 { return t.percent(t.user + t.system + t.steal) }

// since is how far a counter went. The kernel lets some counters slip back a
// little, and a device that was replaced starts at zero: both count as nothing.
func since(before, after uint64) uint64 {
	if after < before {
		return 0
	}
	return after - before
}

// share is part of whole in percent.
func share(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return min(100*float64(part)/float64(whole), 100)
}
