package dashboard_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// mounted serves a handler made of a dashboard.
func mounted(t *testing.T, mount func(http.Handler) http.Handler, opts ...dashboard.Option) *httptest.Server {
	t.Helper()
	opts = append([]dashboard.Option{dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithFastPasswords(),
		dashboard.WithFirstAccount(ownerEmail, ownerPassword), dashboard.WithModules(notes())}, opts...)
	d, err := dashboard.New(memory(t), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return serveStarted(t, d, mount(d))
}

// serveStarted starts a dashboard and serves h until the test ends.
func serveStarted(t *testing.T, d *dashboard.Dashboard, h http.Handler) *httptest.Server {
	t.Helper()
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(h)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		web.Close()
	})
	return web
}

// raw sends a request line as it is, which net/http's client would clean.
func raw(t *testing.T, addr, method, target, host string, headers ...string) (status int, header http.Header, body string) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	text := method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n"
	for i := 0; i+1 < len(headers); i += 2 {
		text += headers[i] + ": " + headers[i+1] + "\r\n"
	}
	if _, err := io.WriteString(conn, text+"\r\n"); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufferOf(all), nil)
	if err != nil {
		t.Fatalf("%s: %v in %q", target, err, all)
	}
	defer func() { _ = res.Body.Close() }()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, res.Header, string(b)
}

func TestMounts(t *testing.T) {
	t.Parallel()
	mounts := []struct {
		name, prefix string
		mount        func(http.Handler) http.Handler
		opts         []dashboard.Option
	}{
		{"root", "", func(h http.Handler) http.Handler { return h }, nil},
		{"prefix", "/admin", func(h http.Handler) http.Handler {
			mux := http.NewServeMux()
			mux.Handle("/admin/", h)
			mux.Handle("/admin", h)
			return mux
		}, []dashboard.Option{dashboard.WithPrefix("/admin")}},
		{"prefix of two", "/a/b", func(h http.Handler) http.Handler { return h }, []dashboard.Option{dashboard.WithPrefix("/a/b/")}},
		{"stripped", "/admin", func(h http.Handler) http.Handler { return http.StripPrefix("/admin", h) }, nil},
	}
	for _, m := range mounts {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			web := mounted(t, m.mount, m.opts...)
			addr := web.Listener.Addr().String()
			tests := []struct {
				path   string
				status int
				body   string
			}{
				{"/livez", 200, `"ok"`},
				{"/readyz", 200, `"ok"`},
				{"/.well-known/jwks.json", 200, `"keys"`},
				{"/", 200, `="` + m.prefix + `/assets/`},
				{"/modules", 200, "<!doctype html>"},
				{"/m/notes", 200, "<!doctype html>"},
				{"/assets/missing-12345678.js", 404, ""},
				{"/m/notes/assets/missing.js", 401, ""},
				{"/api/v1/m/notes/public", 200, `"public"`},
				{"/api/v1/m/notes/any", 401, "unauthenticated"},
				{"/api/v1/m/notes/notes", 401, "unauthenticated"},
				{"/api/v1/docs", 303, ""},
				{"/api/v2/anything", 404, "not-found"},
			}
			for _, tt := range tests {
				status, header, body := raw(t, addr, "GET", m.prefix+tt.path, "localhost")
				if status != tt.status || !strings.Contains(strings.ToLower(body), strings.ToLower(tt.body)) {
					t.Errorf("GET %s: got %d %.200s, want %d with %q", m.prefix+tt.path, status, body, tt.status, tt.body)
				}
				if tt.path == "/api/v1/docs" && header.Get("Location") != m.prefix+"/system/api" {
					t.Errorf("GET %s: leads to %q", tt.path, header.Get("Location"))
				}
				if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Content-Security-Policy") == "" {
					t.Errorf("GET %s: security headers are missing: %v", tt.path, header)
				}
			}
		})
	}
}

// Path tricks reach no module: one spelling of each path answers, the others
// are refused before any permission is looked at.
func TestPathTricks(t *testing.T) {
	t.Parallel()
	web := mounted(t, func(h http.Handler) http.Handler { return h }, dashboard.WithPrefix("/admin"))
	addr := web.Listener.Addr().String()
	for _, target := range []string{
		"/admin//api/v1/m/notes/any", "/admin/api/v1/m/notes//any", "/admin/api/v1/m/notes/../notes/any",
		"/admin/api/v1/m/public/../notes/any", "/admin/api/v1/m/notes/%2e%2e/notes/any", "/admin/./api/v1/m/notes/any",
		"/admin/api/v1/m/notes/any%00", "/admin/api/v1/m/notes%5cany", "/admin/../admin/api/v1/m/notes/any",
		"//admin/api/v1/m/notes/any", "/admin/api/v1/m/notes%2fany", "/admin/api%2fv1/m/notes/any", "/ADMIN/api/v1/m/notes/any",
		"/admin/api/v1/m/notes;x/any", "/adminx/api/v1/m/notes/public",
	} {
		status, _, body := raw(t, addr, "GET", target, "localhost")
		if status == http.StatusOK && !strings.Contains(body, "<!doctype html>") {
			t.Errorf("GET %s: got %d %.100s, want a refusal", target, status, body)
		}
		if status >= 500 {
			t.Errorf("GET %s: got %d %.100s", target, status, body)
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	plain := mounted(t, func(h http.Handler) http.Handler { return h })
	public := mounted(t, func(h http.Handler) http.Handler { return h },
		dashboard.WithPublicURL("https://ops.example.com"), dashboard.WithTrustedProxies("127.0.0.1"))
	tests := []struct {
		name   string
		web    *httptest.Server
		host   string
		proto  string
		status int
	}{
		{"loopback name", plain, "localhost:8080", "", 200},
		{"loopback address", plain, "127.0.0.1", "", 200},
		{"loopback IPv6", plain, "[::1]:8080", "", 200},
		{"rebound name", plain, "evil.example.com", "", 421},
		{"public name over https", public, "ops.example.com", "https", 200},
		{"public name over http", public, "ops.example.com", "", 403},
		{"other name", public, "other.example.com", "https", 421},
		{"loopback stays", public, "localhost", "", 200},
	}
	for _, tt := range tests {
		headers := []string{"Accept", "text/html"}
		if tt.proto != "" {
			headers = append(headers, "X-Forwarded-Proto", tt.proto)
		}
		status, header, body := raw(t, tt.web.Listener.Addr().String(), "GET", "/", tt.host, headers...)
		if status != tt.status {
			t.Errorf("%s: got %d %.200s, want %d", tt.name, status, body, tt.status)
		}
		if tt.status == 200 && tt.proto == "https" && header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: no Strict-Transport-Security", tt.name)
		}
		if status, _, _ := raw(t, tt.web.Listener.Addr().String(), "GET", "/livez", tt.host); status != 200 {
			t.Errorf("%s: livez answers %d for any host, want 200", tt.name, status)
		}
	}
}

// With Forwarded nothing counts that a proxy does not write which writes that.
func TestForwarded(t *testing.T) {
	t.Parallel()
	web := mounted(t, func(h http.Handler) http.Handler { return h },
		dashboard.WithPublicURL("https://ops.example.com"), dashboard.WithTrustedProxies("127.0.0.1"), dashboard.WithForwarded())
	tests := []struct {
		name    string
		headers []string
		status  int
	}{
		{"https", []string{"Forwarded", "for=192.0.2.7;proto=https"}, 200},
		{"http", []string{"Forwarded", "for=192.0.2.7;proto=http"}, 403},
		{"of the client", []string{"Forwarded", "for=192.0.2.1;proto=https, for=192.0.2.7"}, 403},
		{"the other field", []string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.7"}, 403},
		{"both", []string{"Forwarded", "for=192.0.2.7;proto=https", "X-Forwarded-Proto", "http", "X-Forwarded-Prefix", "/elsewhere"}, 200},
	}
	for _, tt := range tests {
		status, _, body := raw(t, web.Listener.Addr().String(), "GET", "/", "ops.example.com", append([]string{"Accept", "text/html"}, tt.headers...)...)
		if status != tt.status || strings.Contains(body, "/elsewhere") {
			t.Errorf("%s: got %d %.300s, want %d", tt.name, status, body, tt.status)
		}
	}
	_, err := dashboard.New(memory(t), dashboard.WithForwarded())
	if err == nil || !strings.Contains(err.Error(), "WithTrustedProxies") {
		t.Errorf("without proxies: got %v", err)
	}
}

func TestOptionErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		opt  dashboard.Option
		want string
	}{
		{"public URL over http", dashboard.WithPublicURL("http://ops.example.com"), "plain http"},
		{"public URL with a path", dashboard.WithPublicURL("https://ops.example.com/admin"), "WithPrefix"},
		{"public URL of another scheme", dashboard.WithPublicURL("ftp://x"), "https://host"},
		{"prefix that climbs", dashboard.WithPrefix("/a/../b"), "clean"},
		{"prefix without slash", dashboard.WithPrefix("admin"), "clean"},
		{"proxy", dashboard.WithTrustedProxies("nonsense"), "neither"},
		{"nil module", dashboard.WithModules(nil), "nil module"},
		{"nil logger", dashboard.WithLogger(nil), "nil logger"},
		{"nil tracer provider", dashboard.WithTracerProvider(nil), "nil tracer provider"},
		{"nil meter provider", dashboard.WithMeterProvider(nil), "nil meter provider"},
		{"hook timeout", dashboard.WithHookTimeout(0), "not positive"},
		{"nil option", nil, "nil option"},
		{"module id", dashboard.WithModules(dashboard.Func(dashboard.Manifest{ID: "Bad", Version: "1.0.0"}, nil)), "id"},
		{"module version", dashboard.WithModules(dashboard.Func(dashboard.Manifest{ID: "bad", Version: "one"}, nil)), "version"},
		{"module id of ours", dashboard.WithModules(dashboard.Func(dashboard.Manifest{ID: "dashboard", Version: "1.0.0"}, nil)), "taken"},
		{"twice", dashboard.WithModules(notes(), notes()), "taken"},
		{"same tables", dashboard.WithModules(dashboard.Func(dashboard.Manifest{ID: "ab-", Version: "1.0.0"}, nil),
			dashboard.Func(dashboard.Manifest{ID: "ab-", Version: "1.0.0"}, nil)), "taken"},
	}
	for _, tt := range tests {
		_, err := dashboard.New(memory(t), tt.opt)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error with %q", tt.name, err, tt.want)
		}
	}
	if _, err := dashboard.New(nil); err == nil {
		t.Error("New(nil): got nil, want an error")
	}
}

func TestLifeWithoutStart(t *testing.T) {
	t.Parallel()
	t.Run("shutdown without start", func(t *testing.T) {
		t.Parallel()
		d, err := dashboard.New(memory(t))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := d.Shutdown(t.Context()); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
		}
		if err := d.Start(t.Context()); err == nil {
			t.Error("Start after Shutdown: got nil, want an error")
		}
	})
	// A readiness probe does too: who balances load sends nothing else before.
	for _, tc := range []struct{ name, path, host, link string }{
		{"the first request starts it", "/", "localhost:7777", "http://localhost:7777/setup#"},
		{"so does a probe", "/readyz", "localhost:7777", "http://localhost:7777/setup#"},
		{"the link never leads to a name that anyone may send", "/readyz", "evil.example.com", "http://localhost:8080/setup#"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			firstRequest(t, tc.path, tc.host, tc.link)
		})
	}
}

// firstRequest starts a dashboard by a request, which is repeated until it is
// answered.
func firstRequest(t *testing.T, path, host, wantLink string) {
	t.Helper()
	links := make(chan string, 1)
	d, err := dashboard.New(memory(t), dashboard.WithLogger(slog.New(slog.DiscardHandler)),
		dashboard.WithSetupLink(func(link string) { links <- link }))
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(d)
	defer web.Close()
	addr := web.Listener.Addr().String()
	defer func() {
		if err := d.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	}()
	deadline := time.Now().Add(time.Minute)
	for status := 0; status != 200; {
		var header http.Header
		status, header, _ = raw(t, addr, "GET", path, host)
		if status != 200 && (status != 503 || header.Get("Retry-After") == "") {
			t.Fatalf("GET %s before the start: got %d, want 503 with Retry-After", path, status)
		}
		if status != 200 && time.Now().After(deadline) {
			t.Fatalf("GET %s: still %d", path, status)
		}
	}
	if link := <-links; !strings.HasPrefix(link, wantLink) {
		t.Errorf("set-up link: got %s, want %s", link, wantLink)
	}
}
