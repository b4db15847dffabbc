// The smallest host: one module, one file for the data, one handler.
package main

import (
	"log"
	"net/http"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/modules/system"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func main() {
	store, err := sqlite.Open("dashboard.db")
	if err != nil {
		log.Fatal(err)
	}
	d, err := dashboard.New(store, dashboard.WithModules(system.New()))
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("localhost:8080", d))
}
