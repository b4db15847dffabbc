package system_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/modules/system"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// host is a dashboard with the module, and a person who is signed in.
type host struct {
	t     testing.TB
	d     *dashboard.Dashboard
	token string
}

func newHost(t testing.TB, module dashboard.Module) *host {
	t.Helper()
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "dashboard.db"))
	if err != nil {
		t.Fatal(err)
	}
	const email, password = "ada@example.com", "correct horse battery staple"
	d, err := dashboard.New(store, dashboard.WithModules(module), dashboard.WithFirstAccount(email, password),
		dashboard.WithLogger(slog.New(slog.NewTextHandler(t.Output(), nil))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := &host{t: t, d: d}
	var grant struct {
		AccessToken string `json:"access_token"`
	}
	h.call("POST", "/api/v1/auth/login", map[string]string{"email": email, "password": password, "delivery": "token"}, http.StatusOK, &grant)
	h.token = grant.AccessToken
	return h
}

// call sends a request and decodes the answer, which must have the status.
func (h *host) call(method, path string, body any, status int, out any) http.Header {
	h.t.Helper()
	got, header := h.try(method, path, body, out)
	if got != status {
		h.t.Fatalf("%s %s: got status %d, want %d", method, path, got, status)
	}
	return header
}

func (h *host) try(method, path string, body, out any, headers ...string) (int, http.Header) {
	h.t.Helper()
	w := h.send(method, path, body, headers...)
	if out != nil && w.Code < 300 {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			h.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	return w.Code, w.Result().Header
}

func (h *host) send(method, path string, body any, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			h.t.Fatal(err)
		}
		in = bytes.NewReader(text)
	}
	r := httptest.NewRequest(method, "http://localhost"+path, in)
	r.Header.Set("Content-Type", "application/json")
	if h.token != "" {
		r.Header.Set("Authorization", "Bearer "+h.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.d.ServeHTTP(w, r)
	return w
}

// eventually waits for what the background does, with a generous deadline.
func (h *host) eventually(what string, done func() bool) {
	h.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			h.t.Fatalf("waited a minute for: %s", what)
		}
	}
}

type panel struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
}

func (h *host) panels() []panel {
	h.t.Helper()
	var list struct {
		Items []panel `json:"items"`
	}
	h.call("GET", "/api/v1/panels", nil, http.StatusOK, &list)
	return list.Items
}

// guarded lets a test change a recorded machine while it is read.
type guarded struct {
	mu    sync.Mutex
	inner fs.FS
}

func (g *guarded) Open(name string) (fs.File, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.inner.Open(name)
}

func TestModuleShowsAMachine(t *testing.T) {
	r := load(t, "machine")
	live := &guarded{inner: r.now}
	h := newHost(t, system.New(system.WithProc(live), system.WithCgroup(nil)))
	live.mu.Lock()
	r.advance()
	live.mu.Unlock()
	var snap system.Snapshot
	h.eventually("a second sample", func() bool {
		h.call("GET", "/api/v1/m/system/snapshot", nil, http.StatusOK, &snap)
		return snap.CPU != nil
	})
	if got, want := snap.Memory.Percent, 75.0; got != want {
		t.Errorf("memory: got %v %%, want %v %%", got, want)
	}
	for _, p := range h.panels() {
		t.Run(p.ID, func(t *testing.T) {
			var data map[string]any
			status, _ := h.try("GET", "/api/v1/m/system/panels/"+p.ID, nil, &data)
			if p.ID == "disk" || p.ID == "disks" {
				return // the recorded mounts are not this machine's
			}
			if status != http.StatusOK {
				t.Fatalf("got status %d, want 200", status)
			}
			if data["as_of"] == nil {
				t.Errorf("got %v, want as_of", data)
			}
			if p.Kind == "timeseries" {
				if times, _ := data["times"].([]any); len(times) < 2 {
					t.Errorf("got %d points, want at least 2", len(times))
				}
			}
		})
	}
}

// TestModule has subtests on one dashboard, because making an account is slow on
// purpose.
func TestModule(t *testing.T) {
	h := newHost(t, system.New())
	for _, test := range []struct {
		name string
		run  func(*testing.T, *host)
	}{
		{"panels answer", panelsAnswer},
		{"settings apply in place", settingsApplyInPlace},
		{"settings are checked", settingsAreChecked},
		{"history query is checked", historyQueryIsChecked},
		{"disable and enable", disableAndEnable},
		{"nobody else sees", nobodyElseSees},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, &host{t: t, d: h.d, token: h.token}) })
	}
}

func panelsAnswer(t *testing.T, h *host) {
	panels := h.panels()
	if len(panels) == 0 {
		t.Fatal("no panels")
	}
	for _, p := range panels {
		status, _ := h.try("GET", "/api/v1/m/system/panels/"+p.ID, nil, nil)
		if status != http.StatusOK && status != http.StatusServiceUnavailable {
			t.Errorf("panel %s: got status %d, want 200, or 503 where it cannot be measured", p.ID, status)
		}
	}
}

func TestModuleWithoutAKernel(t *testing.T) {
	h := newHost(t, system.New(system.WithProc(nil)))
	var ids []string
	for _, p := range h.panels() {
		ids = append(ids, p.ID)
		h.call("GET", "/api/v1/m/system/panels/"+p.ID, nil, http.StatusOK, nil)
	}
	if got, want := strings.Join(ids, " "), "kernel go-heap go-goroutines go-gc go-latency go-memory go-allocations"; got != want {
		t.Errorf("panels: got %q, want %q", got, want)
	}
	var snap system.Snapshot
	h.call("GET", "/api/v1/m/system/snapshot", nil, http.StatusOK, &snap)
	if snap.CPU != nil || snap.Runtime.Goroutines == 0 {
		t.Errorf("got %+v, want the Go runtime alone", snap)
	}
}

type settingsAnswer struct {
	Values map[string]any `json:"values"`
}

func settingsApplyInPlace(t *testing.T, h *host) {
	var before system.History
	h.eventually("some history", func() bool {
		h.call("GET", "/api/v1/m/system/history?metric=go_goroutines", nil, http.StatusOK, &before)
		return len(before.Times) > 1
	})
	if before.IntervalSeconds != 2 || before.WindowSeconds != 600 {
		t.Errorf("defaults: got %v s over %v s, want 2 s over 600 s", before.IntervalSeconds, before.WindowSeconds)
	}
	var stored settingsAnswer
	header := h.call("GET", "/api/v1/modules/system/settings", nil, http.StatusOK, &stored)
	values := map[string]any{"values": map[string]any{"interval": "1s", "window": "1h", "top_processes": 3}}
	status, _ := h.try("PUT", "/api/v1/modules/system/settings", values, nil, "If-Match", header.Get("ETag"))
	if status != http.StatusOK {
		t.Fatalf("PUT settings: got status %d, want 200", status)
	}
	var after system.History
	h.eventually("the new interval and more history", func() bool {
		h.call("GET", "/api/v1/m/system/history?metric=go_goroutines", nil, http.StatusOK, &after)
		return after.IntervalSeconds == 1 && len(after.Times) >= len(before.Times)+2
	})
	if !after.Times[0].Equal(before.Times[0]) {
		t.Errorf("the history begins at %s, want %s: it must survive the change", after.Times[0], before.Times[0])
	}
}

func settingsAreChecked(t *testing.T, h *host) {
	for _, tt := range []struct {
		field string
		value any
	}{
		{"interval", "500ms"}, {"interval", "2m"}, {"interval", "soon"}, {"window", "1s"}, {"window", "25h"},
		{"top_processes", 0}, {"top_processes", 51},
	} {
		values := map[string]any{"interval": "2s", "window": "10m", "top_processes": 10}
		values[tt.field] = tt.value
		header := h.call("GET", "/api/v1/modules/system/settings", nil, http.StatusOK, nil)
		w := h.send("PUT", "/api/v1/modules/system/settings", map[string]any{"values": values}, "If-Match", header.Get("ETag"))
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `"/values/`+tt.field+`"`) {
			t.Errorf("%s %v: got status %d and %s, want 422 and the field", tt.field, tt.value, w.Code, w.Body)
		}
	}
}

func historyQueryIsChecked(t *testing.T, h *host) {
	for _, query := range []string{"", "?metric=", "?metric=nonsense", "?metric=cpu&points=1", "?metric=cpu&since=yesterday"} {
		status, _ := h.try("GET", "/api/v1/m/system/history"+query, nil, nil)
		if status != http.StatusUnprocessableEntity && status != http.StatusBadRequest {
			t.Errorf("history%s: got status %d, want 422", query, status)
		}
	}
	var got system.History
	future := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	h.call("GET", "/api/v1/m/system/history?metric=cpu&since="+future, nil, http.StatusOK, &got)
	if got.Times == nil || got.Values == nil || len(got.Times) != 0 {
		t.Errorf("since an hour from now: got %+v, want empty lists", got)
	}
}

func disableAndEnable(_ *testing.T, h *host) {
	h.act("disable")
	h.eventually("the module to be gone", func() bool {
		status, _ := h.try("GET", "/api/v1/m/system/snapshot", nil, nil)
		return status == http.StatusNotFound
	})
	h.act("enable")
	h.eventually("the module to be back", func() bool {
		status, _ := h.try("GET", "/api/v1/m/system/snapshot", nil, nil)
		return status == http.StatusOK
	})
}

func (h *host) act(op string) {
	h.t.Helper()
	if status, _ := h.try("POST", "/api/v1/modules/system/"+op, map[string]any{}, nil); status != http.StatusAccepted {
		h.t.Fatalf("%s: got status %d, want 202", op, status)
	}
}

func nobodyElseSees(t *testing.T, h *host) {
	h.token = ""
	for _, path := range []string{"snapshot", "history?metric=cpu", "panels/cpu"} {
		if status, _ := h.try("GET", "/api/v1/m/system/"+path, nil, nil); status != http.StatusUnauthorized {
			t.Errorf("%s without credentials: got status %d, want 401", path, status)
		}
	}
}
