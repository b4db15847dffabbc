package dashboard

import (
	"cmp"
	"net/http"

	"github.com/modular-dashboard/dashboard/ai"
)

var errNoProvider = &Error{Status: http.StatusServiceUnavailable, Code: "no-provider",
	Detail: "No provider of models is configured. Give one to dashboard.WithModels; the reference server takes those of OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY and OLLAMA_HOST."}

// codeNoProvider is how [ai.Directory] and the format of /ai/v1 say it.
const codeNoProvider = "no_provider"

// modelProblem says why a model did not answer. What is wrong between this server
// and a provider is no fault of the caller's, and its words are not repeated.
func modelProblem(e *ai.Error) *Error {
	out := &Error{RetryAfter: e.RetryAfter, Err: e}
	switch e.Kind {
	case ai.Invalid:
		out.Status, out.Code, out.Detail = http.StatusUnprocessableEntity, "model-request-invalid", cmp.Or(e.Message, "The request is invalid.")
	case ai.TooLarge:
		out.Status, out.Code, out.Detail = http.StatusUnprocessableEntity, "model-request-too-long", "The request is too long for the model."
	case ai.Unsupported:
		out.Status, out.Code, out.Detail = http.StatusUnprocessableEntity, "model-cannot", cmp.Or(e.Message, "The model cannot do that.")
	case ai.NotFound:
		if e.Code == codeNoProvider && e.Status == 0 {
			return errNoProvider
		}
		out.Status, out.Code, out.Detail = http.StatusNotFound, "model-not-found", cmp.Or(e.Message, "The model does not exist.")
	case ai.Filtered:
		out.Status, out.Code, out.Detail = http.StatusUnprocessableEntity, "content-refused", cmp.Or(e.Message, "The content is refused.")
	case ai.Budget:
		out.Status, out.Code, out.Detail = http.StatusTooManyRequests, "budget-exceeded", cmp.Or(e.Message, "The budget is used up.")
	case ai.RateLimited:
		if e.Code == codeTokenRate {
			out.Status, out.Code, out.Detail = http.StatusTooManyRequests, "rate-limit-exceeded", e.Message
			break
		}
		out.Status, out.Code, out.Detail = http.StatusServiceUnavailable, "provider-rate-limited", "The provider gets too many requests from this server."
	case ai.Quota:
		out.Status, out.Code, out.Detail = http.StatusServiceUnavailable, "provider-quota", "The provider's quota is used up."
	case ai.Overloaded:
		out.Status, out.Code, out.Detail = http.StatusServiceUnavailable, "provider-overloaded", "The provider has too much to do."
	case ai.Timeout:
		out.Status, out.Code, out.Detail = http.StatusGatewayTimeout, "provider-timeout", "The provider took too long."
	case ai.Unauthorized:
		out.Status, out.Code, out.Detail = http.StatusBadGateway, "provider-unauthorized", "The provider refuses this server."
	case ai.Canceled:
		out.Status, out.Code = 499, "client-closed-request"
	default:
		out.Status, out.Code, out.Detail = http.StatusBadGateway, "provider-failed", "The provider did not answer as it should."
	}
	return out
}
