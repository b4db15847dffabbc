package registry_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
	"github.com/modular-dashboard/dashboard/internal/registry"
)

// act does a random action and compares what is desired with the model.
func (w *world) act() {
	u := w.runs[w.rand.IntN(len(w.runs))]
	id, op := modules[w.rand.IntN(len(modules))], lifecycle.Ops()[w.rand.IntN(len(lifecycle.Ops()))]
	req := registry.Request{Cascade: w.rand.IntN(2) == 0, Purge: w.rand.IntN(2) == 0}
	next, changed, refused := w.predict(id, op, req.Cascade)
	result, err := u.r.Act(w.t.Context(), id, op, req)
	w.note("%s %s on %s (cascade %v, purge %v): %v %v", op, id, u.name, req.Cascade, req.Purge, result.Changed, err)
	w.mu.Lock()
	dead := u.dead
	w.mu.Unlock()
	if _, no := errors.AsType[*lifecycle.RefusedError](err); err != nil && !no && !dead {
		w.errorf("act: %v", err)
	}
	certain := op == lifecycle.OpInstall || op == lifecycle.OpEnable || op == lifecycle.OpDisable || op == lifecycle.OpUninstall
	switch {
	case err == nil && certain && refused:
		w.errorf("%s %s was not refused", op, id)
	case err == nil && certain && changed != result.Changed:
		w.errorf("%s %s: changed %v, want %v", op, id, result.Changed, changed)
	case err == nil:
		w.desired = next
	case !dead && certain && !refused && !excused(err):
		w.errorf("%s %s: %v, want it done", op, id, err)
	}
	w.compare(u, op == lifecycle.OpRollback)
}

// excused are refusals for reasons that the model does not know of.
func excused(err error) bool {
	for _, reason := range []string{"failed at", "downgrade", "to remove the data it kept"} {
		if strings.Contains(err.Error(), reason) {
			return true
		}
	}
	return false
}

// compare sees that the database wants what the model wants, and nothing
// without what it requires. The model learns what a rollback has changed.
func (w *world) compare(u *run, rollback bool) {
	views, err := u.r.List(w.t.Context())
	if err != nil {
		w.errorf("list: %v", err)
		return
	}
	for _, v := range views {
		got := slices.Index([]lifecycle.State{lifecycle.Available, lifecycle.Installed, lifecycle.Enabled}, v.Desired)
		if rollback {
			w.desired[v.ID] = got
		}
		if got != w.desired[v.ID] {
			w.errorf("desired of %s: got %s, want level %d", v.ID, v.Desired, w.desired[v.ID])
		}
	}
	for id, deps := range required {
		for _, dep := range deps {
			if w.desired[id] > w.desired[dep] {
				w.errorf("%s is wanted at level %d and %s, which it requires, at %d", id, w.desired[id], dep, w.desired[dep])
			}
		}
	}
}

// predict is the model: levels, and who needs whom.
func (w *world) predict(id string, op lifecycle.Op, cascade bool) (next map[string]int, changed, refused bool) {
	next = make(map[string]int)
	maps.Copy(next, w.desired)
	level, rise := map[lifecycle.Op]int{lifecycle.OpInstall: 1, lifecycle.OpEnable: 2, lifecycle.OpDisable: 1, lifecycle.OpUninstall: 0}[op],
		op == lifecycle.OpInstall || op == lifecycle.OpEnable
	if !rise && op != lifecycle.OpDisable && op != lifecycle.OpUninstall {
		return next, false, false
	}
	if rise && next[id] >= level || !rise && next[id] <= level {
		return next, false, false
	}
	others := 0
	var visit func(string)
	visit = func(m string) {
		if rise && next[m] < level || !rise && next[m] > level {
			next[m] = level
			others++
		}
		for _, other := range modules {
			if rise && slices.Contains(required[m], other) || !rise && slices.Contains(required[other], m) {
				visit(other)
			}
		}
	}
	visit(id)
	if others > 1 && !cascade {
		return w.desired, false, true
	}
	return next, true, false
}

// heal mends hooks and failures, and gives every instance the newest code.
func (w *world) heal() {
	w.note("heal")
	w.mu.Lock()
	clear(w.broken)
	for _, u := range w.runs {
		u.die = 0
	}
	w.mu.Unlock()
	w.bury()
	for _, u := range slices.Clone(w.runs) {
		if u.version < w.newest {
			w.retire(u)
		}
	}
	for len(w.runs) < 2 {
		w.start(w.newest)
	}
	for range 20 {
		pass(10 * time.Second) // the dead are dead by now
		w.settle()
		if !w.mend() {
			return
		}
	}
	w.errorf("cannot be healed")
}

// mend retries what failed, and reports whether it found anything.
func (w *world) mend() bool {
	u := w.runs[0]
	found := false
	views, err := u.r.List(w.t.Context())
	if err != nil {
		w.errorf("list: %v", err)
	}
	for _, v := range views {
		op := lifecycle.OpRetry
		sick := v.Failure != nil
		for _, in := range v.Instances {
			sick = sick || in.Live && in.State == lifecycle.Quarantined
			if strings.Contains(in.Detail, "was rolled back") {
				sick, op = true, lifecycle.OpUpgrade
			}
		}
		if sick {
			found = true
			_, err := u.r.Act(w.t.Context(), v.ID, op, registry.Request{})
			w.note("mend: %s %s: %v", op, v.ID, err)
		}
	}
	return found
}

// check sees that everything has come to rest where the model says.
func (w *world) check() {
	for _, u := range w.runs {
		w.compare(u, false)
		for _, id := range modules {
			want := []lifecycle.State{lifecycle.Available, lifecycle.Installed, lifecycle.Enabled}[w.desired[id]]
			got := u.r.Actual(id)
			if got != want {
				w.errorf("%s on %s: got %s, want %s: %+v", id, u.name, got, want, view(w.t, u.r, id))
			}
			w.mu.Lock()
			isUp := u.up[id]
			w.mu.Unlock()
			if (got == lifecycle.Enabled) != isUp {
				w.errorf("%s on %s is %s and its hooks say up %v", id, u.name, got, isUp)
			}
		}
	}
	w.checkMigrations()
}

func (w *world) checkMigrations() {
	u := w.runs[0]
	for _, id := range modules {
		v := view(w.t, u.r, id)
		version := v.InstalledVersion + v.KeptVersion
		if version == "" {
			continue
		}
		want := "1 2"
		if version == "2.0.0" {
			want = "1 2 3"
		}
		if v.State != lifecycle.Available {
			if code := map[bool]string{true: fmt.Sprintf("%d.0.0", w.newest), false: "1.0.0"}[id == "base" || id == "solo"]; version != code {
				w.errorf("%s is at %s, want %s", id, version, code)
			}
		}
		if got := rows(w.t, u.db, id); got != want {
			w.errorf("migrations of %s at %s: got %s, want %s", id, version, got, want)
		}
	}
}
