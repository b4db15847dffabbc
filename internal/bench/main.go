// Command bench measures what the dashboard promises beside what people would
// use instead, in one run, and prints one line for each comparison:
//
//	area/work  ours  peer  peer's  ratio  bar  ok|short
//
// It exits 1 if any is short of its bar. Everything runs interleaved, several
// rounds of which the median counts; servers are compared by CPU time per
// request from the process table, because wall clock says little on a shared
// machine. A ratio within the spread of the floor against itself is ok.
//
//	go run -C internal/bench . -run 'endpoint|rbac'
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"regexp"
	"runtime"
	"text/tabwriter"
	"time"
)

type settings struct {
	rounds int
	length time.Duration // of one run against a server
	work   string        // scratch directory
	root   string        // of the repository
}

// A result is one line. Ratio is ours by theirs unless it was given.
type result struct {
	work         string
	ours, theirs float64
	unit, peer   string
	ratio, bar   float64
	// what the bar is of: of the ratio, or of our own figure
	absolute bool
	// spread widens the bar by what the floor differs from itself
	spread float64
}

func (r result) measured() float64 {
	if r.absolute {
		return r.ours
	}
	if r.ratio != 0 {
		return r.ratio
	}
	return r.ours / r.theirs
}

func (r result) ok() bool { return r.bar == 0 || r.measured() <= r.bar*(1+r.spread) }

// comparisons are the areas, in the order of the README.
var comparisons = []struct {
	area string
	run  func(settings) ([]result, error)
}{
	{"endpoint", endpoints},
	{"chain", chain},
	{"rbac", rbac},
	{"featureflag", featureFlags},
	{"ai", models},
	{"ratelimit", ratelimits},
	{"ratelimit-http", ratelimitHTTP},
	{"redislimit", limits},
	{"host", hostLines},
	{"http", servers},
	{"page", page},
}

func main() {
	runtime.LockOSThread() // Pdeathsig follows the thread that starts a child
	s := settings{}
	only := flag.String("run", "", "run the areas that match this regular expression")
	flag.IntVar(&s.rounds, "rounds", 5, "rounds, of which the median counts")
	flag.DurationVar(&s.length, "length", 3*time.Second, "length of one run against a server, whole seconds")
	flag.StringVar(&s.work, "work", "", "scratch directory; empty: a new one that is removed")
	flag.StringVar(&s.root, "root", "../..", "root of the repository")
	flag.Parse()
	short, err := run(s, *only)
	if err != nil {
		log.Fatal(err)
	}
	if short {
		os.Exit(1)
	}
}

func run(s settings, only string) (short bool, err error) {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return false, err
	}
	if s.work == "" {
		if s.work, err = os.MkdirTemp("", "bench"); err != nil {
			return false, err
		}
		defer func() { _ = os.RemoveAll(s.work) }()
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "area/work\tours\tpeer\tpeer's\tratio\tbar\t")
	for _, c := range comparisons {
		if !pattern.MatchString(c.area) {
			continue
		}
		results, err := c.run(s)
		if err != nil {
			return true, fmt.Errorf("%s: %w", c.area, err)
		}
		for _, r := range results {
			fmt.Fprintln(out, line(c.area, r))
			short = short || !r.ok()
		}
		_ = out.Flush() // standard output
	}
	return short, nil
}

func line(area string, r result) string {
	ratio, bar, verdict := "-", "-", ""
	if r.theirs != 0 {
		ratio = fmt.Sprintf("%.3g", r.ours/r.theirs)
	}
	if r.bar != 0 {
		verdict = "ok"
		bar = fmt.Sprintf("%.3gx", r.bar)
		if r.absolute {
			bar = fmt.Sprintf("%.4g %s", r.bar, r.unit)
		}
		if !r.ok() {
			verdict = "short"
		}
	}
	return fmt.Sprintf("%s/%s\t%.4g %s\t%s\t%.4g %s\t%s\t%s\t%s", area, r.work, r.ours, r.unit, r.peer, r.theirs, r.unit, ratio, bar, verdict)
}
