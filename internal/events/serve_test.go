package events_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/internal/events"
)

// pipeListener hands out in-memory connections, which a synctest bubble can wait for.
type pipeListener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}
func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// server runs handler until the test ends and returns a function that sends a request and returns the connection.
func server(t *testing.T, handler http.HandlerFunc) (get func(header string) net.Conn) {
	t.Helper()
	l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	srv := &http.Server{Handler: handler, ReadTimeout: 3 * time.Second, WriteTimeout: 3 * time.Second}
	served := make(chan struct{})
	go func() { _ = srv.Serve(l); close(served) }()
	t.Cleanup(func() { _ = srv.Close(); <-served })
	return func(header string) net.Conn {
		client, serverSide := net.Pipe()
		l.conns <- serverSide
		t.Cleanup(func() { _ = client.Close() })
		if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\n"+header+"\r\n"); err != nil {
			t.Fatal(err)
		}
		return client
	}
}

// body collects what a connection delivers and decodes it on demand.
type body struct {
	mu   sync.Mutex
	raw  bytes.Buffer
	done chan struct{}
}

func collect(c net.Conn) *body {
	b := &body{done: make(chan struct{})}
	go func() {
		defer close(b.done)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return
		}
		buf := make([]byte, 512)
		for {
			n, err := resp.Body.Read(buf)
			b.mu.Lock()
			b.raw.Write(buf[:n])
			b.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return b
}

func (b *body) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.raw.Bytes())
}

func (b *body) names() (names []string) {
	got, _, _, _ := parseStream(b.bytes())
	for _, e := range got {
		names = append(names, e.Name)
	}
	return names
}

func serve(h *events.Hub, who events.Subscriber) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who := who
		who.LastEventID = r.Header.Get("Last-Event-ID")
		sub, err := h.Subscribe(who)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_ = events.Serve(w, r, sub)
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := hub(t, nil, events.Options{})
		b := collect(server(t, serve(h, events.Subscriber{Session: "s"}))(""))
		synctest.Wait()
		publish(t, h, "a", "b")
		synctest.Wait()
		// Longer than the server's own timeouts, and than many heartbeats.
		<-time.After(61 * time.Second)
		publish(t, h, "c")
		h.End(events.ReasonSessionEnded, func(s events.Subscriber) bool { return false })
		synctest.Wait()
		h.End(events.ReasonSessionEnded, func(s events.Subscriber) bool { return s.Session == "s" })
		<-b.done
		got, lastID, retry, comments := parseStream(b.bytes())
		if names := strings.Join(b.names(), " "); names != "a b c session-ended" {
			t.Errorf("got %q, want a b c session-ended", names)
		}
		if retry != events.Retry || comments != 4 {
			t.Errorf("got retry %v and %d heartbeats, want %v and 4", retry, comments, events.Retry)
		}
		if lastID == "" || got[2].ID != lastID || got[0].Data != "{}" {
			t.Errorf("got %q with last id %q, want ids and data", got, lastID)
		}
		if n := h.Streams(); n != 0 {
			t.Errorf("got %d open streams, want 0", n)
		}
	})
}

func TestServeReplaysByPresentRights(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := hub(t, nil, events.Options{Ring: 8})
		allowed := true
		who := events.Subscriber{Filter: func(e events.Event) bool { return allowed || e.Audience.Permission == "" }}
		get := server(t, serve(h, who))
		first := get("")
		b := collect(first)
		synctest.Wait()
		_ = first.Close()
		synctest.Wait()
		_, before, _, _ := parseStream(b.bytes())
		if before == "" {
			t.Fatal("no id before the first event")
		}
		publish(t, h, "a")
		if err := h.Publish(t.Context(), events.Event{Name: "b", Audience: events.Audience{Permission: "p"}}); err != nil {
			t.Fatal(err)
		}
		publish(t, h, "c")
		try := func(id string) string {
			c := get("Last-Event-ID: " + id + "\r\n")
			defer c.Close()
			b := collect(c)
			synctest.Wait()
			return strings.Join(b.names(), " ")
		}
		origin, _, _ := strings.Cut(before, "-")
		for name, tc := range map[string]struct{ id, want string }{
			"all":            {before, "a b c"},
			"rest":           {origin + "-2", "c"},
			"nothing missed": {origin + "-3", ""},
			"future":         {origin + "-4", "resync"},
			"other instance": {"x" + before, "resync"},
			"no number":      {origin + "-", "resync"},
			"negative":       {origin + "--1", "resync"},
			"largest":        {origin + "-18446744073709551615", "resync"},
			"garbage":        {"42", "resync"},
		} {
			if got := try(tc.id); got != tc.want {
				t.Errorf("%s: got %q, want %q", name, got, tc.want)
			}
		}
		allowed = false
		if got := try(before); got != "a c" {
			t.Errorf("after losing the right: got %q, want a c", got)
		}
		publish(t, h, "4", "5", "6", "7", "8", "9")
		if got := try(before); got != "resync" {
			t.Errorf("out of the ring: got %q, want resync", got)
		}
	})
}

// A heartbeat moves the id past events that the reader may not see, so that coming back does not look like a loss.
func TestHeartbeatMovesTheID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := hub(t, nil, events.Options{})
		b := collect(server(t, serve(h, events.Subscriber{Filter: func(events.Event) bool { return false }}))(""))
		synctest.Wait()
		publish(t, h, "hidden", "hidden")
		<-time.After(events.Heartbeat + time.Second)
		got, lastID, _, _ := parseStream(b.bytes())
		if len(got) != 0 || !strings.HasSuffix(lastID, "-2") {
			t.Errorf("got %q, last id %q, want none and …-2", got, lastID)
		}
	})
}

func TestServeEnds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		who  events.Subscriber
		do   func(h *events.Hub, cancel context.CancelCauseFunc)
		want string
	}{
		"hub shut down": {do: func(h *events.Hub, _ context.CancelCauseFunc) { _ = h.Shutdown(context.Background()) },
			want: events.ReasonShutdown},
		"cause of the request": {do: func(_ *events.Hub, cancel context.CancelCauseFunc) {
			cancel(&events.EndedError{Reason: events.ReasonModuleDisabled})
		}, want: events.ReasonModuleDisabled},
		"request canceled": {do: func(_ *events.Hub, cancel context.CancelCauseFunc) { cancel(nil) }},
		"session expires":  {do: func(*events.Hub, context.CancelCauseFunc) { <-time.After(time.Minute) }, want: events.ReasonSessionEnded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := hub(t, nil, events.Options{})
				ctx, cancel := context.WithCancelCause(t.Context())
				tc.who.Until = time.Now().Add(40 * time.Second)
				b := collect(server(t, func(w http.ResponseWriter, r *http.Request) {
					serve(h, tc.who)(w, r.WithContext(ctx))
				})(""))
				synctest.Wait()
				tc.do(h, cancel)
				<-b.done
				if got := strings.Join(b.names(), " "); got != tc.want {
					t.Errorf("got %q, want %q", got, tc.want)
				}
			})
		})
	}
}

// A reader that has stopped reading, without closing its connection, holds a goroutine no longer than one write may take.
func TestDeadReaderIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := hub(t, nil, events.Options{})
		returned := make(chan error, 1)
		c := server(t, func(w http.ResponseWriter, r *http.Request) {
			sub, err := h.Subscribe(events.Subscriber{})
			if err != nil {
				t.Error(err)
				return
			}
			returned <- events.Serve(w, r, sub)
		})("")
		defer c.Close()
		start := time.Now()
		err := <-returned
		if err == nil || time.Since(start) != events.WriteTimeout {
			t.Errorf("got %v after %v, want an error after %v", err, time.Since(start), events.WriteTimeout)
		}
		if n := h.Streams(); n != 0 {
			t.Errorf("got %d open streams, want 0", n)
		}
	})
}

func TestWriter(t *testing.T) {
	t.Parallel()
	rec := httptest.NewRecorder()
	out, err := events.NewWriter(rec)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Send("line", []byte("a\nb")); err != nil {
		t.Error(err)
	}
	if err := out.Send("bad\nname", nil); !errors.Is(err, events.ErrInvalidEvent) {
		t.Errorf("bad name: got %v, want ErrInvalidEvent", err)
	}
	if err := out.End(events.ReasonModuleDisabled); err != nil {
		t.Error(err)
	}
	if got := rec.Header().Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type: got %q", got)
	}
	if got := rec.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: got %q", got)
	}
	want := "retry: 2000\n\nevent: line\ndata: a\ndata: b\n\nevent: module-disabled\ndata: {}\n\n"
	if got := rec.Body.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// wrapped hides everything of its inner writer but lets http.ResponseController find it.
type wrapped struct{ inner http.ResponseWriter }

func (w wrapped) Header() http.Header         { return w.inner.Header() }
func (w wrapped) Write(b []byte) (int, error) { return w.inner.Write(b) }
func (w wrapped) WriteHeader(code int)        { w.inner.WriteHeader(code) }

type unwrappable struct{ wrapped }

func (w unwrappable) Unwrap() http.ResponseWriter { return w.inner }

func TestWriterNeedsAFlusher(t *testing.T) {
	t.Parallel()
	rec := httptest.NewRecorder()
	if _, err := events.NewWriter(wrapped{rec}); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("got %v, want ErrNotSupported", err)
	}
	if len(rec.Header()) > 0 || rec.Body.Len() > 0 {
		t.Errorf("wrote %v %q before failing", rec.Header(), rec.Body)
	}
	if _, err := events.NewWriter(unwrappable{wrapped{rec}}); err != nil {
		t.Errorf("below a wrapper: %v", err)
	}
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rec := httptest.NewRecorder()
		out, err := events.NewWriter(rec)
		if err != nil {
			t.Fatal(err)
		}
		stop := out.KeepAlive(t.Context())
		<-time.After(31 * time.Second)
		if err := out.Send("x", []byte("{}")); err != nil {
			t.Error(err)
		}
		stop()
		stop()
		got, _, _, comments := parseStream(rec.Body.Bytes())
		if len(got) != 1 || comments != 2 {
			t.Errorf("got %q and %d heartbeats, want one event and 2", got, comments)
		}
	})
}

// failing fails every write.
type failing struct{ *httptest.ResponseRecorder }

var errGone = errors.New("gone")

func (failing) Write([]byte) (int, error) { return 0, errGone }

func TestWriterFailsForGood(t *testing.T) {
	t.Parallel()
	out, err := events.NewWriter(failing{httptest.NewRecorder()})
	if !errors.Is(err, errGone) {
		t.Fatalf("NewWriter: got %v, want the error of the connection", err)
	}
	for _, err := range []error{out.Send("a", nil), out.Heartbeat(""), out.End("x")} {
		if !errors.Is(err, errGone) {
			t.Errorf("got %v, want the first error", err)
		}
	}
	out.KeepAlive(t.Context())()
}
