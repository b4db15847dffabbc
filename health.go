package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/modular-dashboard/dashboard/internal/redact"
	"github.com/modular-dashboard/dashboard/internal/registry"
)

func (d *Dashboard) livez(w http.ResponseWriter, _ *request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(`{"status":"ok"}`)) // the prober has gone when this fails
}

// readyz says whether requests would be answered, and which check fails. It
// names no cause: anyone may ask. It starts a dashboard that the host did not:
// who balances load sends no request before. While the dashboard starts, the
// database is not asked besides: it is busy with that, and a start that it fails
// ends.
//
// A database that answers reads and refuses writes, because it is full or read-only,
// makes it degraded, which is named and is no 503. Readiness decides who gets
// requests: all that reads still works for those who are signed in and for API
// keys, flags (OFREP) and the log. With SQLite there is no other
// instance that could do better, and a fleet would lose all of its instances at
// once, since they share the database. Whoever wants that, or an alarm that reads
// the status alone, asks for /readyz?require=writes. It costs no write: every
// instance writes a heartbeat each second, and how the last writes went is known.
func (d *Dashboard) readyz(w http.ResponseWriter, s *request) {
	require := s.r.URL.Query().Get("require")
	if require != "" && require != "writes" {
		writeError(w, &Error{Status: http.StatusBadRequest, Code: "unknown-check", Detail: "What can be required is: writes."}, s.id)
		return
	}
	if !d.ready.Load() {
		ctx := s.r.Context()
		if d.checkHost(s) != nil {
			ctx = context.Background() // the set-up link must not lead to a name that anyone may send
		}
		d.beginDetached(ctx)
	}
	ctx, cancel := context.WithTimeout(s.r.Context(), 2*time.Second)
	defer cancel()
	checks, ok := appendCheck(nil, "started", d.ready.Load())
	writes := true
	if d.startEnded() {
		var reached bool
		checks, reached = appendCheck(append(checks, ','), "database", d.db.Ping(ctx) == nil)
		checks, writes = appendCheck(append(checks, ','), "writes", d.db.WriteFailure() == nil)
		ok = ok && reached
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	status := "ok"
	if !writes {
		status, ok = "degraded", ok && require == ""
	}
	if !ok {
		status = "failing"
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = fmt.Fprintf(w, `{"status":%q,"checks":[%s]}`+"\n", status, checks) // the prober has gone when this fails
}

func appendCheck(list []byte, name string, ok bool) ([]byte, bool) {
	status := "ok"
	if !ok {
		status = "failing"
	}
	return fmt.Appendf(list, `{"name":%q,"status":%q}`, name, status), ok
}

func (d *Dashboard) startEnded() bool {
	select {
	case <-d.started:
		return true
	default:
		return false
	}
}

const (
	healthEvery   = 5 * time.Second
	healthTimeout = 5 * time.Second
)

// startHealth asks the modules that can say so whether they work.
func (d *Dashboard) startHealth(context.Context) error {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	d.stopHealth = func() { cancel(); <-done }
	go func() {
		defer close(done)
		tick := time.NewTicker(healthEvery)
		defer tick.Stop()
		asking := map[string]chan struct{}{}
		for {
			for _, m := range d.order {
				d.askHealth(ctx, m, asking)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	return nil
}

func (d *Dashboard) stopHealthChecks(context.Context) error {
	d.stopHealth()
	return nil
}

// askHealth asks one module, beside the others. A check that hangs is reported
// and not asked again before it has returned.
func (d *Dashboard) askHealth(ctx context.Context, m *hosted, asking map[string]chan struct{}) {
	if m.live() == nil {
		return
	}
	h := registry.Health{Status: "ok", Panics: m.panics.Load(), Timeouts: m.timeouts.Load()}
	if n := m.hanging.Load(); n == 1 {
		h.Status, h.Detail = "failing", "1 request hangs"
	} else if n > 1 {
		h.Status, h.Detail = "failing", fmt.Sprintf("%d requests hang", n)
	}
	if m.settings != nil {
		if err := d.settings.Failure(m.id); err != nil {
			h.Status, h.Detail = "failing", d.redactor.Text(err.Error())
			d.registry.SetHealth(m.id, h)
			return
		}
	}
	checker, ok := m.module.(HealthChecker)
	if !ok {
		d.registry.SetHealth(m.id, h)
		return
	}
	if busy := asking[m.id]; busy != nil {
		select {
		case <-busy:
		default:
			h.Status, h.Detail = "failing", "the health check does not return"
			d.registry.SetHealth(m.id, h)
			return
		}
	}
	done := make(chan struct{})
	asking[m.id] = done
	go func() {
		defer close(done)
		ctx, cancel := context.WithTimeout(withModule(ctx, m.id), healthTimeout)
		defer cancel()
		if err := d.checkHealth(ctx, m, checker); err != nil {
			h.Status, h.Detail = "failing", d.redactor.Text(err.Error())
		}
		d.registry.SetHealth(m.id, h)
	}()
}

func (d *Dashboard) checkHealth(ctx context.Context, m *hosted, c HealthChecker) (err error) {
	defer func() {
		if v := recover(); v != nil {
			d.modulePanicked(ctx, m, v, debug.Stack())
			err = errors.New("the health check panicked: " + redact.Print(v))
		}
	}()
	return c.Health(ctx)
}
