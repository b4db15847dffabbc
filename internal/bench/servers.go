package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	email    = "ann@example.com"
	password = "correct horse battery"
	forged   = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJjb2xsZWN0aW9uSWQiOiJfcGJfdXNlcnNfYXV0aF8iLCJleHAiOjQxMDI0NDQ4MDAsImlkIjoiYWFhYWFhYWFhYWFhYWFhIiwidHlwZSI6ImF1dGgifQ.c2lnbmF0dXJlIG9mIG5vYm9keSBhdCBhbGwgLi4uLi4"
)

// fleet is what runs beside each other.
type fleet struct {
	floor, floorAgain, pocketbase, ours, reference *server
	tokens                                         map[*server]string
}

func newFleet(s settings) (*fleet, error) {
	floor := func(name, addr string) *server {
		return &server{name: name, folder: "http", pkg: "./hello", addr: addr, health: "/health",
			args: func(string) []string { return []string{"-http", addr} }}
	}
	f := &fleet{
		floor: floor("floor", "127.0.0.1:8091"), floorAgain: floor("floor-again", "127.0.0.1:8095"),
		pocketbase: &server{name: "pocketbase", folder: "http", pkg: "./pbmain", addr: "127.0.0.1:8092", health: "/api/health",
			args: func(dir string) []string {
				return []string{"serve", "--http", "127.0.0.1:8092", "--dir", filepath.Join(dir, "pb_data")}
			}},
		ours: &server{name: "ours", folder: ".", pkg: "./host", addr: "127.0.0.1:8094", health: "/api/v1/m/bench/health",
			args: func(string) []string { return []string{"-http", "127.0.0.1:8094"} }},
		reference: &server{name: "reference", folder: s.root, pkg: "./examples/server", addr: "127.0.0.1:8096", health: "/readyz",
			args: func(string) []string { return []string{"-addr", "127.0.0.1:8096"} },
			env:  []string{"DASHBOARD_ADMIN_EMAIL=" + email, "DASHBOARD_ADMIN_PASSWORD=" + password}},
		tokens: map[*server]string{},
	}
	for _, one := range []*server{f.floor, f.floorAgain, f.pocketbase, f.ours, f.reference} {
		if err := one.build(s.work); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// servers compares whole processes.
func servers(s settings) (results []result, err error) {
	if _, err := exec.LookPath("wrk"); err != nil {
		return nil, fmt.Errorf("install wrk: %w", err)
	}
	f, err := newFleet(s)
	if err != nil {
		return nil, err
	}
	footprint, err := f.footprint(s)
	if err != nil {
		return nil, err
	}
	requests, err := f.requests(s)
	return append(footprint, requests...), err
}

// footprint compares the reference server with PocketBase: starts on data that
// is there, and memory of an idle server.
func (f *fleet) footprint(s settings) ([]result, error) {
	start, idle := map[*server][]float64{}, map[*server][]float64{}
	dirs := map[*server]string{}
	both := []*server{f.reference, f.pocketbase}
	for _, one := range both {
		dir, err := folder(s.work, "start-"+one.name)
		if err != nil {
			return nil, err
		}
		dirs[one] = dir
		if _, err := one.start(dir); err != nil {
			return nil, err
		}
		one.stop()
	}
	for range s.rounds {
		for _, one := range both {
			took, err := one.start(dirs[one])
			if err != nil {
				return nil, err
			}
			start[one] = append(start[one], float64(took.Microseconds())/1e3)
			time.Sleep(2 * time.Second)
			rss, err := one.memory("VmRSS")
			one.stop()
			if err != nil {
				return nil, err
			}
			idle[one] = append(idle[one], rss)
		}
	}
	size := map[*server]float64{}
	for _, one := range both {
		info, err := os.Stat(one.bin)
		if err != nil {
			return nil, err
		}
		size[one] = float64(info.Size()) / (1 << 20)
	}
	const peer = "PocketBase"
	return []result{
		{work: "start to ready on existing data", ours: median(start[f.reference]), theirs: median(start[f.pocketbase]), unit: "ms", peer: peer, bar: 1},
		{work: "resident memory, idle", ours: median(idle[f.reference]), theirs: median(idle[f.pocketbase]), unit: "MiB", peer: peer, bar: 1},
		{work: "stripped binary", ours: size[f.reference], theirs: size[f.pocketbase], unit: "MiB", peer: peer},
	}, nil
}

func folder(parts ...string) (string, error) {
	dir, err := filepath.Abs(filepath.Join(parts...))
	if err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o755)
}

// requests compares CPU time per request, all servers running.
func (f *fleet) requests(s settings) ([]result, error) {
	all := []*server{f.floor, f.floorAgain, f.ours, f.pocketbase}
	for _, one := range all {
		dir, err := folder(s.work, "run-"+one.name)
		if err != nil {
			return nil, err
		}
		if one == f.pocketbase {
			cmd := exec.Command("go", "run", "./pbseed", "-data", filepath.Join(dir, "pb_data"))
			cmd.Dir = one.folder
			if out, err := cmd.CombinedOutput(); err != nil {
				return nil, fmt.Errorf("seed: %w\n%s", err, out)
			}
		}
		if _, err := one.start(dir); err != nil {
			return nil, err
		}
		defer one.stop()
	}
	if err := f.signIn(); err != nil {
		return nil, err
	}
	const pbPage, ourPage = "/api/collections/invoices/records?perPage=100&skipTotal=1", "/api/v1/m/bench/invoices?limit=100"
	var results []result
	for _, r := range []struct {
		work, floor, ours, pb string
		token                 string // "", "known" or "forged"
		bar, pbBar            float64
	}{
		{"unsigned health", "/health", "/api/v1/m/bench/health", "/api/health", "", 1.5, 0},
		{"signed in", "/health", "/api/v1/m/bench/private", "/api/health", "known", 2, 0},
		{"forged token", "/health", "/api/v1/m/bench/private", "/api/health", "forged", 0, 0}, // the bar is that nobody reads the database
		{"page of 100 of 1,000 rows", "/invoices", ourPage, pbPage, "known", 2, 0.3},
	} {
		cost := map[*server][]float64{}
		for range s.rounds {
			for _, one := range all {
				path, token := r.floor, ""
				switch one {
				case f.ours:
					path = r.ours
				case f.pocketbase:
					path = r.pb
				}
				if r.token == "known" {
					token = f.tokens[one]
				} else if r.token == "forged" && one == f.ours {
					token = "Bearer " + forged
				} else if r.token == "forged" {
					token = forged
				}
				v, err := one.load(path, token, s.length, r.token == "forged" && one == f.ours)
				if err != nil {
					return nil, err
				}
				cost[one] = append(cost[one], v)
			}
		}
		ours, floor, again := median(cost[f.ours]), median(cost[f.floor]), median(cost[f.floorAgain])
		spread := max(again/floor, floor/again) - 1
		results = append(results,
			result{work: r.work, ours: ours, theirs: floor, unit: "us CPU", peer: "floor", bar: r.bar, spread: spread},
			result{work: r.work, ours: ours, theirs: median(cost[f.pocketbase]), unit: "us CPU", peer: "PocketBase", bar: r.pbBar})
	}
	ours, err1 := f.ours.memory("VmRSS")
	theirs, err2 := f.pocketbase.memory("VmRSS")
	return append(results, result{work: "resident memory after load", ours: ours, theirs: theirs, unit: "MiB", peer: "PocketBase", bar: 1}), errors.Join(err1, err2)
}

func (f *fleet) signIn() error {
	var err1, err2 error
	f.tokens[f.pocketbase], err1 = accessToken(f.pocketbase.addr, "/api/collections/users/auth-with-password", "token",
		`{"identity":"`+email+`","password":"`+password+`"}`)
	f.tokens[f.ours], err2 = accessToken(f.ours.addr, "/api/v1/auth/login", "access_token",
		`{"email":"`+email+`","password":"`+password+`","delivery":"token"}`)
	f.tokens[f.ours] = "Bearer " + f.tokens[f.ours]
	return errors.Join(err1, err2)
}

func accessToken(addr, path, member, body string) (string, error) {
	res, err := http.Post("http://"+addr+path, "application/json", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	var v map[string]any
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		return "", err
	}
	text, _ := v[member].(string)
	if text == "" {
		return "", fmt.Errorf("no token from %s: %v", addr, v)
	}
	return text, nil
}
