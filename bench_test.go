package dashboard_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// discard is a ResponseWriter that keeps nothing but its headers.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}

func benchRequest(path, token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "localhost"
	r.RemoteAddr = "127.0.0.1:4242"
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// benchDashboard serves a module with an endpoint of each kind.
func benchDashboard(b *testing.B) (d *dashboard.Dashboard, token string) {
	b.Helper()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		b.Fatal(err)
	}
	hello := dashboard.Func(dashboard.Manifest{ID: "notes", Version: "1.0.0", Permissions: []dashboard.Permission{permRead}}, func(r *dashboard.Router) error {
		r.Handle("GET /bare", http.HandlerFunc(bareAnswer), dashboard.Require(permRead))
		r.Handle("GET /open", http.HandlerFunc(bareAnswer), dashboard.Public())
		return nil
	})
	d, err = dashboard.New(db, dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithFastPasswords(),
		dashboard.WithFirstAccount(ownerEmail, ownerPassword), dashboard.WithModules(hello), dashboard.WithRateLimit("caller", "1000000000/s"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := d.Shutdown(context.Background()); err != nil {
			b.Error(err)
		}
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	if err := d.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	return d, dashboard.AccessTokenForTest(b, d, ownerEmail, ownerPassword)
}

func bareAnswer(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }

// BenchmarkChain is what the dashboard adds to a handler.
func BenchmarkChain(b *testing.B) {
	d, token := benchDashboard(b)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/m/notes/bare", bareAnswer)
	for _, bench := range []struct {
		name    string
		h       http.Handler
		request *http.Request
	}{
		{"bare", http.HandlerFunc(bareAnswer), benchRequest("/api/v1/m/notes/bare", "")},
		{"mux", mux, benchRequest("/api/v1/m/notes/bare", "")},
		{"signed-in", d, benchRequest("/api/v1/m/notes/bare", token)},
		{"public", d, benchRequest("/api/v1/m/notes/open", "")},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			w := discard{http.Header{}}
			for b.Loop() {
				clear(w.h)
				bench.h.ServeHTTP(w, bench.request)
			}
		})
	}
}
