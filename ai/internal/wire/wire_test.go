package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/ai"
	"github.com/modular-dashboard/dashboard/ai/internal/wire"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Body.Close(); err != nil {
		return nil, err
	}
	return f(r)
}

func answer(status int, header http.Header, body string) transport {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

// post returns the error of one request.
func post(t *testing.T, tr http.RoundTripper) *ai.Error {
	t.Helper()
	e, err := wire.New(ai.Endpoint{Transport: tr}, wire.Defaults{Name: "p", BaseURL: "https://p.test/v1"}, "x")
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Post(t.Context(), "m", []byte("{}"), "application/json")
	failed, _ := errors.AsType[*ai.Error](err)
	if failed == nil {
		t.Fatalf("got %v, want an error", err)
	}
	return failed
}

func TestRefused(t *testing.T) {
	t.Parallel()
	const date = "Sat, 28 Nov 2026 12:00:00 GMT"
	for _, tc := range []struct {
		name   string
		status int
		header http.Header
		body   string
		kind   ai.ErrorKind
		after  time.Duration
		text   string
	}{
		{"seconds", 429, http.Header{"Retry-After": {"7"}}, `{"error":{"message":"slow"}}`, ai.RateLimited, 7 * time.Second, "slow"},
		{"milliseconds win", 429, http.Header{"Retry-After-Ms": {"1500"}, "Retry-After": {"2"}}, "", ai.RateLimited, 1500 * time.Millisecond, "Too Many Requests"},
		{"a date by their clock", 503, http.Header{"Retry-After": {"Sat, 28 Nov 2026 12:00:30 GMT"}, "Date": {date}}, "", ai.Overloaded, 30 * time.Second, "Service Unavailable"},
		{"a date that is past", 503, http.Header{"Retry-After": {date}}, "", ai.Overloaded, 0, "Service Unavailable"},
		{"nonsense", 429, http.Header{"Retry-After": {"-5"}, "Retry-After-Ms": {"NaN"}}, "", ai.RateLimited, 0, "Too Many Requests"},
		{"RetryInfo", 429, nil, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"m","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}}`,
			ai.RateLimited, 34500 * time.Millisecond, "m"},
		{"a quota of the day", 429, nil, `[{"error":{"code":429,"message":"m","details":[{"violations":[{"quotaId":"RequestsPerDay"}]}]}}]`, ai.Quota, 0, "m"},
		{"a quota", 429, http.Header{"Retry-After": {"5"}}, `{"error":{"code":"insufficient_quota","message":"m"}}`, ai.Quota, 5 * time.Second, "m"},
		{"a quota in the type", 429, nil, `{"error":{"type":"insufficient_quota","code":null,"message":"m"}}`, ai.Quota, 0, "m"},
		{"credit that is used up", 400, nil, `{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}}`,
			ai.Quota, 0, "Your credit balance is too low to access the API."},
		{"a bill that is not paid", 402, nil, `{"type":"error","error":{"type":"billing_error","message":"m"}}`, ai.Quota, 0, "m"},
		{"a rate in the type", 429, http.Header{"Retry-After": {"3"}}, `{"type":"error","error":{"type":"rate_limit_error","message":"m"}}`, ai.RateLimited, 3 * time.Second, "m"},
		{"a limit of the week", 429, nil, `{"error":"you have reached your weekly usage limit"}`, ai.Quota, 0, "you have reached your weekly usage limit"},
		{"too many tokens for any minute", 429, nil, `{"error":{"code":"rate_limit_exceeded","message":"Request too large for m on tokens per min: Limit 30000, Requested 40000."}}`,
			ai.TooLarge, 0, "Request too large for m on tokens per min: Limit 30000, Requested 40000."},
		{"a quota of a minute", 429, nil, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"m","details":[{"violations":[{"quotaId":"RequestsPerMinute"}]},{"retryDelay":"7s"}]}}`,
			ai.RateLimited, 7 * time.Second, "m"},
		{"a key that is an argument", 400, nil, `{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"m","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}`,
			ai.Unauthorized, 0, "m"},
		{"no billing", 403, nil, `{"error":{"code":403,"status":"PERMISSION_DENIED","message":"m","details":[{"reason":"BILLING_DISABLED"}]}}`, ai.Quota, 0, "m"},
		{"words in another error", 400, nil, `{"error":{"message":"the usage limit is no number"}}`, ai.Invalid, 0, "the usage limit is no number"},
		{"a sentence", 404, nil, `{"error":"model not found"}`, ai.NotFound, 0, "model not found"},
		{"a page instead of a path", 404, nil, "404 page not found", ai.NotFound, 0, "Not Found: the provider has no x below its base URL, which may be wrong."},
		{"no such path, in words", 404, nil, `{"error":{"message":"Invalid URL (POST /v1/x)","type":"invalid_request_error","code":null}}`,
			ai.NotFound, 0, "Invalid URL (POST /v1/x): the provider has no x below its base URL, which may be wrong."},
		{"no such model, in a code", 404, nil, `{"error":{"message":"m does not exist","code":"model_not_found"}}`, ai.NotFound, 0, "m does not exist"},
		{"a prompt that is too long", 400, nil, `{"error":{"type":"invalid_request_error","message":"prompt is too long: 2 > 1"}}`, ai.TooLarge, 0, "prompt is too long: 2 > 1"},
		{"content", 400, nil, `{"error":{"code":"content_filter","message":"m"}}`, ai.Filtered, 0, "m"},
		{"a code that is a number", 400, nil, `{"error":{"code":400,"message":"m"}}`, ai.Invalid, 0, "m"},
		{"a page", 502, nil, "<html>bad</html>", ai.Server, 0, "Bad Gateway"},
		{"a redirect", 302, nil, "", ai.Server, 0, "Found"},
		{"a teapot", 418, nil, "", ai.Invalid, 0, "I'm a teapot"},
		{"words without end", 500, nil, `{"error":{"message":"` + strings.Repeat("é", 5000) + `"}}`, ai.Server, 0, strings.Repeat("é", 511) + "…"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := post(t, answer(tc.status, tc.header, tc.body))
			if got.Kind != tc.kind || got.RetryAfter != tc.after || got.Message != tc.text || got.Status != tc.status {
				t.Errorf("got %v %d %v %.80q, want %v %d %v %.80q", got.Kind, got.Status, got.RetryAfter, got.Message, tc.kind, tc.status, tc.after, tc.text)
			}
		})
	}
}

func TestBroken(t *testing.T) {
	t.Parallel()
	broken := errors.New("no route")
	if got := post(t, transport(func(*http.Request) (*http.Response, error) { return nil, broken })); got.Kind != ai.Network || !errors.Is(got, broken) {
		t.Errorf("got %v, want kind network", got)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("shutting down"))
	e, err := wire.New(ai.Endpoint{Transport: transport(func(r *http.Request) (*http.Response, error) { return nil, r.Context().Err() })}, wire.Defaults{Name: "p", BaseURL: "https://p.test"}, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Post(ctx, "m", nil, "")
	if got, ok := errors.AsType[*ai.Error](err); !ok || got.Kind != ai.Canceled || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "shutting down") {
		t.Errorf("canceled: got %v", err)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, at := range []ai.Endpoint{
		{BaseURL: "p.test"}, {BaseURL: "ftp://p.test"}, {BaseURL: "https://user:secret@p.test"}, {BaseURL: "https://p.test?key=1"}, {BaseURL: "https://p.test#x"},
		{Header: http.Header{"X": {"a\r\nY: b"}}}, {Header: http.Header{"": {"a"}}}, {BaseURL: "%"},
	} {
		if _, err := wire.New(at, wire.Defaults{Name: "p", BaseURL: "https://p.test"}, "x"); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("New(%+v): got %v, want an error that tells no secret", at, err)
		}
	}
	var sent *http.Request
	keep := transport(func(r *http.Request) (*http.Response, error) {
		sent = r
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(nil))}, nil
	})
	e, err := wire.New(ai.Endpoint{Transport: keep, BaseURL: "http://proxy.test/p/", Header: http.Header{"authorization": {"other"}, "X-Org": {"o"}}},
		wire.Defaults{Name: "p", Header: http.Header{"Authorization": {"Bearer key"}}}, "v1/chat")
	if err != nil {
		t.Fatal(err)
	}
	call, err := e.Post(t.Context(), "m", []byte("{}"), "text/event-stream")
	if err != nil {
		t.Fatal(err)
	}
	call.Close()
	if got := sent.URL.String() + " " + sent.Header.Get("Authorization") + " " + sent.Header.Get("X-Org") + " " + sent.Header.Get("Accept"); got != "http://proxy.test/p/v1/chat other o text/event-stream" {
		t.Errorf("sent %s", got)
	}
}

func TestObject(t *testing.T) {
	t.Parallel()
	o := wire.NewObject(0, map[string]json.RawMessage{"b": json.RawMessage("[1]"), "z": json.RawMessage("null")})
	o.String("a", "x\n")
	o.Int("b", 2)
	o.Float("c", 0.5)
	o.Raw("d", "true")
	if got, want := string(o.End()), `{"a":"x\n","c":0.5,"d":true,"b":[1],"z":null}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := string(wire.NewObject(0, nil).End()), "{}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzReadFault(f *testing.F) {
	f.Add([]byte(`{"error":{"code":"c","message":"m","details":[{"retryDelay":"1s"},{"violations":[]}]}}`))
	f.Add([]byte(`[{"error":"x"}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if fault, ok := wire.ReadFault(body); ok && !json.Valid(bytes.TrimSpace(body)) && fault.Retry < 0 {
			t.Errorf("%q: got %+v", body, fault)
		}
	})
}

// A base URL without a path, as some providers have, makes paths that begin with a
// slash: what is sent as it is would be no HTTP otherwise.
func TestPaths(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"http://p.test": "/v1/x/y", "http://p.test/": "/v1/x/y", "http://p.test/a": "/a/v1/x/y", "http://p.test/a/": "/a/v1/x/y",
	} {
		got := ""
		tr := transport(func(r *http.Request) (*http.Response, error) {
			got = r.URL.RequestURI()
			return nil, io.EOF
		})
		e, err := wire.New(ai.Endpoint{BaseURL: base, Transport: tr}, wire.Defaults{Name: "p"}, "v1/x")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.At("y", "").Post(t.Context(), "m", nil, ""); err == nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", base, got, err, want)
		}
	}
}

// until is a body that ends when it is closed, as the connection of a 101 is.
type until chan struct{}

func (u until) Read([]byte) (int, error) { <-u; return 0, io.EOF }
func (u until) Close() error             { close(u); return nil }

// The body of an interim answer is the connection, which is not waited for.
func TestSwitchingProtocols(t *testing.T) {
	t.Parallel()
	body := make(until)
	failed := post(t, transport(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusSwitchingProtocols, Header: http.Header{}, Body: body}, nil
	}))
	<-body
	if failed.Kind != ai.Server || failed.Status != http.StatusSwitchingProtocols {
		t.Errorf("got %v", failed)
	}
}

// What a provider says of usage is left out where it cannot be: it would spoil the
// sums of budgets.
func TestUsageThatCannotBe(t *testing.T) {
	t.Parallel()
	for usage, want := range map[ai.Usage]bool{
		{Input: 3, Output: 2}: true, {Output: 2}: true, {Input: 1 << 40}: true,
		{}: false, {Input: -3, Output: 2}: false, {Input: 3, CachedInput: -1}: false, {Input: 3, Output: 1<<40 + 1}: false, {Input: 1<<63 - 1, Output: 1<<63 - 1}: false,
	} {
		e, err := wire.New(ai.Endpoint{Transport: answer(http.StatusOK, http.Header{}, "{}")}, wire.Defaults{Name: "p", BaseURL: "https://p.test"}, "x")
		if err != nil {
			t.Fatal(err)
		}
		said := false
		req := &ai.Request{Model: "m", Messages: []ai.Message{ai.User("x")}}
		for event, err := range e.Generate(t.Context(), req, "", func() ([]byte, error) { return nil, nil }, func(a wire.Answer) error {
			a.Usage, a.Used = usage, true
			return a.Finish()
		}) {
			if err != nil {
				t.Error(err)
			}
			said = said || event.Kind == ai.EventUsage
		}
		if said != want {
			t.Errorf("%+v: said %v, want %v", usage, said, want)
		}
	}
}

// An answer that calls tools without end is one of no use.
func TestTooManyCalls(t *testing.T) {
	t.Parallel()
	e, err := wire.New(ai.Endpoint{Transport: answer(http.StatusOK, http.Header{}, "{}")}, wire.Defaults{Name: "p", BaseURL: "https://p.test"}, "x")
	if err != nil {
		t.Fatal(err)
	}
	req := &ai.Request{Model: "m", Messages: []ai.Message{ai.User("x")}}
	n := 0
	got, err := ai.Collect(e.Generate(t.Context(), req, "", func() ([]byte, error) { return nil, nil }, func(a wire.Answer) error {
		for a.Begin() {
			if n++; !a.Emit(ai.Event{Kind: ai.EventToolCall, Index: n, Name: "f"}) {
				return a.Checked(nil, nil)
			}
		}
		return nil
	}))
	failed, _ := errors.AsType[*ai.Error](err)
	if failed == nil || failed.Kind != ai.Malformed || n != 1001 || len(got.Message.Calls()) != 0 {
		t.Errorf("got %v after %d calls", err, n)
	}
}

func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	e, err := wire.New(ai.Endpoint{Transport: answer(http.StatusOK, http.Header{}, "\uFEFF {} ")}, wire.Defaults{Name: "p", BaseURL: "https://p.test"}, "x")
	if err != nil {
		t.Fatal(err)
	}
	call, err := e.Post(t.Context(), "m", nil, "")
	if err != nil {
		t.Fatal(err)
	}
	defer call.Close()
	if err := call.Whole(func(body []byte) error {
		if string(body) != "{}" {
			t.Errorf("got %q", body)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
