package lifecycle

// A Transition is one edge of the state diagram. Of tells apart records whose
// next state depends on more than their state: for [Failed] the operation that
// failed, for [Upgrading], [Blocked] and a failed upgrade the state that it is
// to return to. It is empty elsewhere.
type Transition struct {
	From  State
	Of    string
	Event Event
	To    State
}

// transitions is the state diagram, and nothing else is allowed.
var transitions = []Transition{
	{Available, "", EventInstall, Installing},
	{Installing, "", EventDone, Installed},
	{Installing, "", EventFail, Failed},
	{Installed, "", EventEnable, Enabling},
	{Enabling, "", EventDone, Enabled},
	{Enabling, "", EventFail, Failed},
	{Enabling, "", EventSkip, Installed},
	{Enabled, "", EventDisable, Draining},
	{Draining, "", EventDone, Disabling},
	{Draining, "", EventFail, Failed},
	{Disabling, "", EventDone, Installed},
	{Disabling, "", EventFail, Failed},
	{Installed, "", EventUninstall, Uninstalling},
	{Uninstalling, "", EventDone, Available},
	{Uninstalling, "", EventFail, Failed},
	{Installed, "", EventUpgrade, Upgrading},
	{Enabled, "", EventUpgrade, Upgrading},
	{Upgrading, "installed", EventDone, Installed},
	{Upgrading, "enabled", EventDone, Enabled},
	{Upgrading, "installed", EventFail, Failed},
	{Upgrading, "enabled", EventFail, Failed},

	{Failed, "install", EventRetry, Installing},
	{Failed, "install", EventForce, Installing},
	{Failed, "install", EventRollback, Uninstalling},
	{Failed, "enable", EventRetry, Enabling},
	{Failed, "enable", EventForce, Enabling},
	{Failed, "enable", EventRollback, Disabling},
	{Failed, "disable", EventRetry, Draining},
	{Failed, "disable", EventForce, Disabling},
	{Failed, "disable", EventRollback, Enabling},
	{Failed, "uninstall", EventRetry, Uninstalling},
	{Failed, "uninstall", EventForce, Uninstalling},
	{Failed, "uninstall", EventRollback, Installing},
	{Failed, "upgrade from installed", EventRetry, Upgrading},
	{Failed, "upgrade from installed", EventForce, Upgrading},
	{Failed, "upgrade from installed", EventRollback, Installed},
	{Failed, "upgrade from enabled", EventRetry, Upgrading},
	{Failed, "upgrade from enabled", EventForce, Upgrading},
	{Failed, "upgrade from enabled", EventRollback, Enabled},

	{Available, "", EventBlock, Blocked},
	{Installed, "", EventBlock, Blocked},
	{Blocked, "available", EventUnblock, Available},
	{Blocked, "installed", EventUnblock, Installed},
	{Enabled, "", EventQuarantine, Quarantined},
	{Quarantined, "", EventDisable, Draining},
}

// Transitions returns every edge of the state diagram.
func Transitions() []Transition {
	return append([]Transition(nil), transitions...)
}

// Next returns the state that event leads to from state, and false where the
// diagram has no such edge. See [Transition] for of.
func Next(state State, of string, event Event) (State, bool) {
	for _, t := range transitions {
		if t.From == state && t.Of == of && t.Event == event {
			return t.To, true
		}
	}
	return "", false
}
