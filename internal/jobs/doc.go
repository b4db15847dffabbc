// Package jobs runs the periodic work of modules: at times that a cron
// expression names, once per fleet or on every instance, with a history.
//
// A fleet job has one row that holds the last time which was decided on. Who
// wants to decide on the next one takes the job's lease, and moves the row and
// records the run in one transaction that checks the lease: so each time is
// decided once, whatever instances come, go, stall or restart. The lease lasts as
// long as the run; a run whose instance dies is found by its heartbeat and
// recorded as lost.
package jobs
