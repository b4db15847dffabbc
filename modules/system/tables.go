package system

import (
	"context"
	"strconv"

	"github.com/modular-dashboard/dashboard"
)

func (m *Module) processTable(context.Context) (dashboard.TableData, error) {
	s, err := m.now()
	if err != nil {
		return dashboard.TableData{}, err
	}
	if s.lacks("processes") {
		return dashboard.TableData{}, missing("Processes")
	}
	rows := make([]map[string]any, 0, len(s.Processes))
	for _, p := range s.Processes {
		rows = append(rows, map[string]any{
			"name": p.Name, "pid": strconv.Itoa(p.PID), "cpu": p.CPU, "memory": p.MemoryBytes,
			"threads": p.Threads, "state": p.State, "age": p.AgeSeconds,
		})
	}
	return dashboard.TableData{AsOf: s.At, Rows: rows, Columns: []dashboard.Column{
		{Key: "name", Title: "Process", Kind: "text"},
		{Key: "pid", Title: "PID", Kind: "text"},
		{Key: "cpu", Title: "CPU", Kind: "percent"},
		{Key: "memory", Title: "Memory", Kind: "bytes"},
		{Key: "threads", Title: "Threads", Kind: "number"},
		{Key: "state", Title: "State", Kind: "text"},
		{Key: "age", Title: "Running for", Kind: "duration"},
	}}, nil
}

func (m *Module) diskTable(context.Context) (dashboard.TableData, error) {
	s, err := m.now()
	if err != nil {
		return dashboard.TableData{}, err
	}
	if s.lacks("disks") {
		return dashboard.TableData{}, missing("Disk usage")
	}
	rows := make([]map[string]any, 0, len(s.Disks))
	for _, d := range s.Disks {
		rows = append(rows, map[string]any{
			"mount": clean(d.Mount), "type": d.Type, "percent": d.Percent,
			"available": d.Available, "total": d.Total,
		})
	}
	return dashboard.TableData{AsOf: s.At, Rows: rows, Columns: []dashboard.Column{
		{Key: "mount", Title: "Mounted at", Kind: "text"},
		{Key: "percent", Title: "Full", Kind: "percent"},
		{Key: "available", Title: "Free", Kind: "bytes"},
		{Key: "total", Title: "Size", Kind: "bytes"},
		{Key: "type", Title: "Type", Kind: "text"},
	}}, nil
}

func (m *Module) interfaceTable(context.Context) (dashboard.TableData, error) {
	s, err := m.now()
	if err != nil {
		return dashboard.TableData{}, err
	}
	if s.lacks("network") {
		return dashboard.TableData{}, missing("Network traffic")
	}
	rows := make([]map[string]any, 0, len(s.Interfaces))
	for _, n := range s.Interfaces {
		rows = append(rows, map[string]any{
			"name": n.Name, "in": n.In, "out": n.Out, "errors": n.Errors, "drops": n.Drops,
		})
	}
	return dashboard.TableData{AsOf: s.At, Rows: rows, Columns: []dashboard.Column{
		{Key: "name", Title: "Interface", Kind: "text"},
		{Key: "in", Title: "In/s", Kind: "bytes"},
		{Key: "out", Title: "Out/s", Kind: "bytes"},
		{Key: "errors", Title: "Errors", Kind: "number"},
		{Key: "drops", Title: "Dropped", Kind: "number"},
	}}, nil
}

// maxBars bounds the bars of one panel: beyond it the busiest cores are shown.
const maxBars = 32

func (m *Module) coreBars(context.Context) (dashboard.BarData, error) {
	s, err := m.now()
	if err != nil {
		return dashboard.BarData{}, err
	}
	if s.lacks("cpu") {
		return dashboard.BarData{}, missing("CPU")
	}
	out := dashboard.BarData{Unit: dashboard.UnitPercent, Bars: []dashboard.BarValue{}, AsOf: s.At}
	if s.CPU == nil {
		return out, nil
	}
	for _, core := range busiest(s.CPU.Cores, maxBars) {
		out.Bars = append(out.Bars, dashboard.BarValue{Label: "Core " + strconv.Itoa(core.ID), Value: core.Percent, Max: 100})
	}
	return out, nil
}
