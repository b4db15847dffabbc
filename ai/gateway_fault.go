package ai

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// noMore is the type of what no waiting helps with.
const noMore = "insufficient_quota"

// statusClientLeft is what nginx, and logs since, call a client that did not wait.
const statusClientLeft = 499

// fault is an error object of OpenAI's format.
type fault struct {
	Message string `json:"message"`
	Type    string `json:"type"`
	Param   string `json:"param,omitempty"`
	Code    string `json:"code,omitempty"`
}

// faultOf says an error in the format. What is wrong between us and a provider is
// no fault of the client's, and its words are not repeated.
func faultOf(e *Error) (int, fault) {
	const request, upstream = "invalid_request_error", "upstream_error"
	said := func(instead string) string {
		if e.Message != "" {
			return e.Message
		}
		return instead
	}
	switch e.Kind {
	case Invalid:
		return http.StatusBadRequest, fault{Message: said("The request is invalid."), Type: request}
	case TooLarge:
		return http.StatusBadRequest, fault{Message: said("The request is too long for the model."), Type: request, Code: "context_length_exceeded"}
	case Unsupported:
		return http.StatusBadRequest, fault{Message: said("The model cannot do that."), Type: request, Code: "unsupported"}
	case NotFound:
		if e.Code == noProvider && e.Status == 0 { // nothing is wrong with what was asked
			return http.StatusServiceUnavailable, fault{Message: e.Message, Type: "server_error", Code: noProvider}
		}
		return http.StatusNotFound, fault{Message: said("The model does not exist."), Type: request, Code: "model_not_found"}
	case Filtered:
		return http.StatusBadRequest, fault{Message: said("The content is refused."), Type: request, Code: "content_filter"}
	case RateLimited:
		return http.StatusTooManyRequests, fault{Message: "Too many requests.", Type: "requests", Code: "rate_limit_exceeded"}
	case Quota:
		return http.StatusTooManyRequests, fault{Message: "The provider's quota is used up.", Type: noMore, Code: noMore}
	case Budget:
		return http.StatusTooManyRequests, fault{Message: said("The budget is used up."), Type: noMore, Code: cmp.Or(e.Code, "budget_exceeded")}
	case Overloaded:
		return http.StatusServiceUnavailable, fault{Message: "The provider has too much to do.", Type: upstream, Code: "overloaded"}
	case Timeout:
		return http.StatusGatewayTimeout, fault{Message: "The provider took too long.", Type: upstream, Code: "timeout"}
	case Unauthorized:
		return http.StatusBadGateway, fault{Message: "The provider refuses this server.", Type: upstream, Code: "provider_unauthorized"}
	}
	return http.StatusBadGateway, fault{Message: "The provider did not answer as it should.", Type: upstream, Code: e.Kind.String()}
}

// unreadable says what is wrong with a body, in the words of the format and not in
// those of Go.
func unreadable(err error) *fault {
	f := &fault{Message: "The request cannot be read: " + strings.TrimPrefix(err.Error(), "json: ") + ".", Type: "invalid_request_error", Code: "invalid_body"}
	if errors.Is(err, io.EOF) {
		f.Message = "The request has no body."
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		f.Param, f.Message = e.Field, fmt.Sprintf("The field %q has a value of another type than it should: %s.", e.Field, e.Value)
		if e.Field == "" {
			f.Message = "The request is no JSON object."
		}
	}
	return f
}

// failure is what a client is told of an answer that failed, also one that this side
// ended. A client that seems to have left may have closed its half of the connection
// alone.
func (g *Gateway) failure(ctx context.Context, model string, err error) (status int, f fault, after time.Duration) {
	cause := context.Cause(ctx)
	switch {
	case cause == nil:
		e := typed(err)
		status, f = g.failed(model, e)
		return status, f, e.RetryAfter
	case errors.Is(cause, context.Canceled):
		d := Denial{Status: statusClientLeft, Code: "client_closed_request", Message: "The client closed its connection."}
		return d.Status, d.fault(), 0
	}
	d := Denial{Status: http.StatusServiceUnavailable, Code: "ended", Message: "The answer was ended by the server."}
	switch {
	case g.Ended != nil:
		d = g.Ended(cause)
	case errors.Is(cause, context.DeadlineExceeded):
		d = Denial{Status: http.StatusGatewayTimeout, Code: "timeout", Message: "The answer took too long."}
	}
	return d.Status, d.fault(), d.RetryAfter
}

func writeFault(w http.ResponseWriter, status int, f fault, after time.Duration) {
	if f.Type == noMore {
		w.Header().Set("X-Should-Retry", "false") // the SDKs ask again after a 429 else
	}
	if after > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((after+time.Second-1)/time.Second), 10))
	}
	writeJSON(w, status, map[string]fault{"error": f})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil { // all of them are ours
		status, b = http.StatusInternalServerError, []byte(`{"error":{"message":"The answer cannot be written.","type":"server_error"}}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // who left hears nothing
}
