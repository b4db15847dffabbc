package wire

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/jsonscan"
)

const (
	errorBody   = 64 << 10
	messageText = 1 << 10
)

// refused reads what the provider says of a status that is not 200.
func (c *Call) refused() *ai.Error {
	body, err := io.ReadAll(io.LimitReader(c.Body, errorBody))
	if err != nil && c.ctx.Err() != nil {
		return c.Broken(err)
	}
	f, ok := ReadFault(body)
	e := c.Fault(f)
	e.Status = c.StatusCode
	e.Kind = kindOf(c.StatusCode, f)
	if !ok {
		e.Message = http.StatusText(c.StatusCode) // pages of proxies say nothing to people
	}
	if c.StatusCode == http.StatusNotFound && (!ok || nowhere(f.Message)) {
		e.Message = bounded(c.endpoint.scrub(c.endpoint.lost(e.Message)))
	}
	if wait := retryAfter(c.Response.Header, time.Now()); wait > 0 {
		e.RetryAfter = wait
	}
	return e
}

// nowhere recognizes what servers say where it is the path that they do not know,
// and not the model.
func nowhere(message string) bool {
	message = strings.TrimRight(strings.ToLower(message), ".! ")
	for _, words := range [...]string{"invalid url", "unexpected endpoint", "unknown endpoint", "page not found", "file not found", "no route"} {
		if strings.Contains(message, words) {
			return true
		}
	}
	return message == "" || message == "not found"
}

// lost says that it may be the base URL that is wrong: the path below it is one that
// every server of the format has.
func (e *Endpoint) lost(message string) string {
	hint := ": the provider has no " + strings.TrimPrefix(strings.TrimPrefix(e.url.Path, e.base.Path), "/") + " below its base URL, which may be wrong"
	if e.version != "" && !strings.HasSuffix(strings.TrimRight(e.base.Path, "/"), e.version) {
		hint += ". It should probably end with " + e.version
	}
	return strings.TrimRight(message, ".") + hint + "."
}

// A Fault is what a provider's error object says.
type Fault struct {
	Code, Type, Message string
	Status              int
	Retry               time.Duration
	Daily               bool   // a quota of the day is used up
	Reason              string // of google.rpc.ErrorInfo
}

// Fault returns the error of an error object, which may come in a 200.
func (c *Call) Fault(f Fault) *ai.Error {
	e := c.Error(kindOf(f.Status, f), f.Message)
	e.Code, e.RetryAfter = c.endpoint.scrub(f.Code), f.Retry
	if e.Code == "" {
		e.Code = f.Type
	}
	return e
}

// ReadFault finds the error object of a body: {"error": {…}} of all providers,
// {"error": "…"}, or one of these in an array.
func ReadFault(body []byte) (f Fault, ok bool) {
	s := jsonscan.Of(bytes.TrimSpace(body))
	if s.Peek() == '[' && (!s.Enter('[') || !s.More(']')) {
		return f, false
	}
	for more := s.Peek() == '{' && s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "error":
			ok = f.Read(&s)
		case "message":
			if !ok {
				f.Message = s.Text()
			} else {
				s.Discard()
			}
		default:
			s.Discard()
		}
	}
	return f, ok && s.Err() == nil
}

// Read reads the value of "error". It returns false for null.
func (f *Fault) Read(s *jsonscan.Scanner) bool {
	switch s.Peek() {
	case 'n':
		s.Discard()
		return false
	case '"':
		f.Message = s.String()
		return true
	case '{':
	default:
		f.Message = s.Text()
		return true
	}
	for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
		switch string(s.Key()) {
		case "message":
			f.Message = s.Text()
		case "type":
			f.Type = s.Text()
		case "status":
			f.Type = s.Text()
		case "code":
			f.Code = s.Text()
			if n, err := strconv.Atoi(f.Code); err == nil {
				f.Status, f.Code = n, ""
			}
		case "details":
			f.details(s)
		default:
			s.Discard()
		}
	}
	return true
}

// details reads google.rpc.RetryInfo, QuotaFailure and ErrorInfo.
func (f *Fault) details(s *jsonscan.Scanner) {
	if s.Peek() != '[' {
		s.Discard()
		return
	}
	for more := s.Enter('[') && s.More(']'); more; more = s.More(']') {
		if s.Peek() != '{' {
			s.Discard()
			continue
		}
		for more := s.Enter('{') && s.More('}'); more; more = s.More('}') {
			switch string(s.Key()) {
			case "retryDelay":
				if d, err := time.ParseDuration(s.Text()); err == nil && d > 0 {
					f.Retry = d
				}
			case "reason":
				f.Reason = s.Text()
			case "violations":
				f.Daily = f.Daily || bytes.Contains(s.Raw(), []byte("PerDay"))
			default:
				s.Discard()
			}
		}
	}
}

// kindOf says what a status, or an error object without one, means.
func kindOf(status int, f Fault) ai.ErrorKind {
	if k, ok := kindOfWords(status, f); ok {
		return k
	}
	if k, ok := kindOfCode(f.Code); ok {
		return k
	}
	if (status == http.StatusBadRequest || status == http.StatusInternalServerError) && tooLong(f.Message) {
		return ai.TooLarge
	}
	if k, ok := kindOfCode(f.Type); ok && (status < 400 || k == ai.Quota || status == http.StatusBadRequest) {
		return k
	}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ai.Unauthorized
	case http.StatusPaymentRequired:
		return ai.Quota
	case http.StatusNotFound, http.StatusGone:
		return ai.NotFound
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return ai.Timeout
	case http.StatusRequestEntityTooLarge:
		return ai.TooLarge
	case http.StatusTooManyRequests:
		if f.Daily {
			return ai.Quota
		}
		return ai.RateLimited
	case http.StatusNotImplemented:
		return ai.Unsupported
	case http.StatusConflict, http.StatusTooEarly, http.StatusBadGateway:
		return ai.Server
	case http.StatusServiceUnavailable, 529:
		return ai.Overloaded
	}
	switch {
	case status >= 500 || status < 400: // an error without a status came instead of an answer
		return ai.Server
	default:
		return ai.Invalid
	}
}

// kindOfWords recognizes what providers say with a code that means something else:
// a key that is none is a wrong argument to Gemini, and credit that is used up a
// wrong request to Anthropic.
func kindOfWords(status int, f Fault) (ai.ErrorKind, bool) {
	message := ""
	if status == http.StatusBadRequest || status == http.StatusTooManyRequests {
		message = strings.ToLower(f.Message)
	}
	switch {
	case strings.HasPrefix(f.Reason, "API_KEY_"):
		return ai.Unauthorized, true
	case f.Reason == "BILLING_DISABLED", strings.Contains(message, "credit balance is too low"):
		return ai.Quota, true
	case status != http.StatusTooManyRequests:
	case strings.Contains(message, "usage limit"): // Ollama's, of an hour or a week
		return ai.Quota, true
	case strings.HasPrefix(message, "request too large"): // for what may be used in a minute: it never fits
		return ai.TooLarge, true
	}
	return 0, false
}

// tooLong recognizes what providers that have no code for it say of a request
// which does not fit into the model.
func tooLong(message string) bool {
	message = strings.ToLower(message)
	for _, words := range [...]string{"prompt is too long", "context length", "context window", "maximum number of tokens"} {
		if strings.Contains(message, words) {
			return true
		}
	}
	return false
}

func kindOfCode(code string) (ai.ErrorKind, bool) {
	switch code {
	case "context_length_exceeded", "string_above_max_length", "request_too_large", "exceed_context_size_error":
		return ai.TooLarge, true
	case "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "billing_error":
		return ai.Quota, true
	case "rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED":
		return ai.RateLimited, true
	case "content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation":
		return ai.Filtered, true
	case "invalid_api_key", "authentication_error", "permission_error", "UNAUTHENTICATED", "PERMISSION_DENIED":
		return ai.Unauthorized, true
	case "model_not_found", "not_found_error", "NOT_FOUND":
		return ai.NotFound, true
	case "overloaded_error", "UNAVAILABLE":
		return ai.Overloaded, true
	case "api_error", "server_error", "internal_error", "INTERNAL":
		return ai.Server, true
	case "timeout_error", "DEADLINE_EXCEEDED":
		return ai.Timeout, true
	case "invalid_request_error", "INVALID_ARGUMENT", "FAILED_PRECONDITION":
		return ai.Invalid, true
	}
	return 0, false
}

// retryAfter reads when the provider wants to be asked again: milliseconds,
// seconds, or a date (RFC 9110, 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms > 0 && ms < 1e12 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		if s > 0 && s < 1e9 {
			return time.Duration(s * float64(time.Second))
		}
		return 0
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date // their clock, not ours
	}
	return max(0, at.Sub(now))
}

func requestID(h http.Header) string {
	for _, name := range [...]string{"X-Request-Id", "Request-Id", "X-Goog-Request-Id"} {
		if v := h[name]; len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// bounded cuts text that others write.
func bounded(s string) string {
	if len(s) <= messageText {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	s = s[:messageText]
	for len(s) > 0 && !utf8.RuneStart(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return strings.ToValidUTF8(s, "") + "…"
}
