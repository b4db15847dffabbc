package ui_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/modular-dashboard/dashboard/internal/ui"
)

const (
	indexSource = `<!doctype html><html lang="en"><head><meta name="dashboard-config" content="{{.Config}}" />` +
		`<title>{{.Title}}</title><script type="module" crossorigin src="./assets/index-BOtiEWzK.js"></script>` +
		`<link rel="stylesheet" href="./assets/style-C0ffee12.css"></head><body><div id="root"></div></body></html>`
	script       = "console.log('hello')"
	brotliScript = "what brotli made of the script" // never decoded here
)

func gz(t testing.TB, content string) *fstest.MapFile {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: b.Bytes()}
}

func build(t testing.TB) fstest.MapFS {
	t.Helper()
	return fstest.MapFS{
		"index.html.gz":                gz(t, indexSource),
		"assets/index-BOtiEWzK.js.gz":  gz(t, script),
		"assets/index-BOtiEWzK.js.br":  {Data: []byte(brotliScript)},
		"assets/style-C0ffee12.css.gz": gz(t, "body{}"),
		"assets/style-C0ffee12.css.br": {Data: []byte("style")},
		"favicon.svg.gz":               gz(t, "<svg/>"),
		"favicon.svg.br":               {Data: []byte("icon")},
		"SHA256.json":                  {Data: []byte("{}")},
	}
}

func handler(t testing.TB, config ui.Config) *ui.Handler {
	t.Helper()
	if config.Dist == nil {
		config.Dist = build(t)
	}
	h, err := ui.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// request sends one request with the given header lines, "Name: value".
func request(t testing.TB, h *ui.Handler, page ui.Page, method string, lines ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "http://dash.test/", nil)
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.Serve(w, r, page)
	return w.Result()
}

func body(t testing.TB, response *http.Response) string {
	t.Helper()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestPageKnowsItsBase(t *testing.T) {
	for _, test := range []struct{ name, base, escaped string }{
		{"default", "", "/"},
		{"root", "/", "/"},
		{"one segment", "/admin/", "/admin/"},
		{"two segments", "/a/b/", "/a/b/"},
		{"space and quotes", `/a "b'/`, "/a%20%22b%27/"},
		{"policy separators", "/a;b,c/", "/a%3Bb%2Cc/"},
		{"angle brackets", "/<script>/", "/%3Cscript%3E/"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := handler(t, ui.Config{Title: `A & "B"`})
			response := request(t, h, ui.Page{Base: test.base, Path: "modules/system", Host: "dash.test"}, "GET")
			page := body(t, response)
			if response.StatusCode != http.StatusOK {
				t.Fatalf("status: got %d, want 200", response.StatusCode)
			}
			want := `src="` + test.escaped + `assets/index-BOtiEWzK.js"`
			if !strings.Contains(page, want) || !strings.Contains(page, `href="`+test.escaped+`assets/style-`) {
				t.Errorf("page lacks %s:\n%s", want, page)
			}
			if strings.Contains(page, "<base") || strings.Contains(page, "{{") || strings.Contains(page, `"./`) {
				t.Errorf("page keeps what it should not:\n%s", page)
			}
			got := config(t, page)
			if got["base"] != test.escaped || got["title"] != `A & "B"` || got["theme"] != "auto" {
				t.Errorf("config: got %v", got)
			}
			if !strings.Contains(page, "<title>A &amp; &#34;B&#34;</title>") {
				t.Errorf("title is not written:\n%s", page)
			}
		})
	}
}

func config(t testing.TB, page string) map[string]string {
	t.Helper()
	found := regexp.MustCompile(`<meta name="dashboard-config" content="([^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no config in page:\n%s", page)
	}
	values := map[string]string{}
	if err := json.Unmarshal([]byte(html.UnescapeString(found[1])), &values); err != nil {
		t.Fatalf("config %q: %v", found[1], err)
	}
	return values
}

func TestBaseThatPointsElsewhereIsRefused(t *testing.T) {
	h := handler(t, ui.Config{})
	for _, base := range []string{"//evil.test/", "/a//b/", "admin/", "/admin", "/../", "/a/./", "https://evil.test/"} {
		if got := request(t, h, ui.Page{Base: base}, "GET").StatusCode; got != http.StatusNotFound {
			t.Errorf("base %q: got %d, want 404", base, got)
		}
	}
}

func TestTheme(t *testing.T) {
	h := handler(t, ui.Config{})
	for _, test := range []struct{ cookie, want string }{
		{"", "auto"},
		{"dashboard-theme=light", "light"},
		{"other=1; dashboard-theme=dark", "dark"},
		{"dashboard-theme=auto", "auto"},
		{"dashboard-theme=DARK", "auto"},
		{`dashboard-theme="><script>`, "auto"},
	} {
		page := body(t, request(t, h, ui.Page{}, "GET", "Cookie: "+test.cookie))
		if !strings.Contains(page, `<html lang="en" data-theme="`+test.want+`">`) || config(t, page)["theme"] != test.want {
			t.Errorf("cookie %q: want theme %s in\n%s", test.cookie, test.want, page)
		}
	}
}

func TestWhichPathsGetThePage(t *testing.T) {
	h := handler(t, ui.Config{})
	for _, test := range []struct {
		path   string
		lines  []string
		status int
	}{
		{"", nil, 200},
		{"login", nil, 200},
		{"modules/system/settings", nil, 200},
		{"flags/new.checkout", nil, 200},
		{"ai", nil, 200},
		{"login", []string{"Accept: text/html,application/xhtml+xml"}, 200},
		{"login", []string{"Sec-Fetch-Dest: document"}, 200},
		{"login", []string{"Accept: application/json"}, 404},
		{"login", []string{"Sec-Fetch-Dest: script"}, 404},
		{"login", []string{"Sec-Fetch-Dest: iframe"}, 404},
		{"assets", nil, 404},
		{"assets/", nil, 404},
		{"assets/index-Gone1234.js", nil, 404},
		{"assets/deep/route", nil, 404},
		{"api/v1/nothing", nil, 404},
		{"m/system/assets/index.js", nil, 404},
		{"m/system/assets", nil, 404},
		{"m", nil, 404},
		{"m/system", nil, 200},
		{"m/system/reports/7", nil, 200},
		{"ofrep/v1", nil, 404},
		{"ai/v1/models", nil, 404},
		{".well-known/security.txt", nil, 404},
		{"index.html", nil, 404},
		{"index.html.gz", nil, 404},
		{"SHA256.json", nil, 404},
		{"assets/index-BOtiEWzK.js.br", nil, 404},
		{"robots.txt", nil, 404},
		{"modules/app.JS", nil, 404},
	} {
		response := request(t, h, ui.Page{Path: test.path}, "GET", test.lines...)
		if response.StatusCode != test.status {
			t.Errorf("%q %v: got %d, want %d", test.path, test.lines, response.StatusCode, test.status)
		}
		if isPage := strings.Contains(body(t, response), "<html"); isPage != (test.status == 200) {
			t.Errorf("%q %v: got the page: %t", test.path, test.lines, isPage)
		}
	}
}

func TestAssetEncodings(t *testing.T) {
	h := handler(t, ui.Config{})
	for _, test := range []struct{ accept, want string }{
		{"", ""}, // no header at all
		{"br", "br"},
		{"gzip, deflate, br, zstd", "br"},
		{"gzip", "gzip"},
		{"x-gzip", "gzip"},
		{"GZIP;Q=0.5", "gzip"},
		{"gzip;q=1.0, br;q=0.9", "gzip"},
		{"gzip;q=0.001, identity;q=0", "gzip"},
		{"br;q=0, gzip", "gzip"},
		{"br;q=0, *;q=0.5", "gzip"},
		{"*", "br"},
		{"*;q=0", "406"},
		{"identity;q=0", "406"},
		{"identity;q=0, *;q=0, gzip;q=0", "406"},
		{"*;q=0, identity", ""},
		{"identity, gzip;q=0.5", ""},
		{"deflate", ""},
		{"gzip;q=2", ""},
		{"gzip;q=0.1234", ""},
		{"gzip;q=", ""},
		{"gzip;level=3", ""},
		{";;,, ,=", ""},
		{"gzip ; q=0.8 ,\tbr ; q=0.9", "br"},
	} {
		t.Run(test.accept, func(t *testing.T) {
			var lines []string
			if test.accept != "" {
				lines = append(lines, "Accept-Encoding: "+test.accept)
			}
			response := request(t, h, ui.Page{Path: "assets/index-BOtiEWzK.js"}, "GET", lines...)
			if test.want == "406" {
				if response.StatusCode != http.StatusNotAcceptable {
					t.Errorf("status: got %d, want 406", response.StatusCode)
				}
				return
			}
			checkAsset(t, response, test.want)
		})
	}
}

func checkAsset(t testing.TB, response *http.Response, encoding string) {
	t.Helper()
	content := body(t, response)
	if got := response.Header.Get("Content-Encoding"); response.StatusCode != 200 || got != encoding {
		t.Fatalf("got %d %q, want 200 %q", response.StatusCode, got, encoding)
	}
	if response.ContentLength != int64(len(content)) {
		t.Errorf("Content-Length: got %d, want %d", response.ContentLength, len(content))
	}
	want := script
	switch encoding {
	case "br":
		want = brotliScript
	case "gzip":
		reader, err := gzip.NewReader(strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		content = string(plain)
	}
	if content != want {
		t.Errorf("body: got %q, want %q", content, want)
	}
	for name, want := range map[string]string{
		"Cache-Control":          "public, max-age=31536000, immutable",
		"Vary":                   "Accept-Encoding",
		"Content-Type":           "text/javascript; charset=utf-8",
		"X-Content-Type-Options": "nosniff",
	} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestRevalidation(t *testing.T) {
	h := handler(t, ui.Config{})
	for _, test := range []struct{ path, accept, cache string }{
		{"", "br", "no-cache"},
		{"favicon.svg", "gzip", "no-cache"},
		{"assets/index-BOtiEWzK.js", "br", "public, max-age=31536000, immutable"},
		{"assets/index-BOtiEWzK.js", "identity", "public, max-age=31536000, immutable"},
	} {
		page, accept := ui.Page{Path: test.path, Host: "dash.test"}, "Accept-Encoding: "+test.accept
		first := request(t, h, page, "GET", accept)
		tag := first.Header.Get("ETag")
		if got := first.Header.Get("Cache-Control"); got != test.cache {
			t.Errorf("%q: Cache-Control: got %q, want %q", test.path, got, test.cache)
		}
		for _, same := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
			again := request(t, h, page, "GET", accept, "If-None-Match: "+same)
			if again.StatusCode != http.StatusNotModified || body(t, again) != "" {
				t.Errorf("%q If-None-Match %s: got %d, want 304 without a body", test.path, same, again.StatusCode)
			}
			if again.Header.Get("ETag") != tag || again.Header.Get("Vary") != first.Header.Get("Vary") ||
				again.Header.Get("Content-Security-Policy") != first.Header.Get("Content-Security-Policy") {
				t.Errorf("%q: 304 differs in its headers: %v", test.path, again.Header)
			}
		}
		if got := request(t, h, page, "GET", accept, `If-None-Match: "other"`).StatusCode; got != 200 {
			t.Errorf("%q: other tag: got %d, want 200", test.path, got)
		}
	}
}

func TestTagsDiffer(t *testing.T) {
	h := handler(t, ui.Config{})
	seen := map[string]string{}
	note := func(what string, response *http.Response) {
		tag := response.Header.Get("ETag")
		if before, ok := seen[tag]; ok || tag == "" {
			t.Errorf("%s: tag %q is also that of %s", what, tag, before)
		}
		seen[tag] = what
	}
	for _, accept := range []string{"br", "gzip", "identity"} {
		note(accept, request(t, h, ui.Page{Path: "assets/index-BOtiEWzK.js"}, "GET", "Accept-Encoding: "+accept))
	}
	note("page", request(t, h, ui.Page{}, "GET"))
	note("dark page", request(t, h, ui.Page{}, "GET", "Cookie: dashboard-theme=dark"))
	note("page below a prefix", request(t, h, ui.Page{Base: "/admin/"}, "GET"))
}

func TestMethods(t *testing.T) {
	h := handler(t, ui.Config{})
	for _, name := range []string{"", "assets/index-BOtiEWzK.js"} {
		get, head := request(t, h, ui.Page{Path: name}, "GET"), request(t, h, ui.Page{Path: name}, "HEAD")
		if head.StatusCode != 200 || body(t, head) != "" || head.Header.Get("Content-Length") != get.Header.Get("Content-Length") {
			t.Errorf("HEAD %q: got %d, length %s, want what GET says and no body", name, head.StatusCode, head.Header.Get("Content-Length"))
		}
		post := request(t, h, ui.Page{Path: name}, "POST")
		if post.StatusCode != http.StatusMethodNotAllowed || post.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("POST %q: got %d, Allow %q", name, post.StatusCode, post.Header.Get("Allow"))
		}
	}
}

func TestRefuseIsAsked(t *testing.T) {
	h := handler(t, ui.Config{Refuse: func(w http.ResponseWriter, _ *http.Request, status int) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "mine")
	}})
	response := request(t, h, ui.Page{Path: "assets/gone.js"}, "GET")
	if got := body(t, response); response.StatusCode != 404 || got != "mine" {
		t.Errorf("got %d %q, want 404 from the hook", response.StatusCode, got)
	}
	if got := response.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control of a missing chunk: got %q, want no-store", got)
	}
}

func TestBrokenBuilds(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(fstest.MapFS)
		want   string
	}{
		{"no page", func(m fstest.MapFS) { delete(m, "index.html.gz") }, "no index.html.gz"},
		{"page without config", func(m fstest.MapFS) { m["index.html.gz"] = gz(t, "<html><head></head>") }, "no dashboard-config"},
		{"page that is not HTML", func(m fstest.MapFS) { m["index.html.gz"] = gz(t, `name="dashboard-config" content="{{.Config}}"`) }, "no html element"},
		{"page with words half named", func(m fstest.MapFS) {
			m["index.html.gz"] = gz(t, strings.Replace(indexSource, "<title>", `<link rel="modulepreload" data-locale="de" href="./a.js"><title>`, 1))
		}, "a link to words"},
		{"page cut short", func(m fstest.MapFS) { m["index.html.gz"].Data = m["index.html.gz"].Data[:30] }, "inflate index.html.gz"},
		{"plain file", func(m fstest.MapFS) { m["assets/a.js"] = &fstest.MapFile{} }, "assets/a.js is not compressed"},
		{"one encoding", func(m fstest.MapFS) { delete(m, "favicon.svg.br") }, "favicon.svg lacks an encoding"},
		{"empty file", func(m fstest.MapFS) { m["favicon.svg.gz"].Data = nil }, "favicon.svg"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dist := build(t)
			test.change(dist)
			_, err := ui.New(ui.Config{Dist: dist})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
	if _, err := ui.New(ui.Config{Dist: build(t), TrustedTypes: "a; script-src *"}); err == nil {
		t.Error("a policy name that ends its directive was accepted")
	}
}
