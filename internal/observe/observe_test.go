package observe_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/internal/observe"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func Example() {
	o, err := observe.New(observe.Options{}) // no providers: it only reads the trace
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest("GET", "/api/v1/users/7", nil)
	r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	ctx, watch := o.Request(r, false)
	fmt.Println(observe.TraceID(ctx))
	watch.End(observe.Answer{Status: 200, Route: "/api/v1/users/{id}"})
	// Output: 4bf92f3577b34da6a3ce929d0e0e4736
}

func newObserver(t *testing.T) (*observe.Observer, *recorder) {
	t.Helper()
	r := &recorder{}
	o, err := observe.New(observe.Options{Tracers: r, Meters: meters{recorder: r}, Redact: func(s string) string { return strings.ReplaceAll(s, "hunter2", "…") }})
	if err != nil {
		t.Fatal(err)
	}
	return o, r
}

func TestRequest(t *testing.T) {
	const ids = "dashboard.request_id=r1"
	for name, tt := range map[string]struct {
		method string
		secure bool
		answer observe.Answer
		want   string
	}{
		"found": {"GET", false, observe.Answer{Status: 200, Route: "/api/v1/users/{id}", RequestID: "r1"}, `
http.server.active_requests +1: http.request.method=GET url.scheme=http
span server GET /api/v1/users/{id} parent=0000000000000000: ` + ids + ` http.request.method=GET http.response.status_code=200 http.route=/api/v1/users/{id} network.protocol.version=1.1 url.scheme=http
http.server.active_requests -1: http.request.method=GET url.scheme=http
http.server.request.duration: http.request.method=GET http.response.status_code=200 http.route=/api/v1/users/{id} url.scheme=http`},
		"nothing matched": {"GET", false, observe.Answer{Status: 404, RequestID: "r1"}, `
http.server.active_requests +1: http.request.method=GET url.scheme=http
span server GET parent=0000000000000000: ` + ids + ` http.request.method=GET http.response.status_code=404 network.protocol.version=1.1 url.scheme=http
http.server.active_requests -1: http.request.method=GET url.scheme=http
http.server.request.duration: http.request.method=GET http.response.status_code=404 url.scheme=http`},
		"module failed": {"POST", true, observe.Answer{Status: 503, Route: "/r", Module: "billing", RequestID: "r1"}, `
http.server.active_requests +1: http.request.method=POST url.scheme=https
span server POST /r parent=0000000000000000 Error(): dashboard.module=billing ` + ids + ` error.type=503 http.request.method=POST http.response.status_code=503 http.route=/r network.protocol.version=1.1 url.scheme=https
http.server.active_requests -1: http.request.method=POST url.scheme=https
http.server.request.duration: dashboard.module=billing error.type=503 http.request.method=POST http.response.status_code=503 http.route=/r url.scheme=https`},
		"panic, method made up": {"BREW", false, observe.Answer{Status: 200, Route: "/r", RequestID: "r1", Panicked: true}, `
http.server.active_requests +1: http.request.method=_OTHER url.scheme=http
span server HTTP /r parent=0000000000000000 Error(): ` + ids + ` error.type=panic http.request.method=_OTHER http.response.status_code=200 http.route=/r network.protocol.version=1.1 url.scheme=http
http.server.active_requests -1: http.request.method=_OTHER url.scheme=http
http.server.request.duration: error.type=panic http.request.method=_OTHER http.response.status_code=200 http.route=/r url.scheme=http`},
	} {
		o, r := newObserver(t)
		ctx, q := o.Request(httptest.NewRequest(tt.method, "/secret/path?token=hunter2", nil), tt.secure)
		if observe.TraceID(ctx) != "01000000000000000000000000000000" || !q.Active() {
			t.Errorf("%s: no span in the context", name)
		}
		q.End(tt.answer)
		if got := "\n" + r.take(); got != tt.want {
			t.Errorf("%s: got%s\nwant%s", name, got, tt.want)
		}
	}
}

func TestTraceOfTheClient(t *testing.T) {
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	for header, want := range map[string]string{
		"00-" + id + "-00f067aa0ba902b7-01":                       id,
		"01-" + id + "-00f067aa0ba902b7-01-more":                  id,
		"":                                                        "",
		"00-" + id + "-00f067aa0ba902b7-01-more":                  "",
		"ff-" + id + "-00f067aa0ba902b7-01":                       "",
		"00-" + strings.ToUpper(id) + "-00f067aa0ba902b7-01":      "",
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01": "",
		"00-" + id + "-0000000000000000-01":                       "",
		"00-" + strings.Repeat("a", 1<<16) + "-b-01":              "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Traceparent", header)
		off, _ := observe.New(observe.Options{})
		ctx, q := off.Request(r, false)
		if got := observe.TraceID(ctx); got != want || q.Active() {
			t.Errorf("%.80q: got %q, want %q", header, got, want)
		}
		on, rec := newObserver(t)
		ctx, q = on.Request(r, false)
		q.End(observe.Answer{Status: 200})
		if got := observe.TraceID(ctx); want != "" && (got != want || !strings.Contains(rec.take(), "parent=00f067aa0ba902b7")) {
			t.Errorf("%.80q: the span is not part of the trace, but of %q", header, got)
		}
	}
}

type typed struct{}

func (*typed) Error() string { return "cannot sign in with hunter2" }

func TestOperation(t *testing.T) {
	o, r := newObserver(t)
	ctx, end := o.Operation(t.Context(), "billing", "enable")
	if observe.TraceID(ctx) == "" {
		t.Error("no span in the context")
	}
	end(nil)
	_, end = o.Operation(t.Context(), "billing", "install", observe.ModuleKey.String("billing"))
	end(fmt.Errorf("a: %w", fmt.Errorf("b: %w", &typed{})))
	o.Panic(t.Context(), "billing")
	o.Enabled(t.Context(), "billing", -1)
	const want = `span unspecified module enable parent=0000000000000000: dashboard.module=billing dashboard.operation=enable
dashboard.module.operation.duration: dashboard.module=billing dashboard.operation=enable
span unspecified module install parent=0000000000000000 Error(a: b: cannot sign in with …): dashboard.module=billing dashboard.module=billing dashboard.operation=install error.type=*observe_test.typed
dashboard.module.operation.duration: dashboard.module=billing dashboard.operation=install error.type=*observe_test.typed
dashboard.module.panics +1: dashboard.module=billing
dashboard.module.enabled -1: dashboard.module=billing`
	if got := r.take(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWithoutProviders(t *testing.T) {
	empty, err := observe.New(observe.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*observe.Observer{"nil": nil, "empty": empty} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		ctx, q := o.Request(r, false)
		if ctx != r.Context() || q.Active() {
			t.Errorf("%s: observes a request", name)
		}
		q.End(observe.Answer{Status: 500})
		inner, end := o.Operation(ctx, "m", "enable")
		end(errors.New("x"))
		o.Panic(ctx, "m")
		o.Enabled(ctx, "m", 1)
		if inner != ctx {
			t.Errorf("%s: observes an operation", name)
		}
	}
}

func TestProviderRefuses(t *testing.T) {
	if o, err := observe.New(observe.Options{Meters: meters{refuse: true}}); err == nil || o != nil {
		t.Errorf("got %v, %v, want an error", o, err)
	}
}

// What nobody asked for may cost 8 allocations at most, and costs none.
func TestOffCosts(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	o, err := observe.New(observe.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { once(o, r) }); n != 0 {
		t.Errorf("off: got %v allocations, want 0", n)
	}
	r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	if n := testing.AllocsPerRun(100, func() { once(o, r) }); n > 4 {
		t.Errorf("off, in a trace: got %v allocations, want at most 4", n)
	}
	if o, err = observe.New(observe.Options{Tracers: tracenoop.NewTracerProvider(), Meters: metricnoop.NewMeterProvider()}); err != nil {
		t.Fatal(err)
	}
	r.Header.Del("Traceparent")
	if n := testing.AllocsPerRun(100, func() { once(o, r) }); n > 8 {
		t.Errorf("no-op providers: got %v allocations, want at most 8", n)
	}
}

func once(o *observe.Observer, r *http.Request) {
	_, q := o.Request(r, false)
	if q.Active() {
		q.End(observe.Answer{Status: 200, Route: "/api/v1/users/{id}", RequestID: "r1"})
	}
}

func BenchmarkRequest(b *testing.B) {
	for name, opts := range map[string]observe.Options{
		"off":  {},
		"noop": {Tracers: tracenoop.NewTracerProvider(), Meters: metricnoop.NewMeterProvider()},
	} {
		b.Run(name, func(b *testing.B) {
			o, err := observe.New(opts)
			if err != nil {
				b.Fatal(err)
			}
			r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil)
			b.ReportAllocs()
			for b.Loop() {
				once(o, r)
			}
		})
	}
}
