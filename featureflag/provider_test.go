package featureflag_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/isolated"
	"github.com/open-feature/go-sdk/openfeature/memprovider"

	"github.com/modular-dashboard/dashboard/featureflag"
)

const patience = time.Minute

// registered is a client of an API of its own whose provider is p.
func registered(t testing.TB, p openfeature.FeatureProvider) (*openfeature.EvaluationAPI, *openfeature.Client) {
	t.Helper()
	api := isolated.NewAPI()
	if err := api.SetProviderAndWait(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := api.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return api, api.NewClient()
}

// events collects what a client hears.
func events(t testing.TB, client *openfeature.Client, kinds ...openfeature.EventType) <-chan openfeature.EventDetails {
	heard := make(chan openfeature.EventDetails, 100)
	handler := func(e openfeature.EventDetails) { heard <- e }
	for _, kind := range kinds {
		client.AddHandler(kind, &handler)
		t.Cleanup(func() { client.RemoveHandler(kind, &handler) })
	}
	return heard
}

func receive[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); {
		if time.Since(began) > patience {
			t.Fatalf("never: %s", what)
		}
		<-time.After(time.Millisecond)
	}
}

// A dashboard in a process leaves the process's OpenFeature alone.
func TestProviderSeizesNothing(t *testing.T) {
	before := openfeature.ProviderMetadata()
	_, client := registered(t, featureflag.NewProvider(parsed(t, oneFlag(1))))
	if got := client.Int(t.Context(), "n", 0, openfeature.EvaluationContext{}); got != 1 {
		t.Errorf("got %d", got)
	}
	if after := openfeature.ProviderMetadata(); after != before {
		t.Errorf("the process's provider is %v now", after)
	}
	if got := openfeature.NewClient("").Int(t.Context(), "n", 7, openfeature.EvaluationContext{}); got != 7 {
		t.Errorf("the process's client got %d", got)
	}
}

func TestProviderAnswers(t *testing.T) {
	flags := parsed(t, remoteFlags)
	provider := featureflag.NewProvider(flags)
	_, client := registered(t, provider)
	type answer struct {
		value   any
		reason  openfeature.Reason
		variant string
		code    openfeature.ErrorCode
	}
	inside := openfeature.NewEvaluationContext("u", map[string]any{"email": "a@example.com"})
	nobody := openfeature.EvaluationContext{}
	for _, test := range []struct {
		name string
		ask  func() (openfeature.InterfaceEvaluationDetails, error)
		want answer
	}{
		{"boolean", asked(client.BooleanValueDetails, "on", false, nobody), answer{true, openfeature.StaticReason, "on", ""}},
		{"string", asked(client.StringValueDetails, "a/b c%2Fd", "x", nobody), answer{`é"<`, openfeature.StaticReason, "x", ""}},
		{"integer", asked(client.IntValueDetails, "count", 1, nobody), answer{int64(10), openfeature.DefaultReason, "ten", ""}},
		{"float", asked(client.FloatValueDetails, "count", 1, inside), answer{1e21, openfeature.TargetingMatchReason, "big", ""}},
		{"zero", asked(client.FloatValueDetails, "zero", 1, nobody), answer{0.0, openfeature.StaticReason, "zero", ""}},
		{"object", asked(client.ObjectValueDetails, "object", nil, nobody), answer{map[string]any{"a": map[string]any{}, "b": []any{1.0, nil}}, openfeature.StaticReason, "o", ""}},
		{"too large for an integer", asked(client.IntValueDetails, "count", 1, inside), answer{int64(1), openfeature.ErrorReason, "", openfeature.TypeMismatchCode}},
		{"disabled", asked(client.BooleanValueDetails, "off", false, nobody), answer{false, openfeature.DisabledReason, "", ""}},
		{"code default", asked(client.BooleanValueDetails, "none", true, nobody), answer{true, openfeature.DefaultReason, "", ""}},
		{"code default of a rule", asked(client.BooleanValueDetails, "code", true, nobody), answer{true, openfeature.DefaultReason, "", ""}},
		{"unknown", asked(client.BooleanValueDetails, "nope", true, nobody), answer{true, openfeature.ErrorReason, "", openfeature.FlagNotFoundCode}},
		{"wrong type", asked(client.StringValueDetails, "on", "x", nobody), answer{"x", openfeature.ErrorReason, "", openfeature.TypeMismatchCode}},
		{"wrong type of an object", asked(client.ObjectValueDetails, "on", nil, nobody), answer{nil, openfeature.ErrorReason, "", openfeature.TypeMismatchCode}},
		{"broken rule", asked(client.BooleanValueDetails, "broken", true, nobody), answer{true, openfeature.ErrorReason, "", openfeature.GeneralCode}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.ask()
			have := answer{got.Value, got.Reason, got.Variant, got.ErrorCode}
			if !reflect.DeepEqual(have, test.want) || (err != nil) != (test.want.code != "") {
				t.Errorf("got %+v %v, want %+v", have, err, test.want)
			}
			if test.want.code != "" && got.ErrorMessage == "" {
				t.Error("no message")
			}
		})
	}
	if got := flags.Exposed("on"); got != 1 { // a wrong type has not been served
		t.Errorf("on was served %d times", got)
	}
}

// asked asks a client for the details of a flag.
func asked[T any](ask func(context.Context, string, T, openfeature.EvaluationContext, ...openfeature.Option) (openfeature.GenericEvaluationDetails[T], error),
	flag string, def T, evalCtx openfeature.EvaluationContext,
) func() (openfeature.InterfaceEvaluationDetails, error) {
	return func() (openfeature.InterfaceEvaluationDetails, error) {
		d, err := ask(context.Background(), flag, def, evalCtx)
		return openfeature.InterfaceEvaluationDetails{Value: d.Value, EvaluationDetails: d.EvaluationDetails}, err
	}
}

// Error codes that no flag of ours has come from what answers in its place.
func TestProviderPassesOnErrorCodes(t *testing.T) {
	for code, failure := range map[openfeature.ErrorCode]func(string) openfeature.ResolutionError{
		openfeature.TargetingKeyMissingCode: openfeature.NewTargetingKeyMissingResolutionError,
		openfeature.InvalidContextCode:      openfeature.NewInvalidContextResolutionError,
		openfeature.ParseErrorCode:          func(m string) openfeature.ResolutionError { return openfeature.NewParseErrorResolutionError(m) },
		openfeature.GeneralCode:             func(m string) openfeature.ResolutionError { return openfeature.NewGeneralResolutionError(m) },
		openfeature.ProviderFatalCode:       openfeature.NewProviderFatalResolutionError,
		openfeature.ProviderNotReadyCode:    openfeature.NewProviderNotReadyResolutionError,
	} {
		failing := &stubProvider{boolean: func(context.Context, openfeature.FlattenedContext) openfeature.BoolResolutionDetail {
			return openfeature.BoolResolutionDetail{ProviderResolutionDetail: openfeature.ProviderResolutionDetail{
				ResolutionError: failure("because"), Reason: openfeature.ErrorReason,
			}}
		}}
		_, client := registered(t, featureflag.NewProvider(started(t, failing).Flags()))
		got, err := client.BooleanValueDetails(t.Context(), "x", true, openfeature.EvaluationContext{})
		if got.ErrorCode != code || !got.Value || err == nil {
			t.Errorf("%s: got %+v %v", code, got, err)
		}
	}
}

// A provider that is asked without OpenFeature says by itself that it cannot.
func TestProviderWithoutFlags(t *testing.T) {
	flags := parsed(t, oneFlag(1))
	provider := featureflag.NewProvider(flags)
	for state, want := range map[featureflag.SourceState]openfeature.ErrorCode{
		featureflag.SourceNotReady: openfeature.ProviderNotReadyCode, featureflag.SourceFatal: openfeature.ProviderFatalCode,
		featureflag.SourceStale: "", featureflag.SourceFailed: "", featureflag.SourceReady: "",
	} {
		flags.Report(state, nil)
		d := provider.IntEvaluation(t.Context(), "n", 7, nil)
		if got := d.ResolutionDetail().ErrorCode; got != want || d.Value != map[bool]int64{true: 1, false: 7}[want == ""] {
			t.Errorf("%s: got %q and %d", state, got, d.Value)
		}
	}
}

func TestProviderMetadata(t *testing.T) {
	_, client := registered(t, featureflag.NewProvider(parsed(t, remoteFlags), featureflag.WithProviderName("shop")))
	d, err := client.StringValueDetails(t.Context(), "a/b c%2Fd", "", openfeature.EvaluationContext{})
	if err != nil {
		t.Fatal(err)
	}
	want := openfeature.FlagMetadata{"flagSetId": "shop", "version": int64(12), "owner": "shop", "weight": 0.5, "beta": true}
	if !reflect.DeepEqual(d.FlagMetadata, want) {
		t.Errorf("got %#v, want %#v", d.FlagMetadata, want)
	}
	d.FlagMetadata["owner"] = "me"
	if d, _ := client.StringValueDetails(t.Context(), "a/b c%2Fd", "", openfeature.EvaluationContext{}); d.FlagMetadata["owner"] != "shop" {
		t.Error("a caller changed the flag's metadata")
	}
}

func TestProviderEvents(t *testing.T) {
	flags := parsed(t, oneFlag(1))
	provider := featureflag.NewProvider(flags)
	_, client := registered(t, provider)
	ready := events(t, client, openfeature.ProviderReady)
	receive(t, ready)
	changed := events(t, client, openfeature.ProviderConfigChange)
	flags.Replace(set(t, `{"flags":{"m":{"state":"ENABLED","variants":{"a":"b"},"defaultVariant":"a"}}}`))
	if got := receive(t, changed); !slices.Equal(got.FlagChanges, []string{"m", "n"}) || got.ProviderName != "dashboard" {
		t.Errorf("got %+v", got)
	}
	stale, failed := events(t, client, openfeature.ProviderStale), events(t, client, openfeature.ProviderError)
	flags.Report(featureflag.SourceStale, errors.New("the database is away"))
	if got := receive(t, stale); got.Message != "the database is away" {
		t.Errorf("got %+v", got)
	}
	if client.State() != openfeature.StaleState || !client.Boolean(t.Context(), "x", true, openfeature.EvaluationContext{}) {
		t.Errorf("got state %s", client.State())
	}
	flags.Report(featureflag.SourceReady, nil)
	receive(t, ready)
	flags.Report(featureflag.SourceFailed, nil)
	receive(t, failed)
	if client.State() != openfeature.ErrorState {
		t.Errorf("got state %s", client.State())
	}
	flags.Report(featureflag.SourceFatal, nil)
	eventually(t, "fatal", func() bool { return client.State() == openfeature.FatalState })
	flags.Report(featureflag.SourceReady, nil)
	eventually(t, "ready again", func() bool { return client.State() == openfeature.ReadyState })
}

// Init waits for a source that has not been read, and events tell of one that
// comes later.
func TestProviderWaitsForTheSource(t *testing.T) {
	flags := featureflag.New()
	flags.Report(featureflag.SourceNotReady, nil)
	provider := featureflag.NewProvider(flags)
	api := isolated.NewAPI()
	defer api.Shutdown(t.Context())
	client := api.NewClient()
	var registration sync.WaitGroup
	registration.Go(func() {
		if err := api.SetProviderAndWait(t.Context(), provider); err != nil {
			t.Error(err)
		}
	})
	eventually(t, "an Init that waits", func() bool { return provider.EventChannel() != nil && client.State() == openfeature.NotReadyState })
	flags.Replace(set(t, oneFlag(1)))
	flags.Report(featureflag.SourceReady, nil)
	registration.Wait()
	if got := client.Int(t.Context(), "n", 0, openfeature.EvaluationContext{}); got != 1 {
		t.Errorf("got %d", got)
	}

	late := featureflag.New()
	late.Report(featureflag.SourceNotReady, nil)
	other := isolated.NewAPI()
	defer other.Shutdown(t.Context())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := other.SetProviderAndWait(ctx, featureflag.NewProvider(late)); err == nil {
		t.Error("no error of a source that is not read in time")
	}
	late.Report(featureflag.SourceReady, nil)
	eventually(t, "ready after all", func() bool { return other.NewClient().State() == openfeature.ReadyState })
}

// OpenFeature initializes and shuts down a provider of several domains several
// times; nothing is left of it.
func TestProviderLifecycle(t *testing.T) {
	flags := parsed(t, oneFlag(0))
	provider := featureflag.NewProvider(flags)
	api := isolated.NewAPI()
	for _, domain := range []string{"", "a", "b"} {
		if err := api.SetProviderAndWait(t.Context(), provider, openfeature.WithDomain(domain)); err != nil {
			t.Fatal(err)
		}
	}
	changed := events(t, api.NewClient(openfeature.WithDomain("b")), openfeature.ProviderConfigChange)
	flags.Replace(set(t, oneFlag(1)))
	receive(t, changed)
	if err := api.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	for range 10 { // nobody listens: nothing blocks
		flags.Replace(set(t, oneFlag(2)))
		flags.Report(featureflag.SourceStale, nil)
	}
	flags.Report(featureflag.SourceReady, nil)
	provider.Shutdown()
	if err := provider.Init(openfeature.EvaluationContext{}); err != nil {
		t.Error(err)
	}
	if err := provider.ShutdownWithContext(t.Context()); err != nil {
		t.Error(err)
	}
	// It can serve another API afterwards.
	if _, client := registered(t, provider); client.Int(t.Context(), "n", 0, openfeature.EvaluationContext{}) != 2 {
		t.Error("it does not answer again")
	}
}

// Who asks is the transaction: above what the API says, below the client and the
// call.
func TestProviderTransactionContext(t *testing.T) {
	flags := parsed(t, `{"flags":{
		"who":{"state":"ENABLED","variants":{"u":"u","c":"c","i":"i","none":"none"},"defaultVariant":"none","targeting":{"var":"targetingKey"}},
		"level":{"state":"ENABLED","variants":{"api":"api","transaction":"transaction","client":"client","call":"call","none":"none"},"defaultVariant":"none","targeting":{"var":"level"}}}}`)
	api, client := registered(t, featureflag.NewProvider(flags))
	level := func(ctx context.Context, invocation openfeature.EvaluationContext) string {
		return client.String(ctx, "level", "error", invocation) + " " + client.String(ctx, "who", "error", invocation)
	}
	at := func(name string) openfeature.EvaluationContext {
		return openfeature.NewTargetlessEvaluationContext(map[string]any{"level": name})
	}
	ctx := featureflag.WithContext(t.Context(), featureflag.Context{TargetingKey: "u", Attributes: map[string]any{"level": "transaction"}})
	nobody := openfeature.EvaluationContext{}
	api.SetEvaluationContext(at("api"))
	for _, test := range []struct {
		name string
		ctx  context.Context
		call openfeature.EvaluationContext
		want string
	}{
		{"nobody asks", t.Context(), nobody, "api none"},
		{"somebody asks", ctx, nobody, "transaction u"},
		{"the call says", ctx, at("call"), "call u"},
		{"the call says who", ctx, openfeature.NewEvaluationContext("i", nil), "transaction i"},
		{"flags and a deadline on top", featureflag.WithFlags(ctx, flags), nobody, "transaction u"},
		{"within another", featureflag.WithContext(ctx, featureflag.Context{TargetingKey: "c"}), nobody, "transaction c"},
		{"under OpenFeature's own", openfeature.MergeTransactionContext(ctx, openfeature.NewEvaluationContext("i", nil)), nobody, "transaction i"},
		{"over OpenFeature's own", featureflag.WithContext(openfeature.WithTransactionContext(t.Context(), at("client")), featureflag.Context{TargetingKey: "c"}), nobody, "client c"},
		{"of a host's own context", hostContext{ctx}, nobody, "transaction u"},
	} {
		if got := level(test.ctx, test.call); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	client.SetEvaluationContext(at("client"))
	if got := level(ctx, nobody); got != "client u" {
		t.Errorf("the client says: got %q", got)
	}
	if featureflag.TransactionKey() == nil {
		t.Error("OpenFeature looks elsewhere for the transaction context")
	}
}

// hostContext answers for itself, as a host's request context does.
type hostContext struct{ context.Context }

func (h hostContext) Value(key any) any {
	if key == featureflag.TransactionKey() {
		return featureflag.OpenFeatureContext(featureflag.FromContext(h.Context))
	}
	return nil
}

func TestProviderHooks(t *testing.T) {
	hook := &memHook{}
	_, client := registered(t, featureflag.NewProvider(parsed(t, oneFlag(1)), featureflag.WithProviderHooks(hook)))
	client.Int(t.Context(), "n", 0, openfeature.EvaluationContext{})
	if hook.before != 1 || hook.finally != 1 {
		t.Errorf("got %+v", hook)
	}
}

type memHook struct {
	openfeature.UnimplementedHook
	before, finally int
}

func (h *memHook) Before(context.Context, openfeature.HookContext, openfeature.HookHints) (*openfeature.EvaluationContext, error) {
	h.before++
	return nil, nil
}

func (h *memHook) Finally(context.Context, openfeature.HookContext, openfeature.InterfaceEvaluationDetails, openfeature.HookHints) {
	h.finally++
}

func TestProviderTracks(t *testing.T) {
	flags := parsed(t, `{"flags":{"who":{"state":"ENABLED","variants":{"u":"u","v":"v"},"defaultVariant":"v","targeting":{"var":"targetingKey"}}}}`)
	_, client := registered(t, featureflag.NewProvider(flags))
	evalCtx := openfeature.NewEvaluationContext("u", nil)
	client.String(t.Context(), "who", "", evalCtx)
	client.Track(t.Context(), "revenue", evalCtx, openfeature.NewTrackingEventDetails(12.5))
	readout := flags.Experiment("who", "revenue")
	if len(readout.Variants) != 2 || readout.Variants[0].Count != 1 || readout.Variants[0].Sum != 12.5 || readout.Variants[1].Count != 0 {
		t.Errorf("got %+v", readout)
	}
}

// The provider allocates no more than OpenFeature's own in-memory one does.
func TestProviderAllocations(t *testing.T) {
	variants := map[string]any{"on": true, "off": false}
	_, floor := registered(t, memprovider.NewInMemoryProvider(map[string]memprovider.InMemoryFlag{
		"on": {Key: "on", State: memprovider.Enabled, DefaultVariant: "on", Variants: variants},
	}))
	_, client := registered(t, featureflag.NewProvider(parsed(t, `{"flags":{"on":{"state":"ENABLED","variants":{"on":true,"off":false},"defaultVariant":"on"}}}`)))
	evalCtx := openfeature.NewEvaluationContext("u", map[string]any{"email": "a@example.com"})
	measure := func(c *openfeature.Client) float64 {
		return testing.AllocsPerRun(1000, func() { c.Boolean(context.Background(), "on", false, evalCtx) })
	}
	if ours, theirs := measure(client), measure(floor); ours > theirs {
		t.Errorf("%v allocations, the in-memory provider's are %v", ours, theirs)
	}
}
