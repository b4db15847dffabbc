package settings

import (
	"errors"
	"fmt"

	"github.com/modular-dashboard/dashboard/internal/problem"
)

var (
	// ErrUnknownModule reports an id that has no settings.
	ErrUnknownModule = errors.New("module has no settings")
	// ErrUnknownVersion reports a version that never was, or is older than the history.
	ErrUnknownVersion = errors.New("no such version of the settings")
	// ErrBusy reports that an earlier change of the module is still being applied, or hangs. Nothing was changed.
	ErrBusy = errors.New("settings are still being applied")
	// ErrClosed reports a store that was shut down.
	ErrClosed = errors.New("settings are shut down")
)

// ConflictError reports that the settings were changed since the caller read them. Nothing was changed.
type ConflictError struct {
	Module  string
	Version int64 // what the caller expected
	Current int64 // what is stored; -1 when it changed in the same moment
}

// Error implements error.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("settings of module %q were changed: version %d is not the current one", e.Module, e.Version)
}

// InvalidError reports values that the module's schema refuses. Nothing was changed.
type InvalidError struct {
	Module string
	// Fields has at least one entry. Its pointers begin at the values ("/interval"), and it holds no secret.
	Fields []problem.Field
}

// Error implements error.
func (e *InvalidError) Error() string {
	f := e.Fields[0]
	text := fmt.Sprintf("settings of module %q are invalid: %s %s", e.Module, f.Pointer, f.Detail)
	if n := len(e.Fields) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

// ApplyError reports that the module did not take valid values. Nothing was stored.
type ApplyError struct {
	Module string
	// Detail is the module's error, or what it did instead of returning one. Secrets are cut out of it, which is also why
	// it is a text and no error to unwrap.
	Detail string
	// Panicked and TimedOut tell misbehavior from refusal.
	Panicked, TimedOut bool
	// Restored says that the former values are in effect again. If not, they are applied again in the background.
	Restored bool
}

// Error implements error.
func (e *ApplyError) Error() string {
	return fmt.Sprintf("apply settings of module %q: %s", e.Module, e.Detail)
}

// SecretError reports a stored secret that does not open, usually because its master key is missing.
type SecretError struct {
	Module string
	Field  string // JSON pointer
	Err    error  // names the key
}

// Error implements error.
func (e *SecretError) Error() string {
	return fmt.Sprintf("settings of module %q: secret %s cannot be opened: %v", e.Module, e.Field, e.Err)
}

// Unwrap returns the Box's error.
func (e *SecretError) Unwrap() error { return e.Err }
