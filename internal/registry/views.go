package registry

import (
	"context"
	"maps"
	"slices"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/storage"
)

// List returns every module of this program or the database, by id.
func (r *Registry) List(ctx context.Context) ([]View, error) {
	var records map[string]row
	var reports []report
	err := r.db.View(ctx, func(tx *storage.Tx) (err error) {
		if records, err = load(ctx, tx); err != nil {
			return err
		}
		reports, err = r.reports(ctx, tx, "")
		return err
	})
	if err != nil {
		return nil, err
	}
	byModule := make(map[string][]report)
	for _, p := range reports {
		byModule[p.module] = append(byModule[p.module], p)
	}
	views := make([]View, 0, len(records))
	for _, id := range slices.Sorted(maps.Keys(records)) {
		views = append(views, r.view(id, records, byModule[id]))
	}
	return views, nil
}

// View returns one module, or [ErrUnknown].
func (r *Registry) View(ctx context.Context, id string) (View, error) {
	var records map[string]row
	var reports []report
	err := r.db.View(ctx, func(tx *storage.Tx) (err error) {
		if records, err = load(ctx, tx); err != nil {
			return err
		}
		if _, ok := records[id]; !ok {
			return ErrUnknown
		}
		reports, err = r.reports(ctx, tx, id)
		return err
	})
	if err != nil {
		return View{}, err
	}
	return r.view(id, records, reports), nil
}

func (r *Registry) view(id string, records map[string]row, reports []report) View {
	rec := records[id].Record
	v := View{ID: id, Desired: rec.Desired, Generation: rec.Generation, Since: rec.Since,
		Requires: []Requirement{}, RequiredBy: []string{}, Instances: []Instance{}}
	if rec.State == lifecycle.Available {
		v.KeptVersion = rec.Version
	} else {
		v.InstalledVersion = rec.Version
	}
	m := r.members[id]
	if v.Known = m != nil; v.Known {
		v.Version = m.version()
		v.Requires = r.requirements(m, records)
		v.RequiredBy = requiredBy(m)
	}
	me := r.identity().id
	var live []lifecycle.State
	for _, p := range reports {
		if p.instance == me && m != nil {
			p = freshen(p, m.standing().report(m, me))
		}
		in := instance(rec, p, me)
		v.Instances = append(v.Instances, in)
		if in.Live {
			live = append(live, in.State)
			if in.Failure != nil && (v.Failure == nil || in.Failure.Since.Before(v.Failure.Since)) {
				v.Failure = in.Failure
			}
		}
	}
	v.State = lifecycle.Fleet(rec, live)
	if f, failed := rec.Failure(); failed {
		v.Failure = &f
	}
	return v
}

// freshen replaces what the database has of this instance by what is known
// here and now.
func freshen(stored, here report) report {
	here.host, here.started, here.live = stored.host, stored.started, stored.live
	if here.since.Before(stored.since) {
		here.since = stored.since
	}
	return here
}

func instance(rec lifecycle.Record, p report, me string) Instance {
	in := Instance{ID: p.instance, Host: p.host, Version: p.version, State: p.state, BlockedBy: p.blockedBy,
		Detail: p.detail, Generation: p.generation, Since: p.since, Started: p.started, Live: p.live,
		Current: p.instance == me, Health: p.health}
	if in.BlockedBy == nil {
		in.BlockedBy = []string{}
	}
	switch {
	case p.state == "":
		in.State = rec.State
		if f, failed := rec.Failure(); failed {
			in.Failure, in.Detail = &f, f.Error
		}
	case p.state == lifecycle.Failed:
		in.Failure = &lifecycle.Failure{Operation: p.op, Step: p.step, Attempt: p.attempt, Error: p.err, Since: p.since}
		in.Detail = p.err
	}
	return in
}

func (r *Registry) requirements(m *member, records map[string]row) []Requirement {
	list := []Requirement{}
	for _, q := range m.Manifest.Requires {
		have := Requirement{Requirement: q}
		rec := records[q.ID]
		if dep := r.members[q.ID]; dep != nil {
			have.Have = dep.version()
		}
		if rec.Version != "" && rec.State != lifecycle.Available {
			have.Have = rec.Version
			have.Satisfied = rec.Bearable() && rec.Desired == lifecycle.Enabled && lifecycle.Satisfies(rec.Version, q.Constraint)
		}
		list = append(list, have)
	}
	return list
}

func requiredBy(m *member) []string {
	ids := []string{}
	for _, d := range m.neededBy {
		if slices.ContainsFunc(d.needs, func(q lifecycle.Requirement) bool { return q.ID == m.id && !q.Optional }) {
			ids = append(ids, d.id)
		}
	}
	slices.Sort(ids)
	return ids
}
