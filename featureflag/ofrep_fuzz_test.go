package featureflag_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard/featureflag"
)

// Whatever is sent is answered in JSON, in time, with a status of the protocol;
// asked again it is answered the same, with a tag that then spares the answer.
func FuzzOFREP(f *testing.F) {
	for _, body := range []string{
		`{"context":{"targetingKey":"u","email":"a@example.com"}}`, `{"context":{}}`, `{}`, `null`, `[`, `{"context":null}`,
		`{"context":{"targetingKey":1}}`, `{"context":{"a":[[[[[[]]]]]],"b":{"c":{"d":1e308}}}}`, `{"context":{"n":1e999}}`,
		`{"context":{"email":"\ud800","x":"\u0000"}}`, `{"Context":{},"context":{"a":1,"a":2}}`, "\xff", `{"context":{"` + strings.Repeat("k", 300) + `":0}}`,
	} {
		f.Add(body, "count")
		f.Add(body, "a/b c%2Fd")
	}
	f.Add(`{"context":{}}`, "../x?y#z")
	flags := parsed(f, remoteFlags)
	handler := remote(f, flags)
	f.Fuzz(func(t *testing.T, body, key string) {
		for _, path := range []string{bulk, single + url.PathEscape(key)} {
			began := time.Now()
			w := askRaw(handler, path, body, "")
			if took := time.Since(began); took > patience {
				t.Errorf("took %s", took)
			}
			switch w.Code {
			case 200, 400, 404, 413:
			default:
				t.Errorf("%s: got %d", path, w.Code)
			}
			var answer map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatalf("%s: %v in %q", path, err, w.Body)
			}
			_, hasReason := answer["reason"]
			_, hasFlags := answer["flags"]
			if (w.Code == 200) != (hasReason || hasFlags) {
				t.Errorf("%s: got %d %s", path, w.Code, w.Body)
			}
			if w.Code != 200 || path != bulk {
				continue
			}
			if again := askRaw(handler, path, body, w.Header().Get("ETag")); again.Code != 304 {
				t.Errorf("got %d for the same question", again.Code)
			}
		}
	})
}

func askRaw(handler http.Handler, path, body, tag string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// A ticket that opens was made here, for the caller it names.
func FuzzOFREPTicket(f *testing.F) {
	handler := remote(f, parsed(f, `{"flags":{}}`), featureflag.WithAuthentication(func(r *http.Request) (string, error) {
		if r.Method == http.MethodGet {
			return "", &featureflag.Refusal{Status: 401}
		}
		return "somebody", nil
	}))
	address := streamAddress(f, handler, bulk)
	_, ticket, _ := strings.Cut(address, "?ticket=")
	f.Add(ticket)
	f.Add("")
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, guess string) {
		if guess == ticket {
			return
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/ofrep/v1/events?"+url.Values{"ticket": {guess}}.Encode(), nil))
		if w.Code != 401 {
			t.Errorf("%q: got %d", guess, w.Code)
		}
	})
}
