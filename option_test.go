package dashboard_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
)

// reports keeps what was reported.
type reports struct {
	mu   sync.Mutex
	errs []string
}

func (r *reports) Report(_ context.Context, err error, _ ...slog.Attr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errs = append(r.errs, err.Error())
}

func (r *reports) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.errs, "\n")
}

// parts is a module that uses what its host was given.
func parts() (dashboard.Module, func() *dashboard.Host) {
	m := &partsModule{hooks: hooks{id: "parts"}}
	m.routes = func(r *dashboard.Router) error {
		dashboard.Put(r, "/small/{id}", func(_ context.Context, in noteIn) (note, error) { return note(in), nil },
			dashboard.Require(permRead), dashboard.BodyLimit(40))
		dashboard.Get(r, "/id", func(ctx context.Context, _ none) (note, error) {
			return note{ID: dashboard.RequestID(ctx)}, nil
		}, dashboard.Require(permRead),
			dashboard.Deprecated(time.Unix(1767225600, 5)), dashboard.Sunset(time.Date(2027, 1, 1, 1, 0, 0, 0, time.FixedZone("", 3600))))
		dashboard.Get(r, "/panic", func(context.Context, none) (none, error) { panic("boom") }, dashboard.Require(permRead))
		return nil
	}
	return m, func() *dashboard.Host { return m.host }
}

type partsModule struct {
	hooks
	host *dashboard.Host
}

func (m *partsModule) Provision(h *dashboard.Host) error { m.host = h; return nil }

func TestOptionsReachModules(t *testing.T) {
	t.Parallel()
	cache, bus, reported := storage.NewMemoryCache(0), storage.NewMemoryBus(), &reports{}
	t.Cleanup(func() { _, _ = cache.Close(), bus.Close() })
	m, host := parts()
	s := newServer(t, dashboard.WithModules(m), dashboard.WithCache(cache), dashboard.WithBus(bus), dashboard.WithErrorReporter(reported))
	s.waitState("parts", "enabled")

	s.owner().do("PUT", "/api/v1/m/parts/small/1", map[string]string{"text": "short"}).wantStatus(200)
	s.owner().do("PUT", "/api/v1/m/parts/small/1", map[string]string{"text": strings.Repeat("x", 60)}).wantStatus(413)

	var out note
	a := s.owner().get("/api/v1/m/parts/id").wantStatus(200)
	if a.decode(&out); out.ID == "" || out.ID != a.header.Get("X-Request-Id") {
		t.Errorf("request id: got %q in the handler, %q in the answer", out.ID, a.header.Get("X-Request-Id"))
	}
	if d, u := a.header.Get("Deprecation"), a.header.Get("Sunset"); d != "@1767225600" || u != "Fri, 01 Jan 2027 00:00:00 GMT" {
		t.Errorf("a deprecated endpoint answers with Deprecation %q and Sunset %q", d, u)
	}

	s.owner().get("/api/v1/m/parts/panic").wantProblem(500, "internal")
	if !strings.Contains(reported.String(), "boom") {
		t.Errorf("reported: got %q, want the panic", reported)
	}

	if err := host().Cache().Set(t.Context(), "k", []byte("v"), 1e9); err != nil {
		t.Fatal(err)
	}
	if v, ok, err := cache.Get(t.Context(), "m:parts:k"); err != nil || !ok || string(v) != "v" {
		t.Errorf("the host's cache: got %q %v %v, want v under the module's prefix", v, ok, err)
	}
	heard := make(chan string, 1)
	defer bus.Subscribe("m.parts.topic", func(p []byte) { heard <- string(p) })()
	if err := host().Bus().Publish(t.Context(), "topic", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if got := <-heard; got != "hello" {
		t.Errorf("the host's bus: got %q, want hello", got)
	}
}

// A key that cannot be one stops New, not the first request.
func TestMasterKeysAreChecked(t *testing.T) {
	t.Parallel()
	long, short := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{1}, 16)
	for name, keys := range map[string][]dashboard.MasterKey{
		"short":   {{ID: "one", Key: short}},
		"empty":   {{ID: "one"}},
		"without": {{Key: long}},
		"twice":   {{ID: "one", Key: long}, {ID: "one", Key: long}},
	} {
		if _, err := dashboard.New(memory(t), dashboard.WithMasterKeys(keys...)); err == nil || !strings.Contains(err.Error(), "master key") {
			t.Errorf("%s: got %v, want an error that says master key", name, err)
		}
	}
	if _, err := dashboard.New(memory(t), dashboard.WithMasterKeys(dashboard.MasterKey{ID: "one", Key: long})); err != nil {
		t.Error(err)
	}
}
