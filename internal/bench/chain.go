package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
)

// chain compares what the dashboard adds to a handler. What is inside the root
// package is measured by its own benchmarks.
func chain(s settings) ([]result, error) {
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", "^(BenchmarkChain|BenchmarkModuleTable)$", "-benchtime", "200ms",
		"-count", strconv.Itoa(s.rounds), ".")
	cmd.Dir = s.root
	text, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, text)
	}
	ns, allocs := parseBenchmarks(text)
	for _, name := range []string{"Chain/bare", "Chain/signed-in", "ModuleTable/mux", "ModuleTable/ours"} {
		if ns[name] == 0 {
			return nil, fmt.Errorf("no figure for %s in\n%s", name, text)
		}
	}
	return []result{
		{work: "whole chain, known token, over a bare handler", ours: (ns["Chain/signed-in"] - ns["Chain/bare"]) / 1e3,
			theirs: ns["Chain/bare"] / 1e3, unit: "us", peer: "bare handler", bar: 5, absolute: true},
		{work: "whole chain, known token, over a bare handler", ours: allocs["Chain/signed-in"] - allocs["Chain/bare"],
			theirs: allocs["Chain/bare"], unit: "allocs", peer: "bare handler", bar: 15, absolute: true},
		{work: "module table, gate, mux", ours: ns["ModuleTable/ours"], theirs: ns["ModuleTable/mux"], unit: "ns",
			peer: "net/http.ServeMux", bar: 1.1},
	}, nil
}

var benchmarkLine = regexp.MustCompile(`(?m)^Benchmark(\S+?)-\d+\s+\d+\s+([\d.]+) ns/op(?:.*?([\d.]+) allocs/op)?`)

// parseBenchmarks returns the medians of what go test -bench printed.
func parseBenchmarks(text []byte) (ns, allocs map[string]float64) {
	all, alloc := map[string][]float64{}, map[string][]float64{}
	for _, m := range benchmarkLine.FindAllSubmatch(bytes.ReplaceAll(text, []byte("\r"), nil), -1) {
		name := string(m[1])
		v, _ := strconv.ParseFloat(string(m[2]), 64) // the pattern lets numbers through
		all[name] = append(all[name], v)
		a, _ := strconv.ParseFloat(string(m[3]), 64)
		alloc[name] = append(alloc[name], a)
	}
	ns, allocs = map[string]float64{}, map[string]float64{}
	for name := range all {
		ns[name], allocs[name] = median(all[name]), median(alloc[name])
	}
	return ns, allocs
}
