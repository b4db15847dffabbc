package traffic_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/modules/traffic"
)

// serve answers one request through the middleware, by a real server.
func serve(t *testing.T, m *traffic.Module, h http.HandlerFunc) (*http.Response, string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/x/{id}", h)
	web := httptest.NewUnstartedServer(m.Middleware(mux))
	web.Config.ErrorLog = discard()
	web.Start()
	defer web.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", web.URL+"/x/1", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := web.Client().Do(r)
	if err != nil {
		return nil, ""
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestMiddlewareIsTransparent(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		handler        http.HandlerFunc
		status         int
		body           string
		failed, panics uint64
		timed          uint64
	}{
		"nothing":     {func(http.ResponseWriter, *http.Request) {}, 200, "", 0, 0, 1},
		"a body":      {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }, 200, "hello", 0, 0, 1},
		"a status":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503); _, _ = w.Write([]byte("no")) }, 503, "no", 1, 0, 1},
		"early hints": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(500) }, 500, "", 1, 0, 1},
		"two headers": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204); w.WriteHeader(500) }, 204, "", 0, 0, 1},
		"a file": {func(w http.ResponseWriter, _ *http.Request) {
			if _, err := io.Copy(w, strings.NewReader("file")); err != nil {
				t.Error(err)
			}
		}, 200, "file", 0, 0, 1},
		"a stream": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, "data: 1\n\n")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		}, 200, "data: 1\n\n", 0, 0, 0},
		"deadlines": {func(w http.ResponseWriter, _ *http.Request) {
			c := http.NewResponseController(w)
			if err := errors.Join(c.SetWriteDeadline(time.Now().Add(time.Hour)), c.SetReadDeadline(time.Now().Add(time.Hour)), c.EnableFullDuplex()); err != nil {
				t.Error(err)
			}
		}, 200, "", 0, 0, 1},
		"taken over": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			_ = conn.Close()
		}, 101, "", 0, 0, 0},
		"a panic":      {func(http.ResponseWriter, *http.Request) { panic("boom") }, 0, "", 1, 1, 1},
		"a late panic": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200); panic("boom") }, 0, "", 1, 1, 1},
		"cut at once":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "", 1, 0, 1},
		"cut off":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200); panic(http.ErrAbortHandler) }, 0, "", 0, 0, 1},
	} {
		m := traffic.New()
		res, body := serve(t, m, tt.handler)
		if tt.status == 0 {
			if res != nil && res.StatusCode != 200 {
				t.Errorf("%s: got status %d, want a connection that is cut", name, res.StatusCode)
			}
		} else if res == nil || res.StatusCode != tt.status || body != tt.body {
			t.Errorf("%s: got %v and %q, want %d and %q", name, res, body, tt.status, tt.body)
		}
		got := m.CountedForTest()["GET /x/{id}"]
		if got.Requests != 1 || got.Failed != tt.failed || got.Panics != tt.panics || got.Timed != tt.timed {
			t.Errorf("%s: counted %+v, want 1 request, %d failed, %d panics, %d timed", name, got, tt.failed, tt.panics, tt.timed)
		}
	}
}

// What a handler panics with goes on as it is.
func TestPanicGoesOn(t *testing.T) {
	t.Parallel()
	for _, want := range []any{http.ErrAbortHandler, "boom", errors.New("boom")} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("got %v, want %v", got, want)
				}
			}()
			traffic.New().Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(want) })).
				ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		}()
	}
}

// bare is a writer that can do nothing but write.
type bare struct{ http.ResponseWriter }

func TestBareWriter(t *testing.T) {
	t.Parallel()
	m := traffic.New()
	w := httptest.NewRecorder()
	m.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, ok := w.(http.Hijacker); ok {
			t.Error("a Hijacker over a writer that is none")
		}
		w.(http.Flusher).Flush() // does nothing
		if err := http.NewResponseController(w).Flush(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Flush: got %v, want ErrNotSupported", err)
		}
		if _, _, err := http.NewResponseController(w).Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Hijack: got %v, want ErrNotSupported", err)
		}
		if _, err := io.Copy(w, strings.NewReader("text")); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(bare{w}, httptest.NewRequest("GET", "/", nil))
	if got := w.Body.String(); got != "text" {
		t.Errorf("got %q", got)
	}
}

// hijacker fails to hand its connection over.
type hijacker struct{ http.ResponseWriter }

func (hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, errors.New("no") }

func TestHijackThatFails(t *testing.T) {
	t.Parallel()
	m := traffic.New()
	m.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, _, err := w.(http.Hijacker).Hijack(); err == nil {
			t.Error("got no error")
		}
		w.WriteHeader(http.StatusNotImplemented)
	})).ServeHTTP(hijacker{httptest.NewRecorder()}, httptest.NewRequest("GET", "/", nil))
	if got := m.CountedForTest()["GET (no route)"]; got.Failed != 1 || got.Timed != 1 {
		t.Errorf("counted %+v, want a request that failed", got)
	}
}

func TestRouteNames(t *testing.T) {
	t.Parallel()
	var pattern string
	m := traffic.New(traffic.WithRoute(func(*http.Request) string { return pattern }), traffic.WithRoute(nil))
	h := m.Middleware(http.NotFoundHandler())
	for _, tt := range []struct{ method, pattern, want string }{
		{"GET", "/orders/{id}", "GET /orders/{id}"},
		{"GET", "GET /orders/{id}", "GET /orders/{id}"},
		{"HEAD", "GET /orders/{id}", "GET /orders/{id}"},
		{"GET", "example.com/{path...}", "GET example.com/{path...}"},
		{"GET", "/a b", "GET /a b"},
		{"", "/", "OTHER /"},
		{"MADE-UP", "/", "OTHER /"},
		{"POST", "", "POST (no route)"},
		{"GET", "/\x00\xff\n", "GET /???"},
		{"GET", "/" + strings.Repeat("x", 1000), "GET /" + strings.Repeat("x", 199)},
	} {
		pattern = tt.pattern
		r := httptest.NewRequest("GET", "/", nil)
		r.Method = tt.method
		h.ServeHTTP(httptest.NewRecorder(), r)
		got := m.CountedForTest()
		if got[tt.want].Requests != 1 {
			t.Errorf("%s %.30q: got %v, want %q", tt.method, tt.pattern, got, tt.want)
		}
	}
}

// Whoever makes routes up, by many connections at once, fills one more line.
func TestRoutesAreBounded(t *testing.T) {
	t.Parallel()
	m := traffic.New(traffic.WithRoute(func(r *http.Request) string { return r.URL.Path })) // as nobody should
	h := m.Middleware(http.NotFoundHandler())
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/known", nil))
	var wg sync.WaitGroup
	const clients, each = 4, 2000
	for c := range clients {
		wg.Go(func() {
			for i := range each {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", fmt.Sprintf("/%d/%d", c, i), nil))
			}
		})
	}
	wg.Wait()
	got := m.CountedForTest()
	if len(got) != traffic.MaxRoutes+1 {
		t.Errorf("got %d routes, want %d and the rest", len(got), traffic.MaxRoutes)
	}
	sum := uint64(0)
	for _, c := range got {
		sum += c.Requests
	}
	if want := uint64(clients*each + 1); sum != want || got["(other)"].Requests < want-traffic.MaxRoutes {
		t.Errorf("got %d requests and %d others, want %d in all", sum, got["(other)"].Requests, want)
	}
	m.ForgetForTest(time.Now().Add(2 * time.Hour)) // then there is room again
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/new", nil))
	if got := m.CountedForTest(); got["GET /new"].Requests != 1 {
		t.Errorf("after a while: got %v, want the new route", got)
	}
}

func TestMiddlewareCost(t *testing.T) {
	m := traffic.New()
	plain := http.NewServeMux()
	plain.HandleFunc("GET /x/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	r := httptest.NewRequestWithContext(context.Background(), "GET", "/x/1", nil)
	w := &nowhere{header: http.Header{}}
	allocs := func(h http.Handler) float64 { return testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) }) }
	if bare, worn := allocs(plain), allocs(m.Middleware(plain)); worn > bare+2 {
		t.Errorf("got %v allocations with the middleware, %v without, want at most 2 more", worn, bare)
	}
}

// nowhere is a writer that costs nothing.
type nowhere struct{ header http.Header }

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) WriteHeader(int)             {}
func (w *nowhere) Write(b []byte) (int, error) { return len(b), nil }

func BenchmarkMiddleware(b *testing.B) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Pattern = "GET /orders/{id}"
		w.WriteHeader(http.StatusNoContent)
	})
	m := traffic.New()
	for name, h := range map[string]http.Handler{"without": handler, "with": m.Middleware(handler)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				r := httptest.NewRequest("GET", "/orders/1", nil)
				w := &nowhere{header: http.Header{}}
				for pb.Next() {
					h.ServeHTTP(w, r)
				}
			})
		})
	}
}
