// Package services is a module of its own: what is tested against real servers.
// Each test starts servers of its own on free ports of this machine and ends
// them. A server that is not installed is a failure.
package services
