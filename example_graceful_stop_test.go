package dashboard_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

// cleaner has something to do when it is stopped.
type cleaner struct{}

func (cleaner) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "cleaner", Version: "1.0.0"}
}

func (cleaner) Routes(*dashboard.Router) error { return nil }

func (cleaner) Disable(context.Context) error {
	fmt.Println("the module is stopped")
	return nil
}

var _ dashboard.Disabler = cleaner{}

// A program stops in an order: its dashboard, which ends streams and work, and
// its server at the same time, then the database.
func ExampleDashboard_Shutdown() {
	db, err := sqlite.Open(":memory:")
	if err != nil {
		log.Fatal(err)
	}
	d, err := dashboard.New(db, dashboard.WithModules(cleaner{}),
		dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithSetupLink(func(string) {}))
	if err != nil {
		log.Fatal(err)
	}
	if err := d.Start(context.Background()); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: d, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	// Here a program waits for signal.NotifyContext.

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- d.Shutdown(ctx) }()
	err = server.Shutdown(ctx)
	fmt.Println("dashboard:", <-stopped)
	fmt.Println("server:", err, <-served)
	fmt.Println("database:", db.Close())
	// Output:
	// the module is stopped
	// dashboard: <nil>
	// server: <nil> http: Server closed
	// database: <nil>
}
