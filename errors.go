package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/auth"
	"github.com/modular-dashboard/dashboard/internal/bind"
	"github.com/modular-dashboard/dashboard/internal/idempotency"
	"github.com/modular-dashboard/dashboard/internal/problem"
	"github.com/modular-dashboard/dashboard/storage"
)

// An Error is an answer other than success. Handlers return one to choose the
// status; any other error is answered 500 without its text. Code, Detail and
// Fields are public; Err is the private cause, which is logged and never sent.
type Error struct {
	// Status is the HTTP status, 400 to 599. Zero means 500.
	Status int
	// Code is a stable slug, such as "invoice-closed"; it becomes the problem's
	// type (RFC 9457, section 3.1.1). Empty means the status's own slug.
	Code string
	// Detail is a sentence for people.
	Detail string
	// Fields names what was wrong with the input.
	Fields []FieldError
	// Extra holds further members of the problem document.
	Extra map[string]any
	// RetryAfter, rounded up to seconds, becomes the Retry-After header.
	RetryAfter time.Duration
	// Err is the cause.
	Err error
}

// A FieldError says what is wrong with one input.
type FieldError struct {
	// Pointer is the JSON Pointer of the field in the body (RFC 6901), such as
	// "/email", "" for the whole of it; or the parameter, such as "#/query/limit",
	// "#/path/id" or "#/header/If-Match".
	Pointer string
	// Code is the rule that failed, such as "required".
	Code string
	// Detail is a sentence for people.
	Detail string
	// Params are the values that Detail speaks of: "value" is what the rule asks
	// for, "of" what it is about, such as characters or items. Anything but nil
	// says that Detail is the usual sentence for Code and Params, which a client
	// may say in another language; with nil it shows Detail as it is.
	Params map[string]string
}

// Errorf returns an Error with a status, a code and a detail for people.
func Errorf(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Invalid returns the 422 answer for the given fields: what an input is answered
// that its own tags refuse.
func Invalid(fields ...FieldError) *Error {
	return &Error{Status: http.StatusUnprocessableEntity, Code: problem.InvalidInput,
		Detail: problem.InvalidInputDetail, Fields: fields}
}

// Error returns the public text and the cause.
func (e *Error) Error() string {
	text := e.Detail
	if text == "" {
		text = e.Code
	}
	if text == "" {
		text = problem.Slug(e.status())
	}
	if e.Err != nil {
		return text + ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) status() int {
	if e.Status < 400 || e.Status > 599 {
		return http.StatusInternalServerError
	}
	return e.Status
}

var (
	errUnauthenticated = &Error{Status: http.StatusUnauthorized, Code: "unauthenticated",
		Detail: "Sign in, or send a valid token."}
	errBadToken = &Error{Status: http.StatusUnauthorized, Code: "unauthenticated",
		Detail: "Sign in, or send a valid token.", Err: auth.ErrInvalidToken}
	errNotFound = &Error{Status: http.StatusNotFound, Code: "not-found",
		Detail: "There is nothing here that you may see."}
	errModuleDisabled404 = &Error{Status: http.StatusNotFound, Code: "module-disabled",
		Detail: "This module is disabled."}
	errDraining = &Error{Status: http.StatusServiceUnavailable, Code: "module-draining",
		Detail: "This module is being disabled.", RetryAfter: time.Second}
	errQuarantined = &Error{Status: http.StatusServiceUnavailable, Code: "module-quarantined",
		Detail: "This module failed too often and was taken out of service here.", RetryAfter: time.Minute}
	errStarting = &Error{Status: http.StatusServiceUnavailable, Code: "starting",
		Detail: "The dashboard is starting.", RetryAfter: time.Second}
)

func errForbidden(permission string) *Error {
	return &Error{Status: http.StatusForbidden, Code: "permission-missing",
		Detail: "You lack the permission " + permission + ".",
		Extra:  map[string]any{"permission": permission}}
}

// asError maps any error to the answer it gets. It is the one place where
// errors become HTTP.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*ai.Error](err); ok {
		return modelProblem(e)
	}
	if e, ok := errors.AsType[*bind.Error](err); ok {
		out := &Error{Status: e.Status, Code: e.Slug, Detail: e.Detail, Err: e.Err}
		for _, f := range e.Fields {
			out.Fields = append(out.Fields, FieldError(f))
		}
		return out
	}
	if e, ok := errors.AsType[*auth.ThrottledError](err); ok {
		return &Error{Status: http.StatusTooManyRequests, Code: "too-many-attempts",
			Detail: "Too many attempts. Wait before trying again.", RetryAfter: e.RetryAfter, Err: err}
	}
	if e := queryProblem(err); e != nil {
		return e
	}
	switch {
	case errors.Is(err, context.Canceled): // whatever failed because of it: the client left, nothing is down
		return &Error{Status: 499, Code: "client-closed-request", Err: err}
	case errors.Is(err, auth.ErrInvalidCredentials):
		return &Error{Status: http.StatusUnauthorized, Code: "invalid-credentials",
			Detail: "The e-mail address or the password is wrong.", Err: err}
	case errors.Is(err, auth.ErrInvalidToken):
		return errBadToken
	case errors.Is(err, idempotency.ErrTaken):
		return errKeyInProgress
	case errors.Is(err, auth.ErrUnavailable):
		return &Error{Status: http.StatusServiceUnavailable, Code: "unavailable",
			Detail: "Sign-in cannot be checked right now.", RetryAfter: time.Second, Err: err}
	case errors.Is(err, bind.ErrTooLarge):
		return &Error{Status: http.StatusInternalServerError, Code: "answer-too-large",
			Detail: "The answer is larger than this server sends.", Err: err}
	case errors.Is(err, storage.ErrFull), errors.Is(err, storage.ErrReadOnly):
		return &Error{Status: http.StatusInsufficientStorage, Code: "storage-full",
			Detail: "The database cannot be written to. Nothing was changed.", Err: err}
	case errors.Is(err, storage.ErrBusy), errors.Is(err, storage.ErrUnavailable), errors.Is(err, storage.ErrClosed):
		return &Error{Status: http.StatusServiceUnavailable, Code: "storage-unavailable", RetryAfter: time.Second,
			Detail: "The database does not answer. Nothing was changed.", Err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Status: http.StatusGatewayTimeout, Code: "timeout",
			Detail: "The request took too long.", Err: err}
	}
	return &Error{Status: http.StatusInternalServerError, Code: "internal",
		Detail: "Something went wrong here. The request id finds it in the log.", Err: err}
}

// problemOf renders an answer as RFC 9457 problem details.
func problemOf(e *Error, requestID string) problem.Problem {
	p := problem.Problem{
		Type: e.Code, Status: e.status(),
		Detail: e.Detail, RequestID: requestID, Extra: e.Extra,
	}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, problem.Field(f))
	}
	return p
}
