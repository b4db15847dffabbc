package auth

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What callers branch on. Compare with [errors.Is].
var (
	// ErrInvalidCredentials says that the address or the password is wrong, or
	// the account is disabled; never which.
	ErrInvalidCredentials = errors.New("auth: invalid credentials")
	// ErrInvalidToken says that a token is malformed, unknown, expired or
	// revoked; never which. It is the one real refusal of a token.
	ErrInvalidToken = errors.New("auth: invalid token")
	// ErrReused says that a refresh token was used again. Its session has been
	// revoked. It matches ErrInvalidToken too, which is all a client may learn.
	ErrReused = fmt.Errorf("%w: used again, session revoked", ErrInvalidToken)
	// ErrUnavailable says that the question could not be decided now: the
	// database does not answer, or too many logins wait. Credentials may be
	// good, so nothing may be cleared. Answer 503.
	ErrUnavailable = errors.New("auth: unavailable")
	// ErrSetupDone says that an account exists, so set-up is over for good.
	ErrSetupDone = errors.New("auth: set-up is done")
	// ErrNotFound says that there is no such account, session, role or API key.
	ErrNotFound = errors.New("auth: not found")
	// ErrEmailTaken says that another account has the address.
	ErrEmailTaken = errors.New("auth: address is taken")
	// ErrLastOwner refuses what would leave no enabled account with [RoleOwner].
	ErrLastOwner = errors.New("auth: the last owner must stay")
	// ErrRoleInUse refuses to delete a role that an account or a role has.
	ErrRoleInUse = errors.New("auth: role is in use")
	// ErrBuiltInRole refuses to change a role that is part of the program.
	ErrBuiltInRole = errors.New("auth: role is built in")
	// ErrAPIKey refuses what a program with an API key must not do, because it
	// would outlive the key: make or end credentials. Answer 403.
	ErrAPIKey = errors.New("auth: not with an API key")
	// ErrTooManyAPIKeys refuses a key of an account that has 500 live ones.
	ErrTooManyAPIKeys = errors.New("auth: too many API keys")
	// ErrCrossOrigin refuses a write that another site may have made a browser
	// send. Answer 403.
	ErrCrossOrigin = errors.New("auth: cross-origin request")
)

// ThrottledError refuses an attempt because there were too many.
type ThrottledError struct {
	// RetryAfter is when the next attempt may succeed.
	RetryAfter time.Duration
}

// Error implements error.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("auth: too many attempts, retry in %s", e.RetryAfter.Round(time.Second))
}

// InputError says what is wrong with one field of the input. Its texts may be
// shown; they never repeat a password.
type InputError struct {
	// Field is the field's name as in JSON: "email", "name", "password",
	// "roles", "permissions", "inherits", "title", "expires_at", "filter",
	// "sort", "search", "cursor".
	Field string
	// Code is what is wrong, for programs: "required", "format", "too_short",
	// "too_long", "common", "context", "unknown", "past".
	Code string
	// Detail is what is wrong, for a person: "must have at least 15 characters".
	Detail string
	// Params are the values that Detail speaks of, to say it in another language:
	// "value" is what is asked for, such as 15, and "of" what it is about, such as
	// characters. Nil: nothing but Detail says it.
	Params map[string]string
}

// Error implements error.
func (e *InputError) Error() string { return "auth: " + e.Field + " " + e.Detail }

// wrong is an InputError whose sentence is about one thing, "" where the code says all.
func wrong(field, code, of, detail string) *InputError {
	e := &InputError{Field: field, Code: code, Detail: detail, Params: map[string]string{}}
	if of != "" {
		e.Params["of"] = of
	}
	return e
}

// outOf is an InputError about a number of characters, bytes or items.
func outOf(field, code, how string, bound int, of string) *InputError {
	e := wrong(field, code, of, fmt.Sprintf("must have %s %d %s", how, bound, of))
	e.Params["value"] = strconv.Itoa(bound)
	return e
}

func tooLong(field string, most int, of string) *InputError {
	return outOf(field, "too_long", "at most", most, of)
}

func tooShort(field string, least int, of string) *InputError {
	return outOf(field, "too_short", "at least", least, of)
}

// badEntry is an InputError about one entry of a list.
func badEntry(field, code, of, entry, is string) *InputError {
	const most = 80
	if len(entry) > most {
		entry = strings.ToValidUTF8(entry[:most], "")
	}
	e := wrong(field, code, of, fmt.Sprintf("has %q, which is %s", entry, is))
	e.Params["value"] = entry
	return e
}

// BeyondError refuses to give or take rights that the principal in the context
// does not hold. Answer 403.
type BeyondError struct {
	// Permission is the first permission or pattern that is beyond them.
	Permission string
}

// Error implements error.
func (e *BeyondError) Error() string { return "auth: beyond own rights: " + e.Permission }

// CycleError refuses roles that inherit from each other in a circle.
type CycleError struct {
	// Path names the roles in order; the first is also the last.
	Path []string
}

// Error implements error.
func (e *CycleError) Error() string {
	return "auth: roles inherit in a circle: " + strings.Join(e.Path, " → ")
}

// unavailable wraps a failure that is not the caller's.
func unavailable(doing string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, doing, err)
}

var (
	_ error = (*ThrottledError)(nil)
	_ error = (*InputError)(nil)
	_ error = (*BeyondError)(nil)
	_ error = (*CycleError)(nil)
)
