package featureflag_test

import (
	"context"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/memprovider"
)

// stubProvider does what a test says.
type stubProvider struct {
	openfeature.NoopProvider
	boolean  func(context.Context, openfeature.FlattenedContext) openfeature.BoolResolutionDetail
	init     func(context.Context) error
	shutdown func(context.Context) error
	events   chan openfeature.Event
	track    func(string, openfeature.EvaluationContext, float64)
	hook     openfeature.Hook
}

func (s *stubProvider) BooleanEvaluation(ctx context.Context, _ string, def bool, flat openfeature.FlattenedContext) openfeature.BoolResolutionDetail {
	if s.boolean == nil {
		return openfeature.BoolResolutionDetail{Value: def}
	}
	return s.boolean(ctx, flat)
}

func (s *stubProvider) Hooks() []openfeature.Hook {
	if s.hook == nil {
		return nil
	}
	return []openfeature.Hook{s.hook}
}

func (s *stubProvider) Init(e openfeature.EvaluationContext) error {
	return s.InitWithContext(context.Background(), e)
}
func (s *stubProvider) Shutdown() {}

func (s *stubProvider) InitWithContext(ctx context.Context, _ openfeature.EvaluationContext) error {
	if s.init == nil {
		return nil
	}
	return s.init(ctx)
}

func (s *stubProvider) ShutdownWithContext(ctx context.Context) error {
	if s.shutdown == nil {
		return nil
	}
	return s.shutdown(ctx)
}

func (s *stubProvider) EventChannel() <-chan openfeature.Event { return s.events }

func (s *stubProvider) Track(_ context.Context, name string, evalCtx openfeature.EvaluationContext, details openfeature.TrackingEventDetails) {
	s.track(name, evalCtx, details.Value())
}

func yes(context.Context, openfeature.FlattenedContext) openfeature.BoolResolutionDetail {
	return openfeature.BoolResolutionDetail{Value: true, ProviderResolutionDetail: openfeature.ProviderResolutionDetail{
		Reason: openfeature.TargetingMatchReason, Variant: "yes", FlagMetadata: openfeature.FlagMetadata{"n": 1, "f": float32(0.5), "odd": []int{1}},
	}}
}

// memFlags are OpenFeature's own in-memory provider.
func memFlags() *memprovider.InMemoryProvider {
	flag := func(state memprovider.State, value any) memprovider.InMemoryFlag {
		return memprovider.InMemoryFlag{State: state, DefaultVariant: "v", Variants: map[string]any{"v": value}}
	}
	return memprovider.NewInMemoryProvider(map[string]memprovider.InMemoryFlag{
		"bool": flag(memprovider.Enabled, true), "string": flag(memprovider.Enabled, "s"), "int": flag(memprovider.Enabled, 7), "float": flag(memprovider.Enabled, 0.5),
		"object": flag(memprovider.Enabled, map[string]any{"a": 1}), "struct": flag(memprovider.Enabled, struct{ A int }{1}),
		"list": flag(memprovider.Enabled, []int{1}), "off": flag(memprovider.Disabled, true),
	})
}
