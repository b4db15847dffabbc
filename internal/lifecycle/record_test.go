package lifecycle_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// follow applies events, written as "install", "+hook" (begin a step) or
// "-hook" (finish it), and returns the record.
func follow(t *testing.T, r lifecycle.Record, script string) lifecycle.Record {
	t.Helper()
	for word := range strings.FieldsSeq(script) {
		var err error
		switch step := string(r.Op) + "/" + word[1:]; word[0] {
		case '+':
			r, err = r.Begin(step, noon)
		case '-':
			r, err = r.Finish(step)
		default:
			r, err = r.Apply(lifecycle.Input{Event: lifecycle.Event(word), Target: "2.0.0", Error: "no", At: noon})
		}
		if err != nil {
			t.Fatalf("%q in %q: %v", word, script, err)
		}
	}
	return r
}

func TestRecord(t *testing.T) {
	one := lifecycle.Record{Module: "billing", Desired: lifecycle.Enabled, State: lifecycle.Available}
	at1 := lifecycle.Record{Module: "billing", Desired: lifecycle.Enabled, State: lifecycle.Installed, Version: "1.0.0"}
	purging := at1
	purging.Desired, purging.Purge = lifecycle.Available, true
	for _, tt := range []struct {
		name, script string
		from         lifecycle.Record
		want         lifecycle.Record
	}{
		{"install", "install +migration:1 -migration:1 +hook -hook done", one,
			lifecycle.Record{Desired: lifecycle.Enabled, State: lifecycle.Installed, Version: "2.0.0"}},
		{"interrupted hook", "install +hook +hook", one,
			lifecycle.Record{Desired: lifecycle.Enabled, State: lifecycle.Installing, Target: "2.0.0",
				Op: lifecycle.OpInstall, Step: "install/hook", Phase: lifecycle.Begun, Attempt: 2}},
		{"failed install", "install +hook fail", one,
			lifecycle.Record{Desired: lifecycle.Enabled, State: lifecycle.Failed, Target: "2.0.0",
				Op: lifecycle.OpInstall, Step: "install/hook", Phase: lifecycle.Begun, Attempt: 1, Error: "no"}},
		{"retried install", "install +hook fail retry +hook", one,
			lifecycle.Record{Desired: lifecycle.Enabled, State: lifecycle.Installing, Target: "2.0.0",
				Op: lifecycle.OpInstall, Step: "install/hook", Phase: lifecycle.Begun, Attempt: 2}},
		{"forced install", "install +hook fail force", one,
			lifecycle.Record{Desired: lifecycle.Enabled, State: lifecycle.Installing, Target: "2.0.0",
				Op: lifecycle.OpInstall, Step: "install/hook", Phase: lifecycle.Done, Attempt: 1}},
		{"install rolled back", "install +hook fail rollback", one,
			lifecycle.Record{Desired: lifecycle.Available, State: lifecycle.Uninstalling,
				Op: lifecycle.OpUninstall, Step: "uninstall/begin", Phase: lifecycle.Done, Attempt: 1}},
		{"upgrade", "upgrade +hook -hook done", at1,
			lifecycle.Record{Desired: lifecycle.Enabled, State: lifecycle.Installed, Version: "2.0.0"}},
		{"upgrade from enabled", "enable done upgrade done", at1,
			lifecycle.Record{Desired: lifecycle.Enabled, State: lifecycle.Enabled, Version: "2.0.0"}},
		{"upgrade rolled back", "upgrade +hook fail rollback", at1,
			lifecycle.Record{Desired: lifecycle.Enabled, State: lifecycle.Installed, Version: "1.0.0", Held: "2.0.0"}},
		{"enabled upgrade rolled back", "enable done upgrade fail rollback", at1,
			lifecycle.Record{Desired: lifecycle.Enabled, State: lifecycle.Enabled, Version: "1.0.0", Held: "2.0.0"}},
		{"upgrade held, then done", "upgrade fail rollback upgrade done", at1,
			lifecycle.Record{Desired: lifecycle.Enabled, State: lifecycle.Installed, Version: "2.0.0"}},
		{"uninstall with purge", "uninstall +hook -hook +purge -purge done", purging,
			lifecycle.Record{Desired: lifecycle.Available, State: lifecycle.Available}},
		{"uninstall rolled back", "uninstall fail rollback", purging,
			lifecycle.Record{Desired: lifecycle.Installed, State: lifecycle.Installing, Version: "1.0.0", Target: "1.0.0",
				Op: lifecycle.OpInstall, Step: "install/begin", Phase: lifecycle.Done, Attempt: 1}},
		{"disable", "enable done disable +drain -drain done +hook -hook done", at1, at1},
		{"failed drain forced", "enable done disable +drain fail force", at1,
			lifecycle.Record{Desired: lifecycle.Enabled, State: lifecycle.Disabling, Version: "1.0.0", Target: "2.0.0",
				Op: lifecycle.OpDisable, Step: "disable/drain", Phase: lifecycle.Done, Attempt: 1}},
		{"blocked and back", "block unblock", one, one},
		{"quarantined and out", "enable done quarantine disable done done", at1, at1},
		{"skipped", "enable +hook skip", at1, at1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := follow(t, tt.from, tt.script)
			tt.want.Module, got.Since, tt.want.Since = "billing", time.Time{}, time.Time{}
			if got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestRecordRefusals(t *testing.T) {
	r := lifecycle.Record{Module: "billing", State: lifecycle.Installed}
	if _, err := r.Apply(lifecycle.Input{Event: lifecycle.EventInstall}); err == nil {
		t.Error("install of an installed module: got no error")
	} else if e, ok := errors.AsType[*lifecycle.InvalidTransitionError](err); !ok || e.State != lifecycle.Installed {
		t.Errorf("got %v, want an InvalidTransitionError", err)
	}
	if _, err := r.Begin("install/hook", noon); err == nil {
		t.Error("step of no operation: got no error")
	}
	r = follow(t, r, "uninstall")
	if _, err := r.Begin("install/hook", noon); err == nil {
		t.Error("step of another operation: got no error")
	}
	if _, err := r.Finish("uninstall/hook"); err == nil {
		t.Error("end of a step that has not begun: got no error")
	}
}

// TestRemaining interrupts an operation at every place and compares what is
// left with what was not done.
func TestRemaining(t *testing.T) {
	steps := lifecycle.Steps(lifecycle.OpInstall, lifecycle.Work{Migrations: []int{1, 2, 10}, Hook: true})
	effects := steps[1 : len(steps)-1]
	r := follow(t, lifecycle.Record{State: lifecycle.Available}, "install")
	for i, step := range effects {
		if got := lifecycle.Remaining(r, steps); !slices.Equal(got, steps[i+1:]) {
			t.Errorf("before %s: got %v, want %v", step, got, steps[i+1:])
		}
		r, _ = r.Begin(step, noon)
		if got := lifecycle.Remaining(r, steps); !slices.Equal(got, steps[i+1:]) {
			t.Errorf("in %s: got %v, want %v", step, got, steps[i+1:])
		}
		r, _ = r.Finish(step)
	}
	if got := lifecycle.Remaining(r, steps); !slices.Equal(got, []string{"install/done"}) {
		t.Errorf("after all: got %v, want install/done", got)
	}
	if got := lifecycle.Remaining(r, append([]string{"install/migration:11"}, steps...)); len(got) != 1 {
		t.Errorf("a migration below the hook done: got %v, want only install/done", got)
	}
}

func TestPoints(t *testing.T) {
	got := lifecycle.Points(lifecycle.Steps(lifecycle.OpUninstall, lifecycle.Work{Hook: true, Purge: true}))
	want := []string{"uninstall/before", "uninstall/begin",
		"uninstall/hook/begin", "uninstall/hook/effect", "uninstall/hook/done",
		"uninstall/purge/begin", "uninstall/purge/effect", "uninstall/purge/done", "uninstall/done"}
	if !slices.Equal(got, want) {
		t.Errorf("points: got %v, want %v", got, want)
	}
}

func TestFleet(t *testing.T) {
	installed := lifecycle.Record{State: lifecycle.Installed}
	for _, tt := range []struct {
		r    lifecycle.Record
		live []lifecycle.State
		want lifecycle.State
	}{
		{lifecycle.Record{State: lifecycle.Upgrading}, []lifecycle.State{lifecycle.Enabled}, lifecycle.Upgrading},
		{installed, nil, lifecycle.Installed},
		{installed, []lifecycle.State{lifecycle.Enabled, lifecycle.Enabled}, lifecycle.Enabled},
		{installed, []lifecycle.State{lifecycle.Enabled, lifecycle.Enabling}, lifecycle.Enabling},
		{installed, []lifecycle.State{lifecycle.Enabled, lifecycle.Failed, lifecycle.Draining}, lifecycle.Failed},
		{installed, []lifecycle.State{lifecycle.Quarantined}, lifecycle.Enabled},
		{installed, []lifecycle.State{lifecycle.Blocked}, lifecycle.Installed},
		{installed, []lifecycle.State{lifecycle.Disabling, lifecycle.Draining}, lifecycle.Draining},
	} {
		if got := lifecycle.Fleet(tt.r, tt.live); got != tt.want {
			t.Errorf("%s, %v: got %s, want %s", tt.r.State, tt.live, got, tt.want)
		}
	}
}

func TestUsable(t *testing.T) {
	at1 := lifecycle.Record{State: lifecycle.Installed, Version: "1.0.0"}
	upgrading := at1
	upgrading.State, upgrading.Op, upgrading.Target = lifecycle.Upgrading, lifecycle.OpUpgrade, "2.0.0"
	failed := upgrading
	failed.State = lifecycle.Failed
	same := upgrading
	same.Target = "1.0.0"
	gone := at1
	gone.State = lifecycle.Available
	for _, tt := range []struct {
		name    string
		r       lifecycle.Record
		version string
		want    bool
	}{
		{"same", at1, "1.0.0", true},
		{"same but for the build", at1, "1.0.0+b7", true},
		{"newer code", at1, "1.1.0", false},
		{"older code", at1, "0.9.0", false},
		{"old code during an upgrade", upgrading, "1.0.0", true},
		{"new code during an upgrade", upgrading, "2.0.0", false},
		{"old code after a failed upgrade", failed, "1.0.0", true},
		{"new migrations of the same version", same, "1.0.0", false},
		{"kept data only", gone, "1.0.0", false},
	} {
		if got := tt.r.Usable(tt.version); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestRetarget(t *testing.T) {
	steps := lifecycle.Steps(lifecycle.OpInstall, lifecycle.Work{Migrations: []int{3}, Hook: true})
	r := follow(t, lifecycle.Record{State: lifecycle.Available}, "install +hook")
	if got := lifecycle.Remaining(r.Retarget("2.0.0"), steps); len(got) != 2 {
		t.Errorf("same target: got %v left, want the hook and the end", got)
	}
	if got := lifecycle.Remaining(r.Retarget("3.0.0"), steps); !slices.Equal(got, steps[1:]) {
		t.Errorf("newer target: got %v left, want %v", got, steps[1:])
	}
}
