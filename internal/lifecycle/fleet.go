package lifecycle

import "slices"

// Fleet is where a module stands in the whole fleet: the operation of the fleet
// that is under way or failed, or else what its live instances have come to. A
// failure on one of them shows, then work under way; an instance that is
// quarantined counts as enabled and one that is blocked as installed.
func Fleet(r Record, live []State) State {
	if r.State != Installed {
		return r.State
	}
	for _, s := range []State{Failed, Draining, Disabling, Enabling} {
		if slices.Contains(live, s) {
			return s
		}
	}
	if slices.Contains(live, Enabled) || slices.Contains(live, Quarantined) {
		return Enabled
	}
	return Installed
}

// Usable reports whether instances whose code has the version may enable the
// module as the fleet's record stands: it is installed in that version.
// Upgrades only add to the data, so the old version may go on (and start) while
// one is under way or failed; the new one has to wait.
func (r Record) Usable(version string) bool {
	upgradingToIt := r.Op == OpUpgrade && r.Target == version
	return r.Bearable() && !upgradingToIt && Compare(r.Version, version) == 0
}

// Bearable reports whether an instance that has the module enabled may keep it
// so, as far as the fleet's record is concerned.
func (r Record) Bearable() bool {
	switch {
	case r.State == Installed, r.State == Enabled, r.State == Upgrading:
		return true
	case r.State == Failed:
		return r.Op == OpUpgrade
	}
	return false
}
