package dashboard_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// The host's own server keeps its routes; the dashboard has those below a path.
func ExampleNew_belowAPrefix() {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	d, err := dashboard.New(db, dashboard.WithPrefix("/admin"), dashboard.WithTitle("Back office"),
		dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithSetupLink(func(string) {}))
	if err != nil {
		log.Fatal(err)
	}
	defer d.Shutdown(context.Background())

	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "The shop.") })
	mux.Handle("/admin/", d)

	server := httptest.NewServer(mux)
	defer server.Close()
	for _, path := range []string{"/", "/admin/livez", "/admin/api/v1/setup"} {
		res, err := server.Client().Get(server.URL + path)
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		fmt.Println(path, res.StatusCode, string(body), err)
	}
	// Output:
	// / 200 The shop. <nil>
	// /admin/livez 200 {"status":"ok"} <nil>
	// /admin/api/v1/setup 200 {"required":true} <nil>
}
