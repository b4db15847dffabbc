package dashboard_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/internal/events"
)

// shouter is a module whose host publishes events that say what the test wants.
type shouter struct {
	hooks
	host *dashboard.Host
}

func (m *shouter) Provision(h *dashboard.Host) error { m.host = h; return nil }

// shout publishes events that are numbered from..to-1 and padded to a size.
func (m *shouter) shout(from, to, size int) {
	for i := from; i < to; i++ {
		m.host.PanelChanged(strconv.Itoa(i) + strings.Repeat(" ", size))
	}
}

// heard returns the number of one of shout's events.
func heard(t *testing.T, e event) int {
	t.Helper()
	var d struct{ Panel string }
	if err := json.Unmarshal([]byte(e.data), &d); err != nil {
		t.Fatalf("event %+v: %v", e, err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(d.Panel))
	if err != nil {
		t.Fatalf("event %+v: %v", e, err)
	}
	return n
}

func startShouter(t *testing.T) (*server, *shouter) {
	t.Helper()
	m := &shouter{hooks: hooks{id: "shouter"}}
	s := newServer(t, dashboard.WithModules(m))
	s.waitState("shouter", "enabled")
	return s, m
}

// take reads the next n events of shout.
func take(t *testing.T, stream <-chan event, n int) (numbers []int, last event) {
	t.Helper()
	for range n {
		last = next(t, stream, "panel")
		numbers = append(numbers, heard(t, last))
	}
	return numbers, last
}

// A reader that comes back with Last-Event-ID misses nothing and hears nothing
// twice; where that cannot be, it is told to read everything again.
func TestReplayAfterLastEventID(t *testing.T) {
	t.Parallel()
	s, m := startShouter(t)
	open := func(c caller, id string) (<-chan event, func()) {
		ctx, leave := context.WithCancel(t.Context())
		stream, err := c.listenAfter(ctx, "/api/v1/events", id)
		if err != nil {
			t.Fatal(err)
		}
		return stream, leave
	}
	reader := s.member("reader", "shouter.note.read")
	stream, leave := open(reader, "")
	m.shout(0, 5, 0)
	got, last := take(t, stream, 3)
	leave()
	m.shout(5, 8, 0)
	stream, leave = open(reader, last.id)
	m.shout(8, 10, 0)
	more, last := take(t, stream, 7)
	if got = append(got, more...); !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("got %v, want 0 to 9", got)
	}
	leave()

	for name, id := range map[string]string{
		"nonsense": "x", "of another process": "abcdefghijklmnop-3", "of the future": last.id + "9", "a number": "3",
	} {
		stream, leave := open(reader, id)
		if e := <-stream; e.name != "resync" {
			t.Errorf("%s: got %+v first, want resync", name, e)
		}
		m.shout(10, 11, 0)
		if got, _ := take(t, stream, 1); got[0] != 10 {
			t.Errorf("%s: got %v behind the resync, want what happens from now on", name, got)
		}
		leave()
	}

	m.shout(11, 11+600, 0) // more than is kept
	stream, leave = open(reader, last.id)
	if e := <-stream; e.name != "resync" {
		t.Errorf("after too much: got %+v first, want resync", e)
	}
	leave()

	// What is replayed is judged by the rights of now.
	stream, leave = open(reader, "")
	m.shout(700, 701, 0)
	_, last = take(t, stream, 1)
	leave()
	m.shout(701, 702, 0)
	s.owner().do("PUT", "/api/v1/roles/reader", map[string]any{"permissions": []string{"dashboard.modules.read"}}).wantStatus(204)
	eventually(t, "the right is gone", func() bool { return reader.get("/api/v1/m/shouter/ping").status == http.StatusNotFound })
	stream, leave = open(reader, last.id)
	defer leave()
	s.act("shouter", "disable", "installed")
	for e := range stream {
		if e.name == "panel" {
			t.Errorf("got %+v without the right to it", e)
		}
		if e.name == "module" {
			break
		}
	}
}

// A reader that does not read is dropped with a word why, holds nobody up, and
// is told to begin anew when it comes back.
func TestSlowReaderOfEvents(t *testing.T) {
	t.Parallel()
	m := &shouter{hooks: hooks{id: "shouter"}}
	s := smallServer(t, m)
	slow := dialEvents(t, s)
	quick, err := s.owner().listen(t.Context(), "/api/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	const batch, size = 100, 1900
	sent, began := 0, time.Now()
	for range 15 { // 3 MB: more than is kept and than the kernel buffers for both ends
		m.shout(sent, sent+batch, size)
		got, _ := take(t, quick, batch)
		if got[0] != sent || got[batch-1] != sent+batch-1 {
			t.Fatalf("the quick reader got %d to %d of the batch that begins with %d", got[0], got[batch-1], sent)
		}
		sent += batch
	}
	var numbers []int
	var last, lastPanel event
	for e := range parseEvents(slow) {
		if last = e; e.name == "panel" { // others come of what the module does
			numbers, lastPanel = append(numbers, heard(t, e)), e
		}
	}
	// Where all that has taken longer than a write may, it is dropped without a word.
	if last.name != "overflow" && time.Since(began) < events.WriteTimeout || len(numbers) == 0 || len(numbers) >= sent {
		t.Fatalf("the slow reader got %d of %d events and at last %q, want less and overflow", len(numbers), sent, last.name)
	}
	for i, n := range numbers {
		if n != i {
			t.Fatalf("the slow reader got %d as event %d", n, i)
		}
	}
	again, err := s.owner().listenAfter(t.Context(), "/api/v1/events", lastPanel.id)
	if err != nil {
		t.Fatal(err)
	}
	if e := <-again; e.name != "resync" {
		t.Errorf("got %+v first, want resync", e)
	}
}

// smallServer is a server whose kernel buffers little of an answer.
func smallServer(t *testing.T, m dashboard.Module) *server {
	t.Helper()
	d, err := dashboard.New(memory(t), dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithFastPasswords(),
		dashboard.WithFirstAccount(ownerEmail, ownerPassword), dashboard.WithModules(m))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(d)
	web.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateNew {
			_ = c.(*net.TCPConn).SetWriteBuffer(16 << 10)
		}
	}
	web.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		web.CloseClientConnections()
		web.Close()
	})
	s := remoteServer(t, web.URL)
	s.token = s.login(ownerEmail, ownerPassword)
	s.waitState("shouter", "enabled")
	return s
}

// dialEvents asks for the events and does not read on.
func dialEvents(t *testing.T, s *server) *http.Response {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n", s.token); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReaderSize(conn, 1<<10), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK {
		t.Fatalf("got %s", res.Status)
	}
	return res
}

// parseEvents reads a stream to its end.
func parseEvents(res *http.Response) <-chan event {
	out := make(chan event)
	go func() {
		defer close(out)
		readEvents(context.Background(), res.Body, out) // all of them are read
	}()
	return out
}

// readEvents sends the events of a stream, to whoever reads them before ctx ends.
func readEvents(ctx context.Context, body io.Reader, out chan<- event) {
	var e event
	for lines := bufio.NewScanner(body); lines.Scan(); {
		switch name, value, _ := strings.Cut(lines.Text(), ": "); {
		case lines.Text() == "":
			if e.name != "" {
				select {
				case out <- e:
				case <-ctx.Done():
					return
				}
			}
			e = event{}
		case name == "id":
			e.id = value
		case name == "event":
			e.name = value
		case name == "data":
			e.data = value
		}
	}
}
