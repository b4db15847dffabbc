package customers_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modular-dashboard/dashboard"
	"github.com/modular-dashboard/dashboard/examples/server/internal/customers"
	"github.com/modular-dashboard/dashboard/internal/leaktest"
	"github.com/modular-dashboard/dashboard/storage/sqlite"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestCustomers(t *testing.T) {
	d := newDashboard(t)
	token := ""
	expect := func(method, path, body string, status int, text string) string {
		t.Helper()
		r := httptest.NewRequest(method, "http://localhost/api/v1"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if w.Code != status || !strings.Contains(w.Body.String(), text) {
			t.Fatalf("%s %s: got status %d and %.500s, want %d and %q", method, path, w.Code, w.Body, status, text)
		}
		return w.Body.String()
	}
	login := expect("POST", "/auth/login", `{"email":"`+email+`","password":"`+password+`","delivery":"token"}`, http.StatusOK, "access_token")
	_, token, _ = strings.Cut(login, `"access_token":"`)
	token, _, _ = strings.Cut(token, `"`)

	const base = "/m/customers/customers"
	expect("GET", base, "", http.StatusOK, `"items":[]`)
	expect("POST", base, `{"name":"","email":"grace@example.com"}`, http.StatusUnprocessableEntity, "/name")
	expect("POST", base, `{"name":"Grace","email":"grace@example.com","seats":3}`, http.StatusCreated, `"plan":"free"`)
	expect("POST", base, `{"name":"Grace","email":"Grace@example.com"}`, http.StatusConflict, "/email")
	expect("POST", "/m/customers/samples", `{"count":12000}`, http.StatusOK, `"customers":12001`)
	expect("GET", base+"?q=ada&sort=-seats&limit=1&filter=plan%3Dteam", "", http.StatusOK, "next_cursor")
	if rows := strings.Count(expect("GET", base+".csv", "", http.StatusOK, "grace@example.com"), "\r\n"); rows != 12002 {
		t.Errorf("got %d lines of CSV, want %d", rows, 12002)
	}
	expect("GET", "/resources/customers/customers", "", http.StatusOK, `"title":"Customer since"`)
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
	d, err := dashboard.New(store, dashboard.WithModules(customers.New()), dashboard.WithFirstAccount(email, password),
		dashboard.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(fmt.Errorf("New: %w", err))
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
