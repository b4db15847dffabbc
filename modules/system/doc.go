// Package system is a dashboard module that shows the machine it runs on: CPU,
// memory, disks, network, load, the busiest processes, and the Go runtime of the
// process itself.
//
//	d, err := dashboard.New(store, dashboard.WithModules(system.New()))
//
// On Linux it reads the kernel's /proc, and the cgroup v2 tree for the limits of
// a container; elsewhere it shows the Go runtime and says that the rest is not
// measured. It keeps a history of fixed size in memory. In a fleet each instance
// measures itself, and a live panel shows the instance that answered.
//
// Besides, a job of the module writes one row of each metric to the database
// every five minutes, so that panels can show days and weeks: the mean over all
// machines, those that are gone included. Another job merges what is older than a
// week into one row an hour, and drops what is older than the settings say. That
// history came with version 0.2.0; its migration, its step of the upgrade from
// an earlier version and its jobs are together in record.go, as an example of
// the three.
//
// How often it measures and how far back it remembers are settings of the
// module, applied in place. Sampling takes about a millisecond for a hundred
// processes; reading the processes never takes more than a hundredth of one CPU,
// because the pause after it grows with what it cost.
package system
