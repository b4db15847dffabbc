package ratelimittest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

// Who waits as told is let in, and is not told to wait for longer than it takes.
func testRetryAfter(t *testing.T, s store) {
	for _, p := range []ratelimit.Policy{
		{Name: "third", Limit: 3, Window: 70 * time.Millisecond, Burst: 1},
		{Name: "odd", Limit: 997, Window: 9973 * time.Millisecond, Burst: 2},
		{Name: "fast", Limit: 1_000_003, Window: time.Second, Burst: 7},
	} {
		each := float64(p.Window) / float64(p.Limit)
		for round := range int64(8) {
			cost, owed := 1+round%p.Depth(), 1+int64(1e7/each) // owed: about what 10 ms bring
			s.settle(t, ratelimit.Charge{Policy: p, Key: "ann", Cost: p.Depth() + owed})
			d := s.one(t, p, "ann", cost)
			if d.Allowed { // the store took longer than that
				continue
			}
			if longest := time.Duration(each * float64(p.Depth()+owed+cost)); d.RetryAfter > longest+time.Millisecond {
				t.Errorf("%v: retry after %v, for what takes at most %v", p, d.RetryAfter, longest)
			}
			wait(t, d.RetryAfter)
			if d := s.one(t, p, "ann", cost); !d.Allowed {
				t.Fatalf("%v: refused after the wait, for %v more", p, d.RetryAfter)
			}
		}
	}
}

func wait(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}

// However hard it is asked, a key gets its burst and what time brings; and it
// gets that.
func testNeverMore(t *testing.T, s store) {
	const callers, beyond = 4, 60
	p := ratelimit.Policy{Name: "never", Limit: 400, Window: time.Second, Burst: 10}
	var allowed atomic.Int64
	start := time.Now()
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			decisions := make([]ratelimit.Decision, 1)
			for allowed.Load() < p.Burst+beyond && time.Since(start) < patience {
				ok, err := s.Take(t.Context(), []ratelimit.Charge{{Policy: p, Key: "ann", Cost: 1}}, decisions)
				if err != nil {
					t.Error(err)
					return
				}
				if ok {
					allowed.Add(1)
				}
			}
		})
	}
	group.Wait()
	took := time.Since(start)
	most := p.Burst + int64(float64(p.Limit)*took.Seconds()) + 1 // a clock of the store's own may be a little apart
	if got := allowed.Load(); got > most || got < p.Burst+beyond {
		t.Errorf("%d allowed in %v, want at least %d and at most %d", got, took, p.Burst+beyond, most)
	}
}

func testConcurrent(t *testing.T, s store) {
	const callers, calls, keys = 8, 40, 3
	p := hourly("concurrent", 50)
	var allowed [keys]atomic.Int64
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			decisions := make([]ratelimit.Decision, 1)
			for i := range calls * keys {
				ok, err := s.Take(t.Context(), []ratelimit.Charge{{Policy: p, Key: fmt.Sprint("key", i%keys), Cost: 1}}, decisions)
				if err != nil {
					t.Error(err)
					return
				}
				if ok {
					allowed[i%keys].Add(1)
				}
			}
		})
	}
	group.Wait()
	for i := range allowed {
		same(t, fmt.Sprint("allowed of key ", i), allowed[i].Load(), 50)
	}
}

// Callers that name the same buckets in different orders neither wait for each
// other for ever nor take half of what they ask.
func testConcurrentSeveral(t *testing.T, s store) {
	const callers, calls = 8, 30
	narrow, wide := hourly("narrow", 60), hourly("wide", 1000)
	orders := [][]ratelimit.Charge{
		{{Policy: narrow, Key: "group", Cost: 1}, {Policy: wide, Key: "ann", Cost: 1}, {Policy: wide, Key: "bob", Cost: 1}},
		{{Policy: wide, Key: "bob", Cost: 1}, {Policy: wide, Key: "ann", Cost: 1}, {Policy: narrow, Key: "group", Cost: 1}},
	}
	var allowed atomic.Int64
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			decisions := make([]ratelimit.Decision, 3)
			for range calls {
				ok, err := s.Take(t.Context(), orders[caller%2], decisions)
				if err != nil {
					t.Error(err)
					return
				}
				if ok {
					allowed.Add(1)
				}
			}
		})
	}
	group.Wait()
	same(t, "allowed", allowed.Load(), 60)
	same(t, "narrow left", s.left(t, narrow, "group"), 0)
	same(t, "left of ann", s.left(t, wide, "ann"), 940)
	same(t, "left of bob", s.left(t, wide, "bob"), 940)
}
