package judge_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	api "go.opentelemetry.io/otel/trace"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

const hush = "hunter2-hunter2"

// observed is a module whose enabling can fail, that makes a span of its own, and
// that panics.
type observed struct {
	tracer api.Tracer
	fails  bool
}

func (*observed) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "observed", Version: "1.0.0"}
}

func (m *observed) Enable(context.Context) error {
	if m.fails {
		return errors.New("cannot dial smtp://ada:" + hush + "@mail")
	}
	return nil
}

func (m *observed) Jobs() []dashboard.Job {
	return []dashboard.Job{{Name: "tidy", Schedule: "@yearly", PerInstance: true, Run: func(ctx context.Context) error {
		_, span := m.tracer.Start(ctx, "inside the job")
		span.End()
		return nil
	}}}
}

func (m *observed) Routes(r *dashboard.Router) error {
	dashboard.Get(r, "/books/{id}", func(ctx context.Context, _ struct {
		ID string `path:"id"`
	}) (struct{}, error) {
		_, span := m.tracer.Start(ctx, "inner")
		span.End()
		return struct{}{}, nil
	}, dashboard.Public())
	dashboard.Get(r, "/panic", func(context.Context, struct{}) (struct{}, error) { panic("token=" + hush) }, dashboard.Public())
	return nil
}

// instruments is an SDK that keeps everything in memory.
type instruments struct {
	spans  *tracetest.SpanRecorder
	reader *metric.ManualReader
	tracer *trace.TracerProvider
	meter  *metric.MeterProvider
}

func newInstruments(t *testing.T) *instruments {
	i := &instruments{spans: tracetest.NewSpanRecorder(), reader: metric.NewManualReader()}
	i.tracer = trace.NewTracerProvider(trace.WithSpanProcessor(i.spans))
	i.meter = metric.NewMeterProvider(metric.WithReader(i.reader))
	t.Cleanup(func() {
		if err := errors.Join(i.tracer.Shutdown(context.Background()), i.meter.Shutdown(context.Background())); err != nil {
			t.Error(err)
		}
	})
	return i
}

// serveObserved starts a dashboard with the module and returns its address.
func serveObserved(t *testing.T, i *instruments, m *observed) string {
	t.Helper()
	m.tracer = i.tracer.Tracer("test")
	db, err := sqlite.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	d, err := dashboard.New(db, dashboard.WithModules(m), dashboard.WithPrefix("/admin"), dashboard.WithFirstAccount(email, password),
		dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithTracerProvider(i.tracer), dashboard.WithMeterProvider(i.meter))
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(d)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		web.Close()
		_ = db.Close()
	})
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	i.ended(t, "module enable") // for which a start waits for some seconds only
	return web.URL + "/admin"
}

func show(attrs []attribute.KeyValue) string {
	var out []string
	for _, a := range attrs {
		if a.Key != "dashboard.request_id" {
			out = append(out, string(a.Key)+"="+a.Value.String())
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// ended waits for a span of that name: a request ends a little after its answer.
func (i *instruments) ended(t *testing.T, name string) trace.ReadOnlySpan {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(time.Millisecond) {
		for _, s := range i.spans.Ended() {
			if s.Name() == name {
				return s
			}
		}
	}
	var names []string
	for _, s := range i.spans.Ended() {
		names = append(names, s.Name())
	}
	t.Fatalf("no span %q among %q", name, names)
	return nil
}

// points prints every data point with its attributes.
func (i *instruments) points(t *testing.T) map[string]bool {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := i.reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					out[fmt.Sprintf("%s (%s) %d: %s", m.Name, m.Unit, p.Count, show(p.Attributes.ToSlice()))] = true
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					out[fmt.Sprintf("%s (%s) %+d: %s", m.Name, m.Unit, p.Value, show(p.Attributes.ToSlice()))] = true
				}
			}
		}
	}
	return out
}

func get(t *testing.T, url, traceparent string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if traceparent != "" {
		r.Header.Set("Traceparent", traceparent)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}

// What the SDK of OpenTelemetry makes of our spans and metrics.
func TestTelemetryOfRequests(t *testing.T) {
	i := newInstruments(t)
	url := serveObserved(t, i, &observed{})
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	get(t, url+"/api/v1/m/observed/books/secret-7", "00-"+trace+"-00f067aa0ba902b7-01")
	get(t, url+"/api/v1/m/observed/panic", "")
	get(t, url+"/api/v1/auth/sessions/made-up?token="+hush, "")

	const base = "http.request.method=GET http.response.status_code="
	span := i.ended(t, "GET /admin/api/v1/m/observed/books/{id}")
	if got, want := show(span.Attributes()), "dashboard.module=observed "+base+"204 http.route=/admin/api/v1/m/observed/books/{id} network.protocol.version=1.1 url.scheme=http"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if span.SpanContext().TraceID().String() != trace || span.Parent().SpanID().String() != "00f067aa0ba902b7" || span.SpanKind() != api.SpanKindServer {
		t.Errorf("got trace %s, parent %s, kind %s", span.SpanContext().TraceID(), span.Parent().SpanID(), span.SpanKind())
	}
	if inner := i.ended(t, "inner"); inner.Parent().SpanID() != span.SpanContext().SpanID() {
		t.Error("the module's span is not inside the request's")
	}
	if failed := i.ended(t, "GET /admin/api/v1/m/observed/panic"); failed.Status().Code != codes.Error || !strings.Contains(show(failed.Attributes()), "error.type=panic") {
		t.Errorf("got %v %s", failed.Status(), show(failed.Attributes()))
	}
	i.ended(t, "GET") // nobody is told which routes there are: no credentials, no route
	points := i.points(t)
	for _, want := range []string{
		"http.server.request.duration (s) 1: dashboard.module=observed " + base + "204 http.route=/admin/api/v1/m/observed/books/{id} url.scheme=http",
		"http.server.request.duration (s) 1: dashboard.module=observed error.type=panic " + base + "500 http.route=/admin/api/v1/m/observed/panic url.scheme=http",
		"http.server.active_requests ({request}) +0: http.request.method=GET url.scheme=http",
		"dashboard.module.panics ({panic}) +1: dashboard.module=observed",
		"dashboard.module.enabled ({module}) +1: dashboard.module=observed",
		"dashboard.module.operation.duration (s) 1: dashboard.module=observed dashboard.operation=enable",
	} {
		if !points[want] {
			t.Errorf("no point %s in\n%s", want, strings.Join(slices.Sorted(keys(points)), "\n"))
		}
	}
	i.tellsNothing(t, "secret-7", "made-up")
}

func keys(m map[string]bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// tellsNothing fails where a span or a metric holds a path or a secret.
func (i *instruments) tellsNothing(t *testing.T, texts ...string) {
	t.Helper()
	all := fmt.Sprint(slices.Sorted(keys(i.points(t))))
	for _, s := range i.spans.Ended() {
		all += fmt.Sprint(s.Name(), show(s.Attributes()), s.Status(), s.Events())
	}
	for _, text := range append(texts, hush) {
		if strings.Contains(all, text) {
			t.Errorf("%s is in %s", text, all)
		}
	}
}

func TestTelemetryOfJobs(t *testing.T) {
	i := newInstruments(t)
	l := &live{t: t, url: serveObserved(t, i, &observed{}), http: &http.Client{Transport: &http.Transport{}}}
	defer l.http.CloseIdleConnections()
	_, _, body := l.do("POST", "/api/v1/auth/login", `{"email":"`+email+`","password":"`+password+`","delivery":"token"}`)
	l.token = l.field(body, "access_token")
	if status, _, body := l.do("POST", "/api/v1/jobs/observed/tidy/run", ""); status != http.StatusAccepted {
		t.Fatalf("run: %d %s", status, body)
	}
	span := i.ended(t, "module job")
	if got, want := show(span.Attributes()), "dashboard.job=tidy dashboard.module=observed dashboard.operation=job"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if inside := i.ended(t, "inside the job"); inside.Parent().SpanID() != span.SpanContext().SpanID() {
		t.Error("what the job does is not inside its span")
	}
}

func TestTelemetryOfModules(t *testing.T) {
	i := newInstruments(t)
	serveObserved(t, i, &observed{fails: true})
	span := i.ended(t, "module enable")
	if got, want := span.Status().Description, "cannot dial smtp://ada:[redacted]@mail"; span.Status().Code != codes.Error || got != want {
		t.Errorf("got %v, want %s", span.Status(), want)
	}
	if got, want := show(span.Attributes()), "dashboard.module=observed dashboard.operation=enable error.type=*errors.errorString"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	i.tellsNothing(t)
}
