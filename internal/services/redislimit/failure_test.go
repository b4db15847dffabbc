package redislimit_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/services/redisserver"
	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
)

const (
	callers = 64
	timeout = 200 * time.Millisecond // the store's own
)

// load is what many goroutines that ask without a pause see.
type load struct {
	stop  chan struct{}
	group sync.WaitGroup
	asked [callers]atomic.Int64 // questions that have begun

	mu      sync.Mutex
	sources map[ratelimit.Source]int
	waits   []time.Duration
	errs    []error
}

// press starts a load on a store, over some keys.
func press(t *testing.T, s *redislimit.Store, p ratelimit.Policy, prefix string) *load {
	l := &load{stop: make(chan struct{}), sources: map[ratelimit.Source]int{}}
	for c := range callers {
		l.group.Go(func() {
			var d [1]ratelimit.Decision
			for i := c; ; i += 7 {
				select {
				case <-l.stop:
					return
				case <-time.After(time.Millisecond): // the machine is shared
				}
				start := time.Now()
				l.asked[c].Add(1)
				_, err := s.Take(t.Context(), []ratelimit.Charge{{Policy: p, Key: fmt.Sprint(prefix, i%500), Cost: 1}}, d[:])
				took := time.Since(start)
				l.mu.Lock()
				l.sources[d[0].Source]++
				l.waits = append(l.waits, took)
				if err != nil {
					l.errs = append(l.errs, err)
				}
				l.mu.Unlock()
			}
		})
	}
	return l
}

// seen returns what was seen since it was last asked.
func (l *load) seen() (sources map[ratelimit.Source]int, waits []time.Duration, errs []error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sources, waits, errs = l.sources, l.waits, l.errs
	l.sources, l.waits, l.errs = map[ratelimit.Source]int{}, nil, nil
	slices.Sort(waits)
	return sources, waits, errs
}

// settle returns when all that was asked before is decided.
func (l *load) settle(t *testing.T) {
	t.Helper()
	for c := range l.asked {
		before := l.asked[c].Load()
		eventually(t, "the next question", func() bool { return l.asked[c].Load() > before })
	}
}

// seenFor is what was seen for a while, and of at least so many decisions.
func (l *load) seenFor(t *testing.T, d time.Duration, decisions int) (sources map[ratelimit.Source]int, waits []time.Duration, errs []error) {
	t.Helper()
	l.seen()
	pause(t, d)
	eventually(t, "enough decisions", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.waits) >= decisions
	})
	return l.seen()
}

func (l *load) end() {
	close(l.stop)
	l.group.Wait()
}

// eventually waits for what must come.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not in %v", what, patience)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// Redis is killed, hangs and comes back under load: every decision is answered,
// by the stated policy, and after the first of them without a wait.
func TestRedisGoesAndComesBack(t *testing.T) {
	for _, dialer := range dialers {
		for _, c := range []struct {
			name   string
			option redislimit.Option
			source ratelimit.Source
		}{
			{"local", redislimit.FailLocal(4), ratelimit.LocalShare},
			{"open", redislimit.FailOpen(), ratelimit.Unreachable},
			{"closed", redislimit.FailClosed(), ratelimit.Unreachable},
		} {
			for _, leases := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/leases %t", dialer.name, c.name, leases), func(t *testing.T) {
					options := []redislimit.Option{c.option, redislimit.WithTimeout(timeout)}
					if leases {
						options = append(options, redislimit.WithLeases())
					}
					server := start(t)
					goAndComeBack(t, server, open(t, dialer.dial(t, server.Addr), options...), c.source)
				})
			}
		}
	}
}

func goAndComeBack(t *testing.T, server *redisserver.Server, s *redislimit.Store, source ratelimit.Source) {
	l := press(t, s, ratelimit.Policy{Limit: 1000, Window: time.Minute}, "key")
	defer l.end()
	healthy := func() bool { return s.Health() == nil }
	eventually(t, "the first exact decision", func() bool { sources, _, _ := l.seen(); return sources[ratelimit.Exact] > 0 })
	for _, outage := range []struct {
		name       string
		goes, ends func() error
	}{
		{"hangs", server.Hang, server.Continue},
		{"is killed", server.Kill, func() error { return server.Run(t.Context()) }},
		{"hangs and is killed", func() error {
			if err := server.Hang(); err != nil {
				return err
			}
			return server.Kill()
		}, func() error { return server.Run(t.Context()) }},
	} {
		eventually(t, "health before it "+outage.name, healthy)
		if err := outage.goes(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it is seen that Redis "+outage.name, func() bool { return !healthy() })
		l.settle(t) // those who were waiting already
		sources, waits, errs := l.seenFor(t, 5*timeout, 1000)
		if len(errs) > 0 {
			t.Errorf("%s: %d errors, such as %v", outage.name, len(errs), errs[0])
		}
		delete(sources, ratelimit.Lease) // what was taken ahead, and refusals that still hold
		if len(sources) != 1 || sources[source] == 0 {
			t.Errorf("%s: decided by %v, want %v", outage.name, sources, source)
		}
		t.Logf("%s: %d decisions, median %v, 99 of 100 within %v, longest %v", outage.name, len(waits), waits[len(waits)/2], waits[len(waits)*99/100], waits[len(waits)-1])
		if err := outage.ends(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "health after it "+outage.name, healthy)
		eventually(t, "an exact decision after it "+outage.name, func() bool { sources, _, _ := l.seen(); return sources[ratelimit.Exact] > 0 })
	}
}

func pause(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}

// While a server is gone it is dialed now and then, not for each decision.
func TestNoRedialStorm(t *testing.T) {
	for _, dialer := range dialers {
		t.Run(dialer.name, func(t *testing.T) {
			server := start(t)
			s := open(t, dialer.dial(t, server.Addr), redislimit.FailLocal(1), redislimit.WithTimeout(timeout))
			l := press(t, s, ratelimit.Policy{Limit: 1000, Window: time.Minute}, "key")
			defer l.end()
			eventually(t, "the first exact decision", func() bool { sources, _, _ := l.seen(); return sources[ratelimit.Exact] > 0 })
			if err := server.Kill(); err != nil {
				t.Fatal(err)
			}
			dialed, stop := count(t, server.Addr)
			defer stop()
			eventually(t, "it is noticed", func() bool { return s.Health() != nil })
			pause(t, time.Second)
			before, began := dialed.Load(), time.Now()
			_, waits, _ := l.seenFor(t, 3*time.Second, 1000)
			// A probe each second, each of which a client may repeat a few times.
			if n := dialed.Load() - before; n > 10*int64(1+time.Since(began).Seconds()) {
				t.Errorf("%d dials in %v, for more than %d decisions", n, time.Since(began), len(waits))
			}
		})
	}
}

// One node of a cluster hangs: its keys are decided by the stated policy, others
// by their own nodes.
func TestNodeOfAClusterHangs(t *testing.T) {
	for _, dialer := range dialers {
		t.Run(dialer.name, func(t *testing.T) {
			nodes := cluster(t)
			s := open(t, dialer.dial(t, nodes.Addrs()...), redislimit.FailClosed(), redislimit.WithTimeout(timeout))
			l := press(t, s, ratelimit.Policy{Limit: 100_000, Window: time.Minute}, "key")
			defer l.end()
			eventually(t, "many exact decisions", func() bool { sources, _, _ := l.seen(); return sources[ratelimit.Exact] > 10 })
			if err := nodes.Nodes[1].Hang(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "it is noticed", func() bool { return s.Health() != nil })
			// Each part of its slots is noticed by itself, and a machine that is busy for
			// a moment makes the other nodes look as if they hung, too.
			eventually(t, "about two thirds are decided by their nodes", func() bool {
				sources, waits, errs := l.seenFor(t, time.Second, 1000)
				if len(errs) > 0 {
					t.Errorf("%d errors, such as %v", len(errs), errs[0])
				}
				t.Logf("%v, median %v, 99 of 100 within %v", sources, waits[len(waits)/2], waits[len(waits)*99/100])
				all := sources[ratelimit.Exact] + sources[ratelimit.Unreachable]
				return sources[ratelimit.Exact] > all/3 && sources[ratelimit.Unreachable] > all/10
			})
			if err := nodes.Nodes[1].Continue(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "health", func() bool { return s.Health() == nil })
		})
	}
}

// A script that a server has forgotten is sent again.
func TestScriptFlush(t *testing.T) {
	for _, dialer := range dialers {
		t.Run(dialer.name, func(t *testing.T) {
			server := start(t)
			s := open(t, dialer.dial(t, server.Addr), redislimit.FailClosed(), redislimit.WithTimeout(patience))
			l := press(t, s, ratelimit.Policy{Limit: 100_000, Window: time.Minute}, "key")
			defer l.end()
			for range 5 {
				eventually(t, "exact decisions", func() bool { sources, _, _ := l.seen(); return sources[ratelimit.Exact] > 0 })
				if answer, err := server.Do(t.Context(), "SCRIPT", "FLUSH"); err != nil || answer != "+OK\r\n" {
					t.Fatal(answer, err)
				}
			}
			sources, _, errs := l.seen()
			if len(errs) > 0 || sources[ratelimit.Unreachable] > 0 {
				t.Errorf("%v, %v", sources, errs)
			}
		})
	}
}
