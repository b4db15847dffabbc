package lifecycle

import (
	"errors"
	"fmt"
	"slices"
)

// ErrSkip is returned by an enable hook for "not on this instance". It is no
// failure: the module stays installed there.
var ErrSkip = errors.New("not on this instance")

// A State is where a module stands, in the fleet or on one instance.
type State string

// The states of a module. Blocked and Quarantined occur on an instance only.
const (
	Available    State = "available"    // known, not installed
	Installing   State = "installing"   // migrations and install hook run, once per fleet
	Installed    State = "installed"    // installed, not enabled
	Enabling     State = "enabling"     // the enable hook runs, on each instance
	Enabled      State = "enabled"      // answers requests
	Draining     State = "draining"     // takes no new requests, lets the present ones finish
	Disabling    State = "disabling"    // the disable hook runs
	Uninstalling State = "uninstalling" // the uninstall hook runs, once per fleet
	Upgrading    State = "upgrading"    // migrations and upgrade hook run, once per fleet
	Failed       State = "failed"       // a step failed; stays so until retry, rollback or force
	Blocked      State = "blocked"      // waits for another module or another version
	Quarantined  State = "quarantined"  // withdrawn here after too many panics
)

// States returns every state in the order of the diagram.
func States() []State {
	return []State{Available, Installing, Installed, Enabling, Enabled, Draining, Disabling,
		Uninstalling, Upgrading, Failed, Blocked, Quarantined}
}

// Busy reports whether work is under way in the state.
func (s State) Busy() bool {
	switch s {
	case Installing, Enabling, Draining, Disabling, Uninstalling, Upgrading:
		return true
	}
	return false
}

// Up reports whether a module in the state may have something running.
func (s State) Up() bool {
	switch s {
	case Enabling, Enabled, Draining, Disabling, Quarantined:
		return true
	}
	return false
}

// An Op is what a person asks for.
type Op string

// The operations. The last three are for a module that failed.
const (
	OpInstall   Op = "install"
	OpEnable    Op = "enable"
	OpDisable   Op = "disable"
	OpUpgrade   Op = "upgrade"
	OpUninstall Op = "uninstall"
	OpRetry     Op = "retry"    // run the failed step again
	OpRollback  Op = "rollback" // go back to where the operation began
	OpForce     Op = "force"    // count the failed step as done and go on
)

// Ops returns every operation.
func Ops() []Op {
	return []Op{OpInstall, OpEnable, OpDisable, OpUpgrade, OpUninstall, OpRetry, OpRollback, OpForce}
}

// ParseOp returns the operation with the name.
func ParseOp(name string) (Op, error) {
	if !slices.Contains(Ops(), Op(name)) {
		return "", fmt.Errorf("parse operation: %.40q is none of %v", name, Ops())
	}
	return Op(name), nil
}

// An Event moves a record from one state to another.
type Event string

// The events. The first eight carry the names of operations.
const (
	EventInstall    Event = "install"
	EventEnable     Event = "enable"
	EventDisable    Event = "disable"
	EventUpgrade    Event = "upgrade"
	EventUninstall  Event = "uninstall"
	EventRetry      Event = "retry"
	EventRollback   Event = "rollback"
	EventForce      Event = "force"
	EventDone       Event = "done"       // what was under way is complete
	EventFail       Event = "fail"       // a step failed
	EventSkip       Event = "skip"       // the enable hook returned ErrSkip
	EventBlock      Event = "block"      // what the module requires is missing here
	EventUnblock    Event = "unblock"    // it is back, or not needed any more
	EventQuarantine Event = "quarantine" // too many panics here
)

// Events returns every event.
func Events() []Event {
	return []Event{EventInstall, EventEnable, EventDisable, EventUpgrade, EventUninstall, EventRetry, EventRollback,
		EventForce, EventDone, EventFail, EventSkip, EventBlock, EventUnblock, EventQuarantine}
}
