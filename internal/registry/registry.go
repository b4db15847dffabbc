package registry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

// A Registry reconciles this instance's modules with the database. Its methods
// are safe for concurrent use.
type Registry struct {
	db      *storage.DB
	bus     storage.Bus
	locker  storage.Locker
	opts    Options
	log     *slog.Logger
	members map[string]*member
	order   []*member // what is required first

	quit       chan struct{}      // closed when Stop begins
	cancelHard context.CancelFunc // ends everything: the patience of Stop is over
	workers    sync.WaitGroup     // one per member
	loops      sync.WaitGroup     // poll and heartbeat
	kick       chan struct{}      // wakes the poll
	snap       atomic.Pointer[snapshot]
	refreshing sync.Mutex
	claiming   sync.Mutex // one module at a time begins to go up or down here
	bell       bell
	watchers   watchers
	live       int64 // instances, as last told: of Start, then of the heartbeats

	mu        sync.Mutex
	life      life
	me        identity
	enteredAt time.Time     // when that began
	known     bool          // the database may know this instance
	stopped   chan struct{} // closed when Stop has finished
	stopErr   error
}

type life uint8

const (
	fresh   life = iota
	entered      // registered, see Enter
	running
	stopping
)

// New returns a registry of the units. It validates manifests together (see
// [lifecycle.Check]) and migrations, and does no I/O. bus may be nil: then the
// fleet follows by polling alone.
func New(db *storage.DB, bus storage.Bus, locker storage.Locker, units []Unit, opts Options) (*Registry, error) {
	r := &Registry{db: db, bus: bus, locker: locker, opts: opts.withDefaults(), members: make(map[string]*member),
		kick: make(chan struct{}, 1), quit: make(chan struct{}), stopped: make(chan struct{})}
	r.log = r.opts.Log
	manifests := make([]lifecycle.Manifest, len(units))
	for i, u := range units {
		manifests[i] = u.Manifest
	}
	if err := lifecycle.Check(manifests, opts.Dashboard); err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	order, err := lifecycle.Order(manifests)
	if err != nil {
		return nil, fmt.Errorf("registry: %w", err)
	}
	for _, u := range units {
		m := newMember(u)
		if err := checkMigrations(m.migrations); err != nil {
			return nil, fmt.Errorf("registry: module %s: %w", m.id, err)
		}
		r.members[m.id] = m
	}
	for _, id := range order {
		r.order = append(r.order, r.members[id])
	}
	r.link()
	r.me = identity{id: opts.InstanceID, run: token(), host: opts.Host, version: opts.Dashboard}
	if r.me.id == "" {
		r.me.id = token()
	}
	if r.me.host == "" {
		r.me.host, _ = os.Hostname()
	}
	r.snap.Store(&snapshot{records: make(map[string]row)})
	r.bell.init()
	return r, nil
}

func token() string { return strings.ToLower(rand.Text()) }

// link tells members who requires them.
func (r *Registry) link() {
	for _, m := range r.order {
		for _, q := range m.Manifest.Requires {
			if dep, ok := r.members[q.ID]; ok {
				m.needs = append(m.needs, q)
				dep.neededBy = append(dep.neededBy, m)
			}
		}
	}
}

// checkMigrations finds early what storage would refuse late.
func checkMigrations(list []storage.Migration) error {
	last := 0
	for _, m := range list {
		if m.Version <= last {
			return fmt.Errorf("migration %d (%s) comes after %d", m.Version, m.Name, last)
		}
		last = m.Version
	}
	return nil
}

// Start brings the registry's tables up to date, registers this instance and
// the modules it sees for the first time, which are wanted enabled, and starts
// to reconcile. It does not wait for modules, so none can hold up the start;
// see [Registry.Settle]. ctx bounds Start only.
func (r *Registry) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.life == entered && time.Since(r.enteredAt) > r.opts.Heartbeat {
		r.withdraw() // the fleet may take it for dead by now
		r.life = fresh
	}
	if err := r.enterOnce(ctx); err != nil || r.life == running {
		return err
	}
	ctx, r.cancelHard = context.WithCancel(context.WithoutCancel(ctx))
	r.life = running
	for _, m := range r.order {
		r.workers.Go(func() { r.work(ctx, m) })
	}
	unsubscribe := func() {}
	if r.bus != nil { // what is told once Start has returned is heard
		unsubscribe = r.bus.Subscribe(topic, func([]byte) { r.hurry() })
	}
	r.loops.Go(func() {
		defer unsubscribe()
		r.poll(ctx)
	})
	r.loops.Go(func() { r.heartbeats(ctx) })
	r.tellOthers(ctx, "")
	return nil
}

func (r *Registry) audit(ctx context.Context, tx *storage.Tx, e AuditEvent) error {
	if r.opts.Audit == nil {
		return nil
	}
	if err := r.opts.Audit(ctx, tx, e); err != nil {
		return fmt.Errorf("audit %s of %s: %w", e.Action, e.Module, err)
	}
	return nil
}

// Stop disables what is enabled on this instance, in order, without changing
// what is desired, and ends every goroutine. Hooks of the fleet are canceled;
// another instance, or the next start, carries on. When ctx ends first, Stop
// gives up on hooks that hang and returns its error. Stop is idempotent, and
// valid without Start.
func (r *Registry) Stop(ctx context.Context) error {
	r.mu.Lock()
	was := r.life
	r.life = stopping
	r.mu.Unlock()
	switch was {
	case fresh, entered:
		if r.known {
			r.stopErr = r.leave(ctx)
		}
		r.watchers.close()
		close(r.stopped)
		return r.stopErr
	case stopping:
		select {
		case <-r.stopped:
		case <-ctx.Done():
			if !r.hasStopped() {
				return ctx.Err()
			}
		}
		return r.stopErr
	}
	r.stopErr = r.stop(ctx)
	close(r.stopped)
	return r.stopErr
}

func (r *Registry) stop(ctx context.Context) error {
	close(r.quit)
	r.nudgeAll()
	giveUp := context.AfterFunc(ctx, r.cancelHard)
	defer giveUp()
	r.workers.Wait()
	var errs []error
	if left := r.leftovers(); len(left) > 0 {
		errs = append(errs, fmt.Errorf("stop registry: gave up on hooks of %s: %w", strings.Join(left, ", "), context.Cause(ctx)))
	}
	r.cancelHard()
	r.loops.Wait()
	errs = append(errs, r.leave(ctx))
	r.watchers.close()
	return errors.Join(errs...)
}

// lastWords is how long saying good-bye to the database may take where the time to
// stop is over.
const lastWords = 3 * time.Second

// atLeast returns a context that ends when ctx has, but not before some time has
// passed.
func atLeast(ctx context.Context, some time.Duration) (context.Context, context.CancelFunc) {
	begun := time.Now()
	lasting, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(some - time.Since(begun))
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel(context.Cause(ctx))
		case <-lasting.Done():
		}
	})
	return lasting, func() {
		stop()
		cancel(nil)
	}
}

// leave says good-bye, although ctx may have ended.
func (r *Registry) leave(ctx context.Context) error {
	ctx, cancel := atLeast(ctx, lastWords)
	defer cancel()
	defer r.announce(ctx, "")
	err := r.db.Update(storage.Transient(ctx), func(tx *storage.Tx) error {
		c, err := takeTurn(ctx, tx)
		if err != nil {
			return err
		}
		return c.leave(ctx, r.identity())
	})
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err) // such as that the caller's deadline is over
	}
	if err != nil {
		return fmt.Errorf("stop registry: %w", err)
	}
	return nil
}

// leftovers lists the modules with a call that has not returned.
func (r *Registry) leftovers() []string {
	var ids []string
	for _, m := range r.order {
		if m.calls.hanging() {
			ids = append(ids, m.id)
		}
	}
	return ids
}

func (r *Registry) identity() identity {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.me
}

func (r *Registry) hasStopped() bool {
	select {
	case <-r.stopped:
		return true
	default:
		return false
	}
}

func (r *Registry) isStopping() bool {
	select {
	case <-r.quit:
		return true
	default:
		return false
	}
}

// untilStop returns a context that ends with errStopping when Stop begins.
// cancel waits until nothing of it is left.
func (r *Registry) untilStop(ctx context.Context) (_ context.Context, cancel func()) {
	ctx, end := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-r.quit:
			end(errStopping)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { end(context.Canceled); <-done }
}

// point marks a place where a test may kill the process.
func (r *Registry) point(m *member, name string) {
	if r.opts.StepHook != nil {
		r.opts.StepHook(m.id + "/" + name)
	}
}

// Actual returns where the module stands on this instance, without I/O.
// Modules that this program has no code for are available.
func (r *Registry) Actual(id string) lifecycle.State {
	if m, ok := r.members[id]; ok {
		return *m.reported.Load()
	}
	return lifecycle.Available
}
