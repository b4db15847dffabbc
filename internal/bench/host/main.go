// Command host is a dashboard with the 1,000 invoices that the floor and
// PocketBase serve, logging as it does by default.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/modules/system"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

type invoice struct {
	ID       string    `json:"id" resource:"key"`
	Customer string    `json:"customer" validate:"max=100" resource:"sort,filter"`
	Number   string    `json:"number" validate:"max=100" resource:"label,search"`
	Amount   float64   `json:"amount" resource:"sort,filter"`
	Paid     bool      `json:"paid" resource:"filter"`
	Note     string    `json:"note" validate:"max=500"`
	Created  time.Time `json:"created" resource:"readonly"`
	Updated  time.Time `json:"updated" resource:"readonly"`
}

var read = dashboard.NewPermission("invoice.read", "Read invoices")

// invoices is a module with a resource and two answers to "are you there?".
type invoices struct {
	host  *dashboard.Host
	table *dashboard.SQLTable[invoice]
}

func (m *invoices) Manifest() dashboard.Manifest {
	return dashboard.Manifest{ID: "bench", Version: "1.0.0", Permissions: []dashboard.Permission{read}}
}

func (m *invoices) Provision(h *dashboard.Host) (err error) {
	m.host = h
	m.table, err = dashboard.NewSQLTable[invoice](h, "invoices")
	return err
}

func (m *invoices) Migrations() []storage.Migration { return m.table.Migrations() }

type status struct {
	Status string `json:"status"`
}

func (m *invoices) Routes(r *dashboard.Router) error {
	health := func(context.Context, struct{}) (status, error) { return status{"ok"}, nil }
	dashboard.Get(r, "/health", health, dashboard.Public())
	dashboard.Get(r, "/private", health, dashboard.Require(read))
	dashboard.Resource(r, "invoices", m.table, dashboard.ReadWith(read), dashboard.Without(dashboard.OpCreate, dashboard.OpUpdate, dashboard.OpDelete))
	return nil
}

// Install makes the rows, once.
func (m *invoices) Install(ctx context.Context) error {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 1000 {
		err := m.table.Create(ctx, &invoice{ID: fmt.Sprintf("inv%012d", i), Customer: fmt.Sprintf("customer-%d", i%97),
			Number: fmt.Sprintf("N-%06d", i), Amount: float64(i) * 1.25, Paid: i%2 == 0,
			Note: "some note of a usual length for a back-office row", Created: at, Updated: at})
		if err != nil {
			return err
		}
	}
	return nil
}

func main() {
	addr := flag.String("http", "127.0.0.1:8094", "listen address")
	data := flag.String("db", "dashboard.db", "database file")
	flag.Parse()
	store, err := sqlite.Open(*data)
	if err != nil {
		log.Fatal(err)
	}
	// One caller sends everything here: its limit is decided as ever, and never reached.
	d, err := dashboard.New(store, dashboard.WithModules(system.New(), &invoices{}), dashboard.WithRateLimit("caller", "1000000000/s"), dashboard.WithFirstAccount("ann@example.com", "correct horse battery"))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(*addr, d))
}
