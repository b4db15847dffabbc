package lifecycle

import (
	"math"
	"strconv"
	"strings"
)

// Work is what an operation has to do for one module.
type Work struct {
	Migrations []int // versions, rising; for install and upgrade
	Drain      bool  // for disable
	Hook       bool
	Purge      bool // for uninstall
}

// Steps returns the named steps of an operation in order: "install/begin",
// "install/migration:3", "install/hook", "install/done". The first and last
// are records only; those between have an effect and are recorded before and
// after it.
func Steps(op Op, w Work) []string {
	steps := []string{StepBegin(op)}
	switch op {
	case OpInstall, OpUpgrade:
		for _, v := range w.Migrations {
			steps = append(steps, StepMigration(op, v))
		}
	case OpDisable:
		if w.Drain {
			steps = append(steps, StepDrain)
		}
	}
	if w.Hook {
		steps = append(steps, StepHook(op))
	}
	if op == OpUninstall && w.Purge {
		steps = append(steps, StepPurge)
	}
	return append(steps, StepDone(op))
}

// The steps that only one operation has.
const (
	StepDrain = "disable/drain"
	StepPurge = "uninstall/purge"
)

// StepBegin names the record that starts the operation.
func StepBegin(op Op) string { return string(op) + "/begin" }

// StepDone names the record that completes the operation.
func StepDone(op Op) string { return string(op) + "/done" }

// StepHook names the call of the module's hook.
func StepHook(op Op) string { return string(op) + "/hook" }

// StepMigration names the migration with the version.
func StepMigration(op Op, version int) string {
	return string(op) + "/migration:" + strconv.Itoa(version)
}

// MigrationOf returns the version of a migration step, and false for others.
func MigrationOf(step string) (int, bool) {
	_, name, _ := strings.Cut(step, "/")
	v, ok := strings.CutPrefix(name, "migration:")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(v)
	return n, err == nil
}

// Remaining returns the steps that the record has yet to begin or to finish,
// without its begin record. The steps may differ from those that the operation
// began with: a newer program may have brought more migrations.
func Remaining(r Record, steps []string) []string {
	at, done := rank(r.Step), r.Phase == Done
	var left []string
	for _, s := range steps {
		if k := rank(s); k > at || k == at && !done {
			left = append(left, s)
		}
	}
	return left
}

// rank orders the steps of any operation.
func rank(step string) int {
	if v, ok := MigrationOf(step); ok {
		return v
	}
	_, name, _ := strings.Cut(step, "/")
	switch name {
	case "begin":
		return math.MinInt
	case "drain":
		return math.MaxInt - 4
	case "hook":
		return math.MaxInt - 3
	case "purge":
		return math.MaxInt - 2
	case "done":
		return math.MaxInt - 1
	}
	return math.MaxInt
}

// Points returns the moments around the steps at which a program may stop, in
// order: before the begin record ("install/before"), after it
// ("install/begin"), and for each step with an effect after its begin record
// ("install/hook/begin"), after the effect and before its record
// ("install/hook/effect") and after that ("install/hook/done"); at last after
// the record that completes the operation ("install/done").
func Points(steps []string) []string {
	if len(steps) == 0 {
		return nil
	}
	op, _, _ := strings.Cut(steps[0], "/")
	points := []string{op + "/before"}
	for _, s := range steps {
		_, name, _ := strings.Cut(s, "/")
		if name == "begin" || name == "done" {
			points = append(points, s)
			continue
		}
		points = append(points, s+"/begin", s+"/effect", s+"/done")
	}
	return points
}
