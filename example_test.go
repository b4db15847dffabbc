package dashboard_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http/httptest"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// The smallest dashboard: a database, a module with one endpoint, and a server
// that has the dashboard as its handler.
func Example() {
	db, err := sqlite.Open(":memory:") // a file, such as "dashboard.db", keeps its data
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	hello := dashboard.Func(dashboard.Manifest{ID: "hello", Version: "1.0.0"}, func(r *dashboard.Router) error {
		dashboard.Get(r, "/greeting", func(context.Context, struct{}) (map[string]string, error) {
			return map[string]string{"text": "Hello"}, nil
		}, dashboard.Public())
		return nil
	})
	d, err := dashboard.New(db, dashboard.WithModules(hello),
		dashboard.WithLogger(slog.New(slog.DiscardHandler)), // both only so that
		dashboard.WithSetupLink(func(string) {}))            // the example is quiet
	if err != nil {
		log.Fatal(err)
	}
	defer d.Shutdown(context.Background())

	server := httptest.NewServer(d) // or http.ListenAndServe("localhost:8080", d)
	defer server.Close()

	res, err := server.Client().Get(server.URL + "/api/v1/m/hello/greeting")
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, string(body), err)
	// Output: 200 {"text":"Hello"} <nil>
}
