package dashboard_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/modular-dashboard/dashboard"
)

// What a host has around the dashboard sees which endpoint answered, and never a
// path that anybody can make up.
func TestPatternIsTold(t *testing.T) {
	t.Parallel()
	db := memory(t)
	d, err := dashboard.New(db, dashboard.WithModules(notes()), dashboard.WithPrefix("/admin"), dashboard.WithFastPasswords(),
		dashboard.WithFirstAccount(ownerEmail, ownerPassword))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/admin/api/v1/m/notes/public":   "/admin/api/v1/m/notes/public",
		"/admin/api/v1/m/notes/notes":    "/admin/api/v1/m/notes/notes",
		"/admin/api/v1/modules/anything": "/admin/api/v1/modules/{id}",
		"/admin/livez":                   "/admin/livez",
		"/admin/users/1":                 "/admin/{page...}",
		"/admin/api/v1/m/notes/made-up":  "/admin/",
		"/admin/api/v1/made-up":          "/admin/",
		"/other":                         "",
	} {
		mux := http.NewServeMux()
		mux.Handle("/admin/", d)
		r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost"+path, nil)
		eventually(t, path+" is there", func() bool {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			return w.Code != http.StatusServiceUnavailable
		})
		if r.Pattern != want {
			t.Errorf("%s: got pattern %q, want %q", path, r.Pattern, want)
		}
	}
}
