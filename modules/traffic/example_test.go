package traffic_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/modules/traffic"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// The host's own handler wears the middleware, the dashboard below it included.
func ExampleModule_Middleware() {
	store, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	requests := traffic.New()
	d, err := dashboard.New(store, dashboard.WithModules(requests), dashboard.WithPrefix("/admin"))
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/admin/", d)
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "order", r.PathValue("id"))
	})
	handler := requests.Middleware(mux) // for http.ListenAndServe

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest("GET", "/orders/7", nil))
	fmt.Print(w.Code, " ", w.Body)
	// Output: 200 order 7
}

// A router that keeps the pattern elsewhere is asked for it.
func ExampleWithRoute() {
	type route struct{}
	requests := traffic.New(traffic.WithRoute(func(r *http.Request) string {
		pattern, _ := r.Context().Value(route{}).(string) // such as chi.RouteContext(r.Context()).RoutePattern()
		return pattern
	}))
	fmt.Println(requests.Manifest().Title)
	// Output: Traffic
}
