package redislimit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
	"github.com/modular-dashboard/dashboard/ratelimit/redislimit"
)

func perMinute() ratelimit.Policy {
	return ratelimit.Policy{Name: "api", Limit: 100, Window: time.Minute}
}

// Each stated policy, when Redis refuses connections and when it hangs.
func TestStatedPolicy(t *testing.T) {
	plain, shadow := perMinute(), perMinute()
	shadow.Shadow = true
	for _, c := range []struct {
		name   string
		option redislimit.Option
		policy ratelimit.Policy
		cost   int64
		want   ratelimit.Decision
		passes bool
	}{
		{"open", redislimit.FailOpen(), plain, 1, ratelimit.Decision{Allowed: true, Remaining: 100, Source: ratelimit.Unreachable}, true},
		{"open, too large", redislimit.FailOpen(), plain, 101, ratelimit.Decision{TooLarge: true, Remaining: 100, Source: ratelimit.Unreachable}, false},
		{"closed", redislimit.FailClosed(), plain, 1, ratelimit.Decision{RetryAfter: time.Second, Reset: time.Second, Source: ratelimit.Unreachable}, false},
		{"closed, shadow", redislimit.FailClosed(), shadow, 1, ratelimit.Decision{RetryAfter: time.Second, Reset: time.Second, Source: ratelimit.Shadow}, true},
		{"local", redislimit.FailLocal(4), plain, 1, ratelimit.Decision{Allowed: true, Remaining: 24, Reset: 2400 * time.Millisecond, Source: ratelimit.LocalShare}, true},
		{"local, more than the share", redislimit.FailLocal(4), plain, 26, ratelimit.Decision{Remaining: 25, RetryAfter: time.Second, Reset: time.Second, Source: ratelimit.LocalShare}, false},
		{"local, too large", redislimit.FailLocal(4), plain, 101, ratelimit.Decision{TooLarge: true, Remaining: 25, Source: ratelimit.LocalShare}, false},
	} {
		for _, hanging := range []bool{false, true} {
			for _, leases := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, hanging %t, leases %t", c.name, hanging, leases), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						client := newFake()
						client.down.Store(!hanging)
						client.hanging.Store(hanging)
						options := []redislimit.Option{c.option}
						if leases {
							options = append(options, redislimit.WithLeases())
						}
						s := open(t, client, options...)
						c.want.Policy, c.want.Limit = "api", 100
						var d [1]ratelimit.Decision
						for _, key := range []string{"who notices", "who does not wait"} {
							passes, err := s.Take(t.Context(), []ratelimit.Charge{{Policy: c.policy, Key: key, Cost: c.cost}}, d[:])
							if passes != c.passes || err != nil || d[0] != c.want {
								t.Errorf("%s: got %t, %v, %+v, want %t, %+v", key, passes, err, d[0], c.passes, c.want)
							}
						}
						same(t, "asked", client.evals.Load(), 1)
					})
				})
			}
		}
	}
}

// While Redis is down it is asked by one probe now and then, and nobody waits.
func TestNobodyWaitsAndNothingStorms(t *testing.T) {
	for _, hanging := range []bool{false, true} {
		t.Run(fmt.Sprint("hanging ", hanging), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const callers = 64
				client := newFake()
				s := open(t, client, redislimit.FailLocal(1))
				take(t, s, perMinute(), "ann", 1)
				client.down.Store(!hanging)
				client.hanging.Store(hanging)
				client.evals.Store(0)
				var group sync.WaitGroup
				start := time.Now()
				for c := range callers { // all at once: none waits longer than the time limit
					group.Go(func() {
						same(t, "source", take(t, s, perMinute(), fmt.Sprint(c), 1).Source, ratelimit.LocalShare)
					})
				}
				group.Wait()
				if took := time.Since(start); took > 250*time.Millisecond {
					t.Errorf("the first decisions took %v", took)
				}
				if err := s.Health(); err == nil || hanging == errors.Is(err, errDown) {
					t.Errorf("health: %v", err)
				}
				for range 20_000 {
					before := time.Now()
					if d, took := take(t, s, perMinute(), "bob", 1), time.Since(before); took > 0 || d.Source != ratelimit.LocalShare {
						t.Fatalf("%v after %v", d.Source, took)
					}
					pass(time.Millisecond)
				}
				if evals := client.evals.Load(); evals > callers+30 {
					t.Errorf("asked %d times", evals)
				}
				client.down.Store(false)
				client.hanging.Store(false)
				back := time.Now()
				for take(t, s, perMinute(), "cid", 0).Source != ratelimit.Exact {
					pass(10 * time.Millisecond)
				}
				if took := time.Since(back); took > 1300*time.Millisecond {
					t.Errorf("noticed after %v", took)
				}
				same(t, "health", s.Health(), nil)
			})
		})
	}
}

// One server of a cluster that is down takes its own keys along, not others'.
func TestClusterFailsServerByServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newFake()
		client.shards = true
		var down atomic.Value
		client.refuse = func(key string) bool { return down.Load() == key }
		s := open(t, client, redislimit.FailClosed())
		take(t, s, perMinute(), "ann", 1)
		take(t, s, perMinute(), "bob", 1)
		if len(client.seen) != 2 {
			t.Fatalf("keys %v", client.seen)
		}
		down.Store(client.seen[0])
		same(t, "its key", take(t, s, perMinute(), "ann", 1).Source, ratelimit.Unreachable)
		same(t, "another's key", take(t, s, perMinute(), "bob", 1).Source, ratelimit.Exact)
		// Both together cannot be decided, and nothing is charged for good.
		both := []ratelimit.Charge{{Policy: perMinute(), Key: "bob", Cost: 5}, {Policy: perMinute(), Key: "ann", Cost: 1}}
		decisions := make([]ratelimit.Decision, 2)
		ok, err := s.Take(t.Context(), both, decisions)
		if ok || err != nil || decisions[0].Source != ratelimit.Unreachable {
			t.Errorf("got %t, %v, %+v", ok, err, decisions)
		}
		same(t, "remaining", take(t, s, perMinute(), "bob", 0).Remaining, 98)
	})
}

// A caller who goes or has no time says nothing of Redis.
func TestCallersContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newFake()
		s := open(t, client)
		charge := []ratelimit.Charge{{Policy: perMinute(), Key: "ann", Cost: 1}}
		var d [1]ratelimit.Decision
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if ok, err := s.Take(gone, charge, d[:]); ok || !errors.Is(err, context.Canceled) || d[0].Allowed || d[0].Policy != "api" {
			t.Errorf("gone before: %t, %v, %+v", ok, err, d[0])
		}
		if err := s.Settle(gone, charge); !errors.Is(err, context.Canceled) {
			t.Errorf("settle: %v", err)
		}
		same(t, "asked", client.evals.Load(), 0)
		client.hanging.Store(true)
		leaving, cancel := context.WithCancel(t.Context())
		defer cancel()
		time.AfterFunc(100*time.Millisecond, cancel)
		start := time.Now()
		if ok, err := s.Take(leaving, charge, d[:]); ok || !errors.Is(err, context.Canceled) || d[0].Allowed || time.Since(start) != 100*time.Millisecond {
			t.Errorf("gone meanwhile: %t, %v, %+v", ok, err, d[0])
		}
		same(t, "health", s.Health(), nil)
		for _, c := range []struct {
			time  time.Duration
			blame bool
		}{{10 * time.Millisecond, false}, {100 * time.Millisecond, true}} {
			ctx, cancel := context.WithTimeout(t.Context(), c.time)
			if ok, err := s.Take(ctx, charge, d[:]); !ok || err != nil || d[0].Source != ratelimit.LocalShare {
				t.Errorf("%v: %t, %v, %+v", c.time, ok, err, d[0])
			}
			cancel()
			same(t, "Redis is to blame", s.Health() != nil, c.blame)
		}
	})
}

type clientFunc func() ([]int64, error)

func (f clientFunc) Eval(context.Context, redislimit.Script, []string, []string) ([]int64, error) {
	return f()
}

// A client that panics or answers nonsense is one that cannot be asked.
func TestBrokenClients(t *testing.T) {
	for name, eval := range map[string]clientFunc{
		"panics":    func() ([]int64, error) { panic("broken") },
		"silent":    func() ([]int64, error) { return nil, nil },
		"talkative": func() ([]int64, error) { return []int64{1, 2, 3}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, eval, redislimit.FailClosed())
			same(t, "source", take(t, s, perMinute(), "ann", 1).Source, ratelimit.Unreachable)
		})
	}
}

// Settling says when it was in vain.
func TestSettleWithoutRedis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		charge := []ratelimit.Charge{{Policy: perMinute(), Key: "ann", Cost: 40}}
		for _, c := range []struct {
			name   string
			option redislimit.Option
			fails  bool
			left   int64
		}{{"open", redislimit.FailOpen(), true, 100}, {"closed", redislimit.FailClosed(), true, 0}, {"local", redislimit.FailLocal(1), false, 60}} {
			client := newFake()
			client.down.Store(true)
			s := open(t, client, c.option)
			if err := s.Settle(t.Context(), charge); (err != nil) != c.fails {
				t.Errorf("%s: %v", c.name, err)
			}
			same(t, c.name+": left", take(t, s, perMinute(), "ann", 0).Remaining, c.left)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, newFake(), redislimit.FailLocal(1))
		take(t, s, perMinute(), "ann", 99)
		s.Close()
		s.Close()
		same(t, "source after the end", take(t, s, perMinute(), "ann", 1).Source, ratelimit.LocalShare)
		same(t, "no second budget", take(t, s, perMinute(), "ann", 1).Allowed, false)
	})
}

func TestOptions(t *testing.T) {
	for name, option := range map[string]redislimit.Option{
		"instances": redislimit.FailLocal(0), "prefix": redislimit.WithPrefix("{x}"), "timeout": redislimit.WithTimeout(0),
		"logger": redislimit.WithLogger(nil),
	} {
		if s, err := redislimit.New(newFake(), option); err == nil {
			s.Close()
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q is more than a line", name, err)
		}
	}
	if s, err := redislimit.New(nil); err == nil {
		s.Close()
		t.Error("no client: no error")
	}
}

// A server that answers probes and fails with all else is asked ever less often.
func TestFlappingServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newFake()
		var broken atomic.Bool
		broken.Store(true)
		client.refuse = func(key string) bool { return broken.Load() && !strings.HasSuffix(key, "~") }
		s := open(t, client, redislimit.FailOpen())
		for range 10_000 {
			take(t, s, perMinute(), "ann", 1)
			pass(time.Millisecond)
		}
		if n := client.evals.Load(); n > 40 {
			t.Errorf("asked %d times within 10 s", n)
		}
		broken.Store(false)
		pass(1100 * time.Millisecond)
		same(t, "source", take(t, s, perMinute(), "ann", 1).Source, ratelimit.Exact)
		pass(1100 * time.Millisecond)
		client.down.Store(true)
		take(t, s, perMinute(), "ann", 1)
		client.down.Store(false)
		pass(30 * time.Millisecond) // after a while without failures it is tried soon
		same(t, "source then", take(t, s, perMinute(), "ann", 1).Source, ratelimit.Exact)
	})
}
