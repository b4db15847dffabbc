package ui_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/ui"
)

func TestPolicyOfThePage(t *testing.T) {
	const rest = "; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'" +
		"; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
	for _, test := range []struct{ name, base, host, want string }{
		{"name", "/", "dash.test", "dash.test/assets/ dash.test/m/"},
		{"port and prefix", "/a/b/", "localhost:8080", "localhost:8080/a/b/assets/ localhost:8080/a/b/m/"},
		{"loopback", "/", "127.0.0.1:1", "127.0.0.1:1/assets/ 127.0.0.1:1/m/"},
		{"other address", "/", "192.0.2.1", "'self'"},
		{"IPv6", "/", "[::1]:8080", "'self'"},
		{"none", "/", "", "'self'"},
		{"wildcard", "/", "*", "'self'"},
		{"directive", "/", "a; script-src *", "'self'"},
		{"second source", "/", "a evil.test", "'self'"},
		{"port wildcard", "/", "dash.test:*", "'self'"},
		{"empty label", "/", "dash..test", "'self'"},
		{"separators in the prefix", "/x;y, z/", "dash.test", "dash.test/x%3By%2C%20z/assets/ dash.test/x%3By%2C%20z/m/"},
	} {
		t.Run(test.name, func(t *testing.T) {
			response := request(t, handler(t, ui.Config{}), ui.Page{Base: test.base, Host: test.host}, "GET")
			got := response.Header.Get("Content-Security-Policy")
			want := "default-src 'none'; script-src " + test.want + "; style-src " + test.want + rest
			if got != want {
				t.Errorf("policy:\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestOneTrustedTypesPolicyCanBeAllowed(t *testing.T) {
	h := handler(t, ui.Config{TrustedTypes: "map-tiles"})
	got := request(t, h, ui.Page{Host: "dash.test"}, "GET").Header.Get("Content-Security-Policy")
	if !strings.HasSuffix(got, "; trusted-types map-tiles") {
		t.Errorf("policy: got %s", got)
	}
}

func TestSecurityHeaders(t *testing.T) {
	header := http.Header{}
	ui.SecurityHeaders(header, false)
	for _, name := range []string{
		"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy",
		"Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy",
	} {
		if header.Get(name) == "" {
			t.Errorf("%s is missing", name)
		}
	}
	if got := header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("Strict-Transport-Security over http: got %q, want none", got)
	}
	ui.SecurityHeaders(header, true)
	if got := header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
		t.Errorf("Strict-Transport-Security over https: got %q", got)
	}
	header.Set("Strict-Transport-Security", "max-age=60")
	ui.SecurityHeaders(header, true)
	if got := header.Get("Strict-Transport-Security"); got != "max-age=60" {
		t.Errorf("the host's own Strict-Transport-Security was replaced by %q", got)
	}
}

func TestAnswersCarrySecurityHeaders(t *testing.T) {
	h := handler(t, ui.Config{})
	for _, path := range []string{"", "assets/index-BOtiEWzK.js", "assets/gone.js"} {
		r := httptest.NewRequest("GET", "https://dash.test/", nil)
		r.TLS = &tls.ConnectionState{}
		w := httptest.NewRecorder()
		h.Serve(w, r, ui.Page{Path: path, Host: "dash.test"})
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Strict-Transport-Security") == "" ||
			!strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%q: got %v", path, w.Header())
		}
	}
}

func TestSecurityHeadersShareNoMemory(t *testing.T) {
	header := http.Header{}
	ui.SecurityHeaders(header, true)
	header.Add("Referrer-Policy", "no-referrer")
	if got := header.Get("Cross-Origin-Opener-Policy"); got != "same-origin" || len(header["Cross-Origin-Opener-Policy"]) != 1 {
		t.Errorf("adding to one header changed another: %v", header)
	}
}

func TestDataIsNoDocument(t *testing.T) {
	for _, test := range []struct {
		contentType string
		document    bool
	}{
		{"application/json", false},
		{"application/problem+json", false},
		{"text/event-stream", false},
		{"", true},
		{"text/html; charset=utf-8", true},
		{"application/json; charset=utf-8", true}, // not what we write, so nothing is known of it
		{"image/svg+xml", true},
		{"application/xml", true},
	} {
		var h ui.Headers
		header := http.Header{}
		h.Set(header, false)
		if test.contentType != "" {
			header.Set("Content-Type", test.contentType)
		}
		h.Finish(header)
		for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Cross-Origin-Resource-Policy"} {
			if header.Get(name) == "" {
				t.Errorf("%q: %s is missing", test.contentType, name)
			}
		}
		for _, name := range []string{"Referrer-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy"} {
			if got := header.Get(name) != ""; got != test.document {
				t.Errorf("%q: %s: got %t, want %t", test.contentType, name, got, test.document)
			}
		}
	}
	header := http.Header{"Referrer-Policy": {"no-referrer"}}
	ui.SecurityHeaders(header, false)
	if got := header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("the answer's own Referrer-Policy was replaced by %q", got)
	}
}

func TestHeadersOfDataCostNoAllocation(t *testing.T) {
	header, h := http.Header{"Content-Type": {"application/json"}}, new(ui.Headers)
	if got := testing.AllocsPerRun(100, func() { h.Set(header, true); h.Finish(header) }); got > 0 {
		t.Errorf("got %v allocations, want none", got)
	}
}

func BenchmarkSecurityHeaders(b *testing.B) {
	b.ReportAllocs()
	header := http.Header{}
	for b.Loop() {
		ui.SecurityHeaders(header, true)
	}
}
