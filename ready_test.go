package dashboard_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modular-dashboard/dashboard"
)

// A database that is full makes readiness name that: degraded, as reads go on, and
// failing for who requires writes. It recovers with the database.
func TestReadinessOfAFullDatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := memory(t)
		d := unstarted(t, db)
		defer func() {
			if err := d.Shutdown(t.Context()); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
		}()
		if err := d.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		ask := func(path, token string) (int, string) {
			r := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
			r.Host = "localhost"
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			w := httptest.NewRecorder()
			d.ServeHTTP(w, r)
			return w.Code, w.Body.String()
		}
		want := func(path string, status int, body string) {
			t.Helper()
			if got, text := ask(path, ""); got != status || !strings.Contains(text, body) {
				t.Errorf("%s: got %d %s, want %d %s", path, got, text, status, body)
			}
		}
		const works = `{"status":"ok","checks":[{"name":"started","status":"ok"},{"name":"database","status":"ok"},{"name":"writes","status":"ok"}]}`
		want("/readyz", http.StatusOK, works)
		want("/readyz?require=writes", http.StatusOK, works)
		want("/readyz?require=wishes", http.StatusBadRequest, "unknown-check")
		token := dashboard.AccessTokenForTest(t, d, ownerEmail, ownerPassword)
		exec := func(query string, args ...any) error {
			_, err := db.Exec(t.Context(), query, args...)
			return err
		}
		if err := exec(`CREATE TABLE filler (body TEXT NOT NULL); PRAGMA max_page_count = 1`); err != nil { // at least as many as there are
			t.Fatal(err)
		}
		if err := exec(`INSERT INTO filler (body) VALUES ($1)`, strings.Repeat("x", 1<<20)); err == nil {
			t.Fatal("the database is not full")
		}
		<-time.After(5 * time.Second) // of heartbeats, which need no room
		want("/readyz", http.StatusOK, `{"status":"degraded","checks":[{"name":"started","status":"ok"},{"name":"database","status":"ok"},{"name":"writes","status":"failing"}]}`)
		want("/readyz?require=writes", http.StatusServiceUnavailable, `{"status":"failing","checks":[{"name":"started","status":"ok"},{"name":"database","status":"ok"},{"name":"writes","status":"failing"}]}`)
		want("/livez", http.StatusOK, "ok")
		var system struct {
			Checks []struct{ Name, Status, Detail string }
		}
		if _, text := ask("/api/v1/system", token); json.Unmarshal([]byte(text), &system) != nil || len(system.Checks) != 2 ||
			system.Checks[1].Name != "writes" || system.Checks[1].Status != "failing" || !strings.Contains(system.Checks[1].Detail, "is full") {
			t.Errorf("system: %s", text)
		}
		if err := exec(`PRAGMA max_page_count = 1000000`); err != nil {
			t.Fatal(err)
		}
		<-time.After(10 * time.Second)
		want("/readyz", http.StatusOK, works)
	})
}
