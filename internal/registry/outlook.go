package registry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
)

// An outlook is what others can expect of a module on this instance.
type outlook uint8

const (
	never  outlook = iota // not before somebody does something about it
	coming                // not now, but work is under way or about to be
	up                    // enabled, and to remain so
)

// judge answers questions about one moment: the last snapshot and where the
// members stand now.
type judge struct {
	r    *Registry
	s    *snapshot
	seen map[*member]verdict
}

type verdict struct {
	outlook outlook
	why     string // for never: what the module is or has
}

func (r *Registry) judge() *judge {
	return &judge{r: r, s: r.snap.Load(), seen: make(map[*member]verdict)}
}

func (j *judge) record(m *member) lifecycle.Record { return j.s.records[m.id].Record }

// of returns the outlook of a module.
func (j *judge) of(m *member) verdict {
	v, ok := j.seen[m]
	if !ok {
		v = j.assess(m, j.record(m), m.standing())
		j.seen[m] = v
	}
	return v
}

func (j *judge) assess(m *member, rec lifecycle.Record, here standing) verdict {
	settled := here.settled >= rec.Generation
	f, failed := rec.Failure()
	switch {
	case j.r.isStopping():
		return verdict{never, "is stopping"}
	case rec.Desired != lifecycle.Enabled:
		return verdict{never, "is not enabled"}
	case failed && !rec.Usable(m.version()):
		return verdict{never, "failed at " + f.Step}
	case here.State == lifecycle.Failed && settled:
		return verdict{never, "failed at " + here.Step}
	case here.State == lifecycle.Quarantined && settled:
		return verdict{never, "is quarantined"}
	case here.idle() && here.skipped == rec.Generation && rec.Generation > 0:
		return verdict{never, "is not for this instance"}
	case here.State == lifecycle.Blocked:
		return verdict{never, "is blocked"}
	case here.State == lifecycle.Enabled && j.keep(m):
		return verdict{up, ""}
	case here.State == lifecycle.Enabled:
		return verdict{never, "is being disabled"}
	}
	if b := j.missing(m); len(b.by) > 0 {
		return verdict{never, "is blocked"}
	}
	return verdict{coming, ""}
}

// obstacle is what keeps a module from being enabled or installed.
type obstacle struct {
	by     []string // modules
	detail string
}

// missing returns the required modules that will not be there.
func (j *judge) missing(m *member) obstacle {
	var o obstacle
	var why []string
	for _, q := range m.needs {
		if q.Optional {
			continue
		}
		dep := j.r.members[q.ID]
		v := j.of(dep)
		reason := q.ID + " " + v.why
		if v.outlook != never {
			have := j.record(dep).Version
			if have == "" || lifecycle.Satisfies(have, q.Constraint) {
				continue
			}
			reason = fmt.Sprintf("needs %s %s, but %s is installed", q.ID, q.Constraint, have)
		}
		o.by = append(o.by, q.ID)
		why = append(why, reason)
	}
	slices.Sort(o.by)
	o.detail = strings.Join(why, "; ")
	return o
}

// ready reports whether a module can be enabled now, as far as the snapshot
// and the modules it requires are concerned. wait names one that is coming.
func (j *judge) ready(m *member) (ok bool, wait string) {
	rec := j.record(m)
	if j.r.isStopping() || rec.Desired != lifecycle.Enabled || !rec.Usable(m.version()) {
		return false, ""
	}
	for _, q := range m.needs {
		dep := j.r.members[q.ID]
		switch v := j.of(dep); {
		case v.outlook == coming:
			return false, q.ID
		case v.outlook == never && !q.Optional:
			return false, ""
		case !q.Optional && !lifecycle.Satisfies(j.record(dep).Version, q.Constraint):
			return false, ""
		}
	}
	return true, ""
}

// keep reports whether an enabled module is to remain so.
func (j *judge) keep(m *member) bool {
	rec := j.record(m)
	if j.r.isStopping() || rec.Desired != lifecycle.Enabled || !rec.Bearable() {
		return false
	}
	for _, q := range m.needs {
		if dep := j.r.members[q.ID]; !q.Optional && j.of(dep).outlook != up {
			return false
		}
	}
	return true
}

// free reports whether nothing that is on its way down still uses the module.
func (j *judge) free(m *member) bool {
	for _, d := range m.neededBy {
		if d.standing().State.Up() && !j.keep(d) {
			return false
		}
	}
	return true
}

// block returns what keeps an idle module from where it is wanted, other than
// work of the fleet that is under way.
func (j *judge) block(m *member, wait string) (obstacle, bool) {
	rec := j.record(m)
	if j.r.isStopping() || rec.State != lifecycle.Installed && rec.State != lifecycle.Available {
		return obstacle{}, false
	}
	code := m.version()
	downgrade := rec.Version != "" && lifecycle.Compare(code, rec.Version) < 0
	switch {
	case rec.State == lifecycle.Available && rec.Desired != lifecycle.Available:
		if downgrade {
			return obstacle{detail: fmt.Sprintf("data of version %s is kept and this instance has %s: a downgrade is not possible", rec.Version, code)}, true
		}
		o := j.uninstallable(m)
		return o, len(o.by) > 0
	case rec.State == lifecycle.Installed && rec.Desired == lifecycle.Enabled:
		if o := j.missing(m); len(o.by) > 0 {
			return o, true
		}
		if downgrade {
			return obstacle{detail: fmt.Sprintf("version %s is installed and this instance has %s: a downgrade is not possible", rec.Version, code)}, true
		}
		return obstacle{detail: wait}, wait != "" && !rec.Usable(code)
	}
	return obstacle{}, false
}

// uninstallable returns the required modules that keep m from being installed,
// because they are not going to be.
func (j *judge) uninstallable(m *member) obstacle {
	var o obstacle
	var why []string
	for _, q := range m.needs {
		if q.Optional {
			continue
		}
		if reason := j.absent(q); reason != "" {
			o.by = append(o.by, q.ID)
			why = append(why, reason)
		}
	}
	slices.Sort(o.by)
	o.detail = strings.Join(why, "; ")
	return o
}

// absent says why a required module is not installed and not about to be, in a
// version that meets the constraint.
func (j *judge) absent(q lifecycle.Requirement) string {
	dep := j.r.members[q.ID]
	rec := j.record(dep)
	switch f, failed := rec.Failure(); {
	case failed && f.Operation != lifecycle.OpUpgrade:
		return q.ID + " failed at " + f.Step
	case rec.Desired == lifecycle.Available:
		return q.ID + " is not installed"
	case rec.Bearable():
		if !lifecycle.Satisfies(rec.Version, q.Constraint) {
			return fmt.Sprintf("needs %s %s, but %s is installed", q.ID, q.Constraint, rec.Version)
		}
	case rec.State == lifecycle.Available && len(j.uninstallable(dep).by) > 0:
		return q.ID + " is blocked"
	}
	return ""
}
