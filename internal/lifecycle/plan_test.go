package lifecycle_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
)

func TestOrder(t *testing.T) {
	got, err := lifecycle.Order([]lifecycle.Manifest{
		manifest("reports", "1.0.0", need("billing", ""), want("crm", ">=9")),
		manifest("billing", "1.0.0", need("accounts", ""), want("absent", "")),
		manifest("crm", "1.0.0"), manifest("accounts", "1.0.0"),
	})
	if want := []string{"accounts", "billing", "crm", "reports"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name      string
		dashboard string
		manifests []lifecycle.Manifest
		want      string // empty: good
	}{
		{"good", "0.3.0", []lifecycle.Manifest{{ID: "ab", Version: "1.0.0", Dashboard: ">=0.3"}, manifest("cd", "1.0.0", need("ab", "^1"))}, ""},
		{"a cycle prints its path", "", []lifecycle.Manifest{manifest("start", "1.0.0", need("aa", "")), manifest("aa", "1.0.0", need("bb", "")),
			manifest("bb", "1.0.0", need("cc", "")), manifest("cc", "1.0.0", need("aa", ""))}, "aa -> bb -> cc -> aa"},
		{"a cycle through a wish", "", []lifecycle.Manifest{manifest("aa", "1.0.0", want("bb", "")), manifest("bb", "1.0.0", need("aa", ""))}, "aa -> bb -> aa"},
		{"both versions", "", []lifecycle.Manifest{manifest("reports", "2.0.0", need("billing", "^1.2")), manifest("billing", "1.1.0")},
			"reports 2.0.0 needs billing ^1.2, but billing is 1.1.0"},
		{"a wish for another version", "", []lifecycle.Manifest{manifest("reports", "2.0.0", want("billing", "^1.2")), manifest("billing", "1.1.0")}, ""},
		{"missing", "", []lifecycle.Manifest{manifest("reports", "2.0.0", need("billing", ""))}, "reports 2.0.0 needs billing, which is not there"},
		{"a wish for none", "", []lifecycle.Manifest{manifest("reports", "2.0.0", want("billing", ""))}, ""},
		{"dashboard", "0.3.0", []lifecycle.Manifest{{ID: "ab", Version: "1.0.0", Dashboard: "^1"}}, "ab 1.0.0 needs dashboard ^1, but dashboard is 0.3.0"},
		{"twice", "", []lifecycle.Manifest{manifest("ab", "1.0.0"), manifest("ab", "2.0.0")}, `"ab" is there twice`},
		{"invalid", "", []lifecycle.Manifest{manifest("ab", "1")}, "not a semantic version"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := lifecycle.Check(tt.manifests, tt.dashboard)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if strings.Contains(tt.want, "->") {
				if _, ok := errors.AsType[*lifecycle.CycleError](err); !ok {
					t.Errorf("got %T, want a CycleError", err)
				}
			}
			if strings.Contains(tt.want, " needs ") {
				if _, ok := errors.AsType[*lifecycle.UnmetError](err); !ok {
					t.Errorf("got %T, want an UnmetError", err)
				}
			}
		})
	}
}

// world is a few modules: reports needs billing needs accounts; crm orders
// after billing.
func world() []lifecycle.Manifest {
	return []lifecycle.Manifest{
		manifest("accounts", "1.0.0"),
		manifest("billing", "1.2.0", need("accounts", "^1")),
		manifest("reports", "2.0.0", need("billing", "^1.2")),
		manifest("crm", "1.0.0", want("billing", "")),
	}
}

// records reads "billing=enabled@1.2.0 crm=installed".
func records(text string) map[string]lifecycle.Record {
	all := make(map[string]lifecycle.Record)
	for word := range strings.FieldsSeq(text) {
		id, rest, _ := strings.Cut(word, "=")
		state, version, _ := strings.Cut(rest, "@")
		r := lifecycle.Record{Module: id, Desired: lifecycle.State(state), State: lifecycle.State(state), Version: version}
		switch {
		case r.State == lifecycle.Enabled:
			r.State = lifecycle.Installed
		case r.State == lifecycle.Failed:
			r.Desired, r.Op, r.Step, r.Attempt, r.Error = lifecycle.Enabled, lifecycle.OpInstall, "install/hook", 2, "no disk"
		}
		all[id] = r
	}
	return all
}

func TestPlan(t *testing.T) {
	const (
		on  = "accounts=enabled@1.0.0 billing=enabled@1.2.0 reports=enabled@2.0.0 crm=enabled@1.0.0"
		off = "accounts=available billing=available reports=available crm=available"
	)
	for _, tt := range []struct {
		ask     string // "enable! billing": with cascade; "uninstall!! billing": with purge too
		records string
		want    string // steps
		refused string // or this
		by      string // required by, or requires
	}{
		{ask: "enable accounts", records: off, want: "install accounts 1.0.0; enable accounts"},
		{ask: "install accounts", records: off, want: "install accounts 1.0.0"},
		{ask: "enable accounts", records: on},
		{ask: "install accounts", records: on},
		{ask: "disable accounts", records: off},
		{ask: "uninstall accounts", records: off},
		{ask: "upgrade accounts", records: on},
		{ask: "retry accounts", records: on},
		{ask: "enable reports", records: off, refused: "it needs accounts, billing, not enabled", by: "accounts billing"},
		{ask: "enable! reports", records: off, want: "install accounts 1.0.0; enable accounts; install billing 1.2.0; enable billing; install reports 2.0.0; enable reports"},
		{ask: "install billing", records: "accounts=installed@1.0.0", want: "install billing 1.2.0"},
		{ask: "enable billing", records: "accounts=installed@1.0.0", refused: "it needs accounts, not enabled", by: "accounts"},
		{ask: "enable crm", records: off, want: "install crm 1.0.0; enable crm"},
		{ask: "disable crm", records: on, want: "disable crm"},
		{ask: "disable billing", records: on, refused: "reports needs it", by: "reports"},
		{ask: "disable accounts", records: on, refused: "billing, reports need it", by: "billing reports"},
		{ask: "disable! accounts", records: on, want: "disable reports; disable billing; disable accounts"},
		{ask: "disable! accounts", records: "accounts=enabled@1.0.0 billing=installed@1.2.0 reports=enabled@2.0.0", want: "disable reports; disable accounts"},
		{ask: "uninstall reports", records: on, want: "disable reports; uninstall reports"},
		{ask: "uninstall billing", records: "accounts=enabled@1.0.0 billing=installed@1.2.0 reports=installed@2.0.0", refused: "reports needs it", by: "reports"},
		{ask: "uninstall!! billing", records: on, want: "disable reports; disable billing; uninstall reports; uninstall billing and remove its data"},
		{ask: "uninstall!! billing", records: "billing=available@1.2.0", refused: "it is not installed; to remove the data it kept"},
		{ask: "enable nobody", records: off, refused: "no code"},
		{ask: "install billing", records: "accounts=installed@1.0.0 billing=available@1.3.0", refused: "billing 1.3.0 is installed and this program has 1.2.0; a downgrade is not possible"},
		{ask: "install billing", records: "accounts=installed@1.0.0 billing=available@1.1.0", want: "install billing 1.1.0 to 1.2.0"},
		{ask: "upgrade billing", records: "billing=enabled@1.3.0", refused: "a downgrade is not possible"},
		{ask: "uninstall billing", records: "billing=enabled@1.3.0", refused: "a downgrade is not possible"},
		{ask: "disable billing", records: "billing=enabled@1.3.0", want: "disable billing"},
		{ask: "upgrade billing", records: "accounts=enabled@1.0.0 billing=enabled@1.1.0", want: "upgrade billing 1.1.0 to 1.2.0"},
		{ask: "upgrade billing", records: off, refused: "it is not installed"},
		{ask: "upgrade reports", records: "billing=enabled@1.1.0 reports=enabled@1.0.0 accounts=enabled@1.0.0", refused: "reports 2.0.0 needs billing ^1.2, but billing is 1.1.0", by: "billing"},
		{ask: "upgrade! reports", records: "billing=enabled@1.1.0 reports=enabled@1.0.0 accounts=enabled@0.9.0", want: "upgrade accounts 0.9.0 to 1.0.0; upgrade billing 1.1.0 to 1.2.0; upgrade reports 1.0.0 to 2.0.0"},
		{ask: "enable accounts", records: "accounts=failed"},
		{ask: "uninstall accounts", records: "accounts=failed", refused: "failed at install/hook (attempt 2): no disk; retry, roll back or force that first"},
		{ask: "disable accounts", records: "accounts=failed", want: "disable accounts"},
		{ask: "retry accounts", records: "accounts=failed", want: "retry accounts"},
		{ask: "rollback accounts", records: "accounts=failed", want: "rollback accounts"},
		{ask: "force accounts", records: "accounts=failed", want: "force accounts"},
		{ask: "rollback accounts", records: "accounts=failed billing=enabled@1.2.0", refused: "billing needs it", by: "billing"},
		{ask: "rollback! accounts", records: "accounts=failed billing=enabled reports=installed", want: "disable billing; uninstall reports; uninstall billing; rollback accounts"},
		{ask: "explode accounts", records: on, refused: "there is no such operation"},
	} {
		t.Run(tt.ask+" "+tt.records, func(t *testing.T) {
			op, id, _ := strings.Cut(tt.ask, " ")
			d := lifecycle.Desired{Module: id, Op: lifecycle.Op(strings.TrimRight(op, "!")), Records: records(tt.records),
				Cascade: strings.Contains(op, "!"), Purge: strings.Contains(op, "!!")}
			steps, err := lifecycle.Plan(d, world())
			if got := strings.ReplaceAll(strings.TrimSpace(lines(steps)), "\n", "; "); got != tt.want {
				t.Errorf("steps: got %q, want %q", got, tt.want)
			}
			wantRefusal(t, err, tt.refused, tt.by)
		})
	}
}

func wantRefusal(t *testing.T, err error, reason, by string) {
	t.Helper()
	if reason == "" {
		if err != nil {
			t.Errorf("got %v, want no error", err)
		}
		return
	}
	e, ok := errors.AsType[*lifecycle.RefusedError](err)
	if !ok || !strings.Contains(e.Error(), reason) {
		t.Fatalf("got %v, want a refusal with %q", err, reason)
	}
	if got := strings.Join(append(slices.Clone(e.RequiredBy), e.Requires...), " "); got != by || e.NeedsCascade() != (by != "") {
		t.Errorf("in the way: got %q, want %q", got, by)
	}
}

func TestPlanAiling(t *testing.T) {
	d := lifecycle.Desired{Module: "crm", Records: records("crm=enabled@1.0.0"), Ailing: map[string]lifecycle.Op{"crm": lifecycle.OpQuarantine}}
	for op, reason := range map[lifecycle.Op]string{lifecycle.OpRetry: "", lifecycle.OpRollback: "quarantined", lifecycle.OpForce: "quarantined"} {
		d.Op = op
		steps, err := lifecycle.Plan(d, world())
		wantRefusal(t, err, reason, "")
		if reason == "" && len(steps) != 1 {
			t.Errorf("%s: got %v, want one step", op, steps)
		}
	}
	r := d.Records["crm"]
	r.State, r.Op, r.Step = lifecycle.Failed, lifecycle.OpInstall, "install/migration:3"
	d.Records["crm"], d.Op = r, lifecycle.OpForce
	_, err := lifecycle.Plan(d, world())
	wantRefusal(t, err, "relies on that migration", "")
}

// TestPlanRollback sees that a rollback obeys the rules of what it amounts to.
func TestPlanRollback(t *testing.T) {
	for _, tt := range []struct {
		module, records, want string
		failed                lifecycle.Op
		by                    string
	}{
		{"accounts", "accounts=enabled@1.0.0 billing=enabled@1.2.0", "disable billing; rollback accounts", lifecycle.OpEnable, "billing"},
		{"accounts", "accounts=enabled@1.0.0 billing=installed@1.2.0", "rollback accounts", lifecycle.OpEnable, ""},
		{"billing", "accounts=installed@1.0.0 billing=installed@1.2.0", "enable accounts; rollback billing", lifecycle.OpDisable, "accounts"},
		{"billing", "accounts=enabled@1.0.0 billing=installed@1.2.0", "rollback billing", lifecycle.OpDisable, ""},
		{"billing", "accounts=available billing=available@1.2.0", "install accounts 1.0.0; rollback billing", lifecycle.OpUninstall, "accounts"},
		{"billing", "accounts=available billing=enabled@1.2.0", "rollback billing", lifecycle.OpUpgrade, ""},
	} {
		d := lifecycle.Desired{Module: tt.module, Op: lifecycle.OpRollback, Records: records(tt.records),
			Ailing: map[string]lifecycle.Op{tt.module: tt.failed}}
		if _, err := lifecycle.Plan(d, world()); tt.by != "" || err != nil {
			wantRefusal(t, err, "need", tt.by)
		}
		d.Cascade = true
		steps, err := lifecycle.Plan(d, world())
		if got := strings.ReplaceAll(strings.TrimSpace(lines(steps)), "\n", "; "); err != nil || got != tt.want {
			t.Errorf("roll back %s of %s: got %q, %v, want %q", tt.failed, tt.module, got, err, tt.want)
		}
	}
}

func lines(steps []lifecycle.Step) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString(s.String() + "\n")
	}
	return b.String()
}

func TestPlanHeldUpgrade(t *testing.T) {
	rec := records("crm=enabled@1.0.0")
	r := rec["crm"]
	r.Held = "1.0.0" // migrations added without a new version, rolled back
	rec["crm"] = r
	steps, err := lifecycle.Plan(lifecycle.Desired{Module: "crm", Op: lifecycle.OpUpgrade, Records: rec}, world())
	if err != nil || len(steps) != 1 {
		t.Errorf("got %v, %v, want the upgrade", steps, err)
	}
}
