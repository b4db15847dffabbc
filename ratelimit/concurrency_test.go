package ratelimit_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/ratelimit"
)

func concurrency(t testing.TB, limit ratelimit.ConcurrencyLimit, opts ...ratelimit.ConcurrencyOption) *ratelimit.Concurrency {
	t.Helper()
	return must(ratelimit.NewConcurrency(limit, opts...))
}

// gate is a handler that holds its requests until they are let go.
type gate struct {
	inside atomic.Int32
	open   chan struct{}
}

func newGate() *gate { return &gate{open: make(chan struct{})} }

func (g *gate) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	g.inside.Add(1)
	defer g.inside.Add(-1)
	<-g.open
	w.WriteHeader(http.StatusNoContent)
}

// send sends a request on a goroutine of its own.
func send(group *sync.WaitGroup, handler http.Handler, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	w.Code = 0
	group.Go(func() { handler.ServeHTTP(w, r) })
	synctest.Wait()
	return w
}

func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		handler := concurrency(t, ratelimit.ConcurrencyLimit{Name: "slots", Total: 3, PerKey: 2, By: header("User")}).Wrap(g)
		var group sync.WaitGroup
		const policies = `"slots";q=2;qu="concurrent-requests"`
		first := send(&group, handler, "User", "ann")
		second := send(&group, handler, "User", "ann")
		w := get(handler, "User", "ann")
		expect(t, "third of ann", w, 429, "RateLimit-Policy", policies, "RateLimit", `"slots";r=0`, "Retry-After", "1",
			"Content-Type", "application/problem+json")
		if got := violated(t, w); !slices.Equal(got, []string{"slots"}) {
			t.Errorf("violated: got %q", got)
		}
		nobody := send(&group, handler)
		expect(t, "one too many", get(handler, "User", "bob"), 503, "RateLimit-Policy", policies, "RateLimit", `"slots";r=2`, "Retry-After", "1")
		expect(t, "one too many", get(handler), 503, "RateLimit-Policy", "", "RateLimit", "")
		if n := g.inside.Load(); n != 3 {
			t.Errorf("%d inside, want 3", n)
		}
		close(g.open)
		group.Wait()
		expect(t, "first", first, 204, "RateLimit-Policy", policies, "RateLimit", `"slots";r=1`)
		expect(t, "second", second, 204, "RateLimit", `"slots";r=0`)
		expect(t, "nobody", nobody, 204, "RateLimit-Policy", "")
		expect(t, "afterwards", get(handler, "User", "ann"), 204, "RateLimit", `"slots";r=1`)
	})
}

// Who waits comes in the order of arrival, and passes those who wait for their
// own key.
func TestConcurrencyWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		meters := newRecorder()
		c := concurrency(t, ratelimit.ConcurrencyLimit{Total: 2, PerKey: 1, By: header("User"), Wait: time.Minute, Queue: 3},
			ratelimit.WithMeterProvider(meters))
		take := func(key string) func() {
			release, err := c.Acquire(t.Context(), key)
			if err != nil {
				t.Errorf("%s: %v", key, err)
				return func() {}
			}
			return release
		}
		var mu sync.Mutex
		var order []string
		releases := map[string]func(){}
		var group sync.WaitGroup
		queue := func(key string) {
			group.Go(func() {
				release := take(key)
				mu.Lock()
				defer mu.Unlock()
				order, releases[key] = append(order, key), release
			})
			synctest.Wait()
		}
		check := func(want ...string) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(order, want) {
				t.Errorf("got in: %q, want %q", order, want)
			}
		}
		ann, bob := take("ann"), take("bob")
		queue("ann") // waits for ann, too
		queue("eve")
		queue("joe")
		check()
		if _, err := c.Acquire(t.Context(), "kim"); !errors.Is(err, ratelimit.ErrBusy) {
			t.Errorf("a full queue: got %v", err)
		}
		counted(t, meters, "active policy=concurrency = 2", "waiting policy=concurrency = 3",
			"decisions outcome=allowed policy=concurrency source=exact = 2", "decisions outcome=refused policy=concurrency source=exact = 1")
		bob()
		bob() // has no effect
		check("eve")
		ann()
		check("eve", "ann")
		releases["eve"]()
		check("eve", "ann", "joe")
		releases["ann"]()
		take("kim")()
		releases["joe"]()
		group.Wait()

		// It waits no longer than it may, and not at all for one who has gone.
		ann = take("ann")
		start := time.Now()
		if _, err := c.Acquire(t.Context(), "ann"); !errors.Is(err, ratelimit.ErrTooMany) || time.Since(start) != time.Minute {
			t.Errorf("after %v: got %v", time.Since(start), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		if _, err := c.Acquire(ctx, "ann"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("after %v: got %v", time.Since(start), err)
		}
		// No key fills the queue.
		group.Go(func() { take("ann")() })
		synctest.Wait()
		if _, err := c.Acquire(t.Context(), "ann"); !errors.Is(err, ratelimit.ErrTooMany) {
			t.Errorf("second that waits: got %v", err)
		}
		ann()
		group.Wait()
	})
}

// One key fills the queue with no more than it may have under way.
func TestConcurrencyQueueIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := concurrency(t, ratelimit.ConcurrencyLimit{PerKey: 2, By: header("User"), Wait: time.Minute, Queue: 5})
		var group sync.WaitGroup
		var refused atomic.Int32
		ask := func(key string, times int) {
			for range times {
				group.Go(func() {
					release, err := c.Acquire(t.Context(), key)
					if errors.Is(err, ratelimit.ErrTooMany) {
						refused.Add(1)
						return
					}
					pass(time.Second)
					release()
				})
				synctest.Wait()
			}
		}
		ask("ann", 10) // two go on, two wait
		if n := refused.Load(); n != 6 {
			t.Errorf("ann: %d refused, want 6", n)
		}
		ask("bob", 5) // two go on, two wait
		if n := refused.Load(); n != 7 {
			t.Errorf("bob: %d refused, want 7", n)
		}
		group.Wait()
	})
}

func TestConcurrencyReleasesOnPanic(t *testing.T) {
	t.Parallel()
	c := concurrency(t, ratelimit.ConcurrencyLimit{Total: 1})
	for _, upgrade := range []string{"", "websocket"} {
		handler := c.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
		func() {
			defer func() {
				if v := recover(); v != http.ErrAbortHandler { //nolint:errorlint // a panic value
					t.Errorf("got %v, want the handler's panic", v)
				}
			}()
			get(handler, "Upgrade", upgrade)
		}()
		expect(t, "after the panic", get(c.Wrap(http.HandlerFunc(nothing))), 200)
	}
}

// A hijacked connection has its slot until it is closed.
func TestConcurrencyHijack(t *testing.T) {
	t.Parallel()
	c := concurrency(t, ratelimit.ConcurrencyLimit{Total: 1})
	conns := make(chan net.Conn, 1)
	server := httptest.NewServer(c.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/hijack" {
			w.(http.Flusher).Flush()
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		_ = rw.Flush()
		conns <- conn
		if r.URL.Query().Has("panic") {
			panic(http.ErrAbortHandler)
		}
	})))
	defer server.Close()
	ask := func(path string) int {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", path)
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.StatusCode != http.StatusSwitchingProtocols {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		return r.StatusCode
	}
	for _, path := range []string{"/hijack", "/hijack?panic"} {
		if status := ask(path); status != 101 {
			t.Fatalf("%s: got %d", path, status)
		}
		conn := <-conns
		want := 503
		if path != "/hijack" {
			want = eventually(t, 200, func() int { return ask("/") })
		}
		if status := ask("/"); status != want {
			t.Errorf("%s, open: got %d, want %d", path, status, want)
		}
		if inner, ok := conn.(interface{ NetConn() net.Conn }); !ok || inner.NetConn() == nil {
			t.Errorf("%T does not tell the connection itself", conn)
		}
		conn.Close()
		conn.Close()
		eventually(t, 200, func() int { return ask("/") })
	}
	// Where it cannot be hijacked the handler hears of it.
	w := get(c.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, _, err := http.NewResponseController(w).Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("got %v", err)
		}
	})), "Upgrade", "websocket")
	expect(t, "recorder", w, 200)
	expect(t, "afterwards", get(c.Wrap(http.HandlerFunc(nothing))), 200)
}

// eventually asks until it is answered what is wanted.
func eventually(t *testing.T, want int, ask func() int) int {
	t.Helper()
	got := ask()
	for range 1000 {
		if got == want {
			break
		}
		got = ask()
	}
	if got != want {
		t.Errorf("got %d again and again, want %d", got, want)
	}
	return got
}

func TestConcurrencyShadow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		handler := concurrency(t, ratelimit.ConcurrencyLimit{PerKey: 1, By: header("User"), Wait: time.Minute, Shadow: true}).Wrap(g)
		var group sync.WaitGroup
		var answers []*httptest.ResponseRecorder
		for range 3 {
			answers = append(answers, send(&group, handler, "User", "ann"))
		}
		if n := g.inside.Load(); n != 3 {
			t.Errorf("%d inside, want 3", n)
		}
		close(g.open)
		group.Wait()
		for _, w := range answers {
			expect(t, "shadow", w, 204, "RateLimit", "", "RateLimit-Policy", "")
		}
	})
}

func TestNewConcurrencyRefuses(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]ratelimit.ConcurrencyLimit{
		"nothing":      {},
		"no key":       {PerKey: 1},
		"name":         {Name: "A", Total: 1},
		"negative":     {Total: -1},
		"negative key": {PerKey: -1, Total: 1, By: ratelimit.Everyone},
		"too many":     {Total: ratelimit.MaxConcurrency + 1},
		"wait":         {Total: 1, Wait: ratelimit.MaxQueueWait + 1},
		"no wait":      {Total: 1, Wait: -1},
		"queue":        {Total: 1, Wait: 1, Queue: ratelimit.MaxQueue + 1},
		"no queue":     {Total: 1, Wait: 1, Queue: -1},
	} {
		if c, err := ratelimit.NewConcurrency(limit); err == nil || c != nil {
			t.Errorf("%s: got %v, %v, want an error", name, c, err)
		}
	}
	if c, err := ratelimit.NewConcurrency(ratelimit.ConcurrencyLimit{Total: 1}, ratelimit.WithRefusal(nil)); err == nil || c != nil {
		t.Errorf("option: got %v, %v, want an error", c, err)
	}
}

// Under load nobody gets a slot too many, and none is lost.
func TestConcurrencyUnderLoad(t *testing.T) {
	t.Parallel()
	c := concurrency(t, ratelimit.ConcurrencyLimit{Total: 8, PerKey: 3, By: ratelimit.Everyone, Wait: time.Minute, Queue: 20})
	var total, taken atomic.Int64
	perKey := make([]atomic.Int64, 5)
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			mine := &perKey[i%len(perKey)]
			for n := range 300 {
				ctx, cancel := context.WithCancel(t.Context())
				if n%7 == 0 {
					cancel()
				}
				release, err := c.Acquire(ctx, key(i%len(perKey)))
				if err == nil {
					taken.Add(1)
					if mine.Add(1) > 3 {
						t.Error("more than 3 of one key")
					}
					if total.Add(1) > 8 {
						t.Error("more than 8 at once")
					}
					total.Add(-1)
					mine.Add(-1)
					release()
				}
				cancel()
			}
		})
	}
	group.Wait()
	if taken.Load() == 0 {
		t.Error("nobody got a slot")
	}
	for i := range 8 { // all are free again
		if _, err := c.Acquire(t.Context(), key(i%4)); err != nil {
			t.Errorf("slot %d: %v", i, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Acquire(ctx, "another"); !errors.Is(err, context.Canceled) {
		t.Errorf("the ninth: got %v", err)
	}
}
