package dashboard

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// silent is a ResponseWriter that keeps nothing.
type silent struct{ h http.Header }

func (s silent) Header() http.Header         { return s.h }
func (s silent) Write(p []byte) (int, error) { return len(p), nil }
func (s silent) WriteHeader(int)             {}

// BenchmarkModuleTable is what finding a module, its gate and its own mux cost,
// beside one mux that holds the routes of all.
func BenchmarkModuleTable(b *testing.B) {
	const modules, routes = 10, 20
	plain := http.NewServeMux()
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
	d := &Dashboard{modules: map[string]*hosted{}}
	for i := range modules {
		id := fmt.Sprintf("module-%d", i)
		s := &slot{mux: http.NewServeMux(), gate: newGate(), bg: newBackground(context.Background(), func(any) {})}
		for k := range routes {
			plain.Handle(fmt.Sprintf("GET /api/v1/m/%s/thing-%d/{id}", id, k), answer)
			s.mux.Handle(fmt.Sprintf("GET /thing-%d/{id}", k), answer)
		}
		m := &hosted{id: id}
		m.slot.Store(s)
		d.modules[id] = m
	}
	const rest = "module-7/thing-11/42"
	b.Run("mux", func(b *testing.B) {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/m/"+rest, nil)
		w := silent{http.Header{}}
		b.ReportAllocs()
		for b.Loop() {
			plain.ServeHTTP(w, r)
		}
	})
	b.Run("ours", func(b *testing.B) {
		r := httptest.NewRequest(http.MethodGet, "/api/v1/m/"+rest, nil)
		w := silent{http.Header{}}
		s := &request{r: r}
		s.ctx.Context, s.ctx.state = r.Context(), s //nolint:fatcontext // the one context of the request
		b.ReportAllocs()
		for b.Loop() {
			s.ctx.call.Store(nil)
			s.ctx.ended.Store(false)
			d.serveModule(w, s, rest)
		}
	})
}
