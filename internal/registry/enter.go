package registry

import (
	"context"
	"fmt"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

// Enter is the part of [Registry.Start] that talks to the database, for a host
// that has other things to do meanwhile. Start does it where it was not done, or
// too long ago: nothing tells the fleet in between that this instance lives.
func (r *Registry) Enter(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.enterOnce(ctx)
}

// enterOnce enters unless that was done. r.mu is held.
func (r *Registry) enterOnce(ctx context.Context) error {
	switch r.life {
	case entered, running:
		return nil
	case stopping:
		return ErrStopped
	}
	began := time.Now()
	if err := r.enter(ctx); err != nil {
		r.withdraw()
		return fmt.Errorf("start registry: %w", err)
	}
	r.life, r.enteredAt, r.known = entered, began, true
	if err := r.tellLive(ctx, r.me); err != nil {
		return fmt.Errorf("start registry: %w", err)
	}
	return nil
}

// enter makes this instance a part of the fleet: in one turn it registers, reads
// the records, and begins to enable what can be enabled.
func (r *Registry) enter(ctx context.Context) error {
	if err := r.db.MigrateAll(ctx, Schema()); err != nil {
		return err
	}
	var first *snapshot
	said, err := r.register(ctx, r.me, func(c change) (err error) {
		if first, err = c.snapshot(ctx, r.order); err != nil {
			return err
		}
		statuses, err := c.tx.CheckSchemas(ctx, r.schemas()...)
		if err != nil {
			return err
		}
		r.snap.Store(first)
		for i, m := range r.order {
			if r.mustCheck(m) {
				_ = m.checked(statuses[i])
			}
			r.beginAtOnce(m)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, m := range r.order {
		m.written(said[i])
	}
	r.follow(&snapshot{}, first)
	return nil
}

// withdraw undoes in memory what enter did. What was said of a module's health
// meanwhile stays true.
func (r *Registry) withdraw() {
	r.snap.Store(&snapshot{records: make(map[string]row)})
	for _, m := range r.order {
		m.begun, m.schema, m.schemaErr = nil, unchecked, nil
		_, _ = m.update(func(s *standing) (bool, error) {
			health := s.health
			*s = fromTheStart(m.id)
			s.health, s.ill = health, health != Health{}
			return true, nil
		})
		m.publish(lifecycle.Record{State: lifecycle.Available})
	}
}

// beginAtOnce claims the module if it can be enabled already: the report that
// registers it says so, and its worker carries that out.
func (r *Registry) beginAtOnce(m *member) {
	j := r.judge()
	event, ok := r.local(j, m)
	if !ok || event != lifecycle.EventEnable || m.schema != current {
		return
	}
	if _, err := r.claim(m, event, lifecycle.StepHook(lifecycle.OpEnable)); err == nil {
		m.begun = &begun{event, j.record(m)}
	}
}

// register enters the instance, its modules and those nobody has seen yet. then
// runs, unless nil, before the modules are reported, as returned.
func (r *Registry) register(ctx context.Context, me identity, then func(change) error) ([]standing, error) {
	said := make([]standing, len(r.order))
	return said, r.db.Update(storage.Transient(ctx), func(tx *storage.Tx) error {
		c, err := takeTurn(ctx, tx)
		if err != nil {
			return err
		}
		if err := c.enter(ctx, me); err != nil {
			return err
		}
		if err := r.discover(ctx, c); err != nil {
			return err
		}
		for _, m := range r.order {
			_, _ = m.update(func(s *standing) (bool, error) {
				if s.Since.IsZero() {
					s.Since = c.now
				}
				return false, nil
			})
		}
		if then != nil {
			if err := then(c); err != nil {
				return err
			}
		}
		reports := make([]report, len(r.order))
		for i, m := range r.order {
			said[i] = m.standing()
			reports[i] = said[i].report(m, me.id)
		}
		return c.report(ctx, reports...)
	})
}

// discover adds the modules that the database has not seen.
func (r *Registry) discover(ctx context.Context, c change) error {
	known, err := c.known(ctx)
	if err != nil {
		return err
	}
	for _, m := range r.order {
		if known[m.id] {
			continue
		}
		if err := c.discover(ctx, m.id); err != nil {
			return err
		}
		e := AuditEvent{Action: "module.discover", Module: m.id, Generation: 1, Version: m.version()}
		if err := r.audit(ctx, c.tx, e); err != nil {
			return err
		}
	}
	return nil
}

// schemas returns what the modules' code expects of the database.
func (r *Registry) schemas() []storage.Schema {
	list := make([]storage.Schema, len(r.order))
	for i, m := range r.order {
		list[i] = storage.Schema{Scope: m.Scope, Migrations: m.migrations}
	}
	return list
}
