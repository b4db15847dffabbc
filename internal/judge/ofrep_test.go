package judge_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/open-feature/go-sdk-contrib/providers/ofrep"
	"github.com/open-feature/go-sdk/openfeature"

	"github.com/modular-dashboard/dashboard/featureflag"
	"github.com/modular-dashboard/dashboard/internal/judge"
	"github.com/modular-dashboard/dashboard/internal/openfeaturetest"
)

// ofrepDocument is the published document of the protocol, less a mistake that no
// server can follow: a success must match exactly one of the kinds of flags, and
// the kind "code default" matches everything, as "float" matches whole numbers. It
// must match any. With asUsed it also knows what published clients and servers
// do: contexts without a targeting key, and OpenFeature's reason for a flag whose
// rules do not apply.
func ofrepDocument(t *testing.T, asUsed bool) []byte {
	t.Helper()
	document, err := os.ReadFile("testdata/ofrep.yaml")
	if err != nil {
		t.Fatal(err)
	}
	document = replaceOnce(t, document, "        - oneOf:\n            - $ref: \"#/components/schemas/booleanFlag\"", "        - anyOf:\n            - $ref: \"#/components/schemas/booleanFlag\"")
	if asUsed {
		document = replaceOnce(t, document, "enum: [STATIC, TARGETING_MATCH,", "enum: [STATIC, DEFAULT, TARGETING_MATCH,")
		document = replaceOnce(t, document, "      required:\n        - targetingKey\n", "")
	}
	return document
}

func replaceOnce(t *testing.T, document []byte, from, to string) []byte {
	t.Helper()
	if bytes.Count(document, []byte(from)) != 1 {
		t.Fatalf("the document no longer has %q", from)
	}
	return bytes.Replace(document, []byte(from), []byte(to), 1)
}

// judged is a client whose every exchange with the handler is judged, and the
// address to ask.
func judged(t *testing.T, handler http.Handler, asUsed bool) (*http.Client, string) {
	t.Helper()
	j, err := judge.New(ofrepDocument(t, asUsed), openapi3.DisableExamplesValidation())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.Close()
		j.Close()
	})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: j.Transport(transport, func(err error) { t.Error(err) })}, server.URL
}

func suiteHandler(t *testing.T, opts ...featureflag.OFREPOption) (*featureflag.OFREP, *featureflag.Flags) {
	t.Helper()
	definitions, err := openfeaturetest.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	set, err := featureflag.Parse(definitions)
	if err != nil {
		t.Fatal(err)
	}
	flags := featureflag.New()
	flags.Replace(set)
	handler, err := featureflag.NewOFREP(flags, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := handler.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return handler, flags
}

// TestOFREPGherkin runs the specification's suites through the published OFREP
// provider, alone and behind flags that it answers, and judges every answer by
// the protocol's document. States and caching, which that provider has none of,
// come from what stands before it.
func TestOFREPGherkin(t *testing.T) {
	handler, _ := suiteHandler(t, featureflag.WithAuthentication(func(r *http.Request) (string, error) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			return "", &featureflag.Refusal{Status: 401, Detail: "who are you?"}
		}
		return "suite", nil
	}))
	client, url := judged(t, handler, true)
	published := func() openfeature.FeatureProvider {
		return ofrep.NewProvider(url, ofrep.WithClient(client), ofrep.WithBearerToken("secret"))
	}
	delegated := func(t *testing.T) *featureflag.Flags {
		d, err := featureflag.FromOpenFeature(published())
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Shutdown(context.Background()) })
		return d.Flags()
	}
	target := openfeaturetest.Target{
		Stable: func(*testing.T) openfeature.FeatureProvider { return &objectsOnly{published()} },
		InState: func(t *testing.T, state openfeature.State) openfeature.FeatureProvider {
			return &stated{FeatureProvider: featureflag.NewProvider(delegated(t)), state: state, events: make(chan openfeature.Event, 1)}
		},
		Cached: func(*testing.T) openfeature.FeatureProvider {
			return &caching{FeatureProvider: published(), kept: map[string]any{}}
		},
	}
	t.Run("alone", func(t *testing.T) { openfeaturetest.Run(t, target) })
	target.Stable = func(t *testing.T) openfeature.FeatureProvider { return featureflag.NewProvider(delegated(t)) }
	t.Run("delegated", func(t *testing.T) { openfeaturetest.Run(t, target) })
}

// objectsOnly refuses what is no object where one is asked for: the published
// provider answers with whatever there is.
type objectsOnly struct{ openfeature.FeatureProvider }

func (o *objectsOnly) ObjectEvaluation(ctx context.Context, flag string, def any, flat openfeature.FlattenedContext) openfeature.InterfaceResolutionDetail {
	answer := o.FeatureProvider.ObjectEvaluation(ctx, flag, def, flat)
	if _, ok := answer.Value.(map[string]any); !ok && answer.Error() == nil {
		answer.Value, answer.Variant, answer.ResolutionError = def, "", openfeature.NewTypeMismatchResolutionError("no object")
	}
	return answer
}

// stated comes to be in a state.
type stated struct {
	openfeature.FeatureProvider
	state  openfeature.State
	events chan openfeature.Event
}

func (s *stated) Init(e openfeature.EvaluationContext) error {
	return s.InitWithContext(context.Background(), e)
}
func (*stated) Shutdown()                                 {}
func (*stated) ShutdownWithContext(context.Context) error { return nil }
func (s *stated) EventChannel() <-chan openfeature.Event  { return s.events }

func (s *stated) InitWithContext(ctx context.Context, _ openfeature.EvaluationContext) error {
	switch s.state {
	case openfeature.NotReadyState:
		<-ctx.Done()
		return ctx.Err()
	case openfeature.FatalState:
		return &openfeature.ProviderInitError{ErrorCode: openfeature.ProviderFatalCode}
	case openfeature.ErrorState:
		return &openfeature.ProviderInitError{ErrorCode: openfeature.GeneralCode}
	case openfeature.StaleState:
		s.events <- openfeature.Event{EventType: openfeature.ProviderStale}
	}
	return nil
}

// caching answers from what it has heard before.
type caching struct {
	openfeature.FeatureProvider
	kept map[string]any
}

func remember[T any](c *caching, key string, answer openfeature.GenericResolutionDetail[T]) openfeature.GenericResolutionDetail[T] {
	if kept, ok := c.kept[key].(openfeature.GenericResolutionDetail[T]); ok {
		kept.Reason = openfeature.CachedReason
		return kept
	}
	c.kept[key] = answer
	return answer
}

func (c *caching) BooleanEvaluation(ctx context.Context, flag string, def bool, flat openfeature.FlattenedContext) openfeature.BoolResolutionDetail {
	return remember(c, flag, c.FeatureProvider.BooleanEvaluation(ctx, flag, def, flat))
}

func (c *caching) StringEvaluation(ctx context.Context, flag, def string, flat openfeature.FlattenedContext) openfeature.StringResolutionDetail {
	return remember(c, flag, c.FeatureProvider.StringEvaluation(ctx, flag, def, flat))
}

// TestOFREPDocument asks for everything that the document knows, and judges the
// answers; once as published clients want them, once as the document lists them.
func TestOFREPDocument(t *testing.T) {
	for _, strict := range []bool{false, true} {
		opts := []featureflag.OFREPOption{featureflag.WithAuthentication(func(r *http.Request) (string, error) {
			switch r.Header.Get("X-API-Key") {
			case "fast":
				return "", &featureflag.Refusal{Status: 429, Detail: "slower", Header: http.Header{"Retry-After": {"2026-11-28T12:00:00Z"}}}
			case "weak":
				return "", &featureflag.Refusal{Status: 403, Detail: "no"}
			case "good":
				return "good", nil
			case "fails":
				return "", context.Canceled
			}
			return "", &featureflag.Refusal{Status: 401, Detail: "who are you?"}
		})}
		if strict {
			opts = append(opts, featureflag.WithStrictReasons())
		}
		handler, flags := suiteHandler(t, opts...)
		client, url := judged(t, handler, !strict)
		ask := func(path, key, body, tag string) (int, string) {
			t.Helper()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/ofrep/v1/evaluate/flags"+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-API-Key", key)
			if tag != "" {
				r.Header.Set("If-None-Match", tag)
			}
			w, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer w.Body.Close()
			return w.StatusCode, w.Header.Get("ETag")
		}
		expect := func(want int, path, key, body, tag string) string {
			t.Helper()
			got, newTag := ask(path, key, body, tag)
			if got != want {
				t.Errorf("%s %s of %q: got %d, want %d", path, body, key, got, want)
			}
			return newTag
		}
		inside := `{"context":{"targetingKey":"u","email":"ballmer@macrosoft.com","customer":false,"age":65}}`
		for _, body := range []string{inside, `{"context":{"targetingKey":"u"}}`} {
			for key := range flags.Snapshot().Flags() {
				expect(200, "/"+key.Key(), "good", body, "")
			}
			tag := expect(200, "", "good", body, "")
			expect(304, "", "good", body, tag)
			expect(200, "?flagConfigEtag=x&flagConfigLastModified=2026-02-20T21:28:18Z", "good", body, tag)
		}
		for key, status := range map[string]int{"": 401, "weak": 403, "fast": 429, "fails": 500} {
			expect(status, "", key, inside, "")
			expect(status, "/boolean-flag", key, inside, "")
		}
		for _, bad := range []string{`{}`, `{`, `{"context":1}`, `{"context":{"targetingKey":1}}`} {
			expect(400, "", "good", bad, "")
			expect(400, "/boolean-flag", "good", bad, "")
		}
		expect(404, "/missing", "good", inside, "")
		flags.Report(featureflag.SourceNotReady, nil)
		expect(500, "", "good", inside, "")
		expect(500, "/boolean-flag", "good", inside, "")
	}
}

// TestOFREPEventStream judges what a bulk answer says of streams, and the events
// of one, by the document of event streams.
func TestOFREPEventStream(t *testing.T) {
	handler, flags := suiteHandler(t)
	document, err := openapi3.NewLoader().LoadFromData(ofrepDocument(t, false))
	if err != nil {
		t.Fatal(err)
	}
	judged := func(schema, text string) map[string]any {
		t.Helper()
		var value map[string]any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if err := document.Components.Schemas[schema].Value.VisitJSON(value, openapi3.EnableJSONSchema2020()); err != nil {
			t.Errorf("%s is no %s: %v", text, schema, err)
		}
		return value
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	stream, err := server.Client().Get(server.URL + "/ofrep/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	event := map[string]any{}
	seen := 0
	for lines := bufio.NewScanner(stream.Body); seen < 2 && lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		if name == "retry" {
			continue
		}
		if name != "" {
			event[name] = value
			continue
		}
		if data, ok := event["data"].(string); ok {
			text, err := json.Marshal(event)
			if err != nil {
				t.Fatal(err)
			}
			judged("sseEvent", string(text))
			if got := judged("sseEventData", data); (got["etag"] == flags.Snapshot().Hash()) != (seen == 1) {
				t.Errorf("event %d: %s", seen, data)
			}
			seen++
			event = map[string]any{}
			flags.Replace(nil)
		}
	}
	if seen != 2 {
		t.Errorf("%d events", seen)
	}
}

// The published document refuses every answer that has a value. When this fails
// it has been mended, and ofrepDocument need not.
func TestOFREPDocumentIsWrong(t *testing.T) {
	document, err := os.ReadFile("testdata/ofrep.yaml")
	if err != nil {
		t.Fatal(err)
	}
	j, err := judge.New(document, openapi3.DisableExamplesValidation())
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	request := httptest.NewRequest(http.MethodPost, "/ofrep/v1/evaluate/flags/discount-banner", nil)
	body := []byte(`{"context":{"targetingKey":"user-123"}}`)
	request.Header.Set("Content-Type", "application/json")
	answer := []byte(`{"key":"discount-banner","value":true,"reason":"TARGETING_MATCH","variant":"enabled"}`) // the document's own example
	response := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}}
	if err := j.Exchange(request, body, response, answer); err == nil || !strings.Contains(err.Error(), "oneOf") {
		t.Errorf("got %v", err)
	}
}
