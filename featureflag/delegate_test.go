package featureflag_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/isolated"

	"github.com/modular-dashboard/dashboard/featureflag"
)

func TestDelegateTyped(t *testing.T) {
	flags := started(t, memFlags()).Flags()
	ctx := featureflag.WithFlags(t.Context(), flags)
	for name, pair := range map[string][2]any{
		"bool":           {featureflag.Bool(ctx, "bool", false), true},
		"string":         {featureflag.String(ctx, "string", "d"), "s"},
		"int":            {featureflag.Int(ctx, "int", 1), int64(7)},
		"int as float":   {featureflag.Float(ctx, "int", 1), 7.0},
		"float":          {featureflag.Float(ctx, "float", 1), 0.5},
		"object":         {featureflag.Object(ctx, "object", nil), map[string]any{"a": 1.0}},
		"struct":         {featureflag.Object(ctx, "struct", nil), map[string]any{"A": 1.0}},
		"unknown":        {featureflag.Bool(ctx, "x", true), true},
		"wrong type":     {featureflag.String(ctx, "bool", "d"), "d"},
		"disabled":       {featureflag.Bool(ctx, "off", true), true},
		"disabled, off":  {featureflag.Bool(ctx, "off", false), false},
		"unknown object": {featureflag.Object(ctx, "x", map[string]any{"d": true}), map[string]any{"d": true}},
		"a list":         {featureflag.Object(ctx, "list", nil), map[string]any(nil)},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: got %#v, want %#v", name, pair[0], pair[1])
		}
	}
}

// A call says what it wants, and Evaluate takes whatever there is.
func TestDelegateEvaluates(t *testing.T) {
	for _, provider := range []struct {
		name string
		openfeature.FeatureProvider
	}{{"answers any question with what there is", memFlags()}, {"is strict", featureflag.NewProvider(parsed(t, `{"flags":{
		"bool":{"state":"ENABLED","variants":{"v":true},"defaultVariant":"v"},"string":{"state":"ENABLED","variants":{"v":"s"},"defaultVariant":"v"},
		"int":{"state":"ENABLED","variants":{"v":7},"defaultVariant":"v"},"float":{"state":"ENABLED","variants":{"v":0.5},"defaultVariant":"v"},
		"object":{"state":"ENABLED","variants":{"v":{"a":1}},"defaultVariant":"v"},"off":{"state":"DISABLED","variants":{"v":true},"defaultVariant":"v"}}}`))}} {
		t.Run(provider.name, func(t *testing.T) {
			flags := started(t, provider.FeatureProvider).Flags()
			for range 2 { // what was learned changes nothing
				for key, want := range map[string]string{
					"bool": "true v STATIC ", "string": `"s" v STATIC `, "int": "7 v STATIC ", "float": "0.5 v STATIC ", "object": `{"a":1} v STATIC `,
					"off": "null  DISABLED ", "x": "null  ERROR FLAG_NOT_FOUND",
				} {
					e := flags.Evaluate(t.Context(), key)
					if got := e.Value.String() + " " + e.Variant + " " + string(e.Reason) + " " + string(e.Code); got != want || e.Key != key {
						t.Errorf("%s: got %q of %q, want %q", key, got, e.Key, want)
					}
				}
			}
		})
	}
	flags := started(t, memFlags()).Flags()
	if e := flags.Explain(t.Context(), "string"); e.Variant != "v" || e.Value.String() != `"s"` || e.Why == "" {
		t.Errorf("got %+v", e)
	}
	if e := flags.ExplainFor(t.Context(), "x", nil); e.Code != featureflag.CodeFlagNotFound || e.Why == "" {
		t.Errorf("got %+v", e)
	}
	if e := flags.Evaluate(t.Context(), "list"); e.Code != featureflag.CodeTypeMismatch {
		t.Errorf("a list: got %+v", e)
	}
}

func TestDelegatePassesContextAndMetadata(t *testing.T) {
	var seen openfeature.FlattenedContext
	hook := &memHook{}
	provider := &stubProvider{hook: hook, boolean: func(ctx context.Context, flat openfeature.FlattenedContext) openfeature.BoolResolutionDetail {
		seen = flat
		return yes(ctx, flat)
	}}
	flags := started(t, provider).Flags()
	ctx := featureflag.WithContext(t.Context(), featureflag.Context{TargetingKey: "u", Attributes: map[string]any{"a": "b"}})
	if !flags.Bool(ctx, "x", false) || seen["targetingKey"] != "u" || seen["a"] != "b" || hook.finally != 1 {
		t.Errorf("the provider saw %v, its hook %+v", seen, hook)
	}
	e := flags.EvaluateFor(ctx, "x", &featureflag.Context{Attributes: map[string]any{"a": "c"}})
	want := featureflag.Evaluation{
		Key: "x", Variant: "yes", Value: featureflag.BoolValue(true), Reason: featureflag.ReasonTargetingMatch,
		Metadata: featureflag.Metadata{"n": 1.0, "f": 0.5},
	}
	if !reflect.DeepEqual(e, want) || seen["a"] != "c" {
		t.Errorf("got %+v for %v, want %+v", e, seen, want)
	}
}

func TestDelegateSurvivesPanics(t *testing.T) {
	boom := func() { panic("boom") }
	provider := &stubProvider{boolean: func(context.Context, openfeature.FlattenedContext) openfeature.BoolResolutionDetail {
		boom()
		return openfeature.BoolResolutionDetail{}
	}}
	flags := started(t, provider).Flags()
	if !flags.Bool(t.Context(), "x", true) {
		t.Error("the default is lost")
	}
	for name, provider := range map[string]*stubProvider{
		"init":     {init: func(context.Context) error { boom(); return nil }},
		"shutdown": {shutdown: func(context.Context) error { boom(); return nil }},
	} {
		d, err := featureflag.FromOpenFeature(provider)
		if err != nil {
			t.Fatal(err)
		}
		failures := 0
		for _, err := range []error{d.Start(t.Context()), d.Shutdown(t.Context())} {
			if err != nil {
				failures++
			}
		}
		if failures != 1 {
			t.Errorf("%s: %d errors, want 1", name, failures)
		}
	}
	d, err := featureflag.FromOpenFeature(&panicking{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err != nil || d.Name() != "unknown" {
		t.Errorf("got %v of %q", err, d.Name())
	}
	if d.Flags().Int(t.Context(), "x", 7) != 7 {
		t.Error("the default is lost")
	}
	if e := d.Flags().Evaluate(t.Context(), "x"); e.Code != featureflag.CodeGeneral || e.Reason != featureflag.ReasonError {
		t.Errorf("got %+v", e)
	}
	d.Flags().Track(t.Context(), "m", 1)
	if err := d.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// panicking panics wherever it can.
type panicking struct{ openfeature.FeatureProvider }

func (*panicking) Metadata() openfeature.Metadata         { panic("metadata") }
func (*panicking) Hooks() []openfeature.Hook              { panic("hooks") }
func (*panicking) EventChannel() <-chan openfeature.Event { panic("events") }
func (*panicking) Track(context.Context, string, openfeature.EvaluationContext, openfeature.TrackingEventDetails) {
	panic("track")
}

// A provider that hangs holds up its first callers for their time limit, and
// later ones not at all.
func TestDelegateSurvivesHanging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		release := make(chan struct{})
		provider := &stubProvider{boolean: func(ctx context.Context, flat openfeature.FlattenedContext) openfeature.BoolResolutionDetail {
			asked.Add(1)
			<-release // whatever ctx says
			return yes(ctx, flat)
		}}
		d := started(t, provider, featureflag.WithTimeLimit(time.Second), featureflag.WithConcurrency(8))
		flags := d.Flags()
		began := time.Now()
		var callers sync.WaitGroup
		for range 1000 {
			callers.Go(func() {
				if !flags.Bool(t.Context(), "x", true) {
					t.Error("the default is lost")
				}
			})
		}
		callers.Wait()
		if took := time.Since(began); took > time.Second || asked.Load() > 8 {
			t.Errorf("a thousand callers waited %s, and %d reached the provider", took, asked.Load())
		}
		began = time.Now()
		for range 1000 {
			flags.Bool(t.Context(), "x", true)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("later ones waited %s", took)
		}
		// It is tried again, and taken back when it answers.
		close(release)
		sleep(2 * time.Second)
		if !flags.Bool(t.Context(), "x", false) {
			t.Error("it is not taken back")
		}
		// A caller who leaves is no fault of the provider.
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 100 {
			flags.Bool(ctx, "x", false)
		}
		if !flags.Bool(t.Context(), "x", false) {
			t.Error("callers who left were held against it")
		}
	})
}

func TestDelegateEvents(t *testing.T) {
	provider := &stubProvider{boolean: yes, events: make(chan openfeature.Event)}
	d := started(t, provider)
	changed := make(chan []string, 10)
	stop := d.Flags().Watch(func(keys []string) { changed <- keys })
	defer stop()
	send := func(kind openfeature.EventType, details openfeature.ProviderEventDetails) {
		t.Helper()
		select {
		case provider.events <- openfeature.Event{EventType: kind, ProviderEventDetails: details}:
		case <-time.After(patience):
			t.Fatal("nobody takes events")
		}
	}
	send(openfeature.ProviderConfigChange, openfeature.ProviderEventDetails{FlagChanges: []string{"b", "a"}})
	if got := receive(t, changed); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v", got)
	}
	send(openfeature.ProviderConfigChange, openfeature.ProviderEventDetails{})
	if got := receive(t, changed); len(got) != 0 {
		t.Errorf("got %v, want nothing in particular", got)
	}
	for kind, want := range map[openfeature.EventType]featureflag.SourceState{
		openfeature.ProviderStale: featureflag.SourceStale, openfeature.ProviderError: featureflag.SourceFailed,
	} {
		send(kind, openfeature.ProviderEventDetails{Message: "away"})
		eventually(t, string(want), func() bool {
			state, err := d.Flags().SourceState()
			return state == want && err != nil && err.Error() == "away"
		})
	}
	send(openfeature.ProviderReady, openfeature.ProviderEventDetails{})
	eventually(t, "ready", func() bool { state, _ := d.Flags().SourceState(); return state == featureflag.SourceReady })
}

func TestDelegateStart(t *testing.T) {
	for _, test := range []struct {
		name string
		init func(context.Context) error
		want featureflag.SourceState
		code featureflag.ErrorCode
	}{
		{"good", nil, featureflag.SourceReady, ""},
		{"fails", func(context.Context) error { return errors.New("no network") }, featureflag.SourceFailed, ""},
		{"fails for good", func(context.Context) error {
			return &openfeature.ProviderInitError{ErrorCode: openfeature.ProviderFatalCode, Message: "bad key"}
		}, featureflag.SourceFatal, featureflag.CodeProviderFatal},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := featureflag.FromOpenFeature(&stubProvider{boolean: yes, init: test.init})
			if err != nil {
				t.Fatal(err)
			}
			if e := d.Flags().Evaluate(t.Context(), "x"); e.Code != featureflag.CodeProviderNotReady {
				t.Errorf("before the start: got %+v", e)
			}
			switch err := d.Start(t.Context()); {
			case (err != nil) != (test.init != nil):
				t.Errorf("start: %v", err)
			case err != nil && !strings.Contains(err.Error(), "no network") && !strings.Contains(err.Error(), "bad key"):
				t.Errorf("start does not say why: %v", err)
			}
			eventually(t, string(test.want), func() bool { state, _ := d.Flags().SourceState(); return state == test.want })
			if got := d.Flags().Bool(t.Context(), "x", false); got != (test.code == "") {
				t.Errorf("got %t", got)
			}
			if e := d.Flags().Evaluate(t.Context(), "x"); e.Code != test.code {
				t.Errorf("got %+v", e)
			}
			if err := d.Start(t.Context()); err == nil {
				t.Error("it starts twice")
			}
			for range 2 {
				if err := d.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if e := d.Flags().Evaluate(t.Context(), "x"); e.Code != featureflag.CodeProviderNotReady {
				t.Errorf("after the end: got %+v", e)
			}
		})
	}
}

// An Init that is slower than Start may wait goes on.
func TestDelegateSlowInit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := featureflag.FromOpenFeature(&stubProvider{boolean: yes, init: func(ctx context.Context) error {
			select {
			case <-time.After(time.Minute):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := d.Start(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("start: %v", err)
		}
		if state, err := d.Flags().SourceState(); state != featureflag.SourceNotReady || err == nil {
			t.Errorf("got %s %v", state, err)
		}
		sleep(2 * time.Minute)
		if !d.Flags().Bool(t.Context(), "x", false) {
			t.Error("it is not used once it is ready")
		}
		if err := d.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Neither Start nor Shutdown waits longer than it may.
func TestDelegateHangingLifecycle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		hang := func(context.Context) error { <-release; return nil }
		var shut atomic.Int32
		d, err := featureflag.FromOpenFeature(&stubProvider{init: hang, shutdown: func(ctx context.Context) error {
			shut.Add(1)
			return hang(ctx)
		}})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := d.Start(ctx); err == nil {
			t.Error("a hanging Init is no error")
		}
		if d.Flags().Bool(t.Context(), "x", true) != true {
			t.Error("the default is lost")
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := d.Shutdown(ctx); err == nil {
			t.Error("a hanging Shutdown is no error")
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %s", took)
		}
		close(release)
		synctest.Wait()
		if shut.Load() != 2 { // once more for the Init that came too late
			t.Errorf("shut down %d times", shut.Load())
		}
	})
}

func TestDelegateShutdownWithoutStart(t *testing.T) {
	d, err := featureflag.FromOpenFeature(&stubProvider{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := d.Start(t.Context()); err == nil {
		t.Error("it starts after its end")
	}
}

// A provider that the host has registered elsewhere stays the host's.
func TestDelegateBorrows(t *testing.T) {
	calls := 0
	count := func(context.Context) error { calls++; return nil }
	provider := &stubProvider{boolean: yes, init: count, shutdown: count, events: make(chan openfeature.Event)}
	api := isolated.NewAPI()
	if err := api.SetProviderAndWait(t.Context(), provider); err != nil {
		t.Fatal(err)
	}
	d := started(t, provider, featureflag.WithBorrowedProvider())
	if !d.Flags().Bool(t.Context(), "x", false) {
		t.Error("it does not answer")
	}
	if err := d.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if calls != 1 || !api.NewClient().Boolean(t.Context(), "x", false, openfeature.EvaluationContext{}) {
		t.Errorf("got %d calls of its life", calls)
	}
	if err := api.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDelegateTracks(t *testing.T) {
	tracked := make(chan string, 1)
	provider := &stubProvider{track: func(name string, evalCtx openfeature.EvaluationContext, value float64) {
		if value == 2 {
			tracked <- name + " of " + evalCtx.TargetingKey()
		}
	}}
	flags := started(t, provider).Flags()
	flags.Track(featureflag.WithContext(t.Context(), featureflag.Context{TargetingKey: "u"}), "revenue", 2)
	if got := receive(t, tracked); got != "revenue of u" {
		t.Errorf("got %q", got)
	}
}

func TestDelegateOptions(t *testing.T) {
	for name, option := range map[string]featureflag.DelegateOption{
		"nil": nil, "limit": featureflag.WithTimeLimit(0), "concurrency": featureflag.WithConcurrency(0),
	} {
		if _, err := featureflag.FromOpenFeature(&stubProvider{}, option); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := featureflag.FromOpenFeature(nil); err == nil {
		t.Error("nil provider: no error")
	}
}
