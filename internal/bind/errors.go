package bind

import (
	"errors"
	"strings"

	"github.com/modular-dashboard/dashboard/internal/problem"
)

// Errors of [Encoder.Encode].
var (
	// ErrTooLarge: the answer is larger than the limit.
	ErrTooLarge = errors.New("answer is larger than the limit")
	// ErrTooDeep: the answer nests deeper than 256 levels, or refers to itself.
	ErrTooDeep = errors.New("answer nests too deep")
)

// Error says why a request was refused.
type Error struct {
	// Status is 400 (cannot be read), 408 (did not arrive), 413 (too large), 415 (not JSON) or 422 (read, but
	// not acceptable).
	Status int
	// Slug is the problem type: "malformed-body", "malformed-query", "body-too-large",
	// "unsupported-media-type", "invalid-input".
	Slug string
	// Detail is a sentence for a person.
	Detail string
	// Fields lists what is wrong, in the order found, at most 32.
	Fields []problem.Field
	// Err is the private cause, for the log. It may be nil.
	Err error
}

// Error returns the detail, the fields and the cause: it is for the log.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Slug)
	for i, f := range e.Fields {
		b.WriteString(map[bool]string{true: ": ", false: "; "}[i == 0])
		b.WriteString(f.Pointer + " " + f.Detail)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the private cause.
func (e *Error) Unwrap() error { return e.Err }

// Problem returns what the client may know.
func (e *Error) Problem() problem.Problem {
	return problem.Problem{Type: e.Slug, Status: e.Status, Detail: e.Detail, Errors: e.Fields}
}

var _ error = (*Error)(nil)
