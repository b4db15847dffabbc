package dashboard

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/redact"
)

// guard turns a panic of module code into an error that carries its stack.
func guard(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{value: v, stack: debug.Stack(), place: panicPlace()}
		}
	}()
	return fn()
}

type panicError struct {
	value any
	stack []byte
	place string
}

func (e *panicError) Error() string { return "panic: " + redact.Print(e.value) }

// located adds to the panic of a module the line that it came from. It is for
// what New returns to the module's author, not for what the dashboard shows.
func located(err error) error {
	if p, ok := errors.AsType[*panicError](err); ok && p.place != "" {
		return fmt.Errorf("%w (at %s)", err, p.place)
	}
	return err
}

// panicPlace returns the file and line of the panic that is being recovered: of
// the module's own code, if it called ours, which then panicked.
func panicPlace() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	var place string
	for panicking, more := false, true; more; {
		var f runtime.Frame
		if f, more = frames.Next(); f.Function == "runtime.gopanic" {
			panicking = true
		}
		if !panicking || strings.HasPrefix(f.Function, "runtime.") {
			continue
		}
		if strings.HasPrefix(f.Function, ourPackage+".guard") {
			break
		}
		ours := strings.HasPrefix(f.Function, ourPackage+".") || strings.HasPrefix(f.Function, ourPackage+"/internal/")
		if !ours || place == "" {
			place = fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if !ours {
			break
		}
	}
	return place
}

var ourPackage = reflect.TypeFor[Dashboard]().PkgPath()

// Stack is for error reporters.
func (e *panicError) Stack() []byte { return e.stack }
