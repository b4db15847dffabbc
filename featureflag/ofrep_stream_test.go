package featureflag_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// listener reads an event stream of a real server.
type listener struct {
	status int
	header http.Header
	lines  chan string // of the stream, without empty ones; closed at its end
	leave  func()
}

func listen(t testing.TB, url string, header ...string) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	w, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{status: w.StatusCode, header: w.Header, lines: make(chan string, 100)}
	var read sync.WaitGroup
	read.Go(func() {
		defer close(l.lines)
		defer w.Body.Close()
		for text := bufio.NewScanner(w.Body); text.Scan(); {
			if text.Text() == "" {
				continue
			}
			select {
			case l.lines <- text.Text():
			case <-ctx.Done(): // nobody reads the rest
				return
			}
		}
	})
	l.leave = func() {
		cancel()
		read.Wait()
	}
	t.Cleanup(l.leave)
	return l
}

// next is the next line that is no comment, "" at the end.
func (l *listener) next(t testing.TB) string {
	t.Helper()
	for {
		select {
		case line := <-l.lines:
			if !strings.HasPrefix(line, ":") {
				return line
			}
		case <-time.After(patience):
			t.Fatal("the stream says nothing")
		}
	}
}

func serve(t testing.TB, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// streamAddress is where a bulk answer says that events are.
func streamAddress(t testing.TB, handler http.Handler, path string, header ...string) string {
	t.Helper()
	w := post(handler, path, `{"context":{}}`, header...)
	var got struct {
		EventStreams []struct {
			Type     string
			Endpoint struct{ RequestURI string }
			Delay    int `json:"inactivityDelaySec"`
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.EventStreams) != 1 {
		t.Fatalf("got %d %v %s", w.Code, err, w.Body)
	}
	if s := got.EventStreams[0]; s.Type != "sse" || s.Delay != 120 {
		t.Errorf("got %+v", s)
	}
	return got.EventStreams[0].Endpoint.RequestURI
}

func set(t testing.TB, definitions string) *featureflag.Set {
	t.Helper()
	s, err := featureflag.Parse([]byte(definitions))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// oneFlag are definitions that differ by a number.
func oneFlag(n int) string {
	return fmt.Sprintf(`{"flags":{"n":{"state":"ENABLED","variants":{"n":%d},"defaultVariant":"n"}}}`, n)
}

func TestOFREPStream(t *testing.T) {
	flags := parsed(t, oneFlag(0))
	handler := remote(t, flags)
	address := streamAddress(t, handler, bulk)
	if address != "/ofrep/v1/events" {
		t.Errorf("got address %q", address)
	}
	url := serve(t, handler)
	l := listen(t, url+address)
	if l.status != 200 || l.header.Get("Content-Type") != "text/event-stream" || l.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %v", l.status, l.header)
	}
	// What changed since the client asked, it learns at once; with no word of which
	// flags, so that an answer it has costs nothing.
	for _, want := range []string{"retry: 3000", "id: " + flags.Snapshot().Hash(), `data: {"type":"refetchEvaluation"}`} {
		if got := l.next(t); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	before := time.Now().Unix()
	flags.Replace(set(t, oneFlag(1)))
	if got, want := l.next(t), "id: "+flags.Snapshot().Hash(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	var event struct {
		Type, ETag   string
		LastModified int64
	}
	data := strings.TrimPrefix(l.next(t), "data: ")
	if err := json.Unmarshal([]byte(data), &event); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	if event.Type != "refetchEvaluation" || event.ETag != flags.Snapshot().Hash() || event.LastModified < before || event.LastModified > time.Now().Unix() {
		t.Errorf("got %s", data)
	}
	// Who was here and missed nothing is told nothing.
	again := listen(t, url+address, "Last-Event-ID", flags.Snapshot().Hash())
	if got := again.next(t); got != "retry: 3000" {
		t.Errorf("got %q", got)
	}
	flags.Replace(set(t, oneFlag(2)))
	if got, want := again.next(t), "id: "+flags.Snapshot().Hash(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := handler.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	again.next(t) // the data of the change
	for range 2 {
		if got := again.next(t); got != "" {
			t.Errorf("after the shutdown: got %q", got)
		}
	}
	if late := listen(t, url+address); late.status != 503 || late.header.Get("Retry-After") == "" {
		t.Errorf("after the shutdown: got %d", late.status)
	}
	if w := post(handler, bulk, `{"context":{}}`); w.Code != 200 {
		t.Errorf("evaluation after the shutdown: got %d", w.Code)
	}
}

func TestOFREPStreamAddress(t *testing.T) {
	flags := parsed(t, oneFlag(0))
	handler := remote(t, flags)
	for path, want := range map[string]string{"/admin" + bulk: "/admin/ofrep/v1/events", "/a%20b" + bulk + "?x=1": "/a%20b/ofrep/v1/events"} {
		if got := streamAddress(t, handler, path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	stripped := http.StripPrefix("/admin", handler)
	if got := streamAddress(t, stripped, "/admin"+bulk); got != "/admin/ofrep/v1/events" {
		t.Errorf("stripped: got %q", got)
	}
	proxied := remote(t, flags, featureflag.WithMountPath(func(*http.Request) string { return "/public" }))
	if got := streamAddress(t, proxied, bulk); got != "/public/ofrep/v1/events" {
		t.Errorf("proxied: got %q", got)
	}
}

func TestOFREPStreamTickets(t *testing.T) {
	flags := parsed(t, oneFlag(0))
	var revoked atomic.Bool
	authenticate := featureflag.WithAuthentication(func(r *http.Request) (string, error) {
		if key := r.Header.Get("X-API-Key"); key != "" {
			return key, nil
		}
		return "", &featureflag.Refusal{Status: 401, Detail: "who are you?"}
	})
	check := featureflag.WithStreamCheck(func(_ context.Context, caller string) error {
		if caller == "b" && revoked.Load() {
			return errors.New("the key is gone")
		}
		return nil
	})
	handler := remote(t, flags, authenticate, check, featureflag.WithStreams(featureflag.StreamLimits{Total: 4, PerCaller: 2}))
	url := serve(t, handler)
	a, b := streamAddress(t, handler, bulk, "X-API-Key", "a"), streamAddress(t, handler, bulk, "X-API-Key", "b")
	if a == b || a != streamAddress(t, handler, bulk, "X-API-Key", "a") {
		t.Errorf("got addresses %q and %q", a, b)
	}
	for name, address := range map[string]string{
		"no ticket": "/ofrep/v1/events", "empty": "/ofrep/v1/events?ticket=", "nonsense": "/ofrep/v1/events?ticket=%21",
		"cut": a[:len(a)-1], "long": "/ofrep/v1/events?ticket=" + strings.Repeat("A", 5000), "changed": strings.Replace(a, "ticket=AAAAA", "ticket=AAAAB", 1),
	} {
		if l := listen(t, url+address); l.status != 401 {
			t.Errorf("%s: got %d", name, l.status)
		}
	}
	first, second := listen(t, url+a), listen(t, url+a)
	if l := listen(t, url+"/ofrep/v1/events", "X-API-Key", "a"); l.status != 429 {
		t.Errorf("a third stream of one caller: got %d", l.status)
	}
	revocable := listen(t, url+b)
	revocable.next(t)
	listen(t, url+"/ofrep/v1/events", "X-API-Key", "c")
	if l := listen(t, url+"/ofrep/v1/events", "X-API-Key", "d"); l.status != 503 {
		t.Errorf("a fifth stream: got %d", l.status)
	}
	revoked.Store(true)
	for revocable.next(t) != "" {
	}
	if l := listen(t, url+b); l.status != 401 {
		t.Errorf("a revoked caller: got %d", l.status)
	}
	for _, l := range []*listener{first, second} {
		l.leave()
	}
	// A place that was left is free again.
	eventually(t, "the place is free", func() bool { return listen(t, url+a).status == 200 })
	// A ticket of another handler is worth nothing here.
	stranger := remote(t, flags, authenticate)
	if l := listen(t, serve(t, stranger)+a); l.status != 401 {
		t.Errorf("another handler's ticket: got %d", l.status)
	}
}

// A ticket is good for half a day at least and a day at most.
func TestOFREPStreamTicketExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := remote(t, parsed(t, oneFlag(0)), featureflag.WithAuthentication(func(*http.Request) (string, error) { return "a", nil }),
			featureflag.WithStreams(featureflag.StreamLimits{Heartbeat: time.Hour}))
		sleep(5 * time.Hour)
		address := streamAddress(t, handler, bulk)
		began := time.Now()
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", address, nil))
		if took := time.Since(began); w.Code != 200 || took < 12*time.Hour || took > 24*time.Hour {
			t.Errorf("got %d for %s", w.Code, took)
		}
		w = httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", address, nil))
		if w.Code != 401 {
			t.Errorf("an old ticket: got %d", w.Code)
		}
		if fresh := streamAddress(t, handler, bulk); fresh == address {
			t.Error("no fresh ticket")
		}
	})
}

func TestOFREPStreamHeartbeat(t *testing.T) {
	handler := remote(t, parsed(t, oneFlag(0)), featureflag.WithStreams(featureflag.StreamLimits{Heartbeat: 5 * time.Millisecond}))
	l := listen(t, serve(t, handler)+"/ofrep/v1/events")
	for beats := 0; beats < 3; {
		select {
		case line := <-l.lines:
			if strings.HasPrefix(line, ":") {
				beats++
			}
		case <-time.After(patience):
			t.Fatal("no heartbeat")
		}
	}
}

func TestOFREPWithoutStreams(t *testing.T) {
	handler := remote(t, parsed(t, oneFlag(0)), featureflag.WithoutStreams())
	if l := listen(t, serve(t, handler)+"/ofrep/v1/events"); l.status != 404 {
		t.Errorf("got %d", l.status)
	}
}

// A thousand clients hear of a change, none of a flood of changes holds up who
// makes them, and nothing is left of them.
func TestOFREPManyStreams(t *testing.T) {
	clients := 1000
	if testing.Short() {
		clients = 200
	}
	flags := parsed(t, oneFlag(0))
	handler := remote(t, flags)
	url := serve(t, handler)
	all := make([]*listener, clients)
	for i := range all {
		all[i] = listen(t, url+"/ofrep/v1/events", "Last-Event-ID", flags.Snapshot().Hash())
		if all[i].next(t) != "retry: 3000" {
			t.Fatal("no stream")
		}
	}
	if l := listen(t, url+"/ofrep/v1/events"); l.status != 200 {
		t.Errorf("got %d", l.status)
	}
	const changes = 300
	for n := range changes {
		flags.Replace(set(t, oneFlag(n+1)))
	}
	want := "id: " + flags.Snapshot().Hash()
	for i, l := range all {
		heard := 0
		for line := ""; line != want; heard++ {
			if line = l.next(t); line == "" {
				t.Fatalf("client %d: the stream ended", i)
			}
		}
		if heard > 2*changes {
			t.Errorf("client %d heard %d lines", i, heard)
		}
	}
	if err := handler.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
