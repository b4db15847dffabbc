package featureflag

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/open-feature/go-sdk/openfeature"
)

// Provider answers OpenFeature's questions from a [Flags]. Register it with an
// API of the host's choice: the process's (openfeature.SetProviderAndWait) or one
// of its own (isolated.NewAPI), which leaves the process's alone.
//
// The evaluation context is the one that OpenFeature merged: API, transaction,
// client, invocation, hooks. What [WithContext] says is the transaction's, so
// that a client asks for who the request is from without being told.
//
// It sends PROVIDER_READY, PROVIDER_CONFIGURATION_CHANGED with the keys that
// changed, PROVIDER_STALE and PROVIDER_ERROR as the flags and their source
// change, from Init to Shutdown. It is safe for concurrent use; Init and
// Shutdown may be called in any order and any number of times, as OpenFeature
// does for a provider of several domains.
type Provider struct {
	flags  *Flags
	name   string
	hooks  []openfeature.Hook
	events chan openfeature.Event

	mu     sync.Mutex
	sender *eventSender // nil before Init and after Shutdown
}

// A ProviderOption adjusts [NewProvider].
type ProviderOption interface{ applyProvider(*Provider) }

type providerOption func(*Provider)

func (o providerOption) applyProvider(p *Provider) { o(p) }

// WithProviderName sets the name in the provider's metadata and events,
// "dashboard" by default.
func WithProviderName(name string) ProviderOption {
	return providerOption(func(p *Provider) { p.name = name })
}

// WithProviderHooks adds hooks that run for every evaluation through the
// provider.
func WithProviderHooks(hooks ...openfeature.Hook) ProviderOption {
	return providerOption(func(p *Provider) { p.hooks = append(p.hooks, hooks...) })
}

// NewProvider returns a provider that answers from f.
func NewProvider(f *Flags, opts ...ProviderOption) *Provider {
	p := &Provider{flags: f, name: "dashboard", events: make(chan openfeature.Event)}
	for _, o := range opts {
		o.applyProvider(p)
	}
	return p
}

// Metadata implements [openfeature.FeatureProvider].
func (p *Provider) Metadata() openfeature.Metadata { return openfeature.Metadata{Name: p.name} }

// Hooks implements [openfeature.FeatureProvider].
func (p *Provider) Hooks() []openfeature.Hook { return p.hooks }

// BooleanEvaluation implements [openfeature.FeatureProvider].
func (p *Provider) BooleanEvaluation(ctx context.Context, flag string, defaultValue bool, flatCtx openfeature.FlattenedContext) openfeature.BoolResolutionDetail {
	e := p.evaluate(ctx, flag, KindBool, flatCtx)
	value, ok := e.Value.Bool()
	if !ok {
		value = defaultValue
	}
	return openfeature.BoolResolutionDetail{Value: value, ProviderResolutionDetail: detail(&e, ok)}
}

// StringEvaluation implements [openfeature.FeatureProvider].
func (p *Provider) StringEvaluation(ctx context.Context, flag string, defaultValue string, flatCtx openfeature.FlattenedContext) openfeature.StringResolutionDetail {
	e := p.evaluate(ctx, flag, KindString, flatCtx)
	value, ok := e.Value.Text()
	if !ok {
		value = defaultValue
	}
	return openfeature.StringResolutionDetail{Value: value, ProviderResolutionDetail: detail(&e, ok)}
}

// FloatEvaluation implements [openfeature.FeatureProvider].
func (p *Provider) FloatEvaluation(ctx context.Context, flag string, defaultValue float64, flatCtx openfeature.FlattenedContext) openfeature.FloatResolutionDetail {
	e := p.evaluate(ctx, flag, KindNumber, flatCtx)
	value, ok := e.Value.Float()
	if !ok {
		value = defaultValue
	}
	return openfeature.FloatResolutionDetail{Value: value, ProviderResolutionDetail: detail(&e, ok)}
}

// IntEvaluation implements [openfeature.FeatureProvider]. Definitions have one
// type of number; a fraction is cut off, as flagd does.
func (p *Provider) IntEvaluation(ctx context.Context, flag string, defaultValue int64, flatCtx openfeature.FlattenedContext) openfeature.IntResolutionDetail {
	e := p.evaluate(ctx, flag, KindNumber, flatCtx)
	value, ok := e.Value.Int()
	if !ok {
		value = defaultValue
	}
	return openfeature.IntResolutionDetail{Value: value, ProviderResolutionDetail: detail(&e, ok)}
}

// ObjectEvaluation implements [openfeature.FeatureProvider]. The value is a
// map[string]any of the caller's own.
func (p *Provider) ObjectEvaluation(ctx context.Context, flag string, defaultValue any, flatCtx openfeature.FlattenedContext) openfeature.InterfaceResolutionDetail {
	e := p.evaluate(ctx, flag, KindObject, flatCtx)
	object, ok := e.Value.Object()
	if !ok {
		return openfeature.InterfaceResolutionDetail{Value: defaultValue, ProviderResolutionDetail: detail(&e, false)}
	}
	return openfeature.InterfaceResolutionDetail{Value: object, ProviderResolutionDetail: detail(&e, true)}
}

// detail is everything of an evaluation but its value. found tells that the
// value is of the type that was asked for.
func detail(e *Evaluation, found bool) openfeature.ProviderResolutionDetail {
	d := openfeature.ProviderResolutionDetail{Reason: openfeature.Reason(e.Reason), FlagMetadata: flagMetadata(e.Metadata)}
	switch {
	case e.Code != "":
		d.Reason, d.ResolutionError = openfeature.ErrorReason, resolutionError(e.Code, e.Detail)
	case found:
		d.Variant = e.Variant
	case !e.Value.IsNone():
		d.Reason = openfeature.ErrorReason
		d.ResolutionError = openfeature.NewTypeMismatchResolutionError(fmt.Sprintf("flag %q is a %s", e.Key, e.Value.Kind()))
	}
	return d
}

// flagMetadata is metadata as OpenFeature has it, where whole numbers are
// integers; nil when there is none.
func flagMetadata(m Metadata) openfeature.FlagMetadata {
	if len(m) == 0 {
		return nil
	}
	converted := make(openfeature.FlagMetadata, len(m))
	for key, value := range m {
		if number, ok := value.(float64); ok && number == math.Trunc(number) && math.Abs(number) < 1<<53 {
			value = int64(number)
		}
		converted[key] = value
	}
	return converted
}

func resolutionError(code ErrorCode, detail string) openfeature.ResolutionError {
	switch code {
	case CodeFlagNotFound:
		return openfeature.NewFlagNotFoundResolutionError(detail)
	case CodeParse:
		return openfeature.NewParseErrorResolutionError(detail)
	case CodeTypeMismatch:
		return openfeature.NewTypeMismatchResolutionError(detail)
	case CodeTargetingKeyMissing:
		return openfeature.NewTargetingKeyMissingResolutionError(detail)
	case CodeInvalidContext:
		return openfeature.NewInvalidContextResolutionError(detail)
	case CodeProviderNotReady:
		return openfeature.NewProviderNotReadyResolutionError(detail)
	case CodeProviderFatal:
		return openfeature.NewProviderFatalResolutionError(detail)
	}
	return openfeature.NewGeneralResolutionError(detail)
}

var (
	_ openfeature.FeatureProvider          = (*Provider)(nil)
	_ openfeature.ContextAwareStateHandler = (*Provider)(nil)
	_ openfeature.EventHandler             = (*Provider)(nil)
	_ openfeature.Tracker                  = (*Provider)(nil)
)
