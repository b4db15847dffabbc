// Command mount serves a dashboard below /admin of a server that somebody
// already has, written with net/http, chi, gin or echo:
//
//	go run . -router chi
//
// The recommended way is the same with all of them: tell the dashboard its
// prefix, and hand it every path at and below it, unchanged.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/modules/system"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

const prefix = "/admin"

func main() {
	addr := flag.String("addr", "localhost:8080", "address to listen on")
	data := flag.String("database", "dashboard.db", "database file")
	router := flag.String("router", "net/http", "net/http, chi, gin or echo")
	flag.Parse()
	if err := run(*addr, *data, *router); err != nil {
		log.Fatal(err)
	}
}

func run(addr, data, router string) (err error) {
	mount, ok := routers()[router]
	if !ok {
		return errors.New("no router " + router)
	}
	store, err := sqlite.Open(data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	d, err := dashboard.New(store, dashboard.WithPrefix(prefix), dashboard.WithModules(system.New()))
	if err != nil {
		return err
	}
	server := &http.Server{Addr: addr, Handler: mount(d), ReadHeaderTimeout: 10 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		// The dashboard first: its streams would hold the server up.
		if err := errors.Join(d.Shutdown(ctx), server.Shutdown(ctx)); err != nil {
			log.Print(err)
		}
	})
	log.Printf("dashboard below http://%s%s/ (%s)", addr, prefix, router)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
