package main

import (
	"bufio"
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
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

var read = dashboard.NewPermission("note.read", "Read notes")

type text struct {
	Text string `json:"text"`
}

// notes has an endpoint for everybody and one for those who may.
func notes() dashboard.Module {
	return dashboard.Func(dashboard.Manifest{ID: "notes", Version: "1.0.0", Permissions: []dashboard.Permission{read}},
		func(r *dashboard.Router) error {
			dashboard.Get(r, "/public", func(context.Context, struct{}) (text, error) { return text{"public"}, nil }, dashboard.Public())
			dashboard.Get(r, "/secret", func(context.Context, struct{}) (text, error) { return text{"secret"}, nil }, dashboard.Require(read))
			return nil
		})
}

// serve runs a router with a dashboard behind a real server.
func serve(t *testing.T, mount func(http.Handler) http.Handler) string {
	t.Helper()
	db, err := sqlite.Open(":memory:")
	if err != nil {
		t.Fatal(err)
	}
	d, err := dashboard.New(db, dashboard.WithPrefix(prefix), dashboard.WithModules(notes()),
		dashboard.WithLogger(slog.New(slog.DiscardHandler)), dashboard.WithSetupLink(func(string) {}))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(mount(d))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		web.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	addr := web.Listener.Addr().String()
	// A start waits for modules for some seconds only.
	for status := 503; status == 503 && t.Context().Err() == nil; {
		status, _, _ = ask(t, addr, "GET", prefix+"/api/v1/m/notes/public")
	}
	return addr
}

// ask sends a request line as it is, which a client would clean.
func ask(t *testing.T, addr, method, target string) (status int, location, body string) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, method+" "+target+" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	return res.StatusCode, res.Header.Get("Location"), string(raw)
}

func TestEveryRouter(t *testing.T) {
	t.Parallel()
	for name, mount := range routers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := serve(t, mount)
			for _, tt := range []struct {
				method, target string
				status         int
				body           string
			}{
				{"GET", "/shop", 200, shopPage},
				{"GET", "/admin", 308, ""},
				{"GET", "/admin/", 200, `"/admin/assets/`},
				{"GET", "/admin/modules", 200, `"/admin/assets/`},
				{"GET", "/admin/livez", 200, `"ok"`},
				{"GET", "/admin/readyz", 200, `"ok"`},
				{"GET", "/admin/api/v1/m/notes/public", 200, `"public"`},
				{"GET", "/admin/api/v1/m/notes/secret", 401, "unauthenticated"},
				{"GET", "/admin/api/v1/m/notes/secret/", 401, "unauthenticated"},
				{"POST", "/admin/api/v1/users", 401, "unauthenticated"},
				{"GET", "/admin/assets/missing-12345678.js", 404, ""},
				{"GET", "/admin/api/v1/nothing", 401, "unauthenticated"},
			} {
				status, _, body := ask(t, addr, tt.method, tt.target)
				if status != tt.status || !strings.Contains(body, tt.body) {
					t.Errorf("%s %s: got %d %.150s, want %d with %q", tt.method, tt.target, status, body, tt.status, tt.body)
				}
			}
		})
	}
}

// Path tricks reach no endpoint: one spelling of each path is answered. Others
// are refused, or the router sends the browser to the one spelling.
func TestPathTricks(t *testing.T) {
	t.Parallel()
	tricks := []string{
		"/admin//api/v1/m/notes/secret", "//admin/api/v1/m/notes/secret", "/admin/api/v1/m//notes/secret",
		"/admin/api/v1/m/notes//secret", "/admin/api/v1/m/notes/secret//",
		"/admin/api/v1/m/notes/../notes/secret", "/admin/x/../api/v1/m/notes/secret", "/shop/../admin/api/v1/m/notes/secret",
		"/admin/api/v1/m/notes/./secret", "/admin/api/v1/m/notes/%2e/secret", "/admin/api/v1/m/notes/%2e%2e/notes/secret",
		"/admin/api/v1/m/notes/public/../secret", "/admin/api/v1/m/notes/public/%2e%2e/secret", "/admin/api/v1/m/notes/public/%2E%2E%2Fsecret",
		"/admin/api/v1/m/notes%2fsecret", "/admin/api%2fv1/m/notes/secret", "/admin%2fapi/v1/m/notes/secret", "/%61dmin/api/v1/m/notes/secret",
		"/admin/api/v1/m/notes;a=b/secret", "/admin;/api/v1/m/notes/secret", "/admin/api/v1/m/notes/secret;.css", "/admin/api/v1/m/notes/secret%3b",
		"/admin/api/v1/m/notes/secret%00", "/admin/api/v1/m/notes%5csecret", "/admin/api/v1/m/notes/secret%20", "/admin/api/v1/m/notes/secret.",
		"/ADMIN/api/v1/m/notes/secret", "/adminx/api/v1/m/notes/public", "/admin/api/v1/m/Notes/secret", "/admin/api/v1/m/notes/%73ecret",
	}
	for name, mount := range routers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := serve(t, mount)
			for _, target := range tricks {
				status, location, body := ask(t, addr, "GET", target)
				switch {
				case strings.Contains(body, `"secret"`) || status >= 500:
					t.Errorf("GET %s: got %d %.150s", target, status, body)
				case status == 200 && !strings.Contains(body, "<!doctype html>"):
					t.Errorf("GET %s: got 200 %.150s, want a refusal", target, body)
				case status >= 300 && status < 400 && !strings.HasPrefix(location, "/"):
					t.Errorf("GET %s: leads to %q", target, location)
				case strings.HasPrefix(location, "//"):
					t.Errorf("GET %s: leads to another host, %q", target, location)
				}
			}
		})
	}
}

func TestAnUnknownRouter(t *testing.T) {
	t.Parallel()
	if err := run("localhost:0", ":memory:", "rails"); err == nil {
		t.Error("got nil, want an error")
	}
}
