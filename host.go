package dashboard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/events"
	"github.com/modular-dashboard/dashboard/storage"
)

// A Host is what a module may touch of the dashboard. A [Provisioner] is given
// one by [New] and keeps it. It is safe for concurrent use.
type Host struct {
	d  *Dashboard
	id string

	mu      sync.Mutex
	running *background // while enabled
}

func newHost(d *Dashboard, id string) *Host { return &Host{d: d, id: id} }

// ID returns the module's id.
func (h *Host) ID() string { return h.id }

// Log returns a logger whose records carry the module's id.
func (h *Host) Log() *slog.Logger { return h.d.log.With("module", h.id) }

// DB returns the dashboard's database. A module keeps to tables named by
// [Host.Table], which a purge drops.
func (h *Host) DB() *storage.DB { return h.d.db }

// Table returns the name of a table of the module: its id with '-' turned into
// '_', two underscores and the name. It is safe to put into SQL as it is where
// name is a constant of lower-case letters, digits and underscores.
func (h *Host) Table(name string) string { return tablePrefix(h.id) + name }

func tablePrefix(id string) string { return strings.ReplaceAll(id, "-", "_") + "__" }

// Cache returns a cache whose keys are the module's own.
func (h *Host) Cache() storage.Cache { return scopedCache{h.d, "m:" + h.id + ":"} }

// Bus returns a bus whose topics are the module's own.
func (h *Host) Bus() storage.Bus { return scopedBus{h.d.bus, "m." + h.id + "."} }

// HasAccount reports whether there is an account with an id, disabled or not: for
// modules that keep what belongs to people, and let go of it when a person is gone.
func (h *Host) HasAccount(ctx context.Context, id string) (bool, error) {
	_, err := h.d.auth.User(ctx, id)
	if errors.Is(err, auth.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Go runs fn in a goroutine that belongs to the enabled module: its context
// ends when the module is disabled, and disabling waits for it. A panic is
// recovered, logged and counted in the module's health. Go fails while the
// module is not being enabled or enabled.
func (h *Host) Go(fn func(ctx context.Context)) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running == nil {
		return fmt.Errorf("start background work of module %s: the module is not enabled", h.id)
	}
	h.running.start(fn)
	return nil
}

// Audit appends an entry to the audit log, with the caller and request id of
// the context. The action is prefixed by the module's id. The detail, encoded as
// JSON, must hold no secrets.
func (h *Host) Audit(ctx context.Context, action, target string, detail any) error {
	return h.d.db.Update(ctx, func(tx *storage.Tx) error {
		return h.d.audit(ctx, tx, h.id+"."+action, target, detail)
	})
}

// PanelChanged tells every browser that shows the panel to read it again.
func (h *Host) PanelChanged(panel string) {
	h.d.publish("panel", map[string]string{"module": h.id, "panel": panel}, events.Audience{Module: h.id})
}

// background is what a module has running while it is enabled.
type background struct {
	ctx    context.Context //nolint:containedctx // this is the lifetime that requests and tasks join
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup
	onFail func(recovered any)
}

func newBackground(ctx context.Context, onFail func(any)) *background {
	ctx, cancel := context.WithCancelCause(ctx)
	return &background{ctx: ctx, cancel: cancel, onFail: onFail}
}

func (b *background) start(fn func(context.Context)) {
	b.wg.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				b.onFail(v)
			}
		}()
		fn(b.ctx)
	})
}

// wait ends the context and waits for every goroutine, at most until ctx ends.
func (b *background) wait(ctx context.Context) error {
	b.cancel(errModuleDisabled)
	done := make(chan struct{})
	go func() { b.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("background work did not end: %w", ctx.Err())
	}
}

func (h *Host) run(b *background) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running = b
}

// scopedCache is the dashboard's cache under a prefix. Before the start and
// after the shutdown it is empty.
type scopedCache struct {
	d      *Dashboard
	prefix string
}

func (c scopedCache) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if inner := c.d.cacheNow(); inner != nil {
		return inner.Get(ctx, c.prefix+key)
	}
	return nil, false, nil
}

func (c scopedCache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if inner := c.d.cacheNow(); inner != nil {
		return inner.Set(ctx, c.prefix+key, value, ttl)
	}
	return nil
}

func (c scopedCache) Delete(ctx context.Context, keys ...string) error {
	inner := c.d.cacheNow()
	if inner == nil {
		return nil
	}
	scoped := make([]string, len(keys))
	for i, k := range keys {
		scoped[i] = c.prefix + k
	}
	return inner.Delete(ctx, scoped...)
}

// cacheNow is the host's cache, or ours while we run.
func (d *Dashboard) cacheNow() storage.Cache {
	if d.config.cache != nil {
		return d.config.cache
	}
	if c := d.cache.Load(); c != nil {
		return c
	}
	return nil
}

// startCache makes the default cache, which has a goroutine of its own.
func (d *Dashboard) startCache(context.Context) error {
	if d.config.cache == nil {
		d.cache.Store(storage.NewMemoryCache(defaultCacheBytes))
	}
	return nil
}

func (d *Dashboard) stopCache(context.Context) error {
	if c := d.cache.Swap(nil); c != nil {
		return c.Close()
	}
	return nil
}

const defaultCacheBytes = 64 << 20

type scopedBus struct {
	inner  storage.Bus
	prefix string
}

func (b scopedBus) Publish(ctx context.Context, topic string, payload []byte) error {
	return b.inner.Publish(ctx, b.prefix+topic, payload)
}

func (b scopedBus) Subscribe(topic string, fn func(payload []byte)) (stop func()) {
	return b.inner.Subscribe(b.prefix+topic, fn)
}

var (
	_ storage.Cache = scopedCache{}
	_ storage.Bus   = scopedBus{}
)
