package hello_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/examples/server/internal/hello"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestGuestBook(t *testing.T) {
	d := newDashboard(t)
	token := ""
	call := func(method, path, body string, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://localhost/api/v1"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		return w
	}
	expect := func(w *httptest.ResponseRecorder, status int, text string) {
		t.Helper()
		if w.Code != status || !strings.Contains(w.Body.String(), text) {
			t.Fatalf("got status %d and %s, want %d and %q", w.Code, w.Body, status, text)
		}
	}
	login := call("POST", "/auth/login", `{"email":"`+email+`","password":"`+password+`","delivery":"token"}`)
	expect(login, http.StatusOK, "access_token")
	_, token, _ = strings.Cut(login.Body.String(), `"access_token":"`)
	token, _, _ = strings.Cut(token, `"`)

	expect(call("GET", "/m/hello/entries", ""), http.StatusOK, `"items":[]`)
	expect(call("POST", "/m/hello/entries", `{"name":""}`), http.StatusUnprocessableEntity, "/name")
	expect(call("POST", "/m/hello/entries", `{"name":"<b>Grace</b>"}`), http.StatusCreated, "Grace")
	expect(call("GET", "/m/hello/entries", ""), http.StatusOK, "Grace")
	expect(call("GET", "/m/hello/panels/entries", ""), http.StatusOK, "Grace")
	expect(call("GET", "/m/hello/panels/welcome", ""), http.StatusOK, "**Hello!**")
	expect(call("GET", "/m/hello/panels/sign", ""), http.StatusOK, "schema")

	expect(call("GET", "/m/hello/panels/guests", ""), http.StatusNotFound, "not-found")
	definitions, err := os.ReadFile("../../flags.json")
	if err != nil {
		t.Fatal(err)
	}
	expect(call("POST", "/flags/import", string(definitions)), http.StatusOK, hello.FlagGuests)
	expect(call("GET", "/m/hello/panels/guests", ""), http.StatusOK, `"value":1`)
	expect(call("GET", "/m/hello/panels/welcome", ""), http.StatusOK, "ign it below")
	expect(call("POST", "/m/hello/entries", `{"name":"Ada"}`), http.StatusCreated, "Ada")
	expect(call("GET", "/flags/"+hello.FlagWelcome+"/experiment?metric=guest-book-signed", ""), http.StatusOK, `"count":1`)
	expect(call("GET", "/flags/metrics", ""), http.StatusOK, "guest-book-signed")

	stored := call("GET", "/modules/hello/settings", "")
	expect(stored, http.StatusOK, `"passphrase":false`)
	changed := call("PUT", "/modules/hello/settings", `{"values":{"greeting":"Moin","passphrase":"sesame"}}`, "If-Match", stored.Header().Get("ETag"))
	expect(changed, http.StatusOK, `"passphrase":true`)
	if strings.Contains(changed.Body.String(), "sesame") {
		t.Errorf("the secret comes back: %s", changed.Body)
	}
	expect(call("GET", "/m/hello/panels/welcome", ""), http.StatusOK, "**Moin!**")
	expect(call("POST", "/m/hello/entries", `{"name":"Eve"}`), http.StatusUnprocessableEntity, "/passphrase")
	expect(call("POST", "/m/hello/panels/sign", `{"name":"Ada","passphrase":"sesame"}`), http.StatusOK, "Thank you, Ada.")
}

const (
	email    = "ada@example.com"
	password = "correct horse battery staple"
)

func newDashboard(t *testing.T) *dashboard.Dashboard {
	t.Helper()
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "dashboard.db"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := dashboard.New(store, dashboard.WithModules(hello.New()), dashboard.WithFirstAccount(email, password),
		dashboard.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := d.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}
