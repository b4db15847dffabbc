package registry

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/storage"
)

// topic is where instances tell each other that something changed.
const topic = "lifecycle"

// snapshot is what the database said last.
type snapshot struct {
	revision int64
	records  map[string]row
}

// bell tells those who wait that something may have changed.
type bell struct {
	mu sync.Mutex
	ch chan struct{}
}

func (b *bell) init() { b.ch = make(chan struct{}) }

// next is closed at the next ring.
func (b *bell) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ch
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.ch)
	b.ch = make(chan struct{})
}

// refresh reads what has changed and wakes who it concerns.
func (r *Registry) refresh(ctx context.Context) error {
	r.refreshing.Lock()
	defer r.refreshing.Unlock()
	old := r.snap.Load()
	next := &snapshot{}
	err := r.db.View(ctx, func(tx *storage.Tx) (err error) {
		if next.revision, err = readRevision(ctx, tx); err != nil || next.revision == old.revision {
			return err
		}
		next.records, err = load(ctx, tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	if next.records == nil {
		return nil
	}
	r.follow(old, next)
	return nil
}

// follow takes over a snapshot and wakes who it concerns.
func (r *Registry) follow(old, next *snapshot) {
	r.snap.Store(next)
	for id, rec := range next.records {
		m := r.members[id]
		if m != nil {
			m.publish(rec.Record)
		}
		if rec.changed != old.records[id].changed {
			r.tell(id)
		}
	}
	r.nudgeAll()
}

// nudgeAll makes every worker look again: what one module does may be what
// another has waited for.
func (r *Registry) nudgeAll() {
	for _, m := range r.order {
		m.nudge()
	}
	r.bell.ring()
}

// announce tells the other instances, and this one's poll.
func (r *Registry) announce(ctx context.Context, id string) {
	r.hurry()
	r.tellOthers(ctx, id)
}

func (r *Registry) tellOthers(ctx context.Context, id string) {
	if r.bus == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := r.bus.Publish(ctx, topic, []byte(id)); err != nil {
		r.log.WarnContext(ctx, "cannot tell other instances; they will find out by polling", "error", err)
	}
}

func (r *Registry) hurry() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// gather is how long the poll waits for more news of changes that come together.
const gather = 5 * time.Millisecond

// pause waits and reports whether ctx is still there.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// poll follows the database.
func (r *Registry) poll(ctx context.Context) {
	timer := time.NewTimer(r.opts.Poll)
	defer timer.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.kick:
			if !pause(ctx, gather) {
				return
			}
		case <-timer.C:
		}
		err := r.refresh(ctx)
		switch {
		case err != nil && ctx.Err() == nil && !failing:
			r.log.ErrorContext(ctx, "cannot read the state of modules; trying on", "error", err)
		case err == nil && failing:
			r.log.InfoContext(ctx, "can read the state of modules again")
		}
		failing = err != nil
		timer.Reset(r.opts.Poll)
	}
}

// heartbeats tell the fleet that this instance lives, and carry what is new of
// its modules' health.
func (r *Registry) heartbeats(ctx context.Context) {
	ticker := time.NewTicker(r.opts.Heartbeat)
	defer ticker.Stop()
	failing := false
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := r.beat(ctx, n%beatsPerPrune == 0)
		switch {
		case err != nil && ctx.Err() == nil && !failing:
			r.log.ErrorContext(ctx, "cannot write the heartbeat; trying on", "error", err)
		case err == nil && failing:
			r.log.InfoContext(ctx, "can write the heartbeat again")
		}
		failing = err != nil
	}
}

const beatsPerPrune = 60

func (r *Registry) beat(ctx context.Context, prune bool) error {
	known, err := beat(ctx, r.db, r.identity())
	if err != nil {
		return err
	}
	if !known {
		if err := r.reenter(ctx); err != nil {
			return err
		}
	}
	if err := r.reportHealth(ctx); err != nil {
		return err
	}
	if err := r.tellLive(ctx, r.identity()); err != nil || !prune {
		return err
	}
	return r.db.Update(storage.Transient(ctx), func(tx *storage.Tx) error {
		c, err := takeTurn(ctx, tx)
		if err != nil {
			return err
		}
		return c.prune(ctx)
	})
}

const countRuns = "SELECT COUNT(*) FROM lifecycle_instances WHERE id = $1"

// reenter registers again an instance that was taken for dead, or whose id
// another process took: then under a new one.
func (r *Registry) reenter(ctx context.Context) error {
	me := r.identity()
	var taken int
	if err := r.db.QueryRow(ctx, countRuns, me.id).Scan(&taken); err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	if taken > 0 {
		old := me.id
		me.id += "-" + token()
		r.log.ErrorContext(ctx, "another process uses the same instance id", "instance", old, "now", me.id)
	} else {
		r.log.WarnContext(ctx, "was taken for dead; registering again", "instance", me.id)
	}
	if _, err := r.register(ctx, me, nil); err != nil {
		return err
	}
	r.mu.Lock()
	r.me = me
	r.mu.Unlock()
	return nil
}

// reportHealth writes the health that has changed.
func (r *Registry) reportHealth(ctx context.Context) error {
	for _, m := range r.order {
		if !m.standing().ill {
			continue
		}
		if err := r.persist(ctx, m, true); err != nil {
			return err
		}
	}
	return nil
}

// SetHealth reports the health of a module on this instance. It does no I/O;
// the next heartbeat carries it.
func (r *Registry) SetHealth(id string, h Health) {
	m, ok := r.members[id]
	if !ok {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.here.health != h {
		m.here.health, m.here.ill = h, true
	}
}
