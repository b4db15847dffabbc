package registry

import (
	"time"

	"github.com/modular-dashboard/dashboard/internal/lifecycle"
)

// A View is all there is to know of a module.
type View struct {
	ID string
	// Known is false for a module that the database has and this program has
	// no code for. It is left alone.
	Known bool
	// Version is that of this program's code; empty where it has none.
	Version string
	// InstalledVersion is that of the fleet; empty while it is not installed.
	InstalledVersion string
	// KeptVersion is that of the data that an uninstall kept.
	KeptVersion string
	// Desired is available, installed or enabled.
	Desired lifecycle.State
	// State is where the fleet stands: the operation under way, or else what
	// the live instances have come to.
	State      lifecycle.State
	Generation int64
	Since      time.Time
	Requires   []Requirement
	RequiredBy []string
	// Failure is what failed: an operation of the fleet, or else the oldest
	// failure of a live instance. Nil: nothing.
	Failure   *lifecycle.Failure
	Instances []Instance
}

// A Requirement is one of a module's requirements and how it stands.
type Requirement struct {
	lifecycle.Requirement
	// Have is the version installed, else that of this program's code; empty
	// where there is neither.
	Have string
	// Satisfied: a version that meets the constraint is installed and wanted
	// enabled.
	Satisfied bool
}

// An Instance is where a module stands on one instance of the fleet.
type Instance struct {
	ID, Host string
	// Version is that of the instance's code.
	Version string
	State   lifecycle.State
	// BlockedBy lists the modules that a blocked one waits for; none where it
	// waits for another version.
	BlockedBy []string
	// Detail says why the instance is blocked, quarantined, failed or waiting.
	Detail string
	// Failure is set while State is failed.
	Failure *lifecycle.Failure
	// Generation is the newest one that the instance has settled.
	Generation int64
	Since      time.Time
	Started    time.Time
	// Live says that the instance was heard of lately.
	Live bool
	// Current says that it is this one.
	Current bool
	Health  Health
}

// Health is what an instance reports of an enabled module.
type Health struct {
	Status   string // ok, failing, or empty: unknown
	Detail   string
	Panics   int64
	Timeouts int64 // requests that took too long
}

// An Event says that a module has changed, here or elsewhere in the fleet.
type Event struct {
	Module     string
	State      lifecycle.State // on this instance
	Generation int64
}
