package dashboard_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard"
)

const (
	askAll = "/ofrep/v1/evaluate/flags"
	askOne = "/ofrep/v1/evaluate/flags/shop/checkout"
)

func TestOFREP(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithFlagOrigins("https://shop.example.com"))
	s.setFlag("shop%2Fcheckout", onFor("bea@example.com"))
	_, key := newKey(t, s.owner(), "dashboard.flags.evaluate")
	_, other := newKey(t, s.owner(), "dashboard.flags.read")
	who := map[string]any{"context": map[string]any{"targetingKey": "7", "email": "bea@example.com"}}
	nobody := s.as("")
	for _, headers := range [][]string{{"X-API-Key", key}, {"Authorization", "Bearer " + key}, {"Authorization", "Bearer " + s.token}} {
		if a := nobody.do("POST", askOne, who, headers...).wantStatus(http.StatusOK); !strings.Contains(string(a.body), `"value":true`) {
			t.Errorf("got %s", a.body)
		}
	}
	// Who holds the key is not who the flags are for.
	if a := nobody.do("POST", askOne, map[string]any{"context": map[string]any{}}, "X-API-Key", key).wantStatus(http.StatusOK); !strings.Contains(string(a.body), `"value":false`) {
		t.Errorf("got %s", a.body)
	}
	all := nobody.do("POST", askAll, who, "X-API-Key", key).wantStatus(http.StatusOK)
	if tag := all.header.Get("ETag"); nobody.do("POST", askAll, who, "X-API-Key", key, "If-None-Match", tag).status != http.StatusNotModified ||
		nobody.do("POST", askAll, map[string]any{"context": map[string]any{"targetingKey": "8"}}, "X-API-Key", key, "If-None-Match", tag).status != http.StatusOK {
		t.Errorf("the tag %s is not that of one caller", tag)
	}
	for what, a := range map[string]answer{
		"no credentials": nobody.do("POST", askAll, who),
		"a bad key":      nobody.do("POST", askAll, who, "X-API-Key", key+"x"),
		"a bad token":    s.as("x").do("POST", askOne, who),
	} {
		if a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") == "" || !strings.Contains(string(a.body), "errorDetails") {
			t.Errorf("%s: got %d %s", what, a.status, a.body)
		}
	}
	nobody.do("POST", askAll, who, "X-API-Key", other).wantStatus(http.StatusForbidden)
	nobody.do("POST", "/ofrep/x"+askAll, who, "X-API-Key", key).wantStatus(http.StatusNotFound)
	signed := nobody.do("POST", "/api/v1/auth/login", map[string]string{"email": ownerEmail, "password": ownerPassword}, "Sec-Fetch-Site", "same-origin").wantStatus(http.StatusOK)
	var cookies []string
	for _, c := range (&http.Response{Header: signed.header}).Cookies() {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	nobody.get("/api/v1/auth/me", "Cookie", strings.Join(cookies, "; ")).wantStatus(http.StatusOK)
	nobody.do("POST", askAll, who, "Cookie", strings.Join(cookies, "; "), "Sec-Fetch-Site", "same-origin").wantStatus(http.StatusUnauthorized)
	nobody.do("POST", askOne, []byte("{"), "X-API-Key", key).wantStatus(http.StatusBadRequest)
	nobody.do("POST", askOne, []byte(`{"context":{"a":"`+strings.Repeat("x", 2<<20)+`"}}`), "X-API-Key", key).wantStatus(http.StatusRequestEntityTooLarge)

	a := nobody.do("POST", askAll, who, "X-API-Key", key, "Origin", "https://shop.example.com").wantStatus(http.StatusOK)
	if a.header.Get("Access-Control-Allow-Origin") != "https://shop.example.com" || a.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("got %v", a.header)
	}
	if a := nobody.do("POST", askAll, who, "X-API-Key", key, "Origin", "https://evil.example.com"); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("got %v", a.header)
	}
}

// The limit of the caller holds, and is told as the protocol has it.
func TestOFREPIsLimited(t *testing.T) {
	t.Parallel()
	s := newServer(t, dashboard.WithRateLimit("caller", "60/h burst 30"))
	_, key := newKey(t, s.owner(), "dashboard.flags.evaluate")
	for range 30 {
		s.as("").do("POST", askAll, map[string]any{"context": map[string]any{}}, "X-API-Key", key).wantStatus(http.StatusOK)
	}
	a := s.as("").do("POST", askAll, map[string]any{"context": map[string]any{}}, "X-API-Key", key).wantStatus(http.StatusTooManyRequests)
	if a.header.Get("Retry-After") == "" || a.header.Get("RateLimit") == "" || !strings.Contains(string(a.body), "errorDetails") {
		t.Errorf("got %s, %v", a.body, a.header)
	}
}

// A stream tells when to ask again, ends with the right to ask, and does not
// hold up a shutdown, which the end of the test is.
func TestOFREPStreams(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	put := func(definition string) {
		t.Helper()
		s.owner().do("PUT", "/api/v1/flags/a", define(definition), "If-None-Match", "*").wantStatus(http.StatusCreated)
	}
	listen := func() (id string, lines *bufio.Scanner) {
		t.Helper()
		var made struct{ ID, Key string }
		s.owner().do("POST", "/api/v1/api-keys", map[string]any{"name": "x", "permissions": []string{"dashboard.flags.evaluate"}}).wantStatus(http.StatusCreated).decode(&made)
		var bulk struct {
			EventStreams []struct{ Endpoint struct{ RequestURI string } }
		}
		s.as("").do("POST", askAll, map[string]any{"context": map[string]any{}}, "X-API-Key", made.Key).wantStatus(http.StatusOK).decode(&bulk)
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+bulk.EventStreams[0].Endpoint.RequestURI, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := s.Client().Do(r)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("open stream %s: %v %v", r.URL, res, err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return made.ID, bufio.NewScanner(res.Body)
	}
	id, lines := listen()
	_, stays := listen()
	put(onForAll)
	for _, l := range []*bufio.Scanner{lines, stays} {
		for l.Scan() && !strings.Contains(l.Text(), `"etag"`) {
			continue
		}
		if l.Err() != nil || !strings.Contains(l.Text(), "refetchEvaluation") {
			t.Fatalf("got %q, %v", l.Text(), l.Err())
		}
	}
	s.owner().do("DELETE", "/api/v1/api-keys/"+id, nil).wantStatus(http.StatusNoContent)
	for lines.Scan() {
		continue
	}
}
