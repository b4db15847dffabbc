package featureflag

import (
	"context"

	"github.com/open-feature/go-sdk/openfeature"
)

// evaluate answers for the context that OpenFeature merged. It holds what
// WithContext said as the transaction's.
func (p *Provider) evaluate(ctx context.Context, key string, want Kind, flat openfeature.FlattenedContext) Evaluation {
	switch report := p.flags.health.report(); report.state {
	case SourceNotReady:
		return failed(key, CodeProviderNotReady, reasonOf(report))
	case SourceFatal:
		return failed(key, CodeProviderFatal, reasonOf(report))
	}
	if p.flags.resolver != nil {
		c := contextOf(flat)
		return p.flags.answer(ctx, key, want, &c)
	}
	c := contextOf(flat)
	return p.flags.own(key, want, &c)
}

func contextOf(flat openfeature.FlattenedContext) Context {
	c := Context{Attributes: flat}
	c.TargetingKey, _ = flat[openfeature.TargetingKey].(string)
	return c
}

// Track implements [openfeature.Tracker]: see [Flags.Track].
func (p *Provider) Track(ctx context.Context, name string, evalCtx openfeature.EvaluationContext, details openfeature.TrackingEventDetails) {
	c := Context{TargetingKey: evalCtx.TargetingKey(), Attributes: evalCtx.Attributes()}
	p.flags.Track(WithContext(ctx, c), name, details.Value())
}
