package dashboard_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// signed sends a request of the owner and returns its answer when there is one.
func (h *slowHouse) signed(ctx context.Context, token, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, method, "/api/v1"+path, strings.NewReader(body))
	r.Host = "localhost"
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.d.ServeHTTP(w, r)
	return w
}

func (h *slowHouse) token() string {
	h.t.Helper()
	return dashboard.AccessTokenForTest(h.t, h.d, ownerEmail, ownerPassword)
}

// stateOf is a module's state and the health it is said to be in.
func (h *slowHouse) stateOf(token, module string) (state, health string) {
	h.t.Helper()
	var m struct {
		Instances []struct {
			State  string
			Health struct{ Status, Detail string }
		}
	}
	w := h.signed(h.t.Context(), token, "GET", "/modules/"+module, "")
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil || len(m.Instances) != 1 {
		h.t.Fatalf("got %d %s, %v", w.Code, w.Body, err)
	}
	return m.Instances[0].State, m.Instances[0].Health.Status + " " + m.Instances[0].Health.Detail
}

// A module that calls what hangs in another is not the one that hangs.
func TestCallersOfWhatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		h := newSlowHouse(t, func(r *dashboard.Router) error {
			dashboard.Get(r, "/stuck", stuckInHere(stuck), dashboard.Authenticated())
			return nil
		}, dashboard.WithEndpointTimeout(time.Second), dashboard.WithModules(&helper{}))
		token := h.token()
		var wg sync.WaitGroup
		for range 11 {
			wg.Go(func() {
				h.signed(t.Context(), token, "POST", "/m/helper/call", `{"module":"slow","method":"GET","path":"/stuck"}`)
			})
		}
		<-time.After(30 * time.Second)
		if state, _ := h.stateOf(token, "slow"); state != "quarantined" {
			t.Errorf("what hangs is %s", state)
		}
		if state, health := h.stateOf(token, "helper"); state != "enabled" || health != "ok " {
			t.Errorf("who calls it is %s, %s", state, health)
		}
		close(stuck)
		wg.Wait()
		<-time.After(30 * time.Second)
		if state, health := h.stateOf(token, "helper"); state != "enabled" || health != "ok " {
			t.Errorf("who called it is %s, %s", state, health)
		}
	})
}

// Where the time of a caller is over, nobody says that of what it has called.
func TestTimeoutsOfCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newSlowHouse(t, func(r *dashboard.Router) error {
			dashboard.Get(r, "/patient", untilCanceled, dashboard.Authenticated(), dashboard.Timeout(time.Hour))
			return nil
		}, dashboard.WithEndpointTimeout(time.Second), dashboard.WithModules(&helper{}))
		w := h.signed(t.Context(), h.token(), "POST", "/m/helper/call", `{"module":"slow","method":"GET","path":"/patient"}`)
		if !strings.Contains(w.Body.String(), `"status":499`) || strings.Contains(w.Body.String(), "module-timeout") {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
		if _, text := h.reports.all(); len(text) != 0 {
			t.Errorf("reported %q", text)
		}
	})
}

// A client that leaves, and may come back for its answer, takes the time limit
// along as little as the function.
func TestTimeLimitWhenClientComesBack(t *testing.T) {
	t.Parallel()
	for name, disabled := range map[string]bool{"until the time is over": false, "until the module is disabled": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var cause error
				h := newSlowHouse(t, func(r *dashboard.Router) error {
					dashboard.Post(r, "/slow", func(ctx context.Context, in none) (note, error) {
						defer func() { cause = context.Cause(ctx) }()
						return untilCanceled(ctx, in)
					}, dashboard.Authenticated())
					return nil
				}, dashboard.WithEndpointTimeout(10*time.Second), dashboard.WithDrainTimeout(5*time.Second))
				token := h.token()
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				time.AfterFunc(2*time.Second, leave)
				began := time.Now()
				var wg sync.WaitGroup
				if disabled {
					wg.Go(func() {
						<-time.After(3 * time.Second)
						if w := h.signed(t.Context(), token, "POST", "/modules/slow/disable", ""); w.Code >= 300 {
							t.Errorf("disable: got %d %s", w.Code, w.Body)
						}
					})
				}
				w := h.signed(ctx, token, "POST", "/m/slow/slow", `{}`, "Idempotency-Key", "k")
				want, code := 12*time.Second, "module-timeout"
				if disabled {
					want, code = 9*time.Second, "module-draining"
				}
				if took := time.Since(began); took > want || !strings.Contains(w.Body.String(), code) {
					t.Errorf("took %s, %v, answered %d %s", took, cause, w.Code, w.Body)
				}
				wg.Wait()
				if log := h.log.String(); strings.Contains(log, "endpoint hangs") || strings.Contains(log, "gave up") {
					t.Errorf("the log says\n%s", log)
				}
			})
		})
	}
}

// A plain handler that is told to end, and ends without a word, has not succeeded.
func TestSilentHandlers(t *testing.T) {
	t.Parallel()
	silent := func(r *dashboard.Router) error {
		h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		r.Handle("GET /silent", h, dashboard.Authenticated())
		r.Handle("POST /silent", h, dashboard.Authenticated())
		r.Handle("GET /unlimited", h, dashboard.Authenticated(), dashboard.Timeout(0))
		r.Handle("GET /quick", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), dashboard.Authenticated())
		return nil
	}
	for name, tt := range map[string]struct {
		method, path string
		headers      []string
		disabled     bool
		code         int
		body         string
	}{
		"too long":              {"GET", "/silent", nil, false, 500, "module-timeout"},
		"too long, with a key":  {"POST", "/silent", []string{"Idempotency-Key", "k"}, false, 500, "module-timeout"},
		"disabled":              {"GET", "/silent", nil, true, 503, "module-draining"},
		"disabled, with a key":  {"POST", "/silent", []string{"Idempotency-Key", "k"}, true, 503, "module-draining"},
		"disabled, no limit":    {"GET", "/unlimited", nil, true, 503, "module-draining"},
		"silence is an answer":  {"GET", "/quick", nil, false, 200, ""},
		"and remains one later": {"GET", "/quick", nil, true, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newSlowHouse(t, silent, dashboard.WithEndpointTimeout(10*time.Second), dashboard.WithDrainTimeout(time.Second))
				token := h.token()
				var wg sync.WaitGroup
				if tt.disabled {
					wg.Go(func() {
						<-time.After(time.Second)
						h.signed(t.Context(), token, "POST", "/modules/slow/disable", "")
					})
				}
				w := h.signed(t.Context(), token, tt.method, "/m/slow"+tt.path, "", tt.headers...)
				if w.Code != tt.code || !strings.Contains(w.Body.String(), tt.body) {
					t.Errorf("got %d %q, want %d %q", w.Code, w.Body, tt.code, tt.body)
				}
				wg.Wait()
			})
		})
	}
}

// An answer that is held back for repetitions has begun when its function begins it.
func TestTimeLimitOfKeptAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newSlowHouse(t, func(r *dashboard.Router) error {
			r.Handle("POST /download", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, "begun, ")
				if err := (slowItems{15 * time.Second}).wait(r.Context()); err == nil {
					_, _ = io.WriteString(w, "done")
				}
			}), dashboard.Authenticated())
			return nil
		}, dashboard.WithEndpointTimeout(10*time.Second))
		w := h.signed(t.Context(), h.token(), "POST", "/m/slow/download", "", "Idempotency-Key", "k")
		if w.Body.String() != "begun, done" {
			t.Errorf("got %d %q", w.Code, w.Body)
		}
	})
}

// A function that waits for its client after its time is over has its grace when
// that is over, too.
func TestGraceBeginsAfterBodies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newSlowHouse(t, func(r *dashboard.Router) error {
			r.Handle("POST /late", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
				_, _ = io.Copy(io.Discard, r.Body)
				<-time.After(5 * time.Second)
				_, _ = io.WriteString(w, "ok")
			}), dashboard.Public())
			return nil
		}, dashboard.WithEndpointTimeout(10*time.Second))
		if w := h.ask("POST", "/late", &drip{20, time.Second}); w.Body.String() != "ok" {
			t.Errorf("got %d %q", w.Code, w.Body)
		}
		if log := h.log.String(); strings.Contains(log, "endpoint hangs") {
			t.Errorf("the log says\n%s", log)
		}
	})
}

// Stacks are for a person to read: a few, and none where the program would stand
// still for long.
func TestStacksAreBounded(t *testing.T) { // by itself: goroutines of other tests count
	for name, tt := range map[string]struct{ hang, others, most int }{
		"many that hang":  {200, 0, 16},
		"many goroutines": {1, 10_001, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stuck := make(chan struct{})
				h := newSlowHouse(t, func(r *dashboard.Router) error {
					dashboard.Get(r, "/stuck", stuckInHere(stuck), dashboard.Public())
					return nil
				}, dashboard.WithEndpointTimeout(time.Second))
				var wg sync.WaitGroup
				for range tt.hang {
					wg.Go(func() { h.ask("GET", "/stuck", nil) })
				}
				for range tt.others {
					wg.Go(func() { <-stuck })
				}
				<-time.After(20 * time.Second)
				errs, _ := h.reports.all()
				stacks := 0
				for _, err := range errs {
					if s, ok := errors.AsType[interface {
						error
						Stack() []byte
					}](err); ok && strings.Contains(string(s.Stack()), "stuckInHere") {
						stacks++
					}
				}
				if len(errs) != tt.hang || stacks > tt.most || stacks == 0 && tt.most > 0 {
					t.Errorf("got %d stacks in %d reports", stacks, len(errs))
				}
				close(stuck)
				wg.Wait()
			})
		})
	}
}

// stuckReporter does not return, as no reporter may.
type stuckReporter chan struct{}

func (s stuckReporter) Report(context.Context, error, ...slog.Attr) { <-s }

// A reporter that does not return holds up no stop for longer than its context allows.
func TestStopWithReporterThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		d, err := dashboard.New(memory(t), dashboard.WithFastPasswords(), dashboard.WithSetupLink(func(string) {}), dashboard.WithEndpointTimeout(time.Second),
			dashboard.WithErrorReporter(stuckReporter(stuck)), dashboard.WithModules(&hooks{id: "slow", routes: func(r *dashboard.Router) error {
				dashboard.Get(r, "/stuck", stuckInHere(stuck), dashboard.Public())
				return nil
			}}))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		h := &slowHouse{t: t, d: d}
		var wg sync.WaitGroup
		wg.Go(func() { h.ask("GET", "/stuck", nil) })
		<-time.After(20 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		release := time.AfterFunc(time.Hour, func() { close(stuck) })
		began := time.Now()
		err = d.Shutdown(ctx)
		if took := time.Since(began); err == nil || took > time.Minute {
			t.Errorf("got %v after %s", err, took)
		}
		if release.Stop() {
			close(stuck)
		}
		wg.Wait()
	})
}

// What an endpoint may take, a repetition waits for: it would run beside the first,
// and the first could not write any more.
func TestRepetitionsWaitAsLongAsTheFirstMayTake(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limit, lease time.Duration
	}{
		"as long as it likes": {0, time.Minute},
		"a second":            {time.Second, time.Minute},
		"an hour":             {time.Hour, time.Hour + 15*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				module := &leased{limit: tt.limit}
				h := newSlowHouse(t, nil, dashboard.WithModules(module))
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				time.AfterFunc(time.Second, leave)
				w := h.signed(ctx, h.token(), "POST", "/m/leased/order", `{}`, "Idempotency-Key", "k")
				if module.lease != tt.lease {
					t.Errorf("the key is claimed for %s, want %s", module.lease, tt.lease)
				}
				if want := tt.limit > time.Minute; (w.Code == http.StatusOK) != want {
					t.Errorf("got %d %s", w.Code, w.Body)
				}
			})
		})
	}
}

// leased takes five minutes for an order.
type leased struct {
	host         *dashboard.Host
	limit, lease time.Duration
}

func (*leased) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "leased", Version: "1.0.0"}
}

func (m *leased) Provision(h *dashboard.Host) error { m.host = h; return nil }

func (m *leased) Routes(r *dashboard.Router) error {
	dashboard.Post(r, "/order", func(ctx context.Context, _ none) (note, error) {
		var lease int64
		if err := m.host.DB().QueryRow(ctx, `SELECT lease_until - claimed_at FROM idempotency_keys`).Scan(&lease); err != nil {
			return note{}, err
		}
		m.lease = time.Duration(lease) * time.Microsecond
		return note{}, slowItems{5 * time.Minute}.wait(ctx)
	}, dashboard.Authenticated(), dashboard.Timeout(m.limit))
	return nil
}
