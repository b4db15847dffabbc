package ratelimit

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/modular-dashboard/dashboard/internal/problem"
)

// A Reason is why a request is refused.
type Reason uint8

// The reasons. Each has a status and a problem type of its own.
const (
	// OverLimit is a bucket that does not hold enough now: 429.
	OverLimit Reason = iota + 1
	// TooCostly is a cost that is more than a bucket ever holds: 413, and never a
	// Retry-After, because waiting does not help.
	TooCostly
	// TooMany is a key that has as many requests under way as it may: 429.
	TooMany
	// Busy is a server that has as many requests under way as it may: 503.
	Busy
	// Unavailable is a store that cannot be asked: 503.
	Unavailable
)

// The problem types that draft-ietf-httpapi-ratelimit-headers registers.
const (
	quotaExceeded   = "https://iana.org/assignments/http-problem-types#quota-exceeded"
	reducedCapacity = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
)

// A Refusal is the answer to a request that is refused.
type Refusal struct {
	Reason Reason
	// Status is the HTTP status: 413, 429 or 503.
	Status int
	// Type, Title and Detail are those of the problem (RFC 9457). Type is an
	// absolute URI.
	Type, Title, Detail string
	// Violated are the names of the policies that refused.
	Violated []string
	// RetryAfter is when to try again, in whole seconds, at least 1, and never before
	// the t that RateLimit has for a policy that refused. 0 where trying again
	// does not help.
	RetryAfter time.Duration
}

func newRefusal(reason Reason, violated []string, wait time.Duration) Refusal {
	f := Refusal{Reason: reason, Violated: violated}
	switch reason {
	case TooCostly:
		f.Status, f.Type, f.Title = http.StatusRequestEntityTooLarge, problem.URI("cost-too-large"), "Request costs more than its limit ever allows"
		f.Detail = "Trying again does not help: split the request into smaller ones."
		return f
	case TooMany:
		f.Status, f.Type, f.Title = http.StatusTooManyRequests, quotaExceeded, "Too many requests at once"
		f.Detail = "Wait until one of your requests is answered."
	case Busy:
		f.Status, f.Type, f.Title = http.StatusServiceUnavailable, reducedCapacity, "Too many requests at once"
		f.Detail = "The server is busy with other requests."
	case Unavailable:
		f.Status, f.Type, f.Title = http.StatusServiceUnavailable, reducedCapacity, "Limits cannot be checked"
		f.Detail = "The server cannot check right now whether this request is within its limits."
	default:
		f.Status, f.Type, f.Title = http.StatusTooManyRequests, quotaExceeded, "Quota exceeded"
	}
	whole := max(seconds(wait), 1)
	if f.Detail == "" {
		f.Detail = "Try again in " + strconv.FormatInt(whole, 10) + " s."
	}
	f.RetryAfter = time.Duration(min(whole, math.MaxInt64/int64(time.Second))) * time.Second
	return f
}

// refuse answers.
func (c *config) refuse(w http.ResponseWriter, r *http.Request, f Refusal) {
	if f.RetryAfter > 0 {
		w.Header()[retryField] = []string{strconv.FormatInt(int64(f.RetryAfter/time.Second), 10)}
	}
	if c.render != nil {
		c.render(w, r, f)
		return
	}
	p := problem.Problem{Type: f.Type, Title: f.Title, Status: f.Status, Detail: f.Detail}
	if len(f.Violated) > 0 {
		p.Extra = map[string]any{"violated-policies": f.Violated}
	}
	problem.Write(w, p)
}
