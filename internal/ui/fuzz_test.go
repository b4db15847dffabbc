package ui_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modular-dashboard/dashboard/internal/ui"
)

// Whatever the paths and the host, the answer is the page, a file or 404; the
// policy keeps its directives, and nothing of the input gets out of its
// attribute.
func FuzzServePaths(f *testing.F) {
	for _, seed := range [][3]string{
		{"/", "", "dash.test"},
		{"/admin/", "modules/system", "localhost:8080"},
		{"//evil.test/", "assets/index-BOtiEWzK.js", "[::1]:80"},
		{`/"><script>/`, "flags/new.checkout", "a;b"},
		{"/a\x00\n/", "assets/../index.html", "a\r\nb"},
		{"/\\evil.test/", ".", "*"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	h := handler(f, ui.Config{})
	f.Fuzz(func(t *testing.T, base, path, host string) {
		response := request(t, h, ui.Page{Base: base, Path: path, Host: host}, "GET")
		page := body(t, response)
		if response.StatusCode != http.StatusOK {
			if response.StatusCode != http.StatusNotFound || strings.Contains(page, "<html") {
				t.Fatalf("got %d %q, want 404 without the page", response.StatusCode, page)
			}
			return
		}
		if strings.HasPrefix(path, "assets/") != strings.Contains(response.Header.Get("Cache-Control"), "immutable") {
			t.Fatalf("%q: cached as %q", path, response.Header.Get("Cache-Control"))
		}
		if !strings.Contains(page, "<html") {
			return
		}
		if got, want := strings.Count(page, "<"), strings.Count(indexSource, "<"); got != want {
			t.Errorf("base %q: %d elements in the page, want %d", base, got, want)
		}
		written := config(t, page)["base"]
		if !strings.HasPrefix(written, "/") || !strings.HasSuffix(written, "/") || strings.HasPrefix(written, "//") || strings.ContainsAny(written, "\"'<>\\ ;,\r\n") {
			t.Errorf("base %q was written as %q", base, written)
		}
		if !strings.Contains(page, `src="`+strings.ReplaceAll(written, "&", "&amp;")+`assets/index-`) {
			t.Errorf("base %q: script is not below %q:\n%s", base, written, page)
		}
		policy := response.Header.Get("Content-Security-Policy")
		if got := strings.Count(policy, ";"); got != 10 || strings.ContainsAny(policy, ",\r\n*") {
			t.Errorf("base %q host %q: policy %q", base, host, policy)
		}
	})
}

// Any Accept-Encoding gets an asset in a coding it does not exclude, or 406
// when it excludes them all.
func FuzzAcceptEncoding(f *testing.F) {
	for _, seed := range []string{"", "br", "gzip, deflate, br, zstd", "gzip;q=0.5, *;q=0", "identity;q=0", "*;q=0.000", "br;q=1.001,gzip;q=.5", ";q=1,,"} {
		f.Add(seed)
	}
	h := handler(f, ui.Config{})
	f.Fuzz(func(t *testing.T, accept string) {
		r := httptest.NewRequest("GET", "http://dash.test/", nil)
		r.Header["Accept-Encoding"] = []string{accept}
		w := httptest.NewRecorder()
		h.Serve(w, r, ui.Page{Path: "assets/index-BOtiEWzK.js"})
		response := w.Result()
		if response.StatusCode == http.StatusNotAcceptable {
			if !strings.Contains(accept, "q=0") && !strings.Contains(accept, "Q=0") {
				t.Fatalf("%q: 406 though nothing was excluded", accept)
			}
			return
		}
		encoding := response.Header.Get("Content-Encoding")
		if encoding != "" && !strings.Contains(accept, "*") && !strings.Contains(strings.ToLower(accept), encoding) {
			t.Errorf("%q: got %q, which was not asked for", accept, encoding)
		}
		checkAsset(t, response, encoding)
	})
}
