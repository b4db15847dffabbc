package dashboard

import (
	"context"

	"github.com/modular-dashboard/dashboard/ai"
)

// Models lists the names that [Host.Model] can be asked for. Where the context is
// that of a request, names that its caller may not ask for are left out. A model
// that is not listed may still be there as "provider/model". Where no provider is
// configured the error is an [*Error] with status 503 and the code "no-provider".
// The list comes from the providers, which have 5 s to answer and are asked again
// after 5 minutes.
func (h *Host) Models(ctx context.Context) ([]ai.ModelInfo, error) {
	if !h.d.hasProvider() {
		return nil, errNoProvider
	}
	return h.d.allowedModels(ctx)
}

// HasModels reports whether [Host.Model] has any provider to ask.
func (h *Host) HasModels() bool { return h.d.hasProvider() }

// ModelRecord returns a context for one request to [Host.Model] or [Dashboard.Model],
// and the record of that request. The record has its ID at once, which feedback refers
// to; the rest is there when the answer has ended, and not to be read before.
func ModelRecord(ctx context.Context) (context.Context, *ai.Record) { return withRecord(ctx) }

// AsError returns what an endpoint answers when its function returns err: err itself
// where it is an [*Error], else what stands for it. A [Stream], which has answered
// already, may send code and detail as an event. Nil is nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	return asError(err)
}
