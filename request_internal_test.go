package dashboard

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestCanonicalPath(t *testing.T) {
	t.Parallel()
	good := []string{"/", "/a", "/a/", "/a/b", "/a%20b", "/.hidden", "/a/...", "/%2e%2e%2e", "/a;b", "/%2Fslash", "/ü"}
	bad := []string{"", "a", "//", "/a//b", "/.", "/..", "/a/../b", "/%2e%2e/b", "/a/%2e", "/a/./b", "/%00", "/a%5cb", "/%", "/%zz", "/a%0a"}
	for _, p := range good {
		if err := canonicalPath(p); err != nil {
			t.Errorf("canonicalPath(%q): got %v, want nil", p, err)
		}
	}
	for _, p := range bad {
		if canonicalPath(p) == nil {
			t.Errorf("canonicalPath(%q): got nil, want an error", p)
		}
	}
}

// FuzzCanonicalPath checks that what passes has one spelling segment by segment
// and cannot climb.
func FuzzCanonicalPath(f *testing.F) {
	for _, s := range []string{"/", "/a/b", "/a%2fb", "/..", "/%2e%2e/x", "//", "/a/./b", "/%00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if canonicalPath(p) != nil {
			return
		}
		for i, raw := range strings.Split(p[1:], "/") {
			s, err := url.PathUnescape(raw)
			if err != nil || s == "." || s == ".." || strings.ContainsAny(s, "\\\x00\n\r") {
				t.Errorf("path %q passed with segment %d %q (%v)", p, i, s, err)
			}
		}
	})
}

func TestStrippedPrefix(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, uri, path, want string }{
		{"at the root", "/a/b", "/a/b", ""},
		{"below a prefix", "/admin/a/b?x=1", "/a/b", "/admin"},
		{"below two", "/a/b/livez", "/livez", "/a/b"},
		{"absolute form", "http://localhost/admin/x", "/x", "/admin"},
		{"unrelated", "/admin/x", "/y", ""},
	}
	for _, tt := range tests {
		r := httptest.NewRequest(http.MethodGet, "http://localhost"+tt.path, nil)
		r.RequestURI = tt.uri
		if got := strippedPrefix(r, r.URL.EscapedPath()); got != tt.want {
			t.Errorf("%s: strippedPrefix(%s, %s): got %q, want %q", tt.name, tt.uri, tt.path, got, tt.want)
		}
	}
}

func TestLoopbackHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST.": true, "a.localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "[::1]": true,
		"example.com": false, "localhost.example.com": false, "10.0.0.1": false, "": false, "127.0.0.1.example.com": false,
	} {
		if got := loopbackHost(host); got != want {
			t.Errorf("loopbackHost(%q): got %v, want %v", host, got, want)
		}
	}
}
