package registry

import (
	"errors"
	"fmt"
)

var (
	// ErrUnknown is returned for a module that neither this program nor the
	// database has.
	ErrUnknown = errors.New("no such module")
	// ErrNoCode is returned by Act for a module that only the database has.
	ErrNoCode = errors.New("this program has no code for the module")
	// ErrStopped is returned by Start and Act after Stop.
	ErrStopped = errors.New("registry is stopped")
	// ErrNotStarted is returned by Act before Start.
	ErrNotStarted = errors.New("registry is not started")
)

// A GenerationError is returned by Act when the module has changed since the
// generation that the caller had seen.
type GenerationError struct {
	Module     string
	Want, Have int64
}

// Error says both generations.
func (e *GenerationError) Error() string {
	return fmt.Sprintf("module %s is at generation %d, not %d", e.Module, e.Have, e.Want)
}
