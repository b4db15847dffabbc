// Package registry drives the state machine of package lifecycle on a database.
//
// The database holds what is desired of each module, the version installed and
// a generation; [Registry.Act] changes that and nothing else. Every instance of
// the fleet polls it (and is woken by the bus), reconciles towards it and
// reports where it stands. Work of the fleet (migrations and the install,
// upgrade and uninstall hooks) runs on one instance at a time, under a lease
// whose fence is checked in every commit; enabling and disabling happen on each
// instance. Each module has a goroutine of its own, so that one that fails or
// hangs keeps no other waiting, unless it is required there.
//
// docs/state-machine.md describes the states and how they recover.
package registry
