package openfeaturetest

import (
	"context"
	"encoding/json"
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/isolated"
)

// patience is how long a scenario waits for what must happen.
const patience = time.Minute

// world is what the steps of one scenario share.
type world struct {
	t           *testing.T
	target      Target
	definitions []stepDefinition
	cached      bool

	ctx    context.Context //nolint:containedctx // the scenario's transaction
	api    *openfeature.EvaluationAPI
	client *openfeature.Client
	state  openfeature.State

	kind, key, fallback string
	attributes          map[string]any
	options             []openfeature.Option
	hook                *recorder
	order               []*recorder
	passed              *contextRecorder
	levels              []string

	details openfeature.InterfaceEvaluationDetails
	err     error
}

func newWorld(t *testing.T, target Target) *world {
	ctx, cancel := context.WithCancel(t.Context())
	w := &world{t: t, target: target, ctx: ctx, api: isolated.NewAPI(), attributes: map[string]any{}}
	w.client = w.api.NewClient()
	w.definitions = append(append(append(givens(), evaluations()...), outcomes()...), merging()...)
	t.Cleanup(func() {
		cancel()
		if err := w.api.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return w
}

// register makes a provider the API's and waits until it is in the state.
func (w *world) register(provider openfeature.FeatureProvider, state openfeature.State) {
	w.t.Helper()
	switch state {
	case openfeature.NotReadyState:
		if err := w.api.SetProvider(w.ctx, provider); err != nil {
			w.t.Fatal(err)
		}
	case openfeature.ErrorState, openfeature.FatalState:
		if err := w.api.SetProviderAndWait(w.ctx, provider); err == nil {
			w.t.Fatal("the provider became ready")
		}
	default:
		reached := make(chan struct{}, 1)
		handler := func(openfeature.EventDetails) {
			select {
			case reached <- struct{}{}:
			default:
			}
		}
		w.client.AddHandler(openfeature.ProviderStale, &handler)
		if err := w.api.SetProviderAndWait(w.ctx, provider); err != nil {
			w.t.Fatal(err)
		}
		if state == openfeature.StaleState {
			select {
			case <-reached:
			case <-time.After(patience):
				w.t.Fatal("the provider never became stale")
			}
		}
	}
	w.state = state
}

// evaluate asks for the scenario's flag in its type.
func (w *world) evaluate(options ...openfeature.Option) {
	w.t.Helper()
	w.details, w.err = w.resolve(w.kind, w.key, w.fallback, w.attributes, options...)
}

func (w *world) resolve(kind, key, fallback string, attributes map[string]any, options ...openfeature.Option) (openfeature.InterfaceEvaluationDetails, error) {
	w.t.Helper()
	evalCtx := openfeature.NewTargetlessEvaluationContext(attributes)
	switch kind {
	case "Boolean", "boolean":
		d, err := w.client.BooleanValueDetails(w.ctx, key, fallback == "true", evalCtx, options...)
		return untyped(d), err
	case "String", "string":
		d, err := w.client.StringValueDetails(w.ctx, key, fallback, evalCtx, options...)
		return untyped(d), err
	case "Integer", "integer":
		d, err := w.client.IntValueDetails(w.ctx, key, int64(w.number(fallback)), evalCtx, options...)
		return untyped(d), err
	case "Float", "float":
		d, err := w.client.FloatValueDetails(w.ctx, key, w.number(fallback), evalCtx, options...)
		return untyped(d), err
	case "Object", "object":
		return w.client.ObjectValueDetails(w.ctx, key, w.object(fallback), evalCtx, options...)
	}
	w.t.Fatalf("no such type: %s", kind)
	return openfeature.InterfaceEvaluationDetails{}, nil
}

func untyped[T any](d openfeature.GenericEvaluationDetails[T]) openfeature.InterfaceEvaluationDetails {
	return openfeature.InterfaceEvaluationDetails{Value: d.Value, EvaluationDetails: d.EvaluationDetails}
}

func (w *world) number(text string) float64 {
	w.t.Helper()
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// object reads JSON; nothing is null.
func (w *world) object(text string) any {
	w.t.Helper()
	if text == "" {
		return nil
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		w.t.Fatal(err)
	}
	return value
}

// recorder is a hook that remembers how it was called.
type recorder struct {
	stages   []string
	finally  openfeature.InterfaceEvaluationDetails
	after    openfeature.InterfaceEvaluationDetails
	add      map[string]any
	together *[]*recorder // appended to by each Before
}

func (r *recorder) Before(context.Context, openfeature.HookContext, openfeature.HookHints) (*openfeature.EvaluationContext, error) {
	r.stages = append(r.stages, "before")
	if r.together != nil {
		*r.together = append(*r.together, r)
	}
	if r.add == nil {
		return nil, nil
	}
	added := openfeature.NewTargetlessEvaluationContext(r.add)
	return &added, nil
}

func (r *recorder) After(_ context.Context, _ openfeature.HookContext, d openfeature.InterfaceEvaluationDetails, _ openfeature.HookHints) error {
	r.stages, r.after = append(r.stages, "after"), d
	return nil
}

func (r *recorder) Error(context.Context, openfeature.HookContext, error, openfeature.HookHints) {
	r.stages = append(r.stages, "error")
}

func (r *recorder) Finally(_ context.Context, _ openfeature.HookContext, d openfeature.InterfaceEvaluationDetails, _ openfeature.HookHints) {
	r.stages, r.finally = append(r.stages, "finally"), d
}

// contextRecorder hands on boolean questions and keeps the context they came with.
type contextRecorder struct {
	openfeature.FeatureProvider
	last openfeature.FlattenedContext
}

// BooleanEvaluation implements [openfeature.FeatureProvider].
func (c *contextRecorder) BooleanEvaluation(ctx context.Context, flag string, def bool, flat openfeature.FlattenedContext) openfeature.BoolResolutionDetail {
	c.last = maps.Clone(flat)
	return c.FeatureProvider.BooleanEvaluation(ctx, flag, def, flat)
}

var (
	_ openfeature.Hook            = (*recorder)(nil)
	_ openfeature.FeatureProvider = (*contextRecorder)(nil)
)
