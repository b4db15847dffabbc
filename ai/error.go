package ai

import (
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// An ErrorKind says what went wrong.
type ErrorKind uint8

// The kinds of errors. Where the comment says "again", [Error.Again] is true: the same
// request may succeed later; where it says "elsewhere", [Error.Elsewhere] is: it may
// succeed with another provider, model or key.
const (
	Unknown      ErrorKind = iota // nobody said what it was
	Invalid                       // the request is wrong, wherever it goes
	TooLarge                      // the request is too long for the model; elsewhere
	Unsupported                   // the provider cannot do what is asked for; elsewhere
	Unauthorized                  // the key is wrong, or has not the right; elsewhere
	NotFound                      // there is no such model; elsewhere
	RateLimited                   // too many requests; again and elsewhere
	Quota                         // the account has used up what it may; elsewhere
	Overloaded                    // the provider has too much to do; again and elsewhere
	Server                        // the provider failed; again and elsewhere
	Timeout                       // it took too long; again and elsewhere
	Network                       // no connection, or it broke before an answer; again and elsewhere
	Truncated                     // the answer broke off; again and elsewhere
	Malformed                     // the answer is not in its format; again and elsewhere
	Filtered                      // the provider refuses the content
	Canceled                      // the caller gave up
	Budget                        // the caller may not spend that much
)

var kinds = [...]string{"unknown", "invalid", "too_large", "unsupported", "unauthorized", "not_found", "rate_limited", "quota",
	"overloaded", "server", "timeout", "network", "truncated", "malformed", "filtered", "canceled", "budget"}

// String returns the kind as in logs and metrics, such as "rate_limited".
func (k ErrorKind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return kinds[Unknown]
}

// An Error is what every sequence that fails ends with.
type Error struct {
	Kind      ErrorKind
	Provider  string // such as "openai"
	Model     string // as asked for
	Status    int    // of HTTP; 0 where there was no answer
	Code      string // the provider's own
	Message   string // the provider's own words or, where it has none that help, others; at most 1 KiB; for people, not for decisions
	RequestID string // the provider's, for its support
	// RetryAfter is how long to wait before asking again, where the provider
	// says so; else 0.
	RetryAfter time.Duration
	Err        error // what is beneath, if anything
}

// Error implements error: "openai gpt-5: rate_limited (429): slow down".
func (e *Error) Error() string {
	var b strings.Builder
	for _, s := range []string{e.Provider, e.Model} {
		if s != "" {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(s)
		}
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.Kind.String())
	if e.Status != 0 {
		b.WriteString(" (" + strconv.Itoa(e.Status) + ")")
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// LogValue implements [slog.LogValuer]: the error as text, without words of a
// provider that may quote what was asked, which logs must not have.
func (e *Error) LogValue() slog.Value {
	told := *e
	switch e.Kind {
	case Unknown, Invalid, TooLarge, Unsupported, Server, Filtered:
		told.Message = ""
	}
	told.Err = forLogs(e.Err)
	return slog.StringValue(told.Error())
}

// forLogs is what is beneath an error: those of other routes, and what is no
// provider's.
func forLogs(err error) error {
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range list.Unwrap() {
			all = append(all, forLogs(one))
		}
		return errors.Join(all...)
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return errors.New(e.LogValue().String())
	}
	return err
}

// Unwrap returns what is beneath.
func (e *Error) Unwrap() error { return e.Err }

// Again reports whether the same request to the same provider may succeed later,
// not before RetryAfter.
func (e *Error) Again() bool {
	switch e.Kind {
	case RateLimited, Overloaded, Server, Timeout, Network, Truncated, Malformed:
		return true
	}
	return false
}

// theirs reports whether the provider, or its key, is of no use for now: not what
// was asked of it.
func (e *Error) theirs() bool { return e.Again() || e.Kind == Quota || e.Kind == Unauthorized }

// Elsewhere reports whether the same request may succeed with another provider,
// model or key.
func (e *Error) Elsewhere() bool {
	switch e.Kind {
	case TooLarge, Unsupported, Unauthorized, NotFound, Quota:
		return true
	}
	return e.Again()
}
