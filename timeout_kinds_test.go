package dashboard_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// drip is a body that takes its time.
type drip struct {
	pieces int
	every  time.Duration
}

func (d *drip) Read(p []byte) (int, error) {
	if d.pieces == 0 {
		return 0, io.EOF
	}
	<-time.After(d.every)
	d.pieces--
	return copy(p, " "), nil
}

// slowItems is a resource whose reads take their time.
type slowItems struct{ takes time.Duration }

type slowItem struct {
	ID string `json:"id" resource:"key"`
}

func (s slowItems) List(ctx context.Context, _ dashboard.Query) (dashboard.Page[slowItem], error) {
	return dashboard.Page[slowItem]{Items: []slowItem{{"a"}}}, s.wait(ctx)
}

func (s slowItems) Read(ctx context.Context, id string) (slowItem, error) {
	return slowItem{id}, s.wait(ctx)
}

func (s slowItems) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return errors.New("the query was interrupted")
	case <-time.After(s.takes):
		return nil
	}
}

// kinds has an endpoint of each kind.
func kinds(r *dashboard.Router) error {
	const takes = 15 * time.Second
	wait := func(ctx context.Context) error { return slowItems{takes}.wait(ctx) }
	dashboard.Post(r, "/typed", func(ctx context.Context, in struct {
		Text string `json:"text"`
	}) (note, error) {
		return note{Text: "ok " + in.Text}, ctx.Err()
	}, dashboard.Public())
	plain := func(pattern string, serve func(http.ResponseWriter, *http.Request) error, opts ...dashboard.EndpointOption) {
		r.Handle(pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := serve(w, r); err != nil {
				http.Error(w, "broke off: "+err.Error(), http.StatusTeapot)
				return
			}
			_, _ = io.WriteString(w, "ok")
		}), append(opts, dashboard.Public())...)
	}
	plain("POST /upload", func(_ http.ResponseWriter, r *http.Request) error {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return err
		}
		return r.Context().Err()
	})
	plain("POST /afterwards", func(_ http.ResponseWriter, r *http.Request) error {
		_, _ = io.Copy(io.Discard, r.Body)
		return wait(r.Context())
	})
	plain("GET /silent", func(_ http.ResponseWriter, r *http.Request) error { return wait(r.Context()) })
	plain("GET /granted", func(_ http.ResponseWriter, r *http.Request) error { return wait(r.Context()) }, dashboard.Timeout(20*time.Second))
	plain("GET /download", func(w http.ResponseWriter, r *http.Request) error {
		_, _ = io.WriteString(w, "begun, ")
		return wait(r.Context())
	})
	dashboard.Get(r, "/stream", func(context.Context, none) (dashboard.Stream, error) {
		return func(ctx context.Context, send func(string, any) error) error {
			if err := wait(ctx); err != nil {
				return err
			}
			return send("ok", "")
		}, nil
	}, dashboard.Public())
	panel := func(id string, opts ...dashboard.PanelOption) {
		r.Panel(dashboard.Stat(id, id, func(ctx context.Context) (dashboard.StatData, error) {
			return dashboard.StatData{Text: "ok"}, wait(ctx)
		}, append(opts, dashboard.Public())...))
	}
	panel("quick")
	panel("patient", dashboard.Timeout(0))
	dashboard.Resource(r, "quick", slowItems{takes}, dashboard.Allow(dashboard.Public(), dashboard.OpList, dashboard.OpRead, dashboard.OpExport))
	dashboard.Resource(r, "patient", slowItems{takes}, dashboard.Allow(dashboard.Public(), dashboard.OpList, dashboard.OpRead, dashboard.OpExport), dashboard.Timeout(20*time.Second))
	dashboard.Get(r, "/after-all", untilCanceled, dashboard.Public()) // the default again
	return nil
}

// What counts is the time that a function takes to begin its answer.
func TestWhatTimeCounts(t *testing.T) {
	t.Parallel()
	upload := func() io.Reader {
		return io.MultiReader(strings.NewReader(`{"text":"x"`), &drip{25, time.Second}, strings.NewReader("}"))
	}
	const timeout = `module-timeout`
	for name, tt := range map[string]struct {
		method, path string
		body         io.Reader
		want         string
	}{
		"a body that comes slowly":             {"POST", "/typed", upload(), "ok x"},
		"an upload":                            {"POST", "/upload", upload(), "ok"},
		"the time after an upload":             {"POST", "/afterwards", upload(), "broke off"},
		"a plain handler":                      {"GET", "/silent", nil, "broke off"},
		"a plain handler with a limit":         {"GET", "/granted", nil, "ok"},
		"a download":                           {"GET", "/download", nil, "begun, ok"},
		"a stream":                             {"GET", "/stream", nil, "event: ok"},
		"a panel":                              {"GET", "/panels/quick", nil, timeout},
		"a panel without a limit":              {"GET", "/panels/patient", nil, "ok"},
		"a list of a resource":                 {"GET", "/quick", nil, timeout},
		"an item of a resource":                {"GET", "/quick/a", nil, timeout},
		"a list of a resource with a limit":    {"GET", "/patient", nil, `"a"`},
		"an item of a resource with a limit":   {"GET", "/patient/a", nil, `"a"`},
		"an endpoint after one with a limit":   {"GET", "/after-all", nil, timeout},
		"an export, whose first page is asked": {"GET", "/quick.csv", nil, timeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := newSlowHouse(t, kinds, dashboard.WithEndpointTimeout(10*time.Second))
				if w := h.ask(tt.method, tt.path, tt.body); !strings.Contains(w.Body.String(), tt.want) {
					t.Errorf("got %d %q, want %q", w.Code, w.Body, tt.want)
				}
			})
		})
	}
}

func TestTimeoutOptions(t *testing.T) {
	t.Parallel()
	for name, routes := range map[string]func(*dashboard.Router) error{
		"endpoint": func(r *dashboard.Router) error {
			dashboard.Get(r, "/x", untilCanceled, dashboard.Public(), dashboard.Timeout(-1))
			return nil
		},
		"panel": func(r *dashboard.Router) error {
			r.Panel(dashboard.Stat("x", "X", func(context.Context) (dashboard.StatData, error) { return dashboard.StatData{}, nil },
				dashboard.Public(), dashboard.Timeout(-1)))
			return nil
		},
	} {
		_, err := dashboard.New(memory(t), dashboard.WithModules(&hooks{id: "slow", routes: routes}))
		if err == nil || !strings.Contains(err.Error(), "timeout -1ns is negative") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := dashboard.New(memory(t), dashboard.WithEndpointTimeout(-1)); err == nil {
		t.Error("WithEndpointTimeout(-1): got no error")
	}
	synctest.Test(t, func(t *testing.T) {
		h := newSlowHouse(t, kinds, dashboard.WithEndpointTimeout(0))
		if w := h.ask("GET", "/silent", nil); w.Body.String() != "ok" {
			t.Errorf("without a limit: got %d %q", w.Code, w.Body)
		}
	})
}

// A request with a time limit costs no more memory than one without.
func TestTimeLimitsAllocateNothing(t *testing.T) {
	db := memory(t)
	quick := func(context.Context, none) (note, error) { return note{Text: "x"}, nil }
	d, err := dashboard.New(db, dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithModules(&hooks{id: "slow", routes: func(r *dashboard.Router) error {
		dashboard.Get(r, "/limited", quick, dashboard.Public())
		dashboard.Get(r, "/unlimited", quick, dashboard.Public(), dashboard.Timeout(0))
		return nil
	}}), dashboard.WithSetupLink(func(string) {}), dashboard.WithRateLimit("address", "1000000000/s"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Shutdown(context.WithoutCancel(t.Context())) })
	per := map[string]float64{}
	for _, path := range []string{"limited", "unlimited"} {
		r, w := benchRequest("/api/v1/m/slow/"+path, ""), discard{http.Header{}}
		per[path] = testing.AllocsPerRun(1000, func() { clear(w.h); d.ServeHTTP(w, r) })
	}
	if per["limited"] > per["unlimited"] {
		t.Errorf("allocations: got %v", per)
	}
}
