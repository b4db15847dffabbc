package redislimit_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
)

const (
	processes = 4
	soak      = "DASHBOARD_REDISLIMIT_SOAK" // how long each load lasts, and that the limit must be used up
	instance  = "REDISLIMIT_INSTANCE"       // what a process of the fleet is to do
)

// hot is the policy of the one key that all processes ask about.
func hot() ratelimit.Policy { return ratelimit.Policy{Name: "hot", Limit: 4000, Window: time.Second} }

// An event is an allowed decision: the unit was used between these times, in
// nanoseconds of the machine's clock.
type event struct{ sent, received int64 }

// Four processes at twice the limit, and in volleys at the edges of windows: not
// a unit more than the limit allows, in any time, and hardly one less.
func TestFleetOfProcesses(t *testing.T) {
	within, strict := 6*time.Second, os.Getenv(soak) != ""
	if strict {
		var err error
		if within, err = time.ParseDuration(os.Getenv(soak)); err != nil {
			t.Fatal(err)
		}
	}
	for _, pattern := range []string{"steady", "volleys"} {
		for _, leases := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, leases %t", pattern, leases), func(t *testing.T) {
				events := runFleet(t, start(t).Addr, pattern, leases, within)
				over := excess(events)
				p, used := hot(), len(events)
				took := time.Duration(lastOf(events) - events[0].sent)
				want := float64(p.Depth()) + took.Seconds()*float64(p.Limit)
				if pattern == "volleys" { // each of which finds a full bucket
					want = float64(p.Depth()) * float64(within/p.Window)
				}
				t.Logf("used %d of %.0f (%.2f %%) in %v, %d over", used, want, 100*float64(used)/want, took.Round(time.Millisecond), over)
				if over > 0 {
					t.Errorf("%d units more than the limit allows", over)
				}
				// How much a busy machine can ask for says nothing of the limit.
				if part := float64(used) / want; strict && part < 0.995 {
					t.Errorf("used %.2f %% of the limit", 100*part)
				}
			})
		}
	}
}

// runFleet returns the events of all processes, in the order in which they were
// sent.
func runFleet(t *testing.T, addr, pattern string, leases bool, within time.Duration) []event {
	t.Helper()
	dir, begin := t.TempDir(), time.Now().Add(2*time.Second).Truncate(time.Second).UnixNano()
	var group sync.WaitGroup
	for i := range processes {
		group.Go(func() {
			file := filepath.Join(dir, strconv.Itoa(i))
			process := exec.Command(os.Args[0], "-test.run=^TestInstance$", "-test.timeout=0")
			process.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %t %d %d %s", instance, addr, pattern, leases, begin, within, file))
			if out, err := process.CombinedOutput(); err != nil {
				t.Errorf("process %d: %v\n%s", i, err, out)
			}
		})
	}
	group.Wait()
	var events []event
	for i := range processes {
		content, err := os.ReadFile(filepath.Join(dir, strconv.Itoa(i)))
		if err != nil {
			t.Fatal(err)
		}
		own := make([]event, len(content)/16)
		for n := range own {
			own[n] = event{int64(binary.LittleEndian.Uint64(content[n*16:])), int64(binary.LittleEndian.Uint64(content[n*16+8:]))}
		}
		events = append(events, own...)
	}
	if len(events) == 0 {
		t.Fatal("nothing was allowed")
	}
	slices.SortFunc(events, func(a, b event) int { return int(a.sent - b.sent) })
	return events
}

func lastOf(events []event) int64 {
	last := int64(0)
	for _, e := range events {
		last = max(last, e.received)
	}
	return last
}

// excess is by how many units the worst of many windows has more than the limit
// allows: those that were sent and received in it were surely used in it.
func excess(events []event) int64 {
	p, worst := hot(), int64(0)
	for first := 0; first < len(events); first += max(len(events)/500, 1) {
		ends := make([]int64, 0, len(events)-first)
		for _, e := range events[first:] {
			ends = append(ends, e.received)
		}
		slices.Sort(ends)
		for n, end := range ends {
			within := float64(end-events[first].sent) / 1e9
			worst = max(worst, int64(n)+1-p.Depth()-int64(within*float64(p.Limit))-1)
		}
	}
	return worst
}

// TestInstance is one process of the fleet.
func TestInstance(t *testing.T) {
	words := strings.Fields(os.Getenv(instance))
	if len(words) == 0 {
		return // the test that starts it is another one
	}
	begin, err1 := strconv.ParseInt(words[3], 10, 64)
	within, err2 := strconv.ParseInt(words[4], 10, 64)
	if err1 != nil || err2 != nil {
		t.Fatal(words)
	}
	options := []redislimit.Option{redislimit.FailClosed(), redislimit.WithTimeout(patience)}
	if words[2] == "true" {
		options = append(options, redislimit.WithLeases())
	}
	s := open(t, withRueidis(t, words[0]), options...)
	due := steady
	if words[1] == "volleys" {
		due = volleys
	}
	var out bytes.Buffer
	var mu sync.Mutex
	var group sync.WaitGroup
	const callers = 16
	for c := range callers {
		group.Go(func() {
			for _, e := range ask(t, s, time.Unix(0, begin), time.Duration(within), func(at time.Duration) int64 { return (due(at) - int64(c)) / callers }) {
				mu.Lock()
				out.Write(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, uint64(e.sent)), uint64(e.received)))
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if err := os.WriteFile(words[5], out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// steady is how many requests of a process are due after a time: twice its part
// of the limit.
func steady(at time.Duration) int64 {
	p := hot()
	return int64(2 * float64(p.Limit) / processes * at.Seconds())
}

// volleys are twice the burst at the edge of each window.
func volleys(at time.Duration) int64 {
	p := hot()
	return (int64(at/p.Window) + 1) * 2 * p.Depth() / processes
}

// ask makes the requests that are due, late ones at once, and returns those that
// were allowed.
func ask(t *testing.T, s *redislimit.Store, begin time.Time, within time.Duration, due func(time.Duration) int64) (allowed []event) {
	var d [1]ratelimit.Decision
	charge := []ratelimit.Charge{{Policy: hot(), Key: "one", Cost: 1}}
	pause(t, time.Until(begin))
	for made := int64(0); ; {
		at := time.Since(begin)
		if at >= within {
			return allowed
		}
		if made >= due(at) {
			pause(t, time.Millisecond)
			continue
		}
		made++
		sent := time.Now()
		ok, err := s.Take(t.Context(), charge, d[:])
		received := time.Now()
		if err != nil || d[0].Source == ratelimit.Unreachable {
			t.Error(err, d[0])
			return allowed
		}
		if ok {
			allowed = append(allowed, event{sent.UnixNano(), received.UnixNano()})
		}
	}
}
