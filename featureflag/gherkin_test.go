package featureflag_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/open-feature/go-sdk/openfeature"

	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/openfeaturetest"
)

// suiteFlags are the flags of the OpenFeature specification's suites.
func suiteFlags(t *testing.T) *featureflag.Flags {
	t.Helper()
	definitions, err := openfeaturetest.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, string(definitions))
}

// parsed are flags with these definitions.
func parsed(t testing.TB, definitions string) *featureflag.Flags {
	t.Helper()
	set, err := featureflag.Parse([]byte(definitions))
	if err != nil {
		t.Fatal(err)
	}
	flags := featureflag.New()
	flags.Replace(set)
	return flags
}

// inState is a provider of flags whose source is in a state.
func inState(t *testing.T, flags *featureflag.Flags, state openfeature.State) openfeature.FeatureProvider {
	t.Helper()
	flags.Report(featureflag.SourceState(state), errors.New("the test says so"))
	return featureflag.NewProvider(flags)
}

// started are flags that another provider answers, until the test ends.
func started(t *testing.T, provider openfeature.FeatureProvider, opts ...featureflag.DelegateOption) *featureflag.Delegate {
	t.Helper()
	d, err := featureflag.FromOpenFeature(provider, opts...)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// The specification's suites, asked in process.
func TestGherkin(t *testing.T) {
	openfeaturetest.Run(t, openfeaturetest.Target{
		Stable: func(t *testing.T) openfeature.FeatureProvider { return featureflag.NewProvider(suiteFlags(t)) },
		InState: func(t *testing.T, state openfeature.State) openfeature.FeatureProvider {
			return inState(t, suiteFlags(t), state)
		},
		Cached: func(t *testing.T) openfeature.FeatureProvider {
			return featureflag.NewProvider(started(t, &cachingProvider{FeatureProvider: featureflag.NewProvider(suiteFlags(t))}).Flags())
		},
	})
}

// The same through a chain: our provider, of flags that another provider
// answers, which happens to be ours again. States come from the innermost.
func TestGherkinDelegated(t *testing.T) {
	openfeaturetest.Run(t, openfeaturetest.Target{
		Stable: func(t *testing.T) openfeature.FeatureProvider {
			return featureflag.NewProvider(started(t, featureflag.NewProvider(suiteFlags(t))).Flags())
		},
		InState: func(t *testing.T, state openfeature.State) openfeature.FeatureProvider {
			d, err := featureflag.FromOpenFeature(inState(t, suiteFlags(t), state))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			begun := make(chan error, 1)
			go func() { begun <- d.Start(ctx) }()
			if state != openfeature.NotReadyState { // that waits as long as it may
				if err := <-begun; (err == nil) != (state == openfeature.StaleState) {
					t.Fatalf("start in state %s: %v", state, err)
				}
				close(begun)
			}
			t.Cleanup(func() {
				cancel()
				<-begun //nolint:errcheck // it was looked at, or is that of cancel
				d.Shutdown(context.Background())
			})
			return featureflag.NewProvider(d.Flags())
		},
		Cached: func(t *testing.T) openfeature.FeatureProvider {
			return &cachingProvider{FeatureProvider: featureflag.NewProvider(started(t, featureflag.NewProvider(suiteFlags(t))).Flags())}
		},
	})
}

// cachingProvider keeps answers, and says so.
type cachingProvider struct {
	openfeature.FeatureProvider
	mu      sync.Mutex
	answers map[string]any
}

func cachedAnswer[T any](c *cachingProvider, key string, ask func() openfeature.GenericResolutionDetail[T]) openfeature.GenericResolutionDetail[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept, ok := c.answers[key].(openfeature.GenericResolutionDetail[T]); ok {
		kept.Reason = openfeature.CachedReason
		return kept
	}
	answer := ask()
	if c.answers == nil {
		c.answers = map[string]any{}
	}
	c.answers[key] = answer
	return answer
}

func (c *cachingProvider) BooleanEvaluation(ctx context.Context, flag string, def bool, flat openfeature.FlattenedContext) openfeature.BoolResolutionDetail {
	return cachedAnswer(c, flag, func() openfeature.BoolResolutionDetail {
		return c.FeatureProvider.BooleanEvaluation(ctx, flag, def, flat)
	})
}

func (c *cachingProvider) StringEvaluation(ctx context.Context, flag, def string, flat openfeature.FlattenedContext) openfeature.StringResolutionDetail {
	return cachedAnswer(c, flag, func() openfeature.StringResolutionDetail {
		return c.FeatureProvider.StringEvaluation(ctx, flag, def, flat)
	})
}
