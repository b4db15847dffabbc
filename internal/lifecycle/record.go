package lifecycle

import (
	"fmt"
	"strings"
	"time"
)

// A Phase says how far a step has come: begun or done. Its effect lies between
// the two, so a step found begun may or may not have had its effect.
type Phase string

// The recorded phases of a step.
const (
	Begun Phase = "begun"
	Done  Phase = "done"
)

// A Record is a module's place in the state diagram. The fleet has one per
// module, and every instance one of its own.
type Record struct {
	Module  string
	Desired State // what is wanted: Available, Installed or Enabled
	State   State
	Origin  State // where Upgrading, Blocked and a failed upgrade return to

	// Version is what the module's data is at: the version installed or, while
	// State is Available, the one whose data an uninstall kept. Empty: no data.
	Version string
	Target  string // version that the install or upgrade under way leads to
	Asked   string // version that an upgrade was asked for, without waiting for the fleet
	Held    string // version whose upgrade was rolled back; only asking starts it again
	Purge   bool   // the uninstall wanted is to remove the data

	// Generation rises by one with every action.
	Generation int64
	// Forced is the generation at which "force" was asked for.
	Forced int64

	Op      Op     // operation under way or failed; empty otherwise
	Step    string // its step, such as "install/hook"
	Phase   Phase
	Attempt int    // how often the step has begun
	Error   string // why the step failed
	Since   time.Time
}

// An Input is an [Event] with what it carries.
type Input struct {
	Event  Event
	Target string    // version, for install and upgrade
	Error  string    // for fail
	At     time.Time // becomes Since
}

// Failure is what stopped a module.
type Failure struct {
	Operation Op
	Step      string
	Attempt   int
	Error     string
	Since     time.Time
}

// An InvalidTransitionError reports an event that the diagram does not have.
type InvalidTransitionError struct {
	Module string
	State  State
	Of     string
	Event  Event
}

// Error says which module, state and event.
func (e *InvalidTransitionError) Error() string {
	of := ""
	if e.Of != "" {
		of = " (" + e.Of + ")"
	}
	return fmt.Sprintf("module %s: %s%s has no %s", e.Module, e.State, of, e.Event)
}

// Failure returns what failed, and false unless the record is [Failed].
func (r Record) Failure() (Failure, bool) {
	if r.State != Failed {
		return Failure{}, false
	}
	return Failure{Operation: r.Op, Step: r.Step, Attempt: r.Attempt, Error: r.Error, Since: r.Since}, true
}

// Of is the qualifier of the record's state; see [Transition].
func (r Record) Of() string {
	switch r.State {
	case Upgrading, Blocked:
		return string(r.Origin)
	case Failed:
		if r.Op == OpUpgrade {
			return "upgrade from " + string(r.Origin)
		}
		return string(r.Op)
	}
	return ""
}

// Apply returns the record after the event, or an [*InvalidTransitionError].
func (r Record) Apply(in Input) (Record, error) {
	to, ok := Next(r.State, r.Of(), in.Event)
	if !ok {
		return r, &InvalidTransitionError{Module: r.Module, State: r.State, Of: r.Of(), Event: in.Event}
	}
	from := r.State
	r.State, r.Since = to, in.At
	switch in.Event {
	case EventInstall, EventEnable, EventDisable, EventUpgrade, EventUninstall:
		r.start(Op(in.Event), in.Target)
		r.Origin = ""
		if in.Event == EventUpgrade {
			r.Origin = from
		}
	case EventDone:
		r.finish(from)
	case EventSkip:
		r.clear()
	case EventFail:
		r.Error = in.Error
	case EventRetry, EventForce:
		r.Error = ""
		if in.Event == EventForce {
			r.Phase = Done
		}
	case EventRollback:
		r.rollback()
	case EventBlock:
		r.Origin = from
	case EventUnblock:
		r.Origin = ""
	}
	return r, nil
}

func (r *Record) start(op Op, target string) {
	r.Op, r.Target, r.Error = op, target, ""
	r.Step, r.Phase, r.Attempt = StepBegin(op), Done, 1
}

func (r *Record) clear() {
	r.Op, r.Step, r.Phase, r.Attempt, r.Error, r.Target, r.Origin = "", "", "", 0, "", "", ""
}

// finish records what completing the state from has changed. Draining leads on
// to Disabling, which is the same operation.
func (r *Record) finish(from State) {
	switch from {
	case Draining:
		return
	case Installing, Upgrading:
		r.Version, r.Asked, r.Held = r.Target, "", ""
	case Uninstalling:
		if r.Purge {
			r.Version = ""
		}
		r.Purge, r.Asked, r.Held = false, "", ""
	}
	r.clear()
}

// rollback starts the inverse of the failed operation. An upgrade has none:
// its migrations only add, so the old version still stands.
func (r *Record) rollback() {
	switch r.Op {
	case OpInstall:
		r.Desired, r.Purge = Available, false
		r.start(OpUninstall, "")
	case OpUninstall:
		r.Purge = false
		if r.Desired != Enabled {
			r.Desired = Installed
		}
		r.start(OpInstall, r.Version)
	case OpEnable:
		if r.Desired == Enabled {
			r.Desired = Installed
		}
		r.start(OpDisable, "")
	case OpDisable:
		r.Desired = Enabled
		r.start(OpEnable, "")
	case OpUpgrade:
		r.Held, r.Asked = r.Target, ""
		r.clear()
	}
}

// Retarget returns the record of an operation that newer code takes over: it
// leads to another version and has all its steps before it again.
func (r Record) Retarget(version string) Record {
	if r.Target == version {
		return r
	}
	r.Target, r.Step, r.Phase, r.Attempt = version, StepBegin(r.Op), Done, 1
	return r
}

// Begin returns the record with the step begun, once more if it had begun
// before. The step must belong to the operation under way.
func (r Record) Begin(step string, at time.Time) (Record, error) {
	if err := r.owns(step); err != nil {
		return r, err
	}
	if r.Step == step && r.Phase == Begun {
		r.Attempt++
	} else {
		r.Step, r.Attempt = step, 1
	}
	r.Phase, r.Since = Begun, at
	return r, nil
}

// Finish returns the record with the step that had begun done.
func (r Record) Finish(step string) (Record, error) {
	if err := r.owns(step); err != nil {
		return r, err
	}
	if r.Step != step || r.Phase != Begun {
		return r, fmt.Errorf("module %s: step %s ended while %s is %s", r.Module, step, r.Step, r.Phase)
	}
	r.Phase = Done
	return r, nil
}

func (r Record) owns(step string) error {
	if !r.State.Busy() || !strings.HasPrefix(step, string(r.Op)+"/") {
		return fmt.Errorf("module %s: step %s does not belong to state %s", r.Module, step, r.State)
	}
	return nil
}
