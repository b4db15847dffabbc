package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/storage"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
	"github.com/modular-dashboard/dashboard/telemetry"
)

// Limits of the HTTP server. There is no limit on writing an answer: event
// streams last for as long as a page is open.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// serve runs the server until ctx ends, and then until everything is closed. An
// error says in one line why it could not start or not stop.
func serve(ctx context.Context, c config, stdout, stderr io.Writer) (err error) {
	collect := collectLater()
	defer collect()
	log, err := newLogger(c, stderr)
	if err != nil {
		return err
	}
	listener, err := listen(c.addr)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // the HTTP server has closed it where it ran
	store, err := openStore(c.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	connected := make(chan struct{})
	var unreachable error
	go func() { // while this one makes the dashboard
		defer close(connected)
		unreachable = store.Ping(ctx)
	}()
	defer func() { <-connected }()
	base := baseURL(c, listener.Addr())
	modules := make([]dashboard.Module, len(c.file.Modules))
	for i, id := range c.file.Modules {
		modules[i] = builtIn(id)
	}
	shared, err := openLimits(c.redis, log)
	if err != nil {
		return err
	}
	defer shared.close()
	d, err := newDashboard(c, modules, store, base, log, stderr, shared.options...)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: wear(modules, d), ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	if <-connected; unreachable != nil && ctx.Err() == nil {
		return unreachable // Start would wait for a locked one as long again
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if err = d.Start(ctx); err == nil {
		fmt.Fprintf(stdout, "Dashboard at %s\n", base+c.prefix+"/")
		collect()
		debug.FreeOSMemory() // what only the start needed: a server that idles would keep it until it has made as much again
		select {
		case <-ctx.Done():
			log.InfoContext(ctx, "stopping", "within", c.file.StopTimeout)
		case err = <-served:
		}
	}
	if ctx.Err() != nil {
		err = nil // asked to stop, perhaps while starting
	}
	return errors.Join(err, stop(server, d, c.file.StopTimeout))
}

// startMemory is how much the program may hold before garbage is collected during
// the start, in bytes: a start that hangs still answers requests.
const startMemory = 64 << 20

// collectLater puts the collection of garbage off until it is called for: a start
// makes less of it than its collection costs.
func collectLater() (collect func()) {
	limit := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(limit, startMemory))
	percent := debug.SetGCPercent(-1)
	return sync.OnceFunc(func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	})
}

// headStart is what requests in flight get before the dashboard closes what they
// may need. Only streams, which end with the dashboard, take that long.
const headStart = 2 * time.Second

// stop lets requests in flight finish, then ends streams and modules; all share
// the deadline.
func stop(server *http.Server, d *dashboard.Dashboard, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	finished := make(chan error, 1)
	done := make(chan struct{})
	go func() { finished <- server.Shutdown(ctx); close(done) }()
	select {
	case <-done:
	case <-time.After(headStart):
	}
	stopped := d.Shutdown(ctx)
	err := <-finished
	if err != nil {
		err = errors.Join(fmt.Errorf("stop: requests were still running after %s", patience), server.Close())
	}
	return errors.Join(err, stopped)
}

// newLogger writes what the dashboard logs, and what this program does, without
// secrets. The dashboard keeps the latest records for its own log screen.
func newLogger(c config, w io.Writer) (*slog.Logger, error) {
	level, err := c.file.level()
	if err != nil {
		return nil, err
	}
	format, err := telemetry.ParseFormat(c.logFormat)
	if err != nil {
		return nil, err
	}
	return telemetry.New(telemetry.WithFormat(format), telemetry.WithLevel(level), telemetry.WithOutput(w))
}

func listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s: another program uses this port", addr)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", addr, errors.Unwrap(err))
	}
	return listener, nil
}

// openStore opens the database in the data folder, which it makes where it is
// missing.
func openStore(data string) (*storage.DB, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	return sqlite.Open(filepath.Join(data, "dashboard.db"), sqlite.WithLazyOpen())
}

// baseURL is where people find the dashboard: the public URL, or the address
// listened on as a browser on this machine would write it.
func baseURL(c config, addr net.Addr) string {
	if c.publicURL != "" {
		return c.publicURL
	}
	host, _, err := net.SplitHostPort(c.addr)
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && !ip.IsLoopback() {
		host = "localhost"
	}
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "http://" + host
	}
	return "http://" + net.JoinHostPort(host, port)
}

func newDashboard(c config, modules []dashboard.Module, store *storage.DB, base string, log *slog.Logger, stderr io.Writer,
	more ...dashboard.Option) (*dashboard.Dashboard, error) {
	options := append(more,
		dashboard.WithModules(modules...),
		dashboard.WithTitle(c.file.Title),
		dashboard.WithPrefix(c.prefix),
		dashboard.WithPublicURL(base),
		dashboard.WithLogger(log),
		dashboard.WithTrustedProxies(c.file.TrustedProxies...),
		dashboard.WithDrainTimeout(c.file.DrainTimeout),
		c.models,
		dashboard.WithSetupLink(func(link string) {
			fmt.Fprintf(stderr, "\nNo account yet. Create the first one within 24 hours at\n\n    %s\n\n", link)
		}),
	)
	if c.file.Forwarded {
		options = append(options, dashboard.WithForwarded())
	}
	options = append(options, flagOptions(c.file.Flags)...)
	options = append(options, c.file.ModelCache.options()...)
	options = append(options, c.file.ModelRedaction.options()...)
	prices, err := priceOptions(c.file.ModelPrices)
	if err != nil {
		return nil, err
	}
	options = append(options, prices...)
	if c.account.email != "" {
		options = append(options, dashboard.WithFirstAccount(c.account.email, c.account.password))
	}
	if len(c.keys) > 0 {
		options = append(options, dashboard.WithMasterKeys(c.keys...))
	}
	return dashboard.New(store, options...)
}
