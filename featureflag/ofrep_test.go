package featureflag_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/featureflag"
)

const remoteFlags = `{
  "metadata": {"flagSetId": "shop", "version": 12},
  "$evaluators": {"internal": {"ends_with": [{"var": "email"}, "@example.com"]}},
  "flags": {
    "on":        {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on"},
    "a/b c%2Fd": {"state": "ENABLED", "variants": {"x": "é\"<"}, "defaultVariant": "x", "metadata": {"owner": "shop", "weight": 0.5, "beta": true}},
    "count":     {"state": "ENABLED", "variants": {"ten": 10, "big": 1e21}, "defaultVariant": "ten", "targeting": {"if": [{"$ref": "internal"}, "big"]}},
    "zero":      {"state": "ENABLED", "variants": {"zero": 0}, "defaultVariant": "zero"},
    "object":    {"state": "ENABLED", "variants": {"o": {"b": [1, null], "a": {}}}, "defaultVariant": "o"},
    "off":       {"state": "DISABLED", "variants": {"on": true}, "defaultVariant": "on"},
    "code":      {"state": "ENABLED", "variants": {"on": true}, "targeting": {"if": [{"$ref": "internal"}, "on"]}},
    "none":      {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": null},
    "broken":    {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on", "targeting": {"if": [true, "missing"]}}
  }
}`

// remote is a handler for flags, shut down when the test ends.
func remote(t testing.TB, flags *featureflag.Flags, opts ...featureflag.OFREPOption) *featureflag.OFREP {
	t.Helper()
	handler, err := featureflag.NewOFREP(flags, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := handler.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return handler
}

// post asks with a body; header pairs follow.
func post(handler http.Handler, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

const single = "/ofrep/v1/evaluate/flags/"

func TestOFREPSingle(t *testing.T) {
	handler := remote(t, parsed(t, remoteFlags))
	for _, test := range []struct {
		name, path, context string
		status              int
		want                string
	}{
		{"static", "on", `{}`, 200, `{"key":"on","value":true,"reason":"STATIC","variant":"on","metadata":{"flagSetId":"shop","version":12}}`},
		{"slashes encoded", "a%2Fb%20c%252Fd", `{}`, 200, `{"key":"a/b c%2Fd","value":"é\"<","reason":"STATIC","variant":"x","metadata":{"beta":true,"flagSetId":"shop","owner":"shop","version":12,"weight":0.5}}`},
		{"slashes as they are", "a/b%20c%252Fd", `{}`, 200, `{"key":"a/b c%2Fd","value":"é\"<","reason":"STATIC","variant":"x","metadata":{"beta":true,"flagSetId":"shop","owner":"shop","version":12,"weight":0.5}}`},
		{"matched", "count", `{"targetingKey":"u","email":"a@example.com"}`, 200, `{"key":"count","value":1e+21,"reason":"TARGETING_MATCH","variant":"big","metadata":{"flagSetId":"shop","version":12}}`},
		{"not matched", "count", `{"targetingKey":"u"}`, 200, `{"key":"count","value":10,"reason":"DEFAULT","variant":"ten","metadata":{"flagSetId":"shop","version":12}}`},
		{"zero", "zero", `{}`, 200, `{"key":"zero","value":0,"reason":"STATIC","variant":"zero","metadata":{"flagSetId":"shop","version":12}}`},
		{"object", "object", `{}`, 200, `{"key":"object","value":{"a":{},"b":[1,null]},"reason":"STATIC","variant":"o","metadata":{"flagSetId":"shop","version":12}}`},
		{"disabled", "off", `{}`, 200, `{"key":"off","reason":"DISABLED","metadata":{"flagSetId":"shop","version":12}}`},
		{"code default of a rule", "code", `{}`, 200, `{"key":"code","reason":"DEFAULT","metadata":{"flagSetId":"shop","version":12}}`},
		{"no code default", "code", `{"email":"a@example.com"}`, 200, `{"key":"code","value":true,"reason":"TARGETING_MATCH","variant":"on","metadata":{"flagSetId":"shop","version":12}}`},
		{"code default", "none", `{}`, 200, `{"key":"none","reason":"DEFAULT","metadata":{"flagSetId":"shop","version":12}}`},
		{"unknown", "x/../y", `{}`, 404, `{"key":"x/../y","errorCode":"FLAG_NOT_FOUND","errorDetails":"there is no flag \"x/../y\"","metadata":{"flagSetId":"shop","version":12}}`},
		{"broken rule", "broken", `{}`, 400, `{"key":"broken","errorCode":"GENERAL","errorDetails":"the rule chose a variant that does not exist: \"missing\"","metadata":{"flagSetId":"shop","version":12}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, prefix := range []string{"", "/admin", "/a%20b"} {
				w := post(handler, prefix+single+test.path, `{"context":`+test.context+`}`)
				if w.Code != test.status || w.Body.String() != test.want {
					t.Errorf("got %d %s\nwant %d %s", w.Code, w.Body, test.status, test.want)
				}
				if got := w.Header().Get("Content-Type"); got != "application/json" {
					t.Errorf("got a body of type %q", got)
				}
			}
		})
	}
}

func TestOFREPRefusesRequests(t *testing.T) {
	handler := remote(t, parsed(t, remoteFlags), featureflag.WithBodyLimit(1000))
	for _, test := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"no JSON", `{"context":`, 400, "PARSE_ERROR"},
		{"nothing", ``, 400, "PARSE_ERROR"},
		{"two values", `{"context":{}}{}`, 400, "PARSE_ERROR"},
		{"a list", `[]`, 400, "PARSE_ERROR"},
		{"null", `null`, 400, "PARSE_ERROR"},
		{"no context", `{}`, 400, "INVALID_CONTEXT"},
		{"null context", `{"context":null}`, 400, "INVALID_CONTEXT"},
		{"a text as context", `{"context":"u"}`, 400, "INVALID_CONTEXT"},
		{"a number as targeting key", `{"context":{"targetingKey":1}}`, 400, "INVALID_CONTEXT"},
		{"null as targeting key", `{"context":{"targetingKey":null}}`, 400, "INVALID_CONTEXT"},
		{"a number beyond all", `{"context":{"n":1e999}}`, 400, "INVALID_CONTEXT"},
		{"too deep", `{"context":{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}}`, 400, "INVALID_CONTEXT"},
		{"too large", `{"context":{"a":"` + strings.Repeat("x", 1000) + `"}}`, 413, "PARSE_ERROR"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for path, key := range map[string]string{single + "on": "on", strings.TrimSuffix(single, "/"): ""} {
				w := post(handler, path, test.body)
				var got struct{ Key, ErrorCode, ErrorDetails string }
				if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
					t.Fatal(err)
				}
				if w.Code != test.status || got.ErrorCode != test.code || got.Key != key || got.ErrorDetails == "" {
					t.Errorf("%s: got %d %s, want %d %s of key %q", path, w.Code, w.Body, test.status, test.code, key)
				}
			}
		})
	}
}

func TestOFREPRoutes(t *testing.T) {
	handler := remote(t, parsed(t, remoteFlags))
	for _, test := range []struct {
		method, path string
		status       int
	}{
		{"POST", "/ofrep/v1/evaluate/flags", 200},
		{"POST", "/deep/down/ofrep/v1/evaluate/flags", 200},
		{"POST", "/ofrep/v1/evaluate/flags/", 404},
		{"POST", "/ofrep/v1/evaluate/flagsx", 404},
		{"POST", "/ofrep/v1/evaluate/flags/%zz", 404},
		{"POST", "/ofrep/v2/evaluate/flags", 404},
		{"POST", "/", 404},
		{"GET", "/ofrep/v1/evaluate/flags", 405},
		{"PUT", "/ofrep/v1/evaluate/flags/on", 405},
		{"POST", "/ofrep/v1/events", 405},
		{"OPTIONS", "/ofrep/v1/evaluate/flags", 204},
	} {
		r := httptest.NewRequest(test.method, "/", strings.NewReader(`{"context":{}}`))
		r.Header.Set("Content-Type", "application/json")
		if u, err := r.URL.Parse(test.path); err == nil {
			r.URL = u
		} else {
			r.URL.Path, r.URL.RawPath = test.path, test.path // as a careless router leaves it
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != test.status {
			t.Errorf("%s %s: got %d %s, want %d", test.method, test.path, w.Code, w.Body, test.status)
		}
		if w.Code == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", test.method, test.path)
		}
	}
	w := post(handler, single+"on", `{"context":{}}`, "Content-Type", "text/plain")
	if w.Code != 415 {
		t.Errorf("a text: got %d", w.Code)
	}
	if w := post(handler, single+"on", `{"context":{}}`, "Content-Type", "application/json; charset=utf-8"); w.Code != 200 {
		t.Errorf("JSON with a parameter: got %d", w.Code)
	}
}

func TestOFREPAuthentication(t *testing.T) {
	var log bytes.Buffer
	handler := remote(t, parsed(t, remoteFlags), featureflag.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
		featureflag.WithAuthentication(func(r *http.Request) (string, error) {
			switch r.Header.Get("X-API-Key") {
			case "good":
				return "shop", nil
			case "weak":
				return "", &featureflag.Refusal{Status: 403, Detail: "not with this key"}
			case "fast":
				return "", &featureflag.Refusal{Status: 429, Detail: "slower", Header: http.Header{"Retry-After": {"7"}}}
			case "odd":
				return "", &featureflag.Refusal{Detail: "no status"}
			case "fails":
				return "", errors.New("the database is away")
			}
			return "", &featureflag.Refusal{Status: 401, Detail: "who are you?"}
		}))
	for _, test := range []struct {
		key    string
		status int
		field  string
		want   string
	}{
		{"good", 200, "WWW-Authenticate", ""},
		{"", 401, "WWW-Authenticate", "Bearer"},
		{"weak", 403, "WWW-Authenticate", ""},
		{"fast", 429, "Retry-After", "7"},
		{"odd", 403, "WWW-Authenticate", ""},
		{"fails", 500, "WWW-Authenticate", ""},
	} {
		for _, path := range []string{single + "on", "/ofrep/v1/evaluate/flags", "/ofrep/v1/events"} {
			if path == "/ofrep/v1/events" && test.key == "good" {
				continue // it would not end
			}
			w := post(handler, path, `{"context":{}}`, "X-API-Key", test.key)
			if path == "/ofrep/v1/events" {
				r := httptest.NewRequest("GET", path, nil)
				r.Header.Set("X-API-Key", test.key)
				w = httptest.NewRecorder()
				handler.ServeHTTP(w, r)
			}
			if w.Code != test.status || w.Header().Get(test.field) != test.want {
				t.Errorf("%s with key %q: got %d and %s %q", path, test.key, w.Code, test.field, w.Header().Get(test.field))
			}
			if strings.Contains(w.Body.String(), "database") {
				t.Errorf("the cause leaks: %s", w.Body)
			}
		}
	}
	if !strings.Contains(log.String(), "the database is away") {
		t.Errorf("the cause is not logged: %s", log.String())
	}
}

func TestOFREPOrigins(t *testing.T) {
	flags := parsed(t, remoteFlags)
	listed := remote(t, flags, featureflag.WithOrigins("https://app.example.com"))
	for _, test := range []struct {
		name    string
		handler http.Handler
		origin  string
		want    string
	}{
		{"listed", listed, "https://app.example.com", "https://app.example.com"},
		{"not listed", listed, "https://app.example.com.evil.net", ""},
		{"another scheme", listed, "http://app.example.com", ""},
		{"null", listed, "null", ""},
		{"none allowed", remote(t, flags), "https://app.example.com", ""},
		{"all allowed", remote(t, flags, featureflag.WithOrigins("*")), "https://x.net", "https://x.net"},
	} {
		t.Run(test.name, func(t *testing.T) {
			answers := map[string]http.Header{
				"answer":  post(test.handler, single+"on", `{"context":{}}`, "Origin", test.origin).Header(),
				"refusal": post(test.handler, single+"on", `{`, "Origin", test.origin).Header(),
			}
			r := httptest.NewRequest("OPTIONS", single+"on", nil)
			r.Header.Set("Origin", test.origin)
			r.Header.Set("Access-Control-Request-Method", "POST")
			w := httptest.NewRecorder()
			test.handler.ServeHTTP(w, r)
			answers["preflight"] = w.Header()
			for name, header := range answers {
				if got := header.Get("Access-Control-Allow-Origin"); got != test.want {
					t.Errorf("%s: got origin %q, want %q", name, got, test.want)
				}
				if header.Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("%s allows credentials", name)
				}
			}
			if got := w.Header().Get("Access-Control-Allow-Methods"); (got == "POST") != (test.want != "") {
				t.Errorf("preflight: got methods %q", got)
			}
			if test.handler == http.Handler(listed) && answers["answer"].Get("Vary") != "Origin" {
				t.Error("a cache may mix up origins")
			}
		})
	}
}

func TestOFREPContextOfTheServer(t *testing.T) {
	flags := parsed(t, remoteFlags)
	handler := remote(t, flags, featureflag.WithFixedContext(func(r *http.Request) (featureflag.Context, error) {
		if r.Header.Get("X-API-Key") == "" {
			return featureflag.Context{}, &featureflag.Refusal{Status: 403, Detail: "no"}
		}
		return featureflag.Context{Attributes: map[string]any{"email": "a@example.com"}}, nil
	}))
	if w := post(handler, single+"count", `{"context":{"email":"me@evil.net"}}`, "X-API-Key", "k"); !strings.Contains(w.Body.String(), `"big"`) {
		t.Errorf("the body's context wins: %s", w.Body)
	}
	if w := post(handler, single+"count", `{"context":{}}`); w.Code != 403 {
		t.Errorf("got %d", w.Code)
	}
	// Who holds the key is not who the flags are for.
	plain := remote(t, flags)
	r := httptest.NewRequest("POST", single+"count", strings.NewReader(`{"context":{"targetingKey":"u"}}`))
	r.Header.Set("Content-Type", "application/json")
	r = r.WithContext(featureflag.WithContext(r.Context(), featureflag.Context{Attributes: map[string]any{"email": "admin@example.com"}}))
	w := httptest.NewRecorder()
	plain.ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), `"ten"`) {
		t.Errorf("the caller's own context counts: %s", w.Body)
	}
}

func TestOFREPTargetingKeyRequired(t *testing.T) {
	handler := remote(t, parsed(t, remoteFlags), featureflag.WithTargetingKeyRequired())
	for body, status := range map[string]int{`{"context":{}}`: 400, `{"context":{"targetingKey":""}}`: 400, `{"context":{"targetingKey":"u"}}`: 200} {
		w := post(handler, single+"on", body)
		if w.Code != status || status == 400 && !strings.Contains(w.Body.String(), "TARGETING_KEY_MISSING") {
			t.Errorf("%s: got %d %s", body, w.Code, w.Body)
		}
	}
}

func TestOFREPStrictReasons(t *testing.T) {
	handler := remote(t, parsed(t, remoteFlags), featureflag.WithStrictReasons())
	for key, want := range map[string]string{"on": "STATIC", "count": "UNKNOWN", "off": "DISABLED", "none": "UNKNOWN"} {
		var got struct{ Reason string }
		if err := json.Unmarshal(post(handler, single+key, `{"context":{}}`).Body.Bytes(), &got); err != nil || got.Reason != want {
			t.Errorf("%s: got %+v %v, want %s", key, got, err, want)
		}
	}
}

// Flags that are not there yet are no flags that do not exist.
func TestOFREPNotReady(t *testing.T) {
	flags := featureflag.New()
	handler := remote(t, flags)
	for _, state := range []featureflag.SourceState{featureflag.SourceNotReady, featureflag.SourceFatal} {
		flags.Report(state, nil)
		for _, path := range []string{single + "on", "/ofrep/v1/evaluate/flags"} {
			if w := post(handler, path, `{"context":{}}`); w.Code != 500 || !strings.Contains(w.Body.String(), "errorDetails") {
				t.Errorf("%s in state %s: got %d %s", path, state, w.Code, w.Body)
			}
		}
	}
	flags.Report(featureflag.SourceStale, nil)
	if w := post(handler, "/ofrep/v1/evaluate/flags", `{"context":{}}`); w.Code != 200 {
		t.Errorf("stale flags are good: got %d", w.Code)
	}
}

func TestOFREPCountsSingleEvaluations(t *testing.T) {
	flags := parsed(t, remoteFlags)
	handler := remote(t, flags)
	for range 3 {
		post(handler, single+"on", `{"context":{}}`)
		post(handler, "/ofrep/v1/evaluate/flags", `{"context":{}}`) // who asks for all has used none
	}
	if got := flags.Exposed("on"); got != 3 {
		t.Errorf("got %d exposures, want 3", got)
	}
}

func TestOFREPOptions(t *testing.T) {
	flags := featureflag.New()
	for name, option := range map[string]featureflag.OFREPOption{
		"nil": nil, "nil authentication": featureflag.WithAuthentication(nil), "nil check": featureflag.WithStreamCheck(nil),
		"nil context": featureflag.WithFixedContext(nil), "nil mount": featureflag.WithMountPath(nil), "nil logger": featureflag.WithLogger(nil),
		"no origin": featureflag.WithOrigins("app.example.com"), "path": featureflag.WithOrigins("https://a.b/"), "case": featureflag.WithOrigins("https://A.b"),
		"limit": featureflag.WithBodyLimit(0), "streams": featureflag.WithStreams(featureflag.StreamLimits{Total: -1}), "key": featureflag.WithStreamKey([]byte("short")),
	} {
		if _, err := featureflag.NewOFREP(flags, option); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := featureflag.NewOFREP(nil); err == nil {
		t.Error("nil flags: no error")
	}
}

// A client that promises a body and leaves is answered, not waited for.
func TestOFREPBrokenBody(t *testing.T) {
	handler := remote(t, parsed(t, remoteFlags))
	r := httptest.NewRequest("POST", single+"on", io.MultiReader(strings.NewReader(`{"context":`), broken{}))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Code != 400 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the client has gone") }
