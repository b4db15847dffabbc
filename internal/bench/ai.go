package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// aiFleet is an upstream with canned answers, and gateways before it.
type aiFleet struct {
	upstream, gateway, plain *server
	token                    string
}

const aiUpstream = "127.0.0.1:8087"

func newAIFleet(s settings) (*aiFleet, error) {
	f := &aiFleet{
		upstream: &server{name: "aiwork", folder: ".", pkg: "./aiwork", addr: aiUpstream, health: "/ready",
			args: func(string) []string { return []string{"upstream", aiUpstream} }},
		gateway: &server{name: "gateway", addr: "127.0.0.1:8088", health: "/readyz",
			args: func(string) []string {
				return []string{"gateway", "127.0.0.1:8088", "http://" + aiUpstream + "/openai/v1"}
			}},
		plain: &server{name: "plain gateway", addr: "127.0.0.1:8089", health: "/readyz",
			args: func(string) []string {
				return []string{"gateway", "127.0.0.1:8089", "http://" + aiUpstream + "/slow/v1", "plain"}
			}},
	}
	if err := f.upstream.build(s.work); err != nil {
		return nil, err
	}
	f.gateway.bin, f.plain.bin = f.upstream.bin, f.upstream.bin
	return f, nil
}

// models compares ways to call models, as processes of their own before the same
// upstream, and measures what a gateway adds.
func models(s settings) ([]result, error) {
	f, err := newAIFleet(s)
	if err != nil {
		return nil, err
	}
	for _, one := range []*server{f.upstream, f.gateway, f.plain} {
		if _, err := one.start(s.work); err != nil {
			return nil, err
		}
		defer one.stop()
	}
	token, err := accessToken(f.gateway.addr, "/api/v1/auth/login", "access_token", `{"email":"`+email+`","password":"`+password+`","delivery":"token"}`)
	if err != nil {
		return nil, err
	}
	f.token = token
	measured, err := f.rounds(s)
	if err != nil {
		return nil, err
	}
	streams, err := f.streams()
	if err != nil {
		return nil, err
	}
	size, err := aiSize(s)
	return append(append(aiResults(measured), streams), size...), err
}

// aiFigures are of one client, for each unit of its work.
type aiFigures struct{ CPU, Wall, Allocs float64 }

// child runs a client and reads what it prints.
func (f *aiFleet) child(args ...string) (figures aiFigures, err error) {
	out, err := exec.Command(f.upstream.bin, args...).Output()
	if err != nil {
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, failed.Stderr)
		}
		return figures, fmt.Errorf("%s: %w", strings.Join(args[:2], " "), err)
	}
	if len(out) == 0 {
		return figures, nil
	}
	return figures, json.Unmarshal(out, &figures)
}

// rounds measures every kind of work in turn, for several rounds. Keys are the
// work and who did it.
func (f *aiFleet) rounds(s settings) (map[string]aiFigures, error) {
	const direct = "http://" + aiUpstream
	work := map[string][]string{
		"hop direct":  {"client", "hop", "ours", direct},
		"hop gateway": {"client", "hop", f.token + "@gateway", "http://" + f.gateway.addr},
		"own chain":   {"own", "chain"},
		"own hit":     {"own", "hit"},
	}
	for _, name := range []string{"bare", "openai-go", "anthropic-sdk-go", "ours", "decorated", "anthropic"} {
		work["call "+name] = []string{"client", "call", name, direct}
		work["piece "+name] = []string{"client", "piece", name, direct}
	}
	for _, name := range []string{"bare", "openai-go", "ours"} {
		work["64 "+name] = []string{"client", "64", name, direct}
	}
	all := map[string][3][]float64{}
	for range s.rounds {
		for name, args := range work {
			got, err := f.child(args...)
			if err != nil {
				return nil, err
			}
			a := all[name]
			a[0], a[1], a[2] = append(a[0], got.CPU), append(a[1], got.Wall), append(a[2], got.Allocs)
			all[name] = a
		}
	}
	out := map[string]aiFigures{}
	for name, a := range all {
		out[name] = aiFigures{median(a[0]), median(a[1]), median(a[2])}
	}
	return out, nil
}

func aiResults(m map[string]aiFigures) (results []result) {
	cpu := func(work, a, b, peer string, bar float64) {
		results = append(results, result{work: work + ", CPU", ours: m[a].CPU, theirs: m[b].CPU, unit: "us", peer: peer, bar: bar})
	}
	allocs := func(work, a, b, peer string, bar float64) {
		results = append(results, result{work: work + ", allocations", ours: m[a].Allocs, theirs: m[b].Allocs, unit: "", peer: peer, bar: bar})
	}
	const hand, openai, anthropic = "net/http, encoding/json", "openai-go", "anthropic-sdk-go"
	cpu("a call", "call ours", "call bare", hand, 1)
	allocs("a call", "call ours", "call bare", hand, 1)
	cpu("a call with retry, breaker, budget, telemetry", "call decorated", "call bare", hand, 1.15)
	allocs("a call with retry, breaker, budget, telemetry", "call decorated", "call bare", hand, 1.15)
	cpu("a call", "call ours", "call openai-go", openai, 0)
	allocs("a call", "call ours", "call openai-go", openai, 0)
	cpu("a call of Claude", "call anthropic", "call anthropic-sdk-go", anthropic, 0)
	allocs("a call of Claude", "call anthropic", "call anthropic-sdk-go", anthropic, 0)
	cpu("a piece", "piece ours", "piece bare", hand, 0.6)
	results = append(results, result{work: "a piece, allocations", ours: m["piece ours"].Allocs, theirs: m["piece bare"].Allocs, unit: "", peer: hand, bar: 3, absolute: true})
	cpu("a piece, decorated", "piece decorated", "piece ours", "alone", 0)
	cpu("a piece", "piece ours", "piece openai-go", openai, 0)
	cpu("a piece of Claude", "piece anthropic", "piece anthropic-sdk-go", anthropic, 0)
	wall := func(peer, name string, bar float64) {
		results = append(results, result{work: "64 streams, time a piece", ours: m["64 ours"].Wall, theirs: m["64 "+name].Wall, unit: "us", peer: peer, bar: bar})
	}
	wall(hand, "bare", 1/1.5)
	wall(openai, openai, 1.0/6)
	return append(results,
		result{work: "what the gateway adds to a call, median", ours: (m["hop gateway"].Wall - m["hop direct"].Wall) / 1e3, unit: "ms", peer: "-", bar: 0.3, absolute: true},
		result{work: "the dashboard's own part of a call, CPU", ours: m["own chain"].CPU, unit: "us", peer: "-", bar: 11, absolute: true},
		result{work: "an exact hit, CPU", ours: m["own hit"].CPU, unit: "us", peer: "-", bar: 10, absolute: true})
}

// streams has the gateway pass on 1,000 streams of 100 KB at once.
func (f *aiFleet) streams() (result, error) {
	if _, err := f.child("client", "1000", "key@gateway", "http://"+f.plain.addr); err != nil {
		return result{}, err
	}
	most, err := f.plain.memory("VmHWM")
	return result{work: "1,000 streams of 100 KB at once, memory", ours: most, unit: "MiB", peer: "-", bar: 200, absolute: true}, err
}

var initLine = regexp.MustCompile(`(?m)^init (\S+) @\S+ ms, (\S+) ms clock`)

// aiSize is what package ai with all adapters adds to a server, in a stripped
// binary and, in the fastest round, since others' work only adds to it, before main.
func aiSize(s settings) ([]result, error) {
	var sizes [3]float64
	var before []float64
	for i, name := range []string{"bare", "with", "server"} {
		bin := filepath.Join(s.work, "aisize-"+name)
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, "./aisize/"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
		info, err := os.Stat(bin)
		if err != nil {
			return nil, err
		}
		sizes[i] = float64(info.Size()) / 1e6
	}
	for range s.rounds {
		without, err := inits(filepath.Join(s.work, "aisize-bare"))
		if err != nil {
			return nil, err
		}
		with, err := inits(filepath.Join(s.work, "aisize-with"))
		if err != nil {
			return nil, err
		}
		sum := 0.0
		for pkg, took := range with {
			if _, ok := without[pkg]; !ok {
				sum += took
			}
		}
		before = append(before, sum)
	}
	return []result{
		{work: "what it adds to a stripped server that asks by hand", ours: sizes[1] - sizes[0], theirs: sizes[0], unit: "MB", peer: "all of it", bar: 1, absolute: true},
		{work: "what it adds to one that asks nobody", ours: sizes[1] - sizes[2], theirs: sizes[2], unit: "MB", peer: "all of it"},
		{work: "what it adds before main", ours: slices.Min(before), unit: "ms", peer: "-", bar: 0.1, absolute: true},
	}, nil
}

// inits returns how long the packages of a server took before main, in
// milliseconds.
func inits(bin string) (map[string]float64, error) {
	cmd := exec.Command(bin)
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	time.Sleep(300 * time.Millisecond)
	if err := cmd.Process.Kill(); err != nil {
		return nil, err
	}
	_ = cmd.Wait() // it was killed
	out := map[string]float64{}
	for _, m := range initLine.FindAllStringSubmatch(stderr.String(), -1) {
		took, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return nil, err
		}
		out[m[1]] += took
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s told of no package: %s", bin, stderr.String())
	}
	return out, nil
}
