package dashboard_test

import (
	"bytes"
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

// reportsKept keeps what an error reporter is told.
type reportsKept struct {
	mu   sync.Mutex
	errs []error
	text []string
}

func (r *reportsKept) Report(_ context.Context, err error, attrs ...slog.Attr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errs = append(r.errs, err)
	text := err.Error()
	for _, a := range attrs {
		text += " " + a.String()
	}
	r.text = append(r.text, text)
}

func (r *reportsKept) all() ([]error, []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.errs, r.text
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// slowHouse is a dashboard in a bubble of time with one module, which is asked
// without a network.
type slowHouse struct {
	t       *testing.T
	d       *dashboard.Dashboard
	log     lockedBuffer
	reports reportsKept
}

func newSlowHouse(t *testing.T, routes func(*dashboard.Router) error, opts ...dashboard.Option) *slowHouse {
	t.Helper()
	h := &slowHouse{t: t}
	db := memory(t)
	opts = append([]dashboard.Option{dashboard.WithLogger(slog.New(slog.NewTextHandler(&h.log, nil))), dashboard.WithFastPasswords(),
		dashboard.WithFirstAccount(ownerEmail, ownerPassword), dashboard.WithErrorReporter(&h.reports),
		dashboard.WithMasterKeys(dashboard.MasterKey{ID: "one", Key: bytes.Repeat([]byte{1}, 32)}),
		dashboard.WithModules(&hooks{id: "slow", routes: routes})}, opts...)
	d, err := dashboard.New(db, opts...)
	if err != nil {
		t.Fatal(err)
	}
	h.d = d
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return h
}

// ask sends a request and returns its answer when there is one.
func (h *slowHouse) ask(method, path string, body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(h.t.Context(), method, "/api/v1/m/slow"+path, body)
	r.Host = "localhost"
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.d.ServeHTTP(w, r)
	return w
}

// health is what the modules' API says of the module slow, and of its state.
func (h *slowHouse) health() (out slowHealth, state string) {
	h.t.Helper()
	i := h.instance()
	if i.Health == nil {
		h.t.Fatalf("%s: no health", i.State)
	}
	return *i.Health, i.State
}

func (h *slowHouse) state() string {
	h.t.Helper()
	return h.instance().State
}

type slowHealth struct {
	Status, Detail   string
	Panics, Timeouts int64
}

type slowInstance struct {
	State  string
	Health *slowHealth // of an enabled module
}

func (h *slowHouse) instance() slowInstance {
	h.t.Helper()
	r := httptest.NewRequestWithContext(h.t.Context(), "GET", "/api/v1/modules/slow", nil)
	r.Host = "localhost"
	r.Header.Set("Authorization", "Bearer "+dashboard.AccessTokenForTest(h.t, h.d, ownerEmail, ownerPassword))
	w := httptest.NewRecorder()
	h.d.ServeHTTP(w, r)
	var m struct{ Instances []slowInstance }
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil || len(m.Instances) != 1 {
		h.t.Fatalf("got %d %s, %v", w.Code, w.Body, err)
	}
	return m.Instances[0]
}

// A function that heeds its context is answered for when its time is over: with
// what it says, if that is an answer.
func TestEndpointsThatTakeTooLong(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		fn   func(context.Context, none) (note, error)
		opts []dashboard.EndpointOption
		took time.Duration // and up to two seconds more
		code int
		body string
	}{
		{"the default", untilCanceled, nil, time.Minute, 500, "module-timeout"},
		{"its own limit", untilCanceled, []dashboard.EndpointOption{dashboard.Timeout(5 * time.Second)}, 5 * time.Second, 500, "module-timeout"},
		{"an error that hides why", func(ctx context.Context, _ none) (note, error) {
			<-ctx.Done()
			return note{}, errors.New("upstream is gone")
		}, nil, time.Minute, 500, "module-timeout"},
		{"an answer of its own", func(ctx context.Context, _ none) (note, error) {
			<-ctx.Done()
			return note{}, dashboard.Errorf(http.StatusConflict, "too-far", "Ask for less.")
		}, nil, time.Minute, http.StatusConflict, "too-far"},
		{"success in the end", func(ctx context.Context, _ none) (note, error) {
			<-ctx.Done()
			return note{Text: "just"}, nil
		}, nil, time.Minute, http.StatusOK, "just"},
		{"as long as it likes", func(ctx context.Context, _ none) (note, error) {
			select {
			case <-ctx.Done():
				return note{}, ctx.Err()
			case <-time.After(2 * time.Minute):
				return note{Text: "at last"}, nil
			}
		}, []dashboard.EndpointOption{dashboard.Timeout(0)}, 2 * time.Minute, http.StatusOK, "at last"},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newSlowHouse(t, func(r *dashboard.Router) error {
					dashboard.Get(r, "/slow/{id}", func(ctx context.Context, _ slowIn) (note, error) { return tt.fn(ctx, none{}) },
						append(tt.opts, dashboard.Public())...)
					return nil
				})
				began := time.Now()
				w := h.ask("GET", "/slow/7", nil)
				if w.Code != tt.code || !strings.Contains(w.Body.String(), tt.body) {
					t.Errorf("got %d %s, want %d %s", w.Code, w.Body, tt.code, tt.body)
				}
				if took := time.Since(began); took < tt.took || took > tt.took+2*time.Second {
					t.Errorf("took %s, want %s", took, tt.took)
				}
				if late := tt.took <= time.Minute; strings.Contains(h.log.String(), `endpoint takes too long: its context ends" endpoint="GET /slow/{id}" limit=`) != late {
					t.Errorf("the log says\n%s", h.log.String())
				}
				errs, text := h.reports.all()
				if want := tt.body == "module-timeout"; want != (len(errs) == 1) || want && !strings.Contains(text[0], "module=slow endpoint=GET /slow/{id}") {
					t.Errorf("reported %q", text)
				}
			})
		})
	}
}

type slowIn struct {
	ID string `path:"id"`
}

func untilCanceled(ctx context.Context, _ none) (note, error) {
	<-ctx.Done()
	return note{}, ctx.Err()
}

// stuckInHere does not return before it is let go, whatever its context says.
func stuckInHere(stuck chan struct{}) func(context.Context, none) (note, error) {
	return func(ctx context.Context, _ none) (note, error) {
		<-stuck
		return note{}, ctx.Err()
	}
}

// A function that does not heed its context is told of, with where it is, and is
// answered for when it returns.
func TestEndpointsThatHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		h := newSlowHouse(t, func(r *dashboard.Router) error {
			dashboard.Get(r, "/stuck", stuckInHere(stuck), dashboard.Public())
			return nil
		})
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				w := h.ask("GET", "/stuck", nil)
				if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "module-timeout") || w.Header().Get("Retry-After") != "" {
					t.Errorf("got %d %s", w.Code, w.Body)
				}
			})
		}
		<-time.After(69 * time.Second)
		if log := h.log.String(); strings.Contains(log, "endpoint hangs") || strings.Count(log, "takes too long") != 2 {
			t.Errorf("after 69 s the log says\n%s", log)
		}
		if got, _ := h.health(); got.Status != "ok" || got.Timeouts != 2 {
			t.Errorf("after 69 s: got %+v, want ok and two timeouts", got)
		}
		<-time.After(10 * time.Second)
		errs, text := h.reports.all()
		if len(errs) != 2 {
			t.Fatalf("reported %q, want two that hang", text)
		}
		for i, err := range errs {
			s, ok := err.(interface{ Stack() []byte })
			if !ok || !strings.Contains(string(s.Stack()), "stuckInHere") || !strings.Contains(text[i], "hangs") || !strings.Contains(text[i], "endpoint=GET /stuck") {
				t.Errorf("reported %q %#v", text[i], err)
			}
		}
		if log := h.log.String(); strings.Count(log, `msg="endpoint hangs" endpoint="GET /stuck" limit=1m0s`) != 2 || strings.Count(log, "stuckInHere") < 2 {
			t.Errorf("the log says\n%s", log)
		}
		if got, state := h.health(); got.Status != "failing" || got.Detail != "2 requests hang" || got.Timeouts != 2 || state != "enabled" {
			t.Errorf("got %+v in state %s, want two requests that hang", got, state)
		}
		if w := h.ask("GET", "/other", nil); w.Code == http.StatusServiceUnavailable {
			t.Errorf("got %d: two are too few for a quarantine", w.Code)
		}
		close(stuck)
		wg.Wait()
		<-time.After(10 * time.Second)
		if got, _ := h.health(); got.Status != "ok" || got.Detail != "" {
			t.Errorf("got %+v, want none that hangs any more", got)
		}
		if log := h.log.String(); strings.Count(log, "endpoint that hung has returned") != 2 {
			t.Errorf("the log says\n%s", log)
		}
	})
}

// Too many that hang take the module out of service, and no other.
func TestModulesThatHangAreQuarantined(t *testing.T) {
	t.Parallel()
	for name, every := range map[string]time.Duration{"at once": 0, "one after the other": 6100 * time.Millisecond} {
		if testing.Short() && every > 0 { // ten minutes of a dashboard's life are a lot of work
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				stuck := make(chan struct{})
				h := newSlowHouse(t, func(r *dashboard.Router) error {
					dashboard.Get(r, "/stuck", stuckInHere(stuck), dashboard.Public())
					return nil
				}, dashboard.WithEndpointTimeout(time.Second), dashboard.WithModules(&hooks{id: "good"}))
				var wg sync.WaitGroup
				defer wg.Wait()
				defer close(stuck)
				few, many := 10, 11
				if every > 0 {
					few, many = 100, 101
				}
				for i := range many {
					if i == few {
						<-time.After(20 * time.Second)
						if _, state := h.health(); state != "enabled" {
							t.Fatalf("%s with %d that hang", state, few)
						}
					}
					wg.Go(func() { h.ask("GET", "/stuck", nil) })
					<-time.After(every)
				}
				<-time.After(20 * time.Second)
				if _, state := h.health(); state != "quarantined" {
					t.Errorf("%s with %d that hang, want a quarantine", state, many)
				}
				if w := h.ask("GET", "/stuck", nil); w.Code != http.StatusUnauthorized { // and does not hang
					t.Errorf("got %d %s", w.Code, w.Body)
				}
			})
		})
	}
}

// Who reads of a panic learns which endpoint it was in, not only which request.
func TestPanicsNameTheirEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newSlowHouse(t, func(r *dashboard.Router) error {
			dashboard.Get(r, "/panic/{id}", func(context.Context, slowIn) (note, error) { panic("boom") }, dashboard.Public())
			return nil
		})
		if w := h.ask("GET", "/panic/7", nil); w.Code != http.StatusInternalServerError {
			t.Errorf("got %d %s", w.Code, w.Body)
		}
		if log := h.log.String(); !strings.Contains(log, `msg="module panicked" module=slow endpoint="GET /panic/{id}" panic=boom`) {
			t.Errorf("the log says\n%s", log)
		}
		if _, text := h.reports.all(); len(text) != 1 || !strings.HasSuffix(text[0], "module=slow endpoint=GET /panic/{id}") {
			t.Errorf("reported %q", text)
		}
	})
}
