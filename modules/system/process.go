package system

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/modular-dashboard/dashboard/modules/system/internal/proc"
)

// Bounds of reading the processes: how many at most, and how many times longer
// than the last reading took the pause after it is.
const (
	maxProcesses = 1 << 15
	processPause = 100
)

// processTable finds the processes that used the most CPU between two readings.
type processTable struct {
	now, before []proc.Process // ascending by PID
	at          time.Time      // of now
	cost        time.Duration  // of reading now
	ranked      []ranked
	busiest     []Process // the last answer
	postponed   bool      // nothing is read before [collector.countProcesses]
}

type ranked struct {
	index int
	ticks uint64
}

func (t *processTable) forget() { t.at, t.busiest = time.Time{}, nil }

func (c *collector) collectProcesses(s *Snapshot, now time.Time, top int) error {
	t := &c.processes
	if t.postponed {
		return nil
	}
	if !t.at.IsZero() && now.Sub(t.at) < processPause*t.cost {
		s.Processes = append(s.Processes, t.busiest[:min(top, len(t.busiest))]...)
		return nil
	}
	start := time.Now()
	elapsed := now.Sub(t.at)
	first := t.at.IsZero()
	if err := c.readProcesses(); err != nil {
		t.forget()
		return err
	}
	t.at, t.cost = now, time.Since(start)
	if first || elapsed <= 0 {
		return nil
	}
	t.rank()
	t.busiest = t.busiest[:0]
	for _, r := range t.ranked[:min(top, len(t.ranked))] {
		t.busiest = append(t.busiest, c.describe(&t.now[r.index], r.ticks, elapsed, s.UptimeSeconds))
	}
	s.Processes = append(s.Processes, t.busiest...)
	return nil
}

// countProcesses reads the processes for the first time, so that the next sample
// has something to compare with.
func (c *collector) countProcesses(now time.Time) {
	c.processes.postponed = false
	if c.proc != nil {
		_ = c.collectProcesses(&Snapshot{}, now, 0) // the next sample tells what fails
	}
}

// readProcesses makes the last reading the one before and reads anew. A process
// that ends meanwhile is no error; that none can be read is one.
func (c *collector) readProcesses() error {
	t := &c.processes
	t.now, t.before = t.before[:0], t.now
	pids, err := c.proc.PIDs()
	if err != nil {
		return err
	}
	slices.Sort(pids)
	for _, pid := range pids[:min(len(pids), maxProcesses)] {
		text, err := c.proc.Read(strconv.Itoa(pid) + "/stat")
		if err != nil {
			continue
		}
		var p proc.Process
		if len(t.now) < cap(t.now) {
			p.Name = t.now[:len(t.now)+1][len(t.now)].Name // most likely the same again
		}
		if proc.ParseProcess(text, &p) == nil && p.PID == pid {
			t.now = append(t.now, p)
		}
	}
	if len(t.now) == 0 {
		return fmt.Errorf("read %d processes: none can be read", len(pids))
	}
	return nil
}

// rank sorts the processes by the CPU they used between the readings, then by
// memory. One that started in between used all of its time since.
func (t *processTable) rank() {
	t.ranked = t.ranked[:0]
	next := 0
	for i := range t.now {
		p := &t.now[i]
		for next < len(t.before) && t.before[next].PID < p.PID {
			next++
		}
		ticks := p.Ticks
		if next < len(t.before) && t.before[next].PID == p.PID && t.before[next].Start == p.Start {
			ticks = since(t.before[next].Ticks, p.Ticks)
		}
		t.ranked = append(t.ranked, ranked{index: i, ticks: ticks})
	}
	slices.SortFunc(t.ranked, func(a, b ranked) int {
		return cmp.Or(
			cmp.Compare(b.ticks, a.ticks),
			cmp.Compare(t.now[b.index].Pages, t.now[a.index].Pages),
			cmp.Compare(a.index, b.index),
		)
	})
}

func (c *collector) describe(p *proc.Process, ticks uint64, elapsed time.Duration, uptime *float64) Process {
	out := Process{
		PID: p.PID, Name: clean(p.Name), State: stateName(p.State), Threads: p.Threads,
		CPU:         100 * float64(ticks) / proc.TicksPerSecond / elapsed.Seconds(),
		MemoryBytes: p.Pages * c.page,
	}
	if uptime != nil {
		out.AgeSeconds = max(*uptime-float64(p.Start)/proc.TicksPerSecond, 0)
	}
	return out
}

func stateName(state byte) string {
	switch state {
	case 'R':
		return "running"
	case 'S', 'I':
		return "sleeping"
	case 'D':
		return "waiting for I/O"
	case 'T', 't':
		return "stopped"
	case 'Z', 'X', 'x':
		return "ended"
	}
	return "other"
}

// clean makes a name that any program can choose fit to be shown.
func clean(name string) string {
	plain := strings.IndexFunc(name, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }) < 0
	if plain {
		return name
	}
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
}
