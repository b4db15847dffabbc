// Package system is a dashboard module that shows the machine it runs on: CPU,
// memory, disks, network, load, the busiest processes, and the Go runtime of the
// process itself.
//
//	d, err := dashboard.New(store, dashboard.WithModules(system.New()))
//
// On Linux it reads the kernel's /proc, and the cgroup v2 tree for the limits of
// a container; elsewhere it shows the Go runtime and says that the rest is not
// measured. It keeps a history of fixed size in memory: nothing is written to
// the database. In a fleet each instance measures itself, and a panel shows the
// instance that answered.
//
// How often it measures and how far back it remembers are settings of the
// module, applied in place. Sampling takes about a millisecond for a hundred
// processes; reading the processes never takes more than a hundredth of one CPU,
// because the pause after it grows with what it cost.
package system
