package registry

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/modular-dashboard/dashboard/internal/redact"
)

var (
	errTimeout  = errors.New("timed out")
	errStopping = errors.New("stopping")
	errGoexit   = errors.New("called runtime.Goexit")
)

// errInterrupted says that a call ended because the registry stops, or lost
// the right to make it: no failure of the module.
var errInterrupted = errors.New("interrupted")

// A panicError is a panic of module code.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return "panic: " + redact.Print(e.value) }

// calls makes one call of a unit's functions at a time.
type calls struct {
	mu   sync.Mutex
	left <-chan struct{} // closed when the call that was given up on returns
	what string
}

// maxGrace is how long a call may take to return after its context has ended.
const maxGrace = time.Second

// call runs fn under recover and for at most timeout. A call that does not
// return then is given up on: it keeps its goroutine, nothing else of the unit
// is called before it has returned, and its result is ignored. patience bounds
// the wait for a call that was interrupted.
func (c *calls) call(ctx, patience context.Context, what string, timeout time.Duration, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errTimeout)
	defer cancel()
	if err := c.await(ctx, timeout); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	result, left := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(left)
		err := errGoexit
		defer func() { result <- err }()
		err = protect(func() error { return fn(ctx) })
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	timedOut := errors.Is(context.Cause(ctx), errTimeout)
	patient := min(timeout, maxGrace)
	if errors.Is(context.Cause(ctx), errStopping) {
		patient = timeout // or for as long as the caller of Stop waits
	}
	grace := time.NewTimer(patient)
	defer grace.Stop()
	select {
	case err := <-result:
		if !timedOut {
			return interrupted(err)
		}
		return timeoutError(what, timeout, err)
	case <-grace.C:
	case <-patience.Done():
	}
	c.mu.Lock()
	c.left, c.what = left, what
	c.mu.Unlock()
	if !timedOut {
		return errInterrupted
	}
	return fmt.Errorf("%s did not return within %v: given up on", what, timeout)
}

// interrupted keeps the result of a call that had its effect although its
// context ended.
func interrupted(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errInterrupted, err)
}

func timeoutError(what string, timeout time.Duration, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s did not finish within %v", what, timeout)
	}
	return fmt.Errorf("%s did not finish within %v: %w", what, timeout, err)
}

// await waits for the call that was given up on.
func (c *calls) await(ctx context.Context, timeout time.Duration) error {
	c.mu.Lock()
	left, what := c.left, c.what
	c.mu.Unlock()
	if left == nil {
		return nil
	}
	select {
	case <-left:
		c.mu.Lock()
		c.left = nil
		c.mu.Unlock()
		return nil
	case <-ctx.Done():
	}
	if !errors.Is(context.Cause(ctx), errTimeout) {
		return errInterrupted
	}
	return fmt.Errorf("an earlier %s, given up on, has still not returned after another %v", what, timeout)
}

// hanging reports whether a call was given up on and has not returned.
func (c *calls) hanging() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == nil {
		return false
	}
	select {
	case <-c.left:
		c.left = nil
		return false
	default:
		return true
	}
}

// protect turns a panic into an error.
func protect(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{value: v, stack: debug.Stack()}
		}
	}()
	return fn()
}

const maxError = 1000

// message is an error as records keep it: one bounded piece of valid text,
// without secrets.
func (r *Registry) message(err error) string {
	text := strings.ToValidUTF8(strings.ReplaceAll(r.opts.Redact(err.Error()), "\x00", ""), "\uFFFD")
	if len(text) > maxError {
		text = strings.ToValidUTF8(text[:maxError], "") + "…"
	}
	return text
}
