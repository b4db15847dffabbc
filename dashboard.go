package dashboard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/aigovern"
	"github.com/modular-dashboard/dashboard/internal/airecord"
	"github.com/modular-dashboard/dashboard/internal/audit"
	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/internal/events"
	"github.com/modular-dashboard/dashboard/internal/flags"
	"github.com/modular-dashboard/dashboard/internal/idempotency"
	"github.com/modular-dashboard/dashboard/internal/jobs"
	"github.com/modular-dashboard/dashboard/internal/layout"
	"github.com/modular-dashboard/dashboard/internal/limits"
	"github.com/modular-dashboard/dashboard/internal/logring"
	"github.com/modular-dashboard/dashboard/internal/observe"
	"github.com/modular-dashboard/dashboard/internal/prompts"
	"github.com/modular-dashboard/dashboard/internal/redact"
	"github.com/modular-dashboard/dashboard/internal/registry"
	"github.com/modular-dashboard/dashboard/internal/settings"
	"github.com/modular-dashboard/dashboard/internal/ui"
	"github.com/modular-dashboard/dashboard/storage"
)

// Version is the version of this library, which [Manifest].Dashboard constrains.
const Version = "0.1.0"

// A Dashboard is an [http.Handler] that serves modules, their API and the UI.
// Make one with [New]. It is safe for concurrent use.
type Dashboard struct {
	config    config
	db        *storage.DB
	log       *slog.Logger
	cache     atomic.Pointer[storage.MemoryCache] // the default one, while running
	bus       storage.Bus
	binder    *bind.Binder
	ui        *ui.Handler
	core      *http.ServeMux
	coreAPI   []*endpoint
	catalog   []*hostedResource // of the core
	modules   map[string]*hosted
	order     []*hosted
	streams   streamSet
	document  documentCache
	arguments sync.Map // JSON Schemas of what endpoints take, by type

	logs     *logring.Ring // what the log holds of late
	logsKey  []byte        // for cursors into it
	redactor *redact.Redactor
	limiting limiting
	flags    *featureflag.Flags
	flagging flagging
	ofrep    ofrepSide
	models   modelSide
	observer *observe.Observer

	auth     *auth.Authority
	registry *registry.Registry
	jobs     *jobs.Runner

	stopFollowing, stopHealth func()
	stopSweep                 func(context.Context) error

	underway underway

	vault    vault
	keysOnce sync.Once
	keys     []auth.MasterKey
	keysErr  error
	settings *settings.Store
	auditLog *audit.Log
	events   *events.Hub
	layouts  *layout.Store
	once     *idempotency.Store
	since    time.Time

	ready         atomic.Bool
	requests      *gate         // those that may need the parts below
	started       chan struct{} // closed when the start has ended, well or not
	startErr      error         // valid once started is closed
	entered       chan struct{} // closed when this instance has entered the fleet, or not
	enterErr      error         // valid once entered is closed
	startDetached sync.Once

	mu             sync.Mutex
	begun, stopped bool
	cancelStart    context.CancelFunc
	stop           []func(context.Context) error // in the order of starting
}

// New returns a dashboard on a database. It checks the options, the manifests
// and the routes of every module and fails on any mistake; it does no I/O. The
// database stays the caller's to close, after [Dashboard.Shutdown].
func New(db *storage.DB, opts ...Option) (*Dashboard, error) {
	if db == nil {
		return nil, errors.New("new dashboard: nil database")
	}
	c := defaultConfig()
	for _, o := range opts {
		if o == nil {
			return nil, errors.New("new dashboard: nil option")
		}
		if err := o.apply(&c); err != nil {
			return nil, fmt.Errorf("new dashboard: %w", err)
		}
	}
	if c.proxies.Forwarded && len(c.proxies.Trusted) == 0 {
		return nil, errors.New("new dashboard: WithForwarded without WithTrustedProxies")
	}
	d := &Dashboard{config: c, db: db, log: c.log, bus: c.bus,
		binder: bind.New(), modules: map[string]*hosted{}, requests: newGate(), started: make(chan struct{}), entered: make(chan struct{}), layouts: layout.New(db), once: idempotency.New(db), since: time.Now()}
	d.underway.sweeps.Store(1)
	if err := d.compose(); err != nil {
		return nil, fmt.Errorf("new dashboard: %w", err)
	}
	return d, nil
}

// compose builds the parts in the order in which they need each other.
func (d *Dashboard) compose() error {
	if err := d.composeTelemetry(); err != nil {
		return err
	}
	if d.bus == nil {
		d.bus = storage.NewMemoryBus(storage.WithLogger(d.log))
	}
	locker := d.config.locker
	if locker == nil {
		locker = storage.NewLocker(d.db)
	}
	var err error
	if err = d.composeLimits(); err != nil {
		return err
	}
	if d.auth, err = d.newAuth(); err != nil {
		return err
	}
	if d.ui, err = ui.New(ui.Config{Title: d.config.title, MinPassword: d.auth.MinPassword(), Refuse: d.refuseUI}); err != nil {
		return err
	}
	d.streams.judge = d.auth.Recheck
	if err = d.composeFlags(); err != nil {
		return err
	}
	if err = d.composeOFREP(); err != nil {
		return err
	}
	if err := d.adopt(d.config.modules); err != nil {
		return err
	}
	if err = d.composeModels(); err != nil {
		return err
	}
	if err := d.composeStores(locker); err != nil {
		return err
	}
	return d.composeCore()
}

// Start migrates the database, makes the modules what the stored state says
// and starts background work, which lasts until [Dashboard.Shutdown]; ctx
// bounds the start alone. A module that fails to start does not fail Start.
// Further calls wait for the first and return its error. A host that does not
// call Start has it called by the first request, a readiness probe included.
func (d *Dashboard) Start(ctx context.Context) error {
	d.begin(ctx)
	select {
	case <-d.started:
		return d.startErr
	case <-ctx.Done():
		return fmt.Errorf("start dashboard: %w", ctx.Err())
	}
}

// begin starts once; who comes later does nothing.
func (d *Dashboard) begin(ctx context.Context) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.begun {
		return
	}
	d.begun = true
	if d.stopped {
		d.startErr = errors.New("start dashboard: it was shut down")
		close(d.started)
		return
	}
	ctx, d.cancelStart = context.WithCancel(ctx)
	go func() {
		defer close(d.started)
		if err := d.startParts(ctx); err != nil {
			d.startErr = fmt.Errorf("start dashboard: %w", err)
			return
		}
		d.ready.Store(true)
	}()
}

type part struct {
	name  string
	start func(context.Context) error
	stop  func(context.Context) error
}

func (d *Dashboard) startParts(ctx context.Context) error {
	none := func(context.Context) error { return nil }
	parts := []part{
		{"database", d.db.Ping, none},
		{"cache", d.startCache, d.stopCache},
		{"secrets", d.openBox, none},
		{"schema", d.migrate, none},
		{"audit", d.auditLog.Start, none}, // everything after it writes to it
		{"fleet", d.enterFleet, d.leaveFleet},
		{"auth", d.auth.Start, d.auth.Shutdown},
		{"first account", d.ensureAccount, none},
		{"events", d.startEvents, d.stopEvents},
		{"settings", d.settings.Start, d.settings.Shutdown},
		{"flags", d.startFlags, d.stopFlags},
		{"limits", d.limiting.book.Start, d.limiting.book.Shutdown},
		{"layouts", d.layouts.Start, none},
		{"idempotency", d.once.Start, d.once.Shutdown},
		{"jobs", d.jobs.Start, d.jobs.Shutdown},
		{"models", d.startModels, d.stopModels},
		{"budgets", d.models.rules.Start, d.models.rules.Shutdown},
		{"requests", none, d.drainRequests},
		{"modules", d.startModules, d.registry.Stop},
		{"modules", d.settleModules, none}, // apart: they have to stop also when the start ends here
		{"time limits", d.startSweeper, d.stopSweeper},
		{"health", d.startHealth, d.stopHealthChecks},
		{"set-up", d.offerSetup, none},
		{"OFREP", d.startOFREP, d.stopOFREP}, // its streams end before anything waits for requests
	}
	for _, p := range parts {
		if err := p.start(ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		d.mu.Lock()
		stopped := d.stopped
		d.stop = append(d.stop, p.stop)
		d.mu.Unlock()
		if stopped {
			return errors.New("shut down while starting")
		}
	}
	return nil
}

// migrate brings the tables of all parts up to date. Each could do it by itself:
// together they ask the database once whether there is anything to do.
func (d *Dashboard) migrate(ctx context.Context) error {
	return d.db.MigrateAll(ctx, audit.Schema(), auth.Schema(), settings.Schema(), flags.Schema(), limits.Schema(), layout.Schema(),
		idempotency.Schema(), jobs.Schema(), airecord.Schema(), prompts.Schema(), aigovern.Schema(), registry.Schema())
}

// settlePatience is how long a start waits for modules: those that are quick
// answer the first request, those that hang hold nobody up.
const settlePatience = 5 * time.Second

// enterFleet registers this instance while the parts that modules need start:
// that waits for the disk, and they for the processor. What goes wrong, startModules
// reports.
func (d *Dashboard) enterFleet(ctx context.Context) error {
	go func() {
		defer close(d.entered)
		d.enterErr = d.registry.Enter(ctx)
	}()
	return nil
}

// leaveFleet is for a start that has failed before the modules: otherwise they have
// stopped, and said how that went.
func (d *Dashboard) leaveFleet(ctx context.Context) error {
	<-d.entered // its context has ended
	_ = d.registry.Stop(ctx)
	return nil
}

func (d *Dashboard) startModules(ctx context.Context) error {
	<-d.entered
	if d.enterErr != nil {
		return d.enterErr
	}
	return d.registry.Start(ctx)
}

func (d *Dashboard) settleModules(ctx context.Context) error {
	patience, cancel := context.WithTimeout(ctx, d.config.settle)
	defer cancel()
	if err := d.registry.SettleHere(patience); err != nil && ctx.Err() == nil {
		d.log.WarnContext(ctx, "some modules are still starting")
	}
	d.settings.Started()
	return ctx.Err()
}

// Shutdown ends streams, disables the modules on this instance (the stored
// state stays) and stops background work. New requests are answered 503, those
// in flight finish first, for as long as ctx allows: shut the HTTP server down at
// the same time or before. It may be called more than once, and without Start.
func (d *Dashboard) Shutdown(ctx context.Context) error {
	d.mu.Lock()
	d.stopped = true
	begun := d.begun
	if d.cancelStart != nil {
		d.cancelStart()
	}
	d.mu.Unlock()
	d.ready.Store(false)
	d.streams.endAll(errShutdown)
	if begun {
		if err := d.awaitStart(ctx); err != nil {
			return fmt.Errorf("shut down dashboard: %w", err)
		}
	}
	if err := d.stopParts(ctx); err != nil {
		return fmt.Errorf("shut down dashboard: %w", err)
	}
	return nil
}

// drainRequests waits for the requests in flight, which may need what stops
// next. Those of modules have left by then.
func (d *Dashboard) drainRequests(ctx context.Context) error {
	d.requests.close()
	if err := d.requests.wait(ctx); err != nil {
		return fmt.Errorf("%d requests are still running: %w", d.requests.inside(), err)
	}
	return nil
}

// awaitStart waits for the start, if it has not ended already.
func (d *Dashboard) awaitStart(ctx context.Context) error {
	select {
	case <-d.started:
		return nil
	default:
	}
	select {
	case <-d.started:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *Dashboard) stopParts(ctx context.Context) error {
	d.mu.Lock()
	stop := d.stop
	d.stop = nil
	d.mu.Unlock()
	var errs []error
	for _, end := range slices.Backward(stop) {
		errs = append(errs, end(ctx))
	}
	return errors.Join(errs...)
}

// awaitReady starts the dashboard where the host did not, and lets a person's
// first page wait a moment for it.
func (d *Dashboard) awaitReady(s *request) bool {
	if d.ready.Load() {
		return true
	}
	d.beginDetached(s.r.Context())
	patience, cancel := context.WithTimeout(s.r.Context(), startPatience)
	defer cancel()
	select {
	case <-d.started:
	case <-patience.Done():
	}
	return d.ready.Load()
}

// beginDetached starts the dashboard on behalf of a request that may end before
// it has started. The set-up link leads to where that request came.
func (d *Dashboard) beginDetached(ctx context.Context) {
	d.startDetached.Do(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTimeout)
		d.begin(ctx)
		go func() {
			defer cancel()
			<-d.started
			if d.startErr != nil {
				d.log.ErrorContext(ctx, "dashboard did not start", "error", d.startErr)
			}
		}()
	})
}

const (
	startPatience = 2 * time.Second
	startTimeout  = time.Minute
)

var _ http.Handler = (*Dashboard)(nil)
