package lifecycle_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
)

// input deals out a fuzzer's bytes, zeros when they are used up.
type input []byte

func (b *input) next(n int) int {
	if len(*b) == 0 {
		return 0
	}
	v := int((*b)[0]) % n
	*b = (*b)[1:]
	return v
}

// scenario makes a few modules that require each other at random.
func scenario(b *input) (lifecycle.Desired, []lifecycle.Manifest) {
	versions := []string{"1.0.0", "1.1.0", "2.0.0"}
	constraints := []string{"", "^1", "^1.1", ">=2"}
	d := lifecycle.Desired{Records: make(map[string]lifecycle.Record), Ailing: make(map[string]lifecycle.Op)}
	var manifests []lifecycle.Manifest
	for i := range 1 + b.next(6) {
		m := manifest(fmt.Sprintf("m%d", i), versions[b.next(3)])
		for range b.next(3) {
			q := need(fmt.Sprintf("m%d", b.next(7)), constraints[b.next(4)])
			q.Optional = b.next(4) == 0
			m.Requires = append(m.Requires, q)
		}
		manifests = append(manifests, m)
		r := lifecycle.Record{Module: m.ID, Version: versions[b.next(3)]}
		r.Desired = []lifecycle.State{lifecycle.Available, lifecycle.Installed, lifecycle.Enabled}[b.next(3)]
		r.State = []lifecycle.State{lifecycle.Available, lifecycle.Installed, lifecycle.Failed, lifecycle.Upgrading}[b.next(4)]
		if r.State == lifecycle.Failed {
			r.Op = []lifecycle.Op{lifecycle.OpInstall, lifecycle.OpUninstall, lifecycle.OpUpgrade}[b.next(3)]
			r.Step = string(r.Op) + "/hook"
		}
		if b.next(4) == 0 {
			d.Ailing[m.ID] = []lifecycle.Op{lifecycle.OpEnable, lifecycle.OpDisable, lifecycle.OpQuarantine}[b.next(3)]
		}
		if b.next(5) != 0 {
			d.Records[m.ID] = r
		}
	}
	d.Module = fmt.Sprintf("m%d", b.next(7))
	d.Op = lifecycle.Ops()[b.next(len(lifecycle.Ops()))]
	d.Cascade, d.Purge = b.next(2) == 1, b.next(2) == 1
	return d, manifests
}

func FuzzPlan(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{2, 0, 0, 0, 2, 1, 1, 0, 1, 0, 0, 1, 0, 2, 1, 1, 0, 0, 1, 1, 1})
	f.Add([]byte{3, 0, 1, 1, 0, 1, 0, 2, 1, 1, 0, 1, 2, 0, 1, 0, 2, 1, 1, 0, 1, 0, 0, 1, 0, 2, 1, 1, 0, 4, 1, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		b := input(raw)
		d, manifests := scenario(&b)
		steps, err := lifecycle.Plan(d, manifests)
		if cycle, ok := errors.AsType[*lifecycle.CycleError](err); ok {
			checkCycle(t, cycle.Path, manifests)
		}
		if err != nil {
			if len(steps) > 0 {
				t.Errorf("steps %v in spite of %v", steps, err)
			}
			return
		}
		if lifecycle.Format(steps) != "" && len(steps) == 0 {
			t.Error("an empty plan prints something")
		}
		checkPlan(t, d, manifests, steps)
		again := d
		again.Records = after(d, d.Records, steps)
		if more, err := lifecycle.Plan(again, manifests); !mends(d.Op) && (err != nil || len(more) > 0) {
			if _, refused := errors.AsType[*lifecycle.RefusedError](err); !refused {
				t.Errorf("planned again after %v: %v, %v", steps, more, err)
			}
		}
	})
}

func mends(op lifecycle.Op) bool {
	return op == lifecycle.OpRetry || op == lifecycle.OpRollback || op == lifecycle.OpForce
}

// checkCycle sees that each module of the path requires the next.
func checkCycle(t *testing.T, path []string, manifests []lifecycle.Manifest) {
	t.Helper()
	if len(path) < 2 || path[0] != path[len(path)-1] {
		t.Fatalf("cycle %v does not close", path)
	}
	for i := range path[1:] {
		at := slices.IndexFunc(manifests, func(m lifecycle.Manifest) bool { return m.ID == path[i] })
		if !slices.ContainsFunc(manifests[at].Requires, func(q lifecycle.Requirement) bool { return q.ID == path[i+1] }) {
			t.Errorf("cycle %v: %s does not require %s", path, path[i], path[i+1])
		}
	}
}

var rank = map[lifecycle.State]int{lifecycle.Available: 0, lifecycle.Installed: 1, lifecycle.Enabled: 2}

// undone is what a rollback of the operation leads to.
var undone = map[lifecycle.Op]lifecycle.State{lifecycle.OpInstall: lifecycle.Available, lifecycle.OpUninstall: lifecycle.Installed,
	lifecycle.OpEnable: lifecycle.Installed, lifecycle.OpDisable: lifecycle.Enabled}

// after returns the records with what the steps want.
func after(d lifecycle.Desired, records map[string]lifecycle.Record, steps []lifecycle.Step) map[string]lifecycle.Record {
	next := make(map[string]lifecycle.Record)
	maps.Copy(next, records)
	for _, s := range steps {
		r := next[s.Module]
		switch s.Op {
		case lifecycle.OpInstall, lifecycle.OpDisable:
			r.Desired = lifecycle.Installed
		case lifecycle.OpEnable:
			r.Desired = lifecycle.Enabled
		case lifecycle.OpUninstall:
			r.Desired = lifecycle.Available
		case lifecycle.OpUpgrade:
			r.Asked = s.To
		case lifecycle.OpRollback:
			failed := d.Ailing[s.Module]
			if r.State == lifecycle.Failed {
				failed = r.Op
			}
			to, ok := undone[failed]
			lowers := failed == lifecycle.OpInstall || failed == lifecycle.OpEnable
			if ok && lowers == (rank[to] < rank[r.Desired]) {
				r.Desired = to
			}
		}
		next[s.Module] = r
	}
	return next
}

// checkPlan sees that each single step keeps what it depends on: nothing goes
// up before what it requires, nothing goes down before what requires it.
func checkPlan(t *testing.T, d lifecycle.Desired, manifests []lifecycle.Manifest, steps []lifecycle.Step) {
	t.Helper()
	now := d.Records
	for i, s := range steps {
		next := after(d, now, steps[i:i+1])
		level := rank[next[s.Module].Desired]
		for _, m := range manifests {
			for _, q := range m.Requires {
				switch {
				case q.Optional || s.Op == lifecycle.OpUpgrade:
				case m.ID == s.Module && level > rank[now[s.Module].Desired] && rank[next[q.ID].Desired] < level:
					t.Errorf("%s in %v: %s is only %q", s, steps, q.ID, next[q.ID].Desired)
				case q.ID == s.Module && level < rank[now[s.Module].Desired] && rank[next[m.ID].Desired] > level:
					t.Errorf("%s in %v: %s is still %q", s, steps, m.ID, next[m.ID].Desired)
				}
			}
		}
		if s.Module != d.Module && !d.Cascade {
			t.Errorf("%s without cascade", s)
		}
		if s.Purge && s.Module != d.Module {
			t.Errorf("%s removes data nobody asked to remove", s)
		}
		now = next
	}
}
